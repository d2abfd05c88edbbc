/** The parts of libjpeg-turbo, compiled to WebAssembly, that are used here. The package has no types of its own. */
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  export interface JPEGDecoder {
    /** Room for a file of so many bytes, in the memory of the module. */
    getEncodedBuffer(bytes: number): Uint8Array;
    /** @throws what C++ threw, as a number or an error. */
    decode(): void;
    /** Its pixels, component by component, until the next file. */
    getDecodedBuffer(): Uint8Array;
    getFrameInfo(): { readonly width: number; readonly height: number; readonly componentCount: number };
  }

  interface TurboModule {
    readonly JPEGDecoder: new () => JPEGDecoder;
  }

  interface TurboOptions {
    readonly print: (text: string) => void;
    readonly printErr: (text: string) => void;
    readonly wasmBinary: Uint8Array;
  }

  const factory: (options: TurboOptions) => Promise<TurboModule>;
  export default factory;
}
