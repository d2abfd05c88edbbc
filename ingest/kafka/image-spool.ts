import { hash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Pictures that came as messages, as files for as long as they are being read: readers of images are processes and take
 * paths. A file is named by its contents, so that a picture that comes twice is the same scan.
 */
export class ImageSpool {
  readonly #folder: string;
  #batches = 0;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async open(): Promise<ImageSpool> {
    return new ImageSpool(await mkdtemp(join(tmpdir(), 'indicia-images-')));
  }

  /** A folder of its own for the pictures of one batch. */
  async batch(): Promise<SpooledBatch> {
    this.#batches += 1;
    const folder = join(this.#folder, String(this.#batches));
    await mkdir(folder);
    return {
      folder,
      add: async (bytes, extension) => {
        const name = `${hash('sha256', bytes, 'hex').slice(0, 32)}.${extension}`;
        await writeFile(join(folder, name), bytes);
        return name;
      },
      remove: () => rm(folder, { recursive: true, force: true }),
    };
  }

  close(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

interface SpooledBatch {
  readonly folder: string;
  /** The name of the file. */
  add(bytes: Buffer, extension: string): Promise<string>;
  remove(): Promise<void>;
}
