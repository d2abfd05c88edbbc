import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writeWhole } from '../commands/bench/write-whole.ts';

export interface Bar {
  readonly label: string;
  readonly value: number;
}

/** Of every plot. */
export const WIDTH = 800;
const BAR = 22;
const LEFT = 262;
const RIGHT = 60;
const TOP = 44;

/** Horizontal bars from 0 to 1 with a line at each aim, as docs/plots/NAME.svg. */
export function plotRatios(name: string, title: string, bars: readonly Bar[], aims: readonly number[]): void {
  const scale = WIDTH - LEFT - RIGHT;
  const height = TOP + bars.length * BAR + 30;
  const rows = bars.map(({ label, value }, index) => {
    const y = TOP + index * BAR;
    const width = (Math.min(1, value) * scale).toFixed(1);
    return `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${label}</text>
<rect x="${LEFT}" y="${y + 3}" width="${width}" height="${BAR - 6}" fill="#34558b"/>
<text x="${LEFT + Number(width) + 6}" y="${y + 15}">${value.toFixed(2)}</text>`;
  });
  const lines = aims.map((aim) => {
    const x = (LEFT + aim * scale).toFixed(1);
    return `<line x1="${x}" x2="${x}" y1="${TOP - 4}" y2="${TOP + bars.length * BAR}" stroke="#c0392b" stroke-dasharray="4 3"/>
<text x="${x}" y="${TOP + bars.length * BAR + 16}" text-anchor="middle" fill="#c0392b">aim ${aim}</text>`;
  });
  writePlot(name, title, height, [...rows, ...lines]);
}

/** Milliseconds on a scale of powers of ten: from p50 to p99 as a bar, p99.9 as a tick, the aim for p99 as a line. */
export interface LatencyRow {
  readonly label: string;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly aim: number | null;
}

const MS_MIN = 1;
const MS_MAX = 1_000;

export function plotLatencies(name: string, title: string, rows: readonly LatencyRow[]): void {
  const place = (ms: number) => {
    const share = Math.log(Math.min(MS_MAX, Math.max(MS_MIN, ms)) / MS_MIN) / Math.log(MS_MAX / MS_MIN);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  };
  const bottom = TOP + rows.length * BAR;
  const bars = rows.map(({ label, p50, p99, p999, aim }, index) => {
    const y = TOP + index * BAR;
    const [from, to, tail] = [place(p50), place(p99), place(p999)];
    const line = aim === null ? '' : markAt(place(aim), y, y + BAR, '#c0392b');
    return `<text x="${LEFT - 8}" y="${y + 15}" text-anchor="end">${label}</text>
<rect x="${from.toFixed(1)}" y="${y + 5}" width="${Math.max(2, to - from).toFixed(1)}" height="${BAR - 10}" fill="#34558b"/>
${markAt(tail, y + 5, y + BAR - 5, '#34558b')}${line}
<text x="${(Math.max(to, tail) + 6).toFixed(1)}" y="${y + 15}">${p99.toPrecision(3)}</text>`;
  });
  const scale = [1, 10, 100, 1_000].map((ms) => {
    const x = place(ms).toFixed(1);
    return `<line x1="${x}" x2="${x}" y1="${TOP}" y2="${bottom}" stroke="#ddd"/>
<text x="${x}" y="${bottom + 16}" text-anchor="middle">${ms} ms</text>`;
  });
  writePlot(name, title, bottom + 30, [...scale, ...bars]);
}

function markAt(x: number, top: number, bottom: number, color: string): string {
  return `<line x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${top}" y2="${bottom}" stroke="${color}" stroke-width="2"/>`;
}

/** As docs/plots/NAME.svg. */
export function writePlot(name: string, title: string, height: number, parts: readonly string[]): void {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="16" y="24" font-size="15">${title}</text>
${parts.join('\n')}
</svg>
`;
  const folder = new URL('../docs/plots/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeWhole(fileURLToPath(new URL(`${name}.svg`, folder)), svg);
}
