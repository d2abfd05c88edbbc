import { DAY_MS, HOUR_MS, MINUTE_MS } from '../frauds/scene.ts';
import { frankPiece } from '../mail/day.ts';
import { destinationPass, eveningMs, originPass } from '../mail/passes.ts';
import type { Piece } from '../mail/piece.ts';
import type { Random } from '../random.ts';
import type { OddScene } from './odd-scene.ts';

/** Posts give an id again after three months; the evening's hours make it a little more. */
const REUSED_AFTER_DAYS = 91;
const LICENSED_BEFORE_DAYS = 10;
const FIRST_HOUR = 8;
const PIECES_A_MINUTE = 10;

/** Ids of the day's pieces that were on other marks three months before; a branch office franked those. */
export async function reuseIds(
  { scenario, fleet, day }: OddScene,
  count: number,
  next: () => Piece,
  random: Random,
): Promise<Piece[][]> {
  const thenMs = scenario.dayMs - REUSED_AFTER_DAYS * DAY_MS;
  const { holder, town } = random.pick(fleet.slots);
  const user = `${holder}, branch office`;
  const host = fleet.newHost();
  const psd = fleet.newPsd(host, user);
  fleet.setTime(thenMs - LICENSED_BEFORE_DAYS * DAY_MS);
  const license = await fleet.license(host, psd, user, town);
  const slot = { host, psd, license, holder: user, town };
  const groups: Piece[][] = [];
  for (let index = 0; index < count; index++) {
    fleet.setTime(thenMs + FIRST_HOUR * HOUR_MS + Math.floor(index / PIECES_A_MINUTE) * MINUTE_MS);
    const piece = next();
    const franked = await frankPiece(fleet, slot, random);
    const earlier: Piece = { ...franked, mailpieceId: piece.mailpieceId };
    for (const [its, dayMs] of [
      [earlier, thenMs],
      [piece, scenario.dayMs],
    ] as const) {
      const origin = originPass(its, eveningMs({ dayMs }, random));
      its.passes = [origin, destinationPass(its, origin, random)];
    }
    day.pieces.push(earlier);
    groups.push([earlier, piece]);
  }
  if (scenario.payment === 'postpaid') await host.audit(psd, license);
  return groups;
}
