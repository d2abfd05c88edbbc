import { type Impression, MODULE_PX, STREAK_OPACITY, type Streak, type TextLine } from './printer.ts';
import { lineEnd } from './type-face.ts';

/** Square part of the face that a crop shows, in pixels of the 200 dpi face. */
export interface CropFrame {
  readonly left: number;
  readonly top: number;
  readonly side: number;
  /** Rotation of the piece under the camera. */
  readonly degrees: number;
}

/**
 * Draws the mark and what stands close to it, in grey: the mark first lies upright, then the camera turns over it. A
 * canvas could do the same, but takes longer to hand out its pixels than all of this.
 */
export function drawCrop(impression: Impression, frame: CropFrame): Uint8Array {
  // A corner of the frame moves by this much, and each sample looks at the next pixel too.
  const radians = (frame.degrees * Math.PI) / 180;
  const margin = Math.ceil((frame.side / 2) * Math.abs(Math.sin(radians))) + 2;
  const sheet = new Sheet(frame.left - margin, frame.top - margin, frame.side + 2 * margin, impression.paperBrightness);
  sheet.drawSymbol(impression);
  for (const line of impression.postmark) sheet.drawLineEnd(line, impression.inkBrightness);
  for (const streak of impression.streaks) sheet.drawStreak(streak);
  return sheet.turned(radians, frame.side);
}

/** Upright pixels of a square part of the face. */
class Sheet {
  readonly #left: number;
  readonly #top: number;
  readonly #side: number;
  readonly #pixels: Uint8Array;

  constructor(left: number, top: number, side: number, brightness: number) {
    this.#left = left;
    this.#top = top;
    this.#side = side;
    this.#pixels = new Uint8Array(side * side).fill(brightness);
  }

  drawSymbol({ symbol, box, inkBrightness }: Impression): void {
    for (let y = 0; y < symbol.size; y++) {
      const top = box.top + y * MODULE_PX;
      for (let x = 0; x < symbol.size; x++) {
        if (symbol.dark[y * symbol.size + x] !== 1) continue;
        const left = box.left + x * MODULE_PX;
        for (let row = top; row < top + MODULE_PX; row++) this.#fill(left, left + MODULE_PX, row, inkBrightness);
      }
    }
  }

  /** Pixels of a row of the face from `left` to before `right`, as far as the sheet has them. */
  #fill(left: number, right: number, row: number, brightness: number): void {
    const y = row - this.#top;
    if (y < 0 || y >= this.#side) return;
    const from = Math.max(left - this.#left, 0);
    const to = Math.min(right - this.#left, this.#side);
    for (let at = y * this.#side + from; at < y * this.#side + to; at++) this.#pixels[at] = brightness;
  }

  /** Of a line that ends beside the symbol the sheet shows at most the last characters. */
  drawLineEnd(line: TextLine, brightness: number): void {
    const visiblePx = line.x - this.#left;
    if (visiblePx <= 0) return;
    const end = lineEnd(line.text, line.sizePx, visiblePx);
    for (let row = 0; row < end.height; row++) {
      for (let column = Math.max(0, end.width - visiblePx); column < end.width; column++) {
        const covered = end.pixels[row * end.width + column] ?? 0;
        if (covered > 0) {
          this.#blend(line.x - end.width + column, line.baseline - end.ascent + row, brightness, covered / 255);
        }
      }
    }
  }

  drawStreak(streak: Streak): void {
    const { x, y, radiusX, radiusY, tiltRadians } = streak;
    const cos = Math.cos(tiltRadians);
    const sin = Math.sin(tiltRadians);
    const reachX = Math.ceil(Math.hypot(radiusX * cos, radiusY * sin)) + 1;
    const reachY = Math.ceil(Math.hypot(radiusX * sin, radiusY * cos)) + 1;
    for (let row = Math.floor(y) - reachY; row <= y + reachY; row++) {
      for (let column = Math.floor(x) - reachX; column <= x + reachX; column++) {
        const dx = column + 0.5 - x;
        const dy = row + 0.5 - y;
        const along = (cos * dx + sin * dy) / radiusX;
        const across = (cos * dy - sin * dx) / radiusY;
        // Pixels from the edge inwards: the function of the ellipse over its slope.
        const level = along * along + across * across;
        const slope = 2 * Math.hypot(along / radiusX, across / radiusY);
        const covered = slope === 0 ? 1 : Math.min(Math.max(0.5 + (1 - level) / slope, 0), 1);
        if (covered > 0) this.#blend(column, row, streak.brightness, covered * STREAK_OPACITY);
      }
    }
  }

  #blend(column: number, row: number, brightness: number, opacity: number): void {
    const x = column - this.#left;
    const y = row - this.#top;
    if (x < 0 || y < 0 || x >= this.#side || y >= this.#side) return;
    const at = y * this.#side + x;
    const under = this.#pixels[at] ?? 0;
    this.#pixels[at] = Math.round(under + (brightness - under) * opacity);
  }

  /** The middle of the sheet, turned about its center; each pixel is mixed of the four that it falls between. */
  turned(radians: number, side: number): Uint8Array {
    const turned = new Uint8Array(side * side);
    const pixels = this.#pixels;
    const stride = this.#side;
    // Places are whole numbers of 1/65536 pixel: this loop runs for every pixel of every crop.
    const cos = Math.round(Math.cos(radians) * 65536);
    const sin = Math.round(Math.sin(radians) * 65536);
    const middle = (stride / 2 - 0.5) * 65536;
    const edge = 0.5 - side / 2;
    let at = 0;
    for (let row = 0; row < side; row++) {
      let x = Math.round(middle + cos * edge + sin * (row + edge));
      let y = Math.round(middle - sin * edge + cos * (row + edge));
      for (let column = 0; column < side; column++, at++) {
        const right = (x >> 8) & 255;
        const below = (y >> 8) & 255;
        const from = (y >> 16) * stride + (x >> 16);
        const upper = (pixels[from] ?? 0) * (256 - right) + (pixels[from + 1] ?? 0) * right;
        const lower = (pixels[from + stride] ?? 0) * (256 - right) + (pixels[from + stride + 1] ?? 0) * right;
        turned[at] = (upper * (256 - below) + lower * below + 32768) >> 16;
        x += cos;
        y -= sin;
      }
    }
    return turned;
  }
}
