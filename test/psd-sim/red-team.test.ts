import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Indicium, parseIndicium } from '../../indicium/index.ts';
import { isSignedBy, publicKeyFrom } from '../../psd-sim/key-pair.ts';
import { judged } from '../support/evidence.ts';
import { findingsOf } from '../support/findings.ts';
import { RED_TEAM_CASES } from './red-team-cases.ts';
import { affordable, BUDGET, COST, type Move, PLACEHOLDER, redTeamMoves } from './red-team-moves.ts';
import {
  caseOf,
  honestAccused,
  innocentsNamed,
  type RedTeamCase,
  type RedTeamScan,
  redTeamCases,
} from './red-team-oracle.ts';
import {
  CUSTOMER_NAMES,
  HONEST_LETTERS,
  RED_TEAM_RECORDS,
  RED_TEAM_REGISTRY,
  THIEF,
  TOKEN_PLANT,
} from './red-team-world.ts';

const HOUR_MS = 3_600_000;
const THIEFS = CUSTOMER_NAMES[THIEF] ?? { license: 0, psd: '' };
const SUBJECTS = CUSTOMER_NAMES.flatMap(({ license, psd }) => [`license/${license}`, `psd/${psd}`]);
const spkiOf = new Map(RED_TEAM_RECORDS.keys.map(({ keyId, spki }) => [keyId, spki]));

function markOf({ payload }: RedTeamScan): Indicium {
  const parsed = parseIndicium(payload);
  assert.ok('indicium' in parsed);
  return parsed.indicium;
}

/** Whether the key that the mark names signed it. */
function isSigned(scan: RedTeamScan): boolean {
  const { keyId, signedBytes, signature } = markOf(scan);
  const spki = spkiOf.get(keyId);
  return (
    spki !== undefined && isSignedBy(Buffer.from(signedBytes), Buffer.from(signature), publicKeyFrom(Buffer.from(spki)))
  );
}

function isThiefsKey(scan: RedTeamScan): boolean {
  const { keyId } = markOf(scan);
  const key = RED_TEAM_RECORDS.keys.find((record) => record.keyId === keyId);
  return key !== undefined && key.license === THIEFS.license && key.psd === THIEFS.psd;
}

function fraudulent({ scans, truth }: RedTeamCase): RedTeamScan[] {
  return scans.filter(({ scan }) => truth.fraudulent.has(scan.scanId));
}

/** The one scan that these moves make. */
function theOne(...moves: readonly Move[]): RedTeamScan {
  const [made, ...others] = fraudulent(caseOf(moves));
  assert.ok(made !== undefined && others.length === 0);
  return made;
}

const [ORIGINAL] = HONEST_LETTERS;
const COPY: Move = { move: 'copy', letter: 0, plant: '75034', minutesLater: 10 };
const OWN: Move = { move: 'forge', letter: 2, how: 'own registers' };
const MADE = HONEST_LETTERS.length;

describe('a move of the red team', () => {
  it('copies mark and tag onto a letter that is mailed elsewhere, minutes later', () => {
    const { payload, scan, receivedAtMs } = theOne(COPY);
    const [seen] = ORIGINAL?.sightings ?? [];
    assert.ok(ORIGINAL?.payload.equals(payload));
    assert.deepEqual([scan.mailpieceId, scan.plant, scan.pass], [seen?.mailpieceId, '75034', 'origin']);
    assert.equal(receivedAtMs - (seen?.receivedAtMs ?? 0), 10 * 60_000);
  });

  it('gives a copy the tag of another, in another form, a placeholder, or a new one', () => {
    const tagged = (tag: 'of another' | 'of another, lower case' | 'placeholder' | 'new') => {
      return theOne(COPY, { move: 're-tag', letter: MADE, tag, of: 1 }).scan.mailpieceId;
    };
    const other = HONEST_LETTERS[1]?.sightings[0]?.mailpieceId ?? '';
    assert.equal(tagged('of another'), other);
    assert.equal(tagged('of another, lower case'), other.toLowerCase());
    assert.equal(tagged('placeholder'), PLACEHOLDER);
    const known = HONEST_LETTERS.flatMap(({ sightings }) => sightings.map(({ mailpieceId }) => mailpieceId));
    assert.ok(!known.includes(tagged('new') ?? null));
  });

  it('moves and reweighs a letter', () => {
    const moved = theOne(COPY, { move: 'move', letter: MADE, plant: '06443', minutesLater: 20 });
    const [seen] = ORIGINAL?.sightings ?? [];
    assert.equal(moved.scan.plant, '06443');
    assert.equal(moved.receivedAtMs - (seen?.receivedAtMs ?? 0), 30 * 60_000);
    assert.equal(theOne(COPY, { move: 'reweigh', letter: MADE, grams: 69 }).scan.weightGrams, 69);
  });

  it('redates a mark: of the own key it stays genuine, of another it does not', () => {
    const redate: Move = { move: 'redate', letter: MADE, what: 'mark', hours: -48 };
    for (const [made, isGenuine] of [
      [OWN, true],
      [COPY, false],
    ] as const) {
      const before: RedTeamScan = theOne(made);
      const after: RedTeamScan = theOne(made, redate);
      assert.equal(markOf(after).printedAtMs - markOf(before).printedAtMs, -48 * HOUR_MS);
      assert.deepEqual([isSigned(before), isSigned(after)], [true, isGenuine]);
    }
  });

  it('redates a scan: what is claimed differs from when the record came', () => {
    const { scan, receivedAtMs } = theOne(COPY, { move: 'redate', letter: MADE, what: 'scan', hours: -48 });
    assert.equal((scan.scannedAtMs ?? 0) - receivedAtMs, -48 * HOUR_MS);
  });

  it('forges with a stray key, with the own key in the name of another, with made-up names', () => {
    const forge = (how: 'stray key' | 'own key' | 'made up') => theOne({ move: 'forge', letter: 0, how });
    const [victim] = CUSTOMER_NAMES;
    const [byStray, byOwn, madeUp] = [forge('stray key'), forge('own key'), forge('made up')];
    for (const scan of [byStray, byOwn]) {
      assert.deepEqual([markOf(scan).license, markOf(scan).psd], [victim?.license, victim?.psd]);
    }
    assert.deepEqual([isSigned(byStray), isThiefsKey(byStray)], [false, false]);
    assert.deepEqual([isSigned(byOwn), isThiefsKey(byOwn)], [true, true]);
    assert.ok(!spkiOf.has(markOf(madeUp).keyId));
    assert.ok(
      !CUSTOMER_NAMES.some(({ license, psd }) => license === markOf(madeUp).license || psd === markOf(madeUp).psd),
    );
  });

  it('lets the own register stand still while counts go on', () => {
    const own = HONEST_LETTERS.filter(({ signer }) => signer === 'thief').at(-1);
    assert.ok(own !== undefined);
    const last = parseIndicium(own.payload);
    assert.ok('indicium' in last);
    const mark = markOf(theOne(OWN));
    assert.deepEqual([mark.license, mark.psd], [THIEFS.license, THIEFS.psd]);
    assert.ok(mark.pieceCount > last.indicium.pieceCount && isSigned(theOne(OWN)));
    assert.equal(mark.ascendingMills, last.indicium.ascendingMills);
  });

  it('mails a letter again days after it was delivered', () => {
    const again = theOne({ move: 'replay', letter: 0, daysLater: 6 });
    const [origin, delivered] = ORIGINAL?.sightings ?? [];
    assert.ok(ORIGINAL?.payload.equals(again.payload));
    assert.deepEqual([again.scan.mailpieceId, again.scan.pass], [origin?.mailpieceId, 'origin']);
    assert.ok(again.receivedAtMs - (delivered?.receivedAtMs ?? 0) > 5 * 24 * HOUR_MS);
  });

  it('leaves out the descending register of an own mark, or what a scan would tell', () => {
    const omit = (what: 'descending register' | 'id' | 'destination' | 'weight' | 'time', made: Move) => {
      return theOne(made, { move: 'omit', letter: MADE, what });
    };
    const own = omit('descending register', OWN);
    assert.deepEqual([markOf(own).descendingMills, isSigned(own)], [null, true]);
    assert.equal(omit('id', COPY).scan.mailpieceId, null);
    assert.equal(omit('destination', COPY).scan.destination, null);
    assert.equal(omit('weight', COPY).scan.weightGrams, null);
    assert.equal(omit('time', COPY).scan.scannedAtMs, null);
    const unseen = caseOf([COPY, { move: 'omit', letter: MADE, what: 'sighting' }]);
    assert.deepEqual(fraudulent(unseen), []);
  });

  it('on an honest letter is a false record, from the plant whose token the thief has', () => {
    for (const move of [
      { move: 'reweigh', letter: 0, grams: 69 },
      { move: 'move', letter: 0, plant: '75034', minutesLater: 10 },
      { move: 'redate', letter: 0, what: 'scan', hours: -100 },
      { move: 're-tag', letter: 0, tag: 'of another', of: 1 },
    ] as const) {
      const { scan, payload } = theOne(move);
      assert.deepEqual([scan.plant, ORIGINAL?.payload.equals(payload)], [TOKEN_PLANT, true], move.move);
    }
  });

  it('costs, and none is played that the budget does not pay for', () => {
    assert.deepEqual(affordable([OWN, COPY, OWN], 3), [OWN, COPY]);
    assert.deepEqual(affordable([OWN, COPY], 1), []);
    const every = new Set<string>();
    fc.assert(
      fc.property(redTeamMoves(), (moves) => {
        for (const { move } of moves) every.add(move);
        assert.ok(moves.reduce((sum, { move }) => sum + COST[move], 0) <= BUDGET);
      }),
    );
    assert.deepEqual([...every].toSorted(), Object.keys(COST).toSorted());
  });
});

describe('the oracle', () => {
  it('knows each scan as fraudulent, misused or honest, and as one of them', () => {
    fc.assert(
      fc.property(redTeamCases(), ({ scans, truth }) => {
        const all = scans.map(({ scan }) => scan.scanId);
        const known = [...truth.fraudulent, ...truth.misused, ...truth.honest];
        assert.equal(new Set(all).size, all.length);
        assert.deepEqual(known.toSorted(), all.toSorted());
      }),
    );
  });

  it('knows that no move changes what honest plants recorded', () => {
    const told = ({ scan: { scanId: _, ...scan }, receivedAtMs }: RedTeamScan) => ({ scan, receivedAtMs });
    const honestDay = caseOf([]).scans.map(told);
    fc.assert(
      fc.property(redTeamCases(), ({ scans, truth }) => {
        const honest = scans.filter(({ scan }) => !truth.fraudulent.has(scan.scanId));
        assert.deepEqual(honest.map(told), honestDay);
      }),
    );
  });

  it('finds the thief guilty exactly where his key signed what is fraudulent', () => {
    fc.assert(
      fc.property(redTeamCases(), (its) => {
        const isGuilty = fraudulent(its).some((scan) => isSigned(scan) && isThiefsKey(scan));
        const thief = [`license/${THIEFS.license}`, `psd/${THIEFS.psd}`];
        assert.deepEqual([...its.truth.guilty].toSorted(), isGuilty ? thief : []);
        const everybody = [...its.truth.guilty, ...its.truth.innocent];
        assert.deepEqual(everybody.toSorted(), SUBJECTS.toSorted());
      }),
    );
  });

  it('calls no scan honest whose mark or tag is also on a fraudulent one', () => {
    fc.assert(
      fc.property(redTeamCases(), (its) => {
        const made = fraudulent(its);
        const honest = its.scans.filter(({ scan }) => its.truth.honest.has(scan.scanId));
        for (const { payload, scan } of honest) {
          const id = scan.mailpieceId?.toLowerCase();
          assert.ok(
            !made.some((other) => other.payload.equals(payload) || other.scan.mailpieceId?.toLowerCase() === id),
          );
        }
      }),
    );
  });

  it('gives the same case for the same moves, and tells a case as its moves', () => {
    fc.assert(
      fc.property(redTeamCases(), (its) => {
        assert.deepEqual(caseOf(its.moves).scans, its.scans);
        assert.equal(fc.stringify(its), JSON.stringify(its.moves));
      }),
    );
  });

  it('counts innocents whom findings suspect: not the guilty, not victims, not strangers to the post', () => {
    const { truth } = caseOf([OWN]);
    const [victim] = CUSTOMER_NAMES;
    assert.ok(victim !== undefined);
    const said = { scanIds: [], ...victim };
    assert.deepEqual(innocentsNamed(truth, [said, said]), [`license/${victim.license}`, `psd/${victim.psd}`]);
    assert.deepEqual(innocentsNamed(truth, [{ ...said, role: 'victim' }]), []);
    assert.deepEqual(innocentsNamed(truth, [{ ...said, severity: 'information' }]), []);
    assert.deepEqual(innocentsNamed(truth, [{ scanIds: [], ...THIEFS }]), []);
    assert.deepEqual(innocentsNamed(truth, [{ scanIds: [], license: 900_000_001, psd: null }]), []);
    assert.deepEqual(innocentsNamed(caseOf([COPY]).truth, [{ scanIds: [], ...THIEFS }]), [
      `license/${THIEFS.license}`,
      `psd/${THIEFS.psd}`,
    ]);
  });

  it('counts honest scans that are named or diverted, and not those that a fraud touches', () => {
    const { truth } = caseOf([COPY]);
    const [honest = '', other = ''] = truth.honest;
    const touched = [...truth.fraudulent, ...truth.misused];
    const said = { scanIds: [...touched, honest], license: null, psd: null };
    assert.deepEqual(honestAccused(truth, [said], [other, ...touched]), [honest, other].toSorted());
    assert.deepEqual(honestAccused(truth, [], touched), []);
  });
});

describe('a case by name', () => {
  for (const [name, moves] of Object.entries(RED_TEAM_CASES)) {
    it(`is within the budget and leaves fraudulent scans: ${name}`, () => {
      assert.deepEqual(affordable(moves), moves);
      const { truth } = caseOf(moves);
      assert.equal(truth.fraudulent.size > 0, moves.length > 0);
    });
  }

  it('names the thief only where it is his device', () => {
    const guilty = Object.entries(RED_TEAM_CASES).filter(([, moves]) => caseOf(moves).truth.guilty.size > 0);
    assert.deepEqual(
      guilty.map(([name]) => name),
      [
        'signed by the thief in the name of an innocent',
        'own registers that stand still',
        'own registers without the descending one',
      ],
    );
  });

  it('is an honest post where there are no moves: every scan is accepted, and nothing is found', async (test) => {
    const { scans, truth } = caseOf(RED_TEAM_CASES['nothing at all']);
    const evidence = judged(scans, RED_TEAM_REGISTRY);
    assert.deepEqual([...new Set(evidence.map(({ verdict }) => verdict.disposition))], ['accept']);
    const findings = await findingsOf(test, evidence, RED_TEAM_RECORDS);
    assert.deepEqual(findings, []);
    assert.deepEqual([truth.honest.size, truth.guilty.size, truth.innocent.size], [18, 0, 6]);
  });
});
