import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Bar {
  readonly label: string;
  readonly value: number;
}

const WIDTH = 800;
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
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13">
<rect width="${WIDTH}" height="${height}" fill="#fff"/>
<text x="16" y="24" font-size="15">${title}</text>
${rows.join('\n')}
${lines.join('\n')}
</svg>
`;
  const folder = new URL('../docs/plots/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(fileURLToPath(new URL(`${name}.svg`, folder)), svg);
}
