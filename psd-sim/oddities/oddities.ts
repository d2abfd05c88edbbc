import type { OddMail } from '../mail/mail-stream.ts';
import type { Piece } from '../mail/piece.ts';
import { OTHER_UNITS_PER_GRAM, type PlantQuirks } from '../mail/plant-quirks.ts';
import { type HonestTrap, ODDITIES, type OddityName, ScenarioError, trapCount } from '../scenario.ts';
import type { OddScene } from './odd-scene.ts';
import { reuseIds } from './reused-ids.ts';
import { ODD_WAYS, type OddWay } from './ways.ts';

/** Settles the passes of honest pieces that something odd happens to, and which plants are odd as a whole. */
export async function playOddities(scene: OddScene): Promise<OddMail> {
  const { scenario, fleet, day, frauds, random } = scene;
  const asked = new Set(scenario.oddities ?? []);
  const taken = new Set([...frauds.flatMap(({ pieces }) => pieces), ...[...day.odd.values()].flat(2)]);
  const untouched = day.pieces.filter(
    (piece) => !taken.has(piece) && piece.passes === undefined && piece.handedInAtMs === undefined,
  );
  const draw = random.stream('pieces');
  const next = (): Piece => {
    const at = draw.int(0, Math.max(0, untouched.length - 1));
    const piece = untouched[at];
    const last = untouched.pop();
    if (piece === undefined || last === undefined) throw new ScenarioError('too few pieces for so many oddities');
    if (at < untouched.length) untouched[at] = last;
    return piece;
  };
  const pieces = new Map<HonestTrap, Piece[][]>();
  for (const oddity of ODDITIES) {
    if (!asked.has(oddity)) continue;
    const own = random.stream(oddity);
    if (isOddWay(oddity)) {
      pieces.set(
        oddity,
        played(trapCount(scenario), next, (piece) =>
          ODD_WAYS[oddity]({ scenario, piece, towns: fleet.towns, random: own }),
        ),
      );
    } else if (oddity === 'id-reused') pieces.set(oddity, await reuseIds(scene, trapCount(scenario), next, own));
  }
  return { pieces, quirks: quirksOf(scene, asked) };
}

function played(count: number, next: () => Piece, plan: (piece: Piece) => Piece['passes'] & object): Piece[][] {
  return Array.from({ length: count }, () => {
    const piece = next();
    piece.passes = plan(piece);
    return [piece];
  });
}

function isOddWay(oddity: OddityName): oddity is OddWay {
  return oddity in ODD_WAYS;
}

/** Two plants where there are two: a wrong clock and a wrong scale are told apart more easily than one that is both. */
function quirksOf({ day, random }: OddScene, asked: ReadonlySet<OddityName>): PlantQuirks {
  const plants = [...new Set(day.pieces.map(({ mailedIn }) => mailedIn.plant))].toSorted();
  const own = random.stream('plants');
  const slowPlant = own.pick(plants);
  const others = plants.filter((plant) => plant !== slowPlant);
  const otherScale = {
    plant: own.pick(others.length === 0 ? plants : others),
    unitsPerGram: own.pick(OTHER_UNITS_PER_GRAM),
  };
  return {
    ...(asked.has('slow-plant-clock') && { slowPlant }),
    ...(asked.has('other-scale') && { otherScale }),
  };
}
