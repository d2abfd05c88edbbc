import type { Random } from '../random.ts';
import { dataMatrix, type SymbolModules } from './data-matrix.ts';

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

/** A #10 envelope, 9.5 by 4.125 inches at 200 dpi. */
export const FACE = { width: 1900, height: 824 };
/** 44 modules of 4 px are 22 mm at 200 dpi, a common size of metered Data Matrix marks. */
export const MODULE_PX = 4;
const SYMBOL_RIGHT = 1840;
const SYMBOL_TOP = 56;

/** Place of the symbol on the face, in pixels. */
interface SymbolBox {
  readonly left: number;
  readonly top: number;
  readonly side: number;
}

export interface TextLine {
  readonly text: string;
  readonly sizePx: number;
  readonly align: 'left' | 'right';
  /** Where the line starts, or ends if it is aligned to the right. */
  readonly x: number;
  readonly baseline: number;
}

/** An ellipse of half dry ink. */
export interface Streak {
  readonly x: number;
  readonly y: number;
  readonly radiusX: number;
  readonly radiusY: number;
  readonly tiltRadians: number;
  readonly brightness: number;
}

/** Part of the ink of a streak that covers what lies under it. */
export const STREAK_OPACITY = 0.92;

/** A mailpiece as it left the printer and the belt: all that any picture of it shows. */
export interface Impression {
  readonly paperBrightness: number;
  readonly inkBrightness: number;
  readonly symbol: SymbolModules;
  readonly box: SymbolBox;
  /** The lines beside the symbol. */
  readonly postmark: readonly TextLine[];
  readonly address: readonly TextLine[];
  readonly streaks: readonly Streak[];
}

export function symbolBox(modules: number): SymbolBox {
  const side = modules * MODULE_PX;
  return { left: SYMBOL_RIGHT - side, top: SYMBOL_TOP, side };
}

export function print(piece: PrintedPiece, damage: MarkDamage, random: Random): Impression {
  const symbol = dataMatrix(piece.payload);
  const box = symbolBox(symbol.size);
  return {
    paperBrightness: random.int(232, 250),
    inkBrightness: random.int(18, 60),
    symbol,
    box,
    postmark: postmarkOf(piece, box.left - 28),
    address: addressOf(piece),
    streaks: damage === 'none' ? [] : smudge(box, damage, random),
  };
}

function postmarkOf(piece: PrintedPiece, right: number): TextLine[] {
  const small = { sizePx: 22, align: 'right', x: right } as const;
  return [
    { text: piece.amountText, sizePx: 44, align: 'right', x: right, baseline: 112 },
    { ...small, text: piece.town.toUpperCase(), baseline: 150 },
    { ...small, text: piece.dateText, baseline: 182 },
    { ...small, text: `LICENSE ${piece.license}`, baseline: 214 },
  ];
}

function addressOf(piece: PrintedPiece): TextLine[] {
  const sender = { sizePx: 20, align: 'left', x: 70 } as const;
  const addressee = { sizePx: 26, align: 'left', x: 820 } as const;
  return [
    ...piece.sender.map((text, line) => ({ ...sender, text, baseline: 90 + line * 28 })),
    ...piece.addressee.map((text, line) => ({ ...addressee, text, baseline: 440 + line * 38 })),
  ];
}

/**
 * Wet ink dragged by a belt. Light: one streak that error correction survives. Heavy: several wide streaks over the
 * middle and both borders, beyond what 56 of 200 codewords of error correction can mend.
 */
function smudge(box: SymbolBox, damage: MarkDamage, random: Random): Streak[] {
  const [count, thickness, reach] = damage === 'heavy smudge' ? [7, 0.12, 0.56] : [1, 0.03, 0.22];
  const height = box.side * thickness;
  return Array.from({ length: count }, (_, index) => {
    const brightness = random.int(25, 90);
    const along = (index + random.between(0.2, 0.8)) / count;
    return {
      x: box.left + box.side / 2,
      y: box.top + along * (box.side - height) + height / 2,
      radiusX: box.side * reach,
      radiusY: height / 2,
      tiltRadians: random.between(-0.08, 0.08),
      brightness,
    };
  });
}
