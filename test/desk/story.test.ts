import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DETECTORS, type ScanDetail } from '../../analytics/index.ts';
import { tellStory } from '../../desk/report/story.ts';
import { type Finding, GENUINE_OUTCOMES, REASON_CODES } from '../../indicium/index.ts';

const SCAN: ScanDetail = {
  scanId: 'DBCS-12/20261120A/000001',
  scannedAtMs: Date.UTC(2026, 10, 20, 22, 3),
  receivedAtMs: null,
  plant: '06484',
  machine: 'DBCS-12',
  pass: 'origin',
  mailpieceId: 'M1',
  image: null,
  outcome: 'valid',
  disposition: 'accept',
  reasons: [],
  license: 700137,
  holder: 'Quill & Sons',
  town: 'Shelton',
  psd: '06-1V-5520001',
  pieceCount: 42n,
  postageMills: 730,
  printedAtMs: Date.UTC(2026, 10, 20, 8, 0),
  payload: null,
};

function openingOf(kind: string, outcome: string): string {
  const finding: Finding = {
    kind,
    severity: 'high',
    license: 700137,
    psd: '06-1V-5520001',
    scanIds: [SCAN.scanId],
    detail: '',
    policyVersion: 3,
    broughtBy: [],
    wordOf: null,
    role: 'unknown',
  };
  return tellStory(finding, [{ ...SCAN, outcome }])[0] ?? '';
}

const PIECE = 'piece 42 under license 700137 (Quill & Sons, Shelton) for 0.730 on 2026-11-20 at 08:00.';
const OPENINGS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(GENUINE_OUTCOMES.map((outcome) => [outcome, `PSD 06-1V-5520001 franked ${PIECE}`])),
  'compromised-key': `The key of PSD 06-1V-5520001 signed ${PIECE}`,
  'borrowed-name': `The key of another PSD signed a mark that claims to be of PSD 06-1V-5520001, ${PIECE}`,
};

describe('the story of a finding', () => {
  for (const kind of DETECTORS.map(({ name }) => name)) {
    it(`of kind ${kind} says who signed the mark, or that it only claims to be of a PSD`, () => {
      for (const outcome of [...GENUINE_OUTCOMES, ...REASON_CODES]) {
        assert.equal(
          openingOf(kind, outcome),
          OPENINGS[outcome] ?? `A mark claims to be of PSD 06-1V-5520001, ${PIECE}`,
          outcome,
        );
      }
    });
  }
});
