import type { Canvas } from '@napi-rs/canvas';
import { encodeGreyPng } from './grey-png.ts';
import { FACE, type Frame, type MarkDamage, type PrintedPiece, printFace, symbolBox } from './printer.ts';
import { Random } from './random.ts';

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
const JPEG_QUALITY = 82;

/** Takes the picture at 200 dpi: crops as grey PNG, whole faces as JPEG, the way plants store them. */
export function takeScan(job: ScanJob): ScannedImage {
  const camera = new Random(job.scanSeed);
  const canvas = printFace(job.piece, frameOf(job.view, camera), job.damage, new Random(job.pieceSeed));
  const context = canvas.getContext('2d');
  const picture = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = toGrey(picture.data);
  blur(grey, canvas.width, canvas.height, camera.between(0, 0.45));
  addNoise(grey, camera.between(2, 9), camera);
  if (job.view === 'crop') {
    const { width, height } = canvas;
    return { bytes: encodeGreyPng(grey, width, height), extension: 'png' };
  }
  return { bytes: encodeJpeg(canvas, grey), extension: 'jpg' };
}

function frameOf(view: 'crop' | 'face', camera: Random): Frame {
  const degrees = camera.between(-2, 2);
  if (view === 'face') return { left: 0, top: 0, ...FACE, degrees };
  const box = symbolBox(EXPECTED_MODULES);
  const side = box.side + 2 * CROP_MARGIN_PX;
  const left = box.left - CROP_MARGIN_PX + camera.int(-8, 8);
  const top = box.top - CROP_MARGIN_PX + camera.int(-8, 8);
  return { left, top, width: side, height: side, degrees };
}

function toGrey(rgba: Uint8ClampedArray): Uint8Array {
  const grey = new Uint8Array(rgba.length / 4);
  // The ink and paper of a mark are neutral: the green channel is the brightness.
  for (let i = 0; i < grey.length; i++) grey[i] = rgba[4 * i + 1] ?? 0;
  return grey;
}

/** A soft lens: each pixel shares `weight` with its horizontal, then its vertical neighbors. */
function blur(grey: Uint8Array, width: number, height: number, weight: number): void {
  const side = weight / 2;
  const keep = 1 - weight;
  const pass = (start: number, step: number, count: number) => {
    let previous = grey[start] ?? 0;
    for (let i = 1, at = start + step; i < count - 1; i++, at += step) {
      const here = grey[at] ?? 0;
      grey[at] = keep * here + side * (previous + (grey[at + step] ?? 0));
      previous = here;
    }
  };
  for (let y = 0; y < height; y++) pass(y * width, 1, width);
  for (let x = 0; x < width; x++) pass(x, width, height);
}

const NOISE_SAMPLES = 2 ** 15;
const noise = Float32Array.from({ length: NOISE_SAMPLES }, gaussians());

function gaussians(): () => number {
  const random = new Random('sensor noise');
  return () => random.gaussian();
}

/** Sensor noise of the given standard deviation, from one table read at a random place for each picture's rows. */
function addNoise(grey: Uint8Array, deviation: number, random: Random): void {
  const rowPx = 997;
  for (let start = 0; start < grey.length; start += rowPx) {
    let sample = random.int(0, NOISE_SAMPLES - 1);
    const end = Math.min(start + rowPx, grey.length);
    for (let i = start; i < end; i++) {
      const value = (grey[i] ?? 0) + deviation * (noise[sample] ?? 0);
      grey[i] = Math.min(Math.max(value, 0), 255);
      sample = (sample + 1) % NOISE_SAMPLES;
    }
  }
}

function encodeJpeg(canvas: Canvas, grey: Uint8Array): Uint8Array {
  const context = canvas.getContext('2d');
  const picture = context.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < grey.length; i++) pixels[i] = 0xff000000 | ((grey[i] ?? 0) * 0x010101);
  context.putImageData(picture, 0, 0);
  return canvas.encodeSync('jpeg', JPEG_QUALITY);
}
