import { addNoise, blur } from '../print/camera.ts';
import { type CropFrame, drawCrop } from '../print/crop.ts';
import { drawFace, encodeGreyJpeg, greyPixels } from '../print/face.ts';
import { encodeGreyPng } from '../print/grey-png.ts';
import { FACE, type MarkDamage, type PrintedPiece, print, symbolBox } from '../print/printer.ts';
import { Random } from '../random.ts';

/** One picture to take: a tight crop around the mark, or the whole face. */
export interface ScanJob {
  readonly piece: PrintedPiece;
  readonly view: 'crop' | 'face';
  readonly damage: MarkDamage;
  /** Follows from the piece, so that its damage and paper look the same in every scan of it. */
  readonly pieceSeed: string;
  /** Follows from the scan: rotation, offset, blur and noise differ between two scans of one piece. */
  readonly scanSeed: string;
}

export interface ScannedImage {
  readonly bytes: Uint8Array;
  readonly extension: 'png' | 'jpg';
}

/** Modules a side of the mark with a 64-byte signature; crops are cut where such a mark is expected. */
const EXPECTED_MODULES = 44;
const CROP_MARGIN_PX = 26;

/** Takes the picture at 200 dpi: crops as grey PNG, whole faces as JPEG, the way plants store them. */
export function takeScan(job: ScanJob): ScannedImage {
  const camera = new Random(job.scanSeed);
  const impression = print(job.piece, job.damage, new Random(job.pieceSeed));
  const degrees = camera.between(-2, 2);
  if (job.view === 'face') {
    const canvas = drawFace(impression, degrees);
    const pixels = greyPixels(canvas);
    expose(pixels, FACE.width, FACE.height, camera);
    return { bytes: encodeGreyJpeg(canvas, pixels), extension: 'jpg' };
  }
  const frame = cropFrame(degrees, camera);
  const pixels = drawCrop(impression, frame);
  expose(pixels, frame.side, frame.side, camera);
  return { bytes: encodeGreyPng(pixels, frame.side, frame.side), extension: 'png' };
}

function cropFrame(degrees: number, camera: Random): CropFrame {
  const box = symbolBox(EXPECTED_MODULES);
  const left = box.left - CROP_MARGIN_PX + camera.int(-8, 8);
  const top = box.top - CROP_MARGIN_PX + camera.int(-8, 8);
  return { left, top, side: box.side + 2 * CROP_MARGIN_PX, degrees };
}

function expose(pixels: Uint8Array, width: number, height: number, camera: Random): void {
  blur(pixels, width, height, camera.between(0, 0.45));
  addNoise(pixels, camera.between(2, 9), camera);
}
