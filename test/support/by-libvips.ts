import sharp from 'sharp';
import type { GreyImage } from '../../decode/symbol-reader.ts';

/** As decode/ asks libvips for it: the green of a color picture, or grey. Null where it does not open. */
export async function byLibvips(file: Buffer, isColor = false): Promise<GreyImage | null> {
  const image = sharp(file, { failOn: 'error' });
  const grey = isColor ? image.extractChannel('green') : image.toColourspace('b-w');
  try {
    const { data, info } = await grey.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, pixels: new Uint8Array(data) };
  } catch {
    return null;
  }
}
