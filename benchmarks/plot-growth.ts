import { WIDTH, writePlot } from './plot.ts';

export interface Growth {
  readonly rows: number;
  readonly shownSeconds: number;
  readonly loadedSeconds: number;
  readonly newMicros: number;
}

const HEIGHT = 320;
const PANEL = 300;
const TOP = 60;
const BOTTOM = 260;
const START = '#34558b';
const SNAPSHOT = '#3b8a5a';

/** Two panels over the size of a store: what a start takes, and what a piece costs; as docs/plots/growth.svg. */
export function plotGrowth(growth: readonly Growth[]): void {
  const panels = [
    panel(70, 'a start, s, by powers of ten', growth, byPowersOfTen, [
      { label: 'all shown again', color: START, values: growth.map(({ shownSeconds }) => shownSeconds), above: 8 },
      {
        label: 'from the snapshot, where there is one',
        color: SNAPSHOT,
        values: growth.map(({ loadedSeconds }) => loadedSeconds),
        above: -18,
      },
    ]),
    panel(70 + WIDTH / 2, 'a new piece, µs', growth, fromZero, [
      { label: 'judged and recorded', color: START, values: growth.map(({ newMicros }) => newMicros), above: 8 },
    ]),
  ];
  writePlot('growth', 'As a store grows', HEIGHT, panels);
}

interface Line {
  readonly label: string;
  readonly color: string;
  readonly values: readonly number[];
  /** How far over its point a value is written. */
  readonly above: number;
}

/** Where a value lies between the bottom and the top, as a share of the way, by all values. */
type Scale = (values: readonly number[]) => (value: number) => number;

const fromZero: Scale = (values) => {
  const most = Math.max(...values) * 1.1;
  return (value) => value / most;
};

const byPowersOfTen: Scale = (values) => {
  const [least, most] = [Math.min(...values) / 3, Math.max(...values) * 1.5];
  return (value) => Math.log(value / least) / Math.log(most / least);
};

function panel(left: number, title: string, growth: readonly Growth[], scale: Scale, lines: readonly Line[]): string {
  const place = scale(lines.flatMap(({ values }) => values));
  const sizes = growth.map(({ rows }) => Math.log10(rows));
  const [least = 0, span = 1] = [sizes[0], Math.max(1, (sizes.at(-1) ?? 0) - (sizes[0] ?? 0))];
  const x = (index: number) => left + (((sizes[index] ?? least) - least) / span) * (PANEL - 40);
  const y = (value: number) => BOTTOM - place(value) * (BOTTOM - TOP);
  const axis = growth.map(
    ({ rows }, index) =>
      `<text x="${x(index).toFixed(1)}" y="${BOTTOM + 18}" text-anchor="middle" font-size="12">${rows.toLocaleString('en-US')}</text>`,
  );
  const drawn = lines.map(({ label, color, values, above }, row) => {
    const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    const dots = values.map(
      (value, index) =>
        `<circle cx="${x(index).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${color}"/>
<text x="${x(index).toFixed(1)}" y="${(y(value) - above).toFixed(1)}" text-anchor="middle" fill="${color}">${value < 10 ? value.toPrecision(2) : value.toFixed(0)}</text>`,
    );
    return `<polyline points="${points}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}
<text x="${left}" y="${BOTTOM + 36 + row * 16}" fill="${color}">${label}</text>`;
  });
  return `<text x="${left}" y="${TOP - 12}">${title}</text>
<line x1="${left}" x2="${left + PANEL - 40}" y1="${BOTTOM}" y2="${BOTTOM}" stroke="#999"/>
${[...axis, ...drawn].join('\n')}`;
}
