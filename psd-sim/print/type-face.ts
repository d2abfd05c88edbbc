import { createRequire } from 'node:module';
import { createCanvas, GlobalFonts, type SKRSContext2D } from '@napi-rs/canvas';

const FONT = 'Franking Sans';
const fontFile = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf');
GlobalFonts.registerFromPath(fontFile, FONT);

export function setFont(context: SKRSContext2D, sizePx: number): void {
  context.font = `${sizePx}px "${FONT}"`;
}

/** How much of each pixel ink covers, 0 to 255. */
interface Coverage {
  readonly width: number;
  readonly height: number;
  /** Rows above the baseline. */
  readonly ascent: number;
  readonly pixels: Uint8Array;
}

/** No character of the font but a few marks of punctuation is narrower. */
const NARROWEST_EM = 0.28;
const ENDS_MAX = 4_096;
const ends = new Map<string, Coverage>();

/**
 * The last characters of a line, so many that they fill `widthPx`. Few different endings occur on a day's mail, and
 * looking one up costs nothing beside setting the line.
 */
export function lineEnd(text: string, sizePx: number, widthPx: number): Coverage {
  const ending = text.slice(-Math.ceil(widthPx / (NARROWEST_EM * sizePx)));
  const name = `${sizePx} ${ending}`;
  const known = ends.get(name);
  if (known !== undefined) return known;
  const coverage = setEnd(ending, sizePx);
  if (ends.size >= ENDS_MAX) ends.clear();
  ends.set(name, coverage);
  return coverage;
}

function setEnd(text: string, sizePx: number): Coverage {
  const width = Math.ceil(text.length * 1.2 * sizePx);
  const ascent = Math.ceil(sizePx);
  const height = ascent + Math.ceil(0.3 * sizePx);
  const context = createCanvas(width, height).getContext('2d');
  setFont(context, sizePx);
  context.textAlign = 'right';
  context.fillText(text, width, ascent);
  const rgba = context.getImageData(0, 0, width, height).data;
  return { width, height, ascent, pixels: Uint8Array.from({ length: width * height }, (_, i) => rgba[4 * i + 3] ?? 0) };
}
