import type { ScanDetail } from '../../analytics/index.ts';
import { type Finding, formatMills, GENUINE_OUTCOMES } from '../../indicium/index.ts';

/** One finding told in sentences, from the scans that prove it. */
export function tellStory(finding: Finding, scans: readonly ScanDetail[]): string[] {
  const [first] = scans;
  if (first === undefined) return [finding.detail];
  const { license, holder, town, psd, pieceCount, postageMills, printedAtMs } = first;
  const owner = holder === null ? `license ${license}` : `license ${license} (${holder}, ${town})`;
  const postage = postageMills === null ? '' : ` for ${formatMills(postageMills)}`;
  const piece = `piece ${pieceCount} under ${owner}${postage}${when(printedAtMs)}`;
  const sentence = openingOf(first.outcome, psd, piece);
  const opening = pieceCount === null ? [] : [sentence];
  return [...opening, ...scans.map(scanSentence), moralOf(finding)].filter((text) => text !== '');
}

function scanSentence(scan: ScanDetail): string {
  const piece = scan.mailpieceId === null ? 'a mailpiece without id' : `mailpiece ${scan.mailpieceId}`;
  const reasons = scan.reasons.length === 0 ? '' : ` (${scan.reasons.join(', ')})`;
  const answer = { accept: 'accepted', divert: 'diverted', manual: 'sent to manual inspection' }[scan.disposition];
  const place = `${scan.machine ?? 'a machine'} in plant ${scan.plant ?? 'unknown'}`;
  return `${place} saw it on ${piece}${when(scan.scannedAtMs)}: ${answer ?? scan.disposition}${reasons}.`;
}

function when(ms: number | null): string {
  return ms === null ? '' : ` on ${new Date(ms).toISOString().slice(0, 16).replace('T', ' at ')}`;
}

const GENUINE: ReadonlySet<string> = new Set(GENUINE_OUTCOMES);

/**
 * What the signature of the scan says, for any kind of finding: what nobody's key vouches for was not franked by the
 * PSD that it names, and a key that may be in other hands vouches for itself alone.
 */
function openingOf(outcome: string, psd: string | null, piece: string): string {
  if (GENUINE.has(outcome)) return `PSD ${psd} franked ${piece}.`;
  if (outcome === 'compromised-key') return `The key of PSD ${psd} signed ${piece}.`;
  if (outcome === 'borrowed-name')
    return `The key of another PSD signed a mark that claims to be of PSD ${psd}, ${piece}.`;
  return `A mark claims to be of PSD ${psd}, ${piece}.`;
}

const MORALS: Readonly<Record<string, string>> = {
  copy: 'The postage was paid once; one of the two is a photocopy, and no scan can tell which.',
  fork: 'No PSD signs two different pieces with one count: somebody cloned it, or put an old state back.',
  forged: 'The maker of these marks did not have the key of that PSD.',
  'unknown-key': 'Nobody has registered the key it names: a forgery, or a registry that is behind.',
  'cross-key':
    'The key is registered for another PSD or license, and did not make the signature: anybody could print this.',
  'borrowed-name':
    'The signature is by the key of another PSD: its owner signed in the name of somebody else, the victim.',
  'compromised-key': 'The key may be in other hands: the signature no longer proves who franked it.',
  'ungranted-psd': 'The signature is genuine, but nobody granted this PSD that license.',
  'overspread-license': 'The signature is genuine, but the license is on more PSDs than were allowed.',
};

function moralOf(finding: Finding): string {
  return MORALS[finding.kind] ?? '';
}
