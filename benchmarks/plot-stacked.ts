import { WIDTH, writePlot } from './plot.ts';

interface Stack {
  readonly label: string;
  /** By their names, in the order in which they are drawn; `together` is the sum, and is not. */
  readonly parts: Readonly<Record<string, number>>;
}

const LEFT = 150;
const RIGHT = 70;
const TOP = 64;
const ROW = 34;
const COLORS = ['#34558b', '#6f8fc0', '#a9bfdc', '#d08a3c', '#8a6fb0', '#c7ccd4'];

/** Bars of parts side by side, with a legend, as docs/plots/NAME.svg. */
export function plotStacked(name: string, title: string, stacks: readonly Stack[]): void {
  const drawn = stacks.map(({ label, parts }) => ({
    label,
    parts: Object.entries(parts).filter(([part]) => part !== 'together'),
  }));
  const highest = Math.max(...drawn.map(({ parts }) => total(parts)));
  const scale = (WIDTH - LEFT - RIGHT) / highest;
  const rows = drawn.map(({ label, parts }, index) => {
    const y = TOP + index * ROW;
    let x = LEFT;
    const pieces = parts.map(([, value], part) => {
      const width = Math.max(0, value) * scale;
      const piece = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 12}" fill="${COLORS[part % COLORS.length]}"/>`;
      x += width;
      return piece;
    });
    return `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${label}</text>
${pieces.join('\n')}
<text x="${(x + 6).toFixed(1)}" y="${y + 15}">${total(parts).toFixed(2)}</text>`;
  });
  const legend = (drawn[0]?.parts ?? []).map(([part], index) => {
    const x = 16 + index * 112;
    return `<rect x="${x}" y="36" width="12" height="12" fill="${COLORS[index % COLORS.length]}"/>
<text x="${x + 17}" y="46" font-size="12">${part}</text>`;
  });
  writePlot(name, title, TOP + stacks.length * ROW + 10, [...legend, ...rows]);
}

function total(parts: readonly (readonly [string, number])[]): number {
  return parts.reduce((sum, [, value]) => sum + Math.max(0, value), 0);
}
