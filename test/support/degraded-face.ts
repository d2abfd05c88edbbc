import { createCanvas, type SKRSContext2D } from '@napi-rs/canvas';
import { greyPixels } from '../../psd-sim/print/face.ts';
import { setFont } from '../../psd-sim/print/type-face.ts';
import { Random } from '../../psd-sim/random.ts';
import { type Damage, expose, type GreyPicture, type Modules, paintSymbol } from './degraded.ts';

export const FACE_WIDTH = 2000;
export const FACE_HEIGHT = 880;

/**
 * The face of a mailpiece at 200 dpi with its symbol at the top right, where it was printed within a finger's breadth;
 * beside it text, an address, a return address with a logo, and a line of print like a barcode.
 */
export function degradedFace(symbol: Modules, damage: Damage, seed: string): GreyPicture {
  const random = new Random(`${seed} face`);
  const [paper, ink] = [damage.paper?.[0] ?? random.int(220, 248), damage.ink?.[0] ?? random.int(20, 70)];
  const canvas = createCanvas(FACE_WIDTH, FACE_HEIGHT);
  const context = canvas.getContext('2d');
  context.fillStyle = `rgb(${paper}, ${paper}, ${paper})`;
  context.fillRect(0, 0, FACE_WIDTH, FACE_HEIGHT);
  context.fillStyle = `rgb(${ink}, ${ink}, ${ink})`;
  const modulePx = random.between(3.4, 4.6);
  const side = symbol.size * modulePx;
  const center = { x: FACE_WIDTH - 60 - side / 2 - random.int(0, 80), y: 50 + side / 2 + random.int(0, 60) };
  drawText(context, random, center.x - side / 2 - 26);
  drawLogo(context, random);
  const picture = { width: FACE_WIDTH, height: FACE_HEIGHT, pixels: greyPixels(canvas) };
  paintSymbol(picture, symbol, modulePx, center, { ...damage, ink: [ink, ink], paper: [paper, paper] }, seed);
  expose(picture, modulePx, damage, seed);
  return picture;
}

function drawText(context: SKRSContext2D, random: Random, right: number): void {
  const line = (text: string, sizePx: number, x: number, y: number, align: 'left' | 'right') => {
    setFont(context, sizePx);
    context.textAlign = align;
    context.fillText(text, x, y);
  };
  line(`0.${random.int(100, 999)}`, 44, right, 120, 'right');
  line('SHELTON CT 06484', 22, right, 160, 'right');
  line(`LICENSE ${random.int(100000, 999999)}`, 22, right, 196, 'right');
  const [x, y] = [random.int(700, 900), random.int(420, 520)];
  for (const [index, text] of ['RETURN SERVICE REQUESTED', 'Box 12', '12 Main St', 'Madison CT 06443-2217'].entries()) {
    line(text, 30, x, y + 42 * index, 'left');
  }
  for (let bar = 0; bar < 65; bar++) {
    const high = random.int(0, 3);
    context.fillRect(x + 9 * bar, y + 190 - (high & 1) * 10, 4, 12 + (high & 1) * 10 + (high >> 1) * 10);
  }
}

/** A logo that is a decoy: a chequered flag or a woven pattern in a square. */
function drawLogo(context: SKRSContext2D, random: Random): void {
  const [left, top] = [random.int(60, 140), random.int(50, 110)];
  const cell = random.int(8, 18);
  const cells = random.int(6, 12);
  for (let row = 0; row < cells; row++) {
    for (let column = 0; column < cells; column++) {
      if ((row + column) % 2 === 0) context.fillRect(left + column * cell, top + row * cell, cell, cell);
    }
  }
  setFont(context, 26);
  context.textAlign = 'left';
  context.fillText('Naugatuck Paper', left, top + cells * cell + 34);
}
