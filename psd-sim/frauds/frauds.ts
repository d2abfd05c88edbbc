import type { Piece } from '../mail/piece.ts';
import { type Part, partsOf } from '../roles.ts';
import { type FraudName, fraudCount } from '../scenario.ts';
import { fork, overspend, overspreadLicense, rollback, ungrantedPsd } from './devices.ts';
import { backdatedScan, frameCrossKey, frameForged, frameMadeUp } from './framing.ts';
import { alter, crossKey, forge, photocopy } from './marks.ts';
import { omittedDescending, standingRegister } from './registers.ts';
import { type Committed, otherTown, type Scene } from './scene.ts';
import { cloneTag, copyUnread, recirculate } from './tags.ts';
import { fasterThanPrinter, twoPlaces } from './thieves.ts';
import { lapsed, refundMailed, shortPostage, staleDate, wrongDestination, wrongTown } from './users.ts';

/** A committed fraud and every piece that is part of it, the innocent twin of a copy or fork included. */
export interface CommittedFraud {
  readonly fraud: FraudName;
  readonly license: number;
  readonly psd: string;
  readonly pieces: readonly Piece[];
  readonly parts: readonly Part[];
}

/** Commits the scenario's frauds; the new pieces join the day. */
export async function commitFrauds(scene: Omit<Scene, 'used'>): Promise<CommittedFraud[]> {
  const used = new Set<Piece>();
  const committed: CommittedFraud[] = [];
  for (const fraud of scene.scenario.frauds) {
    const random = scene.random.stream(fraud);
    for (let index = 0; index < fraudCount(scene.scenario); index++) {
      const { pieces, slot, parts } = await COMMIT[fraud]({ ...scene, random, used });
      const { license, psd } = slot;
      for (const piece of pieces) used.add(piece);
      committed.push({ fraud, license, psd, pieces, parts: parts ?? partsOf(fraud, license, psd) });
    }
  }
  return committed;
}

const COMMIT: Record<FraudName, (scene: Scene) => Committed | Promise<Committed>> = {
  copy: (scene) => photocopy(scene, (original) => original.mailedIn),
  'copy-far': (scene) => photocopy(scene, (original) => otherTown(original.town, scene)),
  forged: forge,
  altered: alter,
  'cross-key': crossKey,
  fork,
  rollback,
  'ungranted-psd': ungrantedPsd,
  'overspread-license': overspreadLicense,
  overspend,
  'refund-mailed': refundMailed,
  'expired-license': (scene) => lapsed(scene, 'expired-license'),
  'revoked-license': (scene) => lapsed(scene, 'revoked-license'),
  'compromised-key': (scene) => lapsed(scene, 'compromised-key'),
  'revoked-key': (scene) => lapsed(scene, 'revoked-key'),
  'wrong-town': wrongTown,
  'wrong-destination': wrongDestination,
  'stale-date': staleDate,
  'short-postage': shortPostage,
  'two-places': twoPlaces,
  'faster-than-printer': fasterThanPrinter,
  'cloned-tag': cloneTag,
  recirculated: recirculate,
  'placeholder-id': copyUnread,
  'standing-register': standingRegister,
  'omitted-descending': omittedDescending,
  'backdated-scan': backdatedScan,
  'framing-forged': frameForged,
  'framing-cross-key': frameCrossKey,
  'framing-made-up': frameMadeUp,
};
