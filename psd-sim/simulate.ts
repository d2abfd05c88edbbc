import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commitFrauds } from './frauds/frauds.ts';
import { frankDay } from './mail/day.ts';
import { sortMail } from './mail/mail-stream.ts';
import { DAY_MS, foundPost, publishRegistry, registryFiles } from './mail/post.ts';
import { scanLine } from './mail/scan-line.ts';
import { type TruthLine, truthOf, truthText } from './mail/truth.ts';
import { playOddities } from './oddities/oddities.ts';
import { HttpWires } from './offices/http.ts';
import { takePictures } from './print/pictures.ts';
import { Random } from './random.ts';
import type { Scenario } from './scenario.ts';

export interface Simulated {
  readonly pieces: number;
  readonly deliveries: number;
  readonly images: number;
  readonly truth: readonly TruthLine[];
}

/**
 * Simulates one day and writes it: `registry/`, `scans.ndjson`, `images/`, `truth.ndjson`, and in `hosts/` what the
 * users' computers keep. The same scenario gives the same files again, byte for byte.
 */
export async function simulate(
  scenario: Scenario,
  folder: string,
  onProgress: (step: string, done: number, total: number) => void = () => {},
): Promise<Simulated> {
  const random = new Random(`indicia ${scenario.seed}`);
  const wires = new HttpWires();
  try {
    const wire = scenario.offices === 'http' ? wires.wire : undefined;
    const post = await foundPost({ scenario, folder, random, wire }, (done, total) => {
      onProgress('licensed', done, total);
    });
    const { fleet } = post;
    const day = await frankDay(scenario, fleet, random.stream('day'), (done) => {
      onProgress('franked', done, scenario.pieces);
    });
    const frauds = await commitFrauds({ scenario, fleet, day, random: random.stream('frauds') });
    const odd = await playOddities({ scenario, fleet, day, frauds, random: random.stream('oddities') });
    fleet.setTime(scenario.dayMs + DAY_MS);
    if (scenario.payment === 'postpaid') await fleet.auditAll();
    const stream = sortMail(scenario, day, frauds, random.stream('mail'), odd);
    const truth = truthOf(frauds, stream);

    const files = await registryFiles(post);
    await publishRegistry(join(folder, 'registry'), files, scenario.dayMs + DAY_MS, random.stream('trust'));
    const distinct = [...new Map(stream.deliveries.map((event) => [event.scanId, event])).values()];
    const imageOf = await takePictures(scenario, distinct, folder, (done, total) => {
      onProgress('printed and scanned', done, total);
    });
    const lines = stream.deliveries.map((event) => scanLine(event, imageOf.get(event.scanId)));
    await writeFile(join(folder, 'scans.ndjson'), `${lines.join('\n')}\n`);
    await writeFile(join(folder, 'truth.ndjson'), `${truth.map((line) => truthText(line, scenario)).join('\n')}\n`);
    return { pieces: day.pieces.length, deliveries: lines.length, images: imageOf.size, truth };
  } finally {
    await wires.close();
  }
}
