import { WIDTH, writePlot } from './plot.ts';

/** Two values of one thing, on a scale of powers of ten. */
interface PairOfBars {
  readonly label: string;
  readonly first: number;
  readonly second: number;
}

/** What the two are. */
interface PairNames {
  readonly first: string;
  readonly second: string;
}

const LEFT = 150;
const RIGHT = 90;
const TOP = 66;
const LEGEND = 230;
const FIRST = '#34558b';
const SECOND = '#b8bfca';
const BAR = 16;
const ROW = 2 * BAR + 12;

/** Two bars each, the first above the second, with a legend, as docs/plots/NAME.svg. */
export function plotPairs(name: string, title: string, names: PairNames, rows: readonly PairOfBars[]): void {
  const values = rows.flatMap(({ first, second }) => [first, second]);
  const lowest = 10 ** Math.floor(Math.log10(Math.min(...values)));
  const highest = 10 ** Math.ceil(Math.log10(Math.max(...values)));
  const scale = WIDTH - LEFT - RIGHT;
  const widthOf = (value: number) => (scale * Math.log(value / lowest)) / Math.log(highest / lowest);
  const bar = (value: number, y: number, color: string) =>
    `<rect x="${LEFT}" y="${y}" width="${widthOf(value).toFixed(1)}" height="${BAR - 2}" fill="${color}"/>
<text x="${(LEFT + widthOf(value) + 6).toFixed(1)}" y="${y + 12}">${Number(value.toPrecision(3)).toLocaleString('en-US')}</text>`;
  const parts = rows.map(({ label, first, second }, index) => {
    const y = TOP + index * ROW;
    return `<text x="${LEFT - 8}" y="${y + 20}" text-anchor="end">${label}</text>
${bar(first, y, FIRST)}
${bar(second, y + BAR, SECOND)}`;
  });
  const legend = [
    { text: names.first, color: FIRST },
    { text: names.second, color: SECOND },
  ].map(
    ({ text, color }, index) =>
      `<rect x="${LEFT + index * LEGEND}" y="36" width="12" height="12" fill="${color}"/>
<text x="${LEFT + index * LEGEND + 17}" y="46" font-size="12">${text}</text>`,
  );
  const bottom = TOP + rows.length * ROW;
  const lines: string[] = [];
  for (let value = lowest; value <= highest; value *= 10) {
    const x = (LEFT + widthOf(value)).toFixed(1);
    lines.push(`<line x1="${x}" x2="${x}" y1="${TOP - 6}" y2="${bottom}" stroke="#ddd"/>
<text x="${x}" y="${bottom + 16}" text-anchor="middle" fill="#666">${value.toLocaleString('en-US')}</text>`);
  }
  writePlot(name, title, bottom + 30, [...legend, ...lines, ...parts]);
}
