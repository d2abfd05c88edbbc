import type { TimelineBar } from '../../analytics/index.ts';

const WIDTH = 1080;
const HEIGHT = 150;
const BASELINE = 120;

/** Scans over the day as stacked bars, in SVG. What was diverted or sent to manual stands on the accepted. */
export function timelineSvg(bars: readonly TimelineBar[], barMs: number): string {
  const [first] = bars;
  const last = bars.at(-1);
  if (first === undefined || last === undefined) return '';
  const slots = (last.startMs - first.startMs) / barMs + 1;
  const barWidth = WIDTH / slots;
  const highest = Math.max(...bars.map((bar) => bar.accept + bar.divert + bar.manual));
  const shapes = bars.map((bar) => {
    const x = ((bar.startMs - first.startMs) / barMs) * barWidth;
    let y = BASELINE;
    return (['accept', 'manual', 'divert'] as const)
      .map((disposition) => {
        const height = (bar[disposition] / highest) * (BASELINE - 10);
        y -= height;
        return `<rect class="${disposition}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${Math.max(barWidth - 1, 0.5).toFixed(1)}" height="${height.toFixed(1)}"/>`;
      })
      .join('');
  });
  const labels = hourLabels(first.startMs, last.startMs + barMs);
  const texts = labels.map(({ ms, text }) => {
    const x = ((ms - first.startMs) / barMs) * barWidth;
    return `<text x="${x.toFixed(1)}" y="${BASELINE + 18}">${text}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Scans over the day">${shapes.join('')}${texts.join('')}</svg>`;
}

const HOUR_MS = 3_600_000;

function hourLabels(fromMs: number, toMs: number): { ms: number; text: string }[] {
  const stepMs = Math.max(1, Math.ceil((toMs - fromMs) / HOUR_MS / 12)) * HOUR_MS;
  const labels: { ms: number; text: string }[] = [];
  for (let ms = Math.ceil(fromMs / stepMs) * stepMs; ms < toMs; ms += stepMs) {
    labels.push({ ms, text: new Date(ms).toISOString().slice(11, 16) });
  }
  return labels;
}
