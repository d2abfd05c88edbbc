import { WIDTH, writePlot } from './plot.ts';

/** One thing in a row, with the share that each of the columns comes to; null where it was not measured. */
export interface ClassRow {
  readonly label: string;
  readonly shares: readonly (number | null)[];
}

const LEFT = 210;
const RIGHT = 16;
const TOP = 76;
const ROW = 17;
/** White, and the blue of every plot. */
const FROM = [255, 255, 255] as const;
const TO = [52, 85, 139] as const;
/** On darker cells text is white. */
const DARK = 0.55;

/** Shares as cells that are the darker the larger they are, with their percent, as docs/plots/NAME.svg. */
export function plotClasses(name: string, title: string, columns: readonly string[], rows: readonly ClassRow[]): void {
  const width = (WIDTH - LEFT - RIGHT) / columns.length;
  const x = (column: number) => LEFT + column * width;
  const heads = columns.map((column, index) => headOf(column, x(index) + width / 2));
  const cells = rows.map(({ label, shares }, row) => {
    const y = TOP + row * ROW;
    const own = shares.map((share, column) => cellOf(share, x(column), y, width));
    return `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end" font-size="12">${label}</text>\n${own.join('\n')}`;
  });
  writePlot(name, title, TOP + rows.length * ROW + 12, [...heads, ...cells]);
}

/** Names of readers are longer than a column is wide. */
function headOf(column: string, middle: number): string {
  const [first = '', ...rest] = column.split(/,? (.*)/);
  const lines = [first, rest.join('').trim()].map((line, index) => {
    return `<text x="${middle.toFixed(1)}" y="${TOP - 24 + index * 14}" text-anchor="middle" font-size="10">${line}</text>`;
  });
  return lines.join('\n');
}

function cellOf(share: number | null, left: number, top: number, width: number): string {
  if (share === null) return '';
  const color = FROM.map((from, index) => Math.round(from + share * ((TO[index] ?? from) - from)));
  const text = `${(100 * share).toFixed(0)}`;
  return `<rect x="${left.toFixed(1)}" y="${top}" width="${(width - 1).toFixed(1)}" height="${ROW - 1}" fill="rgb(${color.join(',')})" stroke="#eee"/>
<text x="${(left + width / 2).toFixed(1)}" y="${top + 12}" text-anchor="middle" font-size="11" fill="${share > DARK ? '#fff' : '#333'}">${text}</text>`;
}
