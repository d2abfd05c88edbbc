import bwipjs from 'bwip-js/node';
import sharp, { type Sharp } from 'sharp';
import { type ScannedImage, takeScan } from '../../psd-sim/mail/scanner.ts';
import type { MarkDamage } from '../../psd-sim/print/printer.ts';
import { Random } from '../../psd-sim/random.ts';

/** A picture by the simulator's printer and scanner; the same name gives the same picture. */
export function scannedPicture(
  payload: Uint8Array,
  view: 'crop' | 'face',
  name: string,
  damage: MarkDamage = 'none',
): ScannedImage {
  return takeScan({
    view,
    damage,
    pieceSeed: `piece ${name}`,
    scanSeed: `scan ${name}`,
    piece: {
      payload,
      town: 'Shelton',
      dateText: '2026-11-20',
      amountText: '0.730',
      license: 1000,
      sender: ['Naugatuck Paper', 'Shelton CT 06484'],
      addressee: ['Box 12', '12 Main St', 'Madison CT 06443'],
    },
  });
}

/** Bytes that follow from a name. */
export function namedBytes(name: string, length: number): Buffer {
  const random = new Random(name);
  return Buffer.from(Array.from({ length }, () => random.int(0, 255)));
}

/** A clean symbol as a grey image, ready for another encoding. */
export function symbolImage(bcid: string, payload: Uint8Array, modulePx = 5): Sharp {
  return drawn(bcid, { text: Buffer.from(payload).toString('latin1'), binarytext: true }, modulePx);
}

/** The same of codewords, each written as `^123`. */
export function codewordImage(bcid: string, codewords: string, modulePx = 5): Sharp {
  return drawn(bcid, { text: codewords, raw: true }, modulePx);
}

function drawn(
  bcid: string,
  contents: { readonly text: string; readonly [option: string]: string | boolean },
  modulePx: number,
): Sharp {
  const [symbol] = bwipjs.raw({ bcid, ...contents });
  if (symbol === undefined || !('pixs' in symbol)) throw new Error(`${bcid} is not a matrix`);
  const { pixs, pixx, pixy } = symbol;
  // PDF417 rows are one pixel high in this form; its reader wants three times that.
  const rowPx = bcid === 'pdf417' ? modulePx * 3 : modulePx;
  const quiet = 8 * modulePx;
  const width = pixx * modulePx + 2 * quiet;
  const height = pixy * rowPx + 2 * quiet;
  const pixels = Buffer.alloc(width * height, 255);
  for (let y = 0; y < pixy * rowPx; y++) {
    for (let x = 0; x < pixx * modulePx; x++) {
      const dark = pixs[Math.floor(y / rowPx) * pixx + Math.floor(x / modulePx)] === 1;
      if (dark) pixels[(y + quiet) * width + x + quiet] = 0;
    }
  }
  return sharp(pixels, { raw: { width, height, channels: 1 } });
}
