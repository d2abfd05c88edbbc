import { type Canvas, createCanvas } from '@napi-rs/canvas';
import { FACE, type Impression, MODULE_PX, STREAK_OPACITY } from './printer.ts';
import { setFont } from './type-face.ts';

const JPEG_QUALITY = 82;

/** Draws the whole face of a mailpiece that lies turned under the camera. */
export function drawFace(impression: Impression, degrees: number): Canvas {
  const { paperBrightness, symbol, box } = impression;
  const canvas = createCanvas(FACE.width, FACE.height);
  const context = canvas.getContext('2d');
  context.fillStyle = grey(paperBrightness);
  context.fillRect(0, 0, FACE.width, FACE.height);
  context.translate(FACE.width / 2, FACE.height / 2);
  context.rotate((degrees * Math.PI) / 180);
  context.translate(-FACE.width / 2, -FACE.height / 2);

  context.fillStyle = grey(impression.inkBrightness);
  // One path: modules filled one by one would leave bright seams where they meet.
  context.beginPath();
  for (let y = 0; y < symbol.size; y++) {
    for (let x = 0; x < symbol.size; x++) {
      if (symbol.dark[y * symbol.size + x] !== 1) continue;
      context.rect(box.left + x * MODULE_PX, box.top + y * MODULE_PX, MODULE_PX, MODULE_PX);
    }
  }
  context.fill();
  for (const line of [...impression.postmark, ...impression.address]) {
    setFont(context, line.sizePx);
    context.textAlign = line.align;
    context.fillText(line.text, line.x, line.baseline);
  }
  context.globalAlpha = STREAK_OPACITY;
  for (const streak of impression.streaks) {
    context.fillStyle = grey(streak.brightness);
    context.beginPath();
    context.ellipse(streak.x, streak.y, streak.radiusX, streak.radiusY, streak.tiltRadians, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
  return canvas;
}

function grey(brightness: number): string {
  return `rgb(${brightness}, ${brightness}, ${brightness})`;
}

/** Every color of a face is neutral: one channel is the brightness. */
export function greyPixels(canvas: Canvas): Uint8Array {
  const rgba = canvas.data();
  const pixels = new Uint8Array(rgba.length / 4);
  for (let i = 0; i < pixels.length; i++) pixels[i] = rgba[4 * i] ?? 0;
  return pixels;
}

/** Replaces what is on the canvas. */
export function encodeGreyJpeg(canvas: Canvas, pixels: Uint8Array): Uint8Array {
  const context = canvas.getContext('2d');
  const picture = context.createImageData(canvas.width, canvas.height);
  const rgba = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < rgba.length; i++) rgba[i] = 0xff000000 | ((pixels[i] ?? 0) * 0x010101);
  context.putImageData(picture, 0, 0);
  return canvas.encodeSync('jpeg', JPEG_QUALITY);
}
