import { createRequire } from 'node:module';
import { type Canvas, createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';
import { dataMatrix } from './data-matrix.ts';
import type { Random } from './random.ts';

/** What is printed on one mailpiece. */
export interface PrintedPiece {
  readonly payload: Uint8Array;
  readonly town: string;
  readonly dateText: string;
  readonly amountText: string;
  readonly license: number;
  readonly sender: readonly string[];
  readonly addressee: readonly string[];
}

/** How the mark suffered between the printer and the scanner. */
export type MarkDamage = 'none' | 'light smudge' | 'heavy smudge';

/** Part of the face to draw, in pixels of the 200 dpi face. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Rotation of the piece under the camera. */
  readonly degrees: number;
}

/** A #10 envelope, 9.5 by 4.125 inches at 200 dpi. */
export const FACE = { width: 1900, height: 824 };
/** 44 modules of 4 px are 22 mm at 200 dpi, a common size of metered Data Matrix marks. */
export const MODULE_PX = 4;
const SYMBOL_RIGHT = 1840;
const SYMBOL_TOP = 56;

const FONT = 'Franking Sans';
const fontFile = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
GlobalFonts.registerFromPath(fontFile, FONT);

/** Top left corner and side of the symbol on the face, in pixels. */
export function symbolBox(modules: number): { left: number; top: number; side: number } {
  const side = modules * MODULE_PX;
  return { left: SYMBOL_RIGHT - side, top: SYMBOL_TOP, side };
}

/** Draws the part of the face that the frame shows. */
export function printFace(piece: PrintedPiece, frame: Frame, damage: MarkDamage, random: Random): Canvas {
  const canvas = createCanvas(frame.width, frame.height);
  const context = canvas.getContext('2d');
  const paper = random.int(232, 250);
  context.fillStyle = `rgb(${paper}, ${paper}, ${paper - 6})`;
  context.fillRect(0, 0, frame.width, frame.height);
  context.translate(frame.width / 2, frame.height / 2);
  context.rotate((frame.degrees * Math.PI) / 180);
  context.translate(-frame.width / 2 - frame.left, -frame.height / 2 - frame.top);

  const ink = random.int(18, 60);
  context.fillStyle = `rgb(${ink}, ${ink}, ${ink})`;
  const symbol = dataMatrix(piece.payload);
  const box = symbolBox(symbol.size);
  for (let y = 0; y < symbol.size; y++) {
    for (let x = 0; x < symbol.size; x++) {
      if (symbol.dark[y * symbol.size + x] === 1) {
        context.fillRect(box.left + x * MODULE_PX, box.top + y * MODULE_PX, MODULE_PX, MODULE_PX);
      }
    }
  }
  drawText(context, piece, box.left);
  if (damage !== 'none') smudge(context, box, damage, random);
  return canvas;
}

function drawText(context: SKRSContext2D, piece: PrintedPiece, symbolLeft: number): void {
  context.textAlign = 'right';
  const right = symbolLeft - 28;
  context.font = `44px "${FONT}"`;
  context.fillText(piece.amountText, right, 112);
  context.font = `22px "${FONT}"`;
  context.fillText(piece.town.toUpperCase(), right, 150);
  context.fillText(piece.dateText, right, 182);
  context.fillText(`LICENSE ${piece.license}`, right, 214);
  context.textAlign = 'left';
  context.font = `20px "${FONT}"`;
  for (const [line, text] of piece.sender.entries()) context.fillText(text, 70, 90 + line * 28);
  context.font = `26px "${FONT}"`;
  for (const [line, text] of piece.addressee.entries()) context.fillText(text, 820, 440 + line * 38);
}

/**
 * Wet ink dragged by a belt. Light: one streak that error correction survives. Heavy: several wide streaks over the
 * middle and both borders, beyond what 56 of 200 codewords of error correction can mend.
 */
function smudge(
  context: SKRSContext2D,
  box: { left: number; top: number; side: number },
  damage: MarkDamage,
  random: Random,
): void {
  const streaks = damage === 'heavy smudge' ? 7 : 1;
  const thickness = damage === 'heavy smudge' ? 0.12 : 0.03;
  context.save();
  for (let streak = 0; streak < streaks; streak++) {
    const shade = random.int(25, 90);
    context.fillStyle = `rgba(${shade}, ${shade}, ${shade}, 0.92)`;
    const along = (streak + random.between(0.2, 0.8)) / streaks;
    const height = box.side * thickness;
    const top = box.top + along * (box.side - height);
    context.beginPath();
    context.ellipse(
      box.left + box.side / 2,
      top + height / 2,
      box.side * (damage === 'heavy smudge' ? 0.56 : 0.22),
      height / 2,
      random.between(-0.08, 0.08),
      0,
      2 * Math.PI,
    );
    context.fill();
  }
  context.restore();
}
