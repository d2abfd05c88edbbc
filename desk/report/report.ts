import { relative } from 'node:path';
import type { ScanDetail, StoreReader } from '../../analytics/index.ts';
import { type Disposition, type Finding, plural, UNCHECKED, UNCHECKED_CODES } from '../../indicium/index.ts';
import { escapeHtml } from './html.ts';
import { tellStory } from './story.ts';
import { STYLE } from './style.ts';
import { timelineSvg } from './timeline.ts';

/** Scans shown with each finding; the rest are counted. A ring of copies may have thousands. */
const SCANS_SHOWN_MAX = 12;
const BAR_MS = 900_000;

/**
 * One page of HTML without scripts: the day's dispositions, its timeline, and every finding with its scans. Pictures
 * are linked from where the scans left them, relative to `folder`, where the page will be stored.
 */
export async function renderReport(reader: StoreReader, folder: string): Promise<string> {
  const totals: Record<Disposition, number> = { accept: 0, divert: 0, manual: 0 };
  for await (const { disposition } of reader.verdicts()) totals[disposition] += 1;
  const timeline = timelineSvg(await reader.timeline(BAR_MS), BAR_MS);
  const cards: string[] = [];
  // All of them first: what is asked in between would end them.
  for (const finding of await Array.fromAsync(reader.findings())) {
    const scans = await reader.scanDetails(finding.scanIds.slice(0, SCANS_SHOWN_MAX));
    cards.push(findingCard(finding, scans, folder));
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Indicia report</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>Indicia report</h1></header>
<main>
<section class="tiles">${tile('accepted', totals.accept, 'accept')}${tile('diverted', totals.divert, 'divert')}${tile('manual', totals.manual, 'manual')}${tile('findings', cards.length, 'finding')}</section>
<section><h2>Scans over the day (UTC)</h2>${timeline}</section>
${uncheckedSection(await reader.unchecked())}<section><h2>Findings</h2>${cards.length === 0 ? '<p>The detectors found nothing.</p>' : cards.join('\n')}</section>
</main>
</body>
</html>
`;
}

/** Checks that the scans left open; no section where they left none. */
function uncheckedSection({ genuine, unchecked }: Awaited<ReturnType<StoreReader['unchecked']>>): string {
  const rows = UNCHECKED_CODES.flatMap((code) => {
    const scans = unchecked[code];
    if (scans === undefined) return [];
    const sentence = escapeHtml(UNCHECKED[code].sentence);
    return [`<tr><td>${code}</td><td>${scans.toLocaleString('en-US')}</td><td>${sentence}</td></tr>`];
  });
  if (rows.length === 0) return '';
  return `<section><h2>Checks that were not made</h2>
<p>Of ${plural(genuine, 'scan')} with a genuine mark:</p>
<table><thead><tr><th>check</th><th>scans</th><th>why</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></section>
`;
}

function tile(label: string, value: number, kind: string): string {
  return `<div class="tile ${kind}"><strong>${value.toLocaleString('en-US')}</strong><span>${label}</span></div>`;
}

function findingCard(finding: Finding, scans: readonly ScanDetail[], folder: string): string {
  const hidden = finding.scanIds.length - scans.length;
  const [opening, ...rest] = tellStory(finding, scans);
  return `<article class="${escapeHtml(finding.severity)}">
<h3>${escapeHtml(finding.kind)} <small>${escapeHtml([finding.severity, ...subjectOf(finding)].join(' · '))}</small></h3>
<p>${escapeHtml(finding.detail)}</p>
${scans.length === 0 ? '' : `<p class="story">${escapeHtml(opening ?? '')} ${escapeHtml(rest.at(-1) ?? '')}</p>`}
<div class="scans">${scans.map((scan) => scanFigure(scan, folder)).join('')}</div>
${hidden > 0 ? `<p>and ${plural(hidden, 'more scan')}</p>` : ''}
</article>`;
}

/** What a finding about a plant is about stands in its first words. */
function subjectOf({ license, psd, role }: Finding): string[] {
  return license === null && psd === null ? [] : [`license ${license ?? '–'}`, `PSD ${psd ?? '–'}`, role];
}

function momentText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

function scanFigure(scan: ScanDetail, folder: string): string {
  const source = scan.image === null ? null : relative(folder, scan.image).split('/').map(encodeURIComponent).join('/');
  const picture = source === null ? '' : `<a href="${source}"><img src="${source}" alt="scan" loading="lazy"></a>`;
  const time = scan.scannedAtMs === null ? 'time not known' : momentText(scan.scannedAtMs);
  const received = scan.receivedAtMs === null ? '' : `<br>received ${momentText(scan.receivedAtMs)}`;
  return `<figure>${picture}<figcaption><b class="${scan.disposition}">${escapeHtml(scan.disposition)}</b> ${escapeHtml(time)}${received}<br>
${escapeHtml(scan.machine ?? '')} · plant ${escapeHtml(scan.plant ?? '–')} · ${escapeHtml(scan.pass ?? '')}<br>
${escapeHtml(scan.mailpieceId ?? 'no mailpiece id')}<br><code>${escapeHtml(scan.scanId)}</code><br>
${escapeHtml(scan.reasons.join(', '))}</figcaption></figure>`;
}
