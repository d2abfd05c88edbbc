/** A kind of image that is read, known by its first bytes. */
interface ImageType {
  readonly type: string;
  readonly extension: string;
  /** Any of them; null for a byte of any value. */
  readonly signatures: readonly (readonly (number | null)[])[];
}

/** By media type, with what their files are called. */
export const IMAGE_TYPES: readonly ImageType[] = [
  { type: 'image/png', extension: 'png', signatures: [[0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]] },
  { type: 'image/jpeg', extension: 'jpg', signatures: [[0xff, 0xd8, 0xff]] },
  {
    type: 'image/tiff',
    extension: 'tif',
    // TIFF 6.0 and BigTIFF, in either order of bytes.
    signatures: [
      [0x49, 0x49, 0x2a, 0],
      [0x4d, 0x4d, 0, 0x2a],
      [0x49, 0x49, 0x2b, 0],
      [0x4d, 0x4d, 0, 0x2b],
    ],
  },
  {
    type: 'image/webp',
    extension: 'webp',
    signatures: [[0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50]],
  },
  { type: 'image/gif', extension: 'gif', signatures: [[0x47, 0x49, 0x46, 0x38]] },
  {
    type: 'image/bmp',
    extension: 'bmp',
    // Four reserved bytes are zero, and so are the upper two of where the pixels begin: text that begins with BM has none.
    signatures: [[0x42, 0x4d, null, null, null, null, 0, 0, 0, 0, null, null, 0, 0]],
  },
];

/** The media type of an image, or null for anything else. */
export function imageTypeOf(bytes: Uint8Array): string | null {
  const fits = (signature: readonly (number | null)[]) =>
    signature.every((byte, index) => (byte === null ? index < bytes.length : bytes[index] === byte));
  return IMAGE_TYPES.find(({ signatures }) => signatures.some(fits))?.type ?? null;
}
