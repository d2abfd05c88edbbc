import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DETECTORS } from '../../analytics/index.ts';
import { dispositionFor } from '../../analytics/judge/index.ts';
import { FIELDS, type Finding, REASON_CODES, type ReasonCode, type Scan, SIGNED_BYTES } from '../../indicium/index.ts';
import { type Evidence, judged } from '../support/evidence.ts';
import { findingsOf } from '../support/findings.ts';
import { packed, SmallWorld } from '../support/marks.ts';

const DAY_MS = Date.UTC(2026, 10, 20, 18);

/** Register set and piece count of every scan, so that both sides can be compared piece by piece. */
function pieceOf(evidence: readonly Evidence[]): Map<string, string> {
  return new Map(
    evidence.flatMap(({ scan, reading: { indicium } }) => {
      return indicium === null ? [] : [[scan.scanId, `${indicium.psd} ${indicium.license} ${indicium.pieceCount}`]];
    }),
  );
}

function piecesFound(findings: readonly Finding[], kind: string, pieces: Map<string, string>): string[] {
  const scanIds = findings.filter((finding) => finding.kind === kind).flatMap((finding) => finding.scanIds);
  return [...new Set(scanIds.map((scanId) => pieces.get(scanId) ?? scanId))].toSorted();
}

function piecesBlamed(evidence: readonly Evidence[], reason: ReasonCode, pieces: Map<string, string>): string[] {
  const blamed = evidence.filter(({ verdict }) => verdict.reasons.includes(reason));
  return [...new Set(blamed.map(({ scan }) => pieces.get(scan.scanId) ?? scan.scanId))].toSorted();
}

/** Streaming reasons and the kind of finding that states the same. */
const SAME: [ReasonCode, string][] = [
  ['copy', 'copy'],
  ['cloned-id', 'cloned-id'],
  ['fork', 'fork'],
  ['forged', 'forged'],
  ['unknown-key', 'unknown-key'],
  ['key-mismatch', 'cross-key'],
  ['borrowed-name', 'borrowed-name'],
  ['ungranted-psd', 'ungranted-psd'],
  ['overspread-license', 'overspread-license'],
  ['suite-mismatch', 'suite-mismatch'],
  ['expired-license', 'expired-license'],
  ['revoked-license', 'revoked-license'],
  ['compromised-key', 'compromised-key'],
  ['revoked-key', 'revoked-key'],
  ['expired-key', 'expired-key'],
  ['key-not-yet-valid', 'expired-key'],
];

describe('streaming verdicts and SQL detectors', () => {
  it('have a detector for every reason that diverts a piece', () => {
    const diverting = REASON_CODES.filter((reason) => dispositionFor([reason]) === 'divert');
    const covered = new Map(SAME);
    assert.deepEqual(
      diverting.filter((reason) => !DETECTORS.some(({ name }) => name === covered.get(reason))),
      [],
    );
  });

  it('blame the same pieces, for any mail in any order', async (test) => {
    const world = new SmallWorld(3, 2);
    const forkWorld = new SmallWorld(3, 2);
    const registry = packed({
      ...world.records,
      // PSD 2 is not granted the second license; the first license may be on two PSDs only.
      grants: world.records.grants.filter(({ psd, license }) => psd !== '06-2S-2' || license !== 1001),
      // Between the first two nothing travels in an hour.
      plants: [
        { plant: '06484', postcode: '06484', latitude: 41.3, longitude: -73.1 },
        { plant: '06443', postcode: '06443', latitude: 33.1, longitude: -96.8 },
      ],
      licenses: world.records.licenses.map((license) => ({ ...license, psdLimit: license.license === 1000 ? 2 : 3 })),
    });
    const pairs = [0, 1, 2].flatMap((psd) => [0, 1].map((license) => ({ psd, license })));
    // The same counters in both worlds, but with other postage: each pair of them is a fork.
    const genuine = pairs.flatMap(({ psd, license }) => [world.frank(psd, license), world.frank(psd, license)]);
    const forked = pairs.flatMap(({ psd, license }) => [forkWorld.frank(psd, license, 1_010n)]);
    const forgedMark = Buffer.from(world.frank());
    forgedMark[forgedMark.length - 1] = (forgedMark.at(-1) ?? 0) ^ 1;
    const unknown = new SmallWorld(9, 9, 'elsewhere').frank(8, 8);
    const otherSuite = Buffer.from(world.frank());
    otherSuite[1] = 2;
    // In the name of the first PSD, under the number of the key of the second: not signed by it, and signed.
    const otherKey = Buffer.from(world.frank());
    otherKey.writeUIntBE(world.key('06-2S-1', 1000).keyId, FIELDS.keyId.offset, FIELDS.keyId.bytes);
    const borrowed = world.signedBytes('06-2S-1', 1000, otherKey.subarray(0, SIGNED_BYTES));
    const payloads = [...genuine, ...forked, forgedMark, unknown, otherSuite, otherKey, borrowed];

    const scan: fc.Arbitrary<Partial<Scan>> = fc.record(
      {
        mailpieceId: fc.constantFrom('M1', 'M2', 'M3', null),
        plant: fc.constantFrom('06484', '06443', null),
        pass: fc.constantFrom('origin', 'destination', null),
        scannedAtMs: fc.constantFrom(null, DAY_MS, DAY_MS + 600_000, DAY_MS + 40 * 3_600_000, DAY_MS + 90 * 3_600_000),
        weightGrams: fc.constantFrom(null, 20, 22, 60),
        destination: fc.constantFrom(null, '75034', '94103', '10012', '60601'),
      },
      { noNullPrototype: true },
    );
    const numbered = fc.record({ number: fc.nat(payloads.length - 1), scan }).map(({ number, scan: its }) => {
      // Each mark has ids of its own: one on many marks says nothing.
      const mailpieceId = typeof its.mailpieceId === 'string' ? `${its.mailpieceId}/${number}` : null;
      return { payload: payloads[number] ?? Buffer.alloc(0), scan: { ...its, mailpieceId } };
    });
    const mail = fc.array(numbered, { minLength: 30, maxLength: 60 });
    let blamed = 0;
    await fc.assert(
      fc.asyncProperty(mail, async (pieces) => {
        const evidence = judged(pieces, registry);
        const findings = await findingsOf(test, evidence, registry);
        const names = pieceOf(evidence);
        for (const [reason, kind] of SAME) {
          if (kind === 'expired-key') continue; // Two reasons, one kind; none of them occurs in this mail.
          const expected = piecesBlamed(evidence, reason, names);
          blamed += expected.length;
          const found = piecesFound(findings, kind, names);
          if (kind !== 'copy') assert.deepEqual(found, expected, kind);
          else {
            // An original that comes after its photocopy is only doubtful where it is scanned.
            assert.deepEqual(
              expected.filter((piece) => !found.includes(piece)),
              [],
              kind,
            );
            const doubted = new Set([...expected, ...piecesBlamed(evidence, 'possible-copy', names)]);
            assert.deepEqual(
              found.filter((piece) => !doubted.has(piece)),
              [],
              kind,
            );
          }
        }
      }),
      { numRuns: 30, endOnFailure: true },
    );
    assert.ok(blamed > 200, `only ${blamed} pieces were blamed: the comparison says little`);
  });

  it('accuse nobody for honest mail: re-scans, late scans, gaps in the piece count', async (test) => {
    const world = new SmallWorld(2, 1);
    const all = Array.from({ length: 40 }, (_, index) => world.frank(index % 2));
    const seen = all.filter((_, index) => index % 5 !== 0).toReversed();
    const first = seen.map((payload, index) => ({ payload, scan: { mailpieceId: `H${index}` } }));
    const again = first.map(({ payload, scan }) => ({
      payload,
      scan: { ...scan, pass: 'destination' as const, plant: '75034' },
    }));
    const { registry } = world;
    const evidence = judged([...first, ...again], registry);
    assert.deepEqual(new Set(evidence.map(({ verdict }) => verdict.disposition)), new Set(['accept']));
    assert.deepEqual(await findingsOf(test, evidence, registry), []);
  });

  it('never let a bad signature use up a counter', async (test) => {
    const world = new SmallWorld(1, 1);
    const genuine = world.frank();
    const burnt = Buffer.from(genuine);
    burnt[70] = (burnt[70] ?? 0) ^ 4;
    const evidence = judged([{ payload: burnt }, { payload: genuine }], world.registry);
    assert.deepEqual(
      evidence.map(({ verdict }) => verdict.reasons),
      [['forged'], []],
    );
    assert.deepEqual(
      (await findingsOf(test, evidence, world.registry)).map((finding) => finding.kind),
      ['forged'],
    );
  });
});
