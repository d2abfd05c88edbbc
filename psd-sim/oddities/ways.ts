import { newMailpieceId } from '../mail/day.ts';
import { destinationPass, eveningMs, HOUR_MS, originPass, type PlannedPass } from '../mail/passes.ts';
import type { Piece } from '../mail/piece.ts';
import type { Town } from '../mail/towns.ts';
import type { Random } from '../random.ts';
import type { Scenario } from '../scenario.ts';

/** Honest ways of a piece through the machines that a thief's letters could take too. */

interface Wayfarer {
  readonly scenario: Scenario;
  readonly piece: Piece;
  readonly towns: readonly Town[];
  readonly random: Random;
}

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
/** A counter scans at once what the sorter scans in the evening. */
const COUNTER_MINUTES = [5, 60] as const;
const BETWEEN_CAMERAS_SECONDS = [1, 5] as const;
/** A plant's line was down. */
const UPLOADED_AFTER_HOURS = [30, 60] as const;
const ROUNDS = [2, 3] as const;
const MINUTES_A_ROUND = [8, 40] as const;
const ID_ZEROS = 4;

export const ODD_WAYS = {
  retagged: newTagLater,
  'second-induction': inductedTwice,
  'padded-id': otherFormOfId,
  'two-cameras': seenTwice,
  'late-upload': uploadedLate,
  looped: goneRound,
  forwarded,
  returned,
  'misread-destination': misread,
} satisfies Record<string, (wayfarer: Wayfarer) => PlannedPass[]>;
export type OddWay = keyof typeof ODD_WAYS;

/** The two passes of a piece that goes straight. */
function straight({ scenario, piece, random }: Wayfarer): readonly [origin: PlannedPass, destination: PlannedPass] {
  const origin = originPass(piece, eveningMs(scenario, random));
  return [origin, destinationPass(piece, origin, random)];
}

/** The tag came off or was not readable: a later pass prints another. */
function newTagLater(wayfarer: Wayfarer): PlannedPass[] {
  const [origin, destination] = straight(wayfarer);
  return [origin, { ...destination, mailpieceId: newMailpieceId(wayfarer.random) }];
}

/** A post office's counter takes the piece in, and the sorter of the same plant does in the evening. */
function inductedTwice(wayfarer: Wayfarer): PlannedPass[] {
  const { piece, random } = wayfarer;
  const atMs = piece.printedAtMs + random.int(...COUNTER_MINUTES) * MINUTE_MS;
  const [planned] = straight(wayfarer);
  const sorter = { ...planned, atMs: Math.max(planned.atMs, atMs + HOUR_MS) };
  const counter = { ...planned, atMs, machine: `COUNTER-${piece.mailedIn.postcode}` };
  return [counter, sorter, destinationPass(piece, sorter, random)];
}

/** One pass writes the id in lower case, between blanks, or with zeros before it. */
function otherFormOfId(wayfarer: Wayfarer): PlannedPass[] {
  const { piece, random } = wayfarer;
  const { mailpieceId } = piece;
  const forms = [mailpieceId.toLowerCase(), ` ${mailpieceId}  `, `${'0'.repeat(ID_ZEROS)}${mailpieceId}`];
  const [origin, destination] = straight(wayfarer);
  const other = random.pick(forms);
  return random.fraction() < 0.5
    ? [{ ...origin, mailpieceId: other }, destination]
    : [origin, { ...destination, mailpieceId: other }];
}

/** Two cameras of one machine each make a record. */
function seenTwice(wayfarer: Wayfarer): PlannedPass[] {
  const { piece, random } = wayfarer;
  const [origin, destination] = straight(wayfarer);
  const first = { ...origin, machine: random.pick(piece.mailedIn.machines) };
  const second = { ...first, atMs: first.atMs + random.int(...BETWEEN_CAMERAS_SECONDS) * SECOND_MS };
  return [first, second, destination];
}

/** The record of the origin pass comes long after that of the destination. */
function uploadedLate(wayfarer: Wayfarer): PlannedPass[] {
  const [origin, destination] = straight(wayfarer);
  const afterMs = destination.atMs - origin.atMs;
  return [{ ...origin, delayMs: afterMs + wayfarer.random.int(...UPLOADED_AFTER_HOURS) * HOUR_MS }, destination];
}

/** The machine's full pocket sends it round again: the same pass of the same plant, some times within two hours. */
function goneRound(wayfarer: Wayfarer): PlannedPass[] {
  const { random } = wayfarer;
  const [origin, destination] = straight(wayfarer);
  const again = random.fraction() < 0.5 ? origin : destination;
  const rounds: PlannedPass[] = [];
  let { atMs } = again;
  for (let left = random.int(...ROUNDS); left > 0; left--) {
    atMs += random.int(...MINUTES_A_ROUND) * MINUTE_MS;
    rounds.push({ ...again, atMs });
  }
  if (again === destination) return [origin, destination, ...rounds];
  return [origin, ...rounds, destinationPass(wayfarer.piece, rounds.at(-1) ?? origin, random)];
}

/** The addressee has moved: at his plant the piece gets another address, and passes that one's plant a day later. */
function forwarded(wayfarer: Wayfarer): PlannedPass[] {
  const { piece, random, towns } = wayfarer;
  const [origin, destination] = straight(wayfarer);
  const destinationTown = random.pick(towns.filter((town) => town !== piece.destinationTown));
  const onward = destinationPass({ ...piece, destinationTown }, destination, random);
  const point = String(random.int(0, 999_999)).padStart(6, '0');
  return [origin, destination, { ...onward, destination: `${destinationTown.postcode}${point}` }];
}

/** Nobody takes the piece: it goes back to the address of its sender. */
function returned(wayfarer: Wayfarer): PlannedPass[] {
  const { piece, random } = wayfarer;
  const [origin, destination] = straight(wayfarer);
  const sender = `${piece.town.postcode}${String(piece.license).padStart(6, '0').slice(-6)}`;
  const back = { ...piece, destinationTown: piece.town };
  const undelivered = { ...destination, atMs: destination.atMs + 24 * HOUR_MS };
  return [origin, destination, { ...destinationPass(back, undelivered, random), destination: sender }];
}

/** One of three readings has a wrong digit in the postcode. */
function misread(wayfarer: Wayfarer): PlannedPass[] {
  const { piece, random } = wayfarer;
  const [origin, destination] = straight(wayfarer);
  const transit: PlannedPass = { ...origin, pass: 'transit', atMs: origin.atMs + random.int(1, 3) * HOUR_MS };
  const passes = [origin, transit, destination];
  const wrong = random.int(0, passes.length - 1);
  const at = random.int(0, 4);
  const digit = (Number(piece.destination[at]) + random.int(1, 9)) % 10;
  const read = `${piece.destination.slice(0, at)}${digit}${piece.destination.slice(at + 1)}`;
  return passes.map((pass, index) => (index === wrong ? { ...pass, destination: read } : pass));
}
