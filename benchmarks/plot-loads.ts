import { WIDTH, writePlot } from './plot.ts';

/** How long pieces wait at a share of what a server can take. */
export interface LoadPoint {
  readonly share: number;
  readonly p50: number;
  readonly p99: number;
}

export interface LoadLine {
  readonly label: string;
  readonly points: readonly LoadPoint[];
}

interface LoadPanel {
  readonly title: string;
  readonly lines: readonly LoadLine[];
}

const HEIGHT = 400;
const LEFT = 60;
const PANEL = WIDTH / 2;
const PLOTTED = PANEL - LEFT - 24;
const TOP = 70;
const BOTTOM = 300;
const LEGEND = BOTTOM + 46;
const COLORS = ['#34558b', '#d08a3c', '#3b8a5a'];
const MS_MIN = 1;
const MS_MAX = 1_000;
const TICKS_MS = [1, 10, 100, 1_000];
const TICKS_SHARE = [0, 0.25, 0.5, 0.75, 1];

/** Two panels of lines over the load: the 99th of 100 pieces whole, the median dashed; milliseconds by powers of ten. */
export function plotLoads(name: string, title: string, panels: readonly [LoadPanel, LoadPanel]): void {
  const drawn = panels.map((panel, index) => panelOf(panel, LEFT + index * PANEL));
  writePlot(name, title, HEIGHT, drawn);
}

function panelOf({ title, lines }: LoadPanel, left: number): string {
  const x = (share: number) => (left + share * PLOTTED).toFixed(1);
  const axes = [
    ...TICKS_MS.map((ms) => {
      return `<line x1="${left}" x2="${left + PLOTTED}" y1="${yOf(ms)}" y2="${yOf(ms)}" stroke="#ddd"/>
<text x="${left - 6}" y="${Number(yOf(ms)) + 4}" text-anchor="end" fill="#666" font-size="11">${ms} ms</text>`;
    }),
    ...TICKS_SHARE.map((share) => {
      return `<text x="${x(share)}" y="${BOTTOM + 18}" text-anchor="middle" fill="#666" font-size="11">${share * 100} %</text>`;
    }),
  ];
  const drawn = lines.map(({ label, points }, index) => {
    const color = COLORS[index % COLORS.length] ?? '';
    const line = (of: (point: LoadPoint) => number, dashes: string) => {
      const corners = points.map((point) => `${x(point.share)},${yOf(of(point))}`).join(' ');
      return `<polyline points="${corners}" fill="none" stroke="${color}" stroke-width="2"${dashes}/>`;
    };
    const dots = points.map(({ share, p99 }) => `<circle cx="${x(share)}" cy="${yOf(p99)}" r="3" fill="${color}"/>`);
    return `${line(({ p99 }) => p99, '')}${line(({ p50 }) => p50, ' stroke-dasharray="4 3"')}${dots.join('')}
<text x="${left}" y="${LEGEND + index * 16}" fill="${color}" font-size="12">${label}</text>`;
  });
  return `<text x="${left}" y="${TOP - 16}">${title}</text>\n${[...axes, ...drawn].join('\n')}`;
}

function yOf(ms: number): string {
  const share = Math.log(Math.min(MS_MAX, Math.max(MS_MIN, ms)) / MS_MIN) / Math.log(MS_MAX / MS_MIN);
  return (BOTTOM - share * (BOTTOM - TOP)).toFixed(1);
}
