import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { simulate } from '../../psd-sim/index.ts';
import { indicia, jsonLines } from '../support/command-line.ts';
import { filesBelow } from '../support/dropped.ts';
import { RECEIVED_AT } from '../support/receipt.ts';
import { temporaryFolder } from '../support/temporary.ts';

const DAY_MS = Date.UTC(2026, 10, 20);
const GIVE_UP_MS = 240_000;

/** Names of all files below a folder, without where they lie. */
const filesIn = (folder: string) => filesBelow(folder).map((path) => basename(path));

async function until(what: string, isSo: () => boolean): Promise<void> {
  const giveUpAtMs = performance.now() + GIVE_UP_MS;
  while (!isSo()) {
    assert.ok(performance.now() < giveUpAtMs, `in vain waited until ${what}`);
    await sleep(20);
  }
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** As its folder is watched: what it needs to be started, and where its files go. */
async function plant(folder: string) {
  const drop = join(folder, 'drop');
  await mkdir(drop);
  const db = join(folder, 'post.duckdb');
  const args = ['run', '--watch', drop, '--registry', join(folder, 'registry'), '--db', db, '--json', ...RECEIVED_AT];
  return { drop, done: join(drop, 'done'), failed: join(drop, 'failed'), db, args };
}

async function verdictsIn(db: string): Promise<{ scanId: string; reasons: readonly string[] }[]> {
  return jsonLines((await indicia(['verdicts', '--db', db])).stdout);
}

describe('a folder of 1,000 faces, dropped while the program is killed and stopped', () => {
  it('is processed exactly once', async (test) => {
    const folder = await temporaryFolder(test);
    await simulate(
      { seed: 3, pieces: 1_000, psds: 12, licenses: 8, frauds: [], images: 'crops', dayMs: DAY_MS },
      folder,
    );
    const { drop, done, failed, db, args } = await plant(folder);
    const lines = (await readFile(join(folder, 'scans.ndjson'), 'utf8')).trim().split('\n');
    const scans = [
      ...new Map(lines.map((line) => [JSON.parse(line).scanId, JSON.parse(line)] as const)).values(),
    ].slice(0, 1_000);
    assert.equal(scans.length, 1_000);

    // Every second one with a sidecar, renamed into place; the others copied, with all they say in their name.
    const contents = new Map<string, string>();
    const dropAll = async () => {
      for (const [index, { image, ...fields }] of scans.entries()) {
        const bytes = await readFile(join(folder, image));
        const name = fields.scanId.replaceAll('/', '_');
        contents.set(`${name}.png`, sha256(bytes));
        if (index % 2 === 0) {
          contents.set(`${name}.json`, sha256(Buffer.from(JSON.stringify(fields))));
          await writeFile(join(drop, `${name}.json`), JSON.stringify(fields));
          await writeFile(join(drop, `${name}.png.part`), bytes);
          await rename(join(drop, `${name}.png.part`), join(drop, `${name}.png`));
        } else {
          await writeFile(join(drop, `${name}.png`), bytes);
        }
      }
    };
    const dropped = dropAll();
    const watching = [...args, '--settle-ms', '100'];
    const imagesDone = () => filesIn(done).filter((name) => name.endsWith('.png')).length;
    const stopWhen = (isTime: () => boolean, signal?: NodeJS.Signals) =>
      indicia(watching, { onStart: async (kill) => void until('it was time', isTime).finally(() => kill(signal)) });

    const killed = await stopWhen(() => imagesDone() >= 200);
    assert.equal(killed.signal, 'SIGKILL', killed.stderr);
    const afterKill = imagesDone();
    const recordedBefore = (await verdictsIn(db)).length;
    assert.ok(recordedBefore >= afterKill, 'nothing is moved before its verdict is durable');
    const stopped = await stopWhen(() => imagesDone() >= afterKill + 200, 'SIGTERM');
    assert.equal(stopped.exitCode, 0, stopped.stderr);
    const afterStop = imagesDone();
    assert.ok(afterKill < afterStop && afterStop < 1_000, `${afterKill} and ${afterStop} of 1,000 done`);
    const [summary] = jsonLines<{ scans: number }>(stopped.stdout);
    assert.deepEqual(filesIn(join(drop, 'taken')), [], 'a run that is asked to stop finishes what it has taken');
    assert.equal((await verdictsIn(db)).length, afterStop, 'and has moved what it has answered');
    assert.equal(summary?.scans, afterStop - recordedBefore, 'none twice');
    await dropped;
    const last = await stopWhen(() => imagesDone() >= 1_000, 'SIGTERM');
    assert.equal(last.exitCode, 0, last.stderr);

    const verdicts = await verdictsIn(db);
    assert.deepEqual(verdicts.map(({ scanId }) => scanId).toSorted(), scans.map(({ scanId }) => scanId).toSorted());
    const [day = ''] = await readdir(done);
    const kept = await Promise.all(
      filesIn(done).map(async (name) => [name, sha256(await readFile(join(done, day, name)))] as const),
    );
    assert.deepEqual(new Map(kept.toSorted()), new Map([...contents].toSorted()));
    assert.equal(kept.length, 1_500);
    assert.deepEqual([filesIn(failed), filesIn(join(drop, 'taken'))], [[], []]);
    assert.equal(filesIn(drop).length, kept.length, 'nothing is left in the folder');
  });
});

describe('what is not a scan, or not one that can be used', () => {
  it('goes to failed with a reason, and the rest goes on', async (test) => {
    const folder = await temporaryFolder(test);
    await simulate({ seed: 3, pieces: 6, psds: 2, licenses: 2, frauds: [], images: 'crops', dayMs: DAY_MS }, folder);
    const { drop, done, failed, db, args } = await plant(folder);
    const images = (await readdir(join(folder, 'images'))).map((name) => join(folder, 'images', name));
    const good = await readFile(images[0] ?? '');
    const other = await readFile(images[1] ?? '');
    const put = (name: string, content: string | Buffer) => writeFile(join(drop, name), content);
    await put('M_1_good.png', good);
    await put('M_1_text.png', 'this is not a picture');
    await put('M_1_half.png', good.subarray(0, good.length / 2));
    await put('unnamed.png', good);
    await put('M_1_payload.png', good);
    await put('M_1_payload.json', '{"scanId": "payload", "payload": "AQID"}');
    await put('M_1_elsewhere.png', good);
    await put('M_1_elsewhere.json', '{"scanId": "elsewhere", "image": "../../../etc/hostname"}');
    await put('M_1_broken.png', good);
    await put('M_1_broken.json', '{"scanId": "broken"');
    await put('alone.json', '{"scanId": "alone", "plant": "06484"}');
    await put('manifest.json', '["no", "scan"]');
    // The same scan id for two pictures: the first keeps it.
    await put('M_1_twice.png', good);
    await sleep(20);
    await put('M_1_twice.jpg', other);
    await symlink('/etc/hostname', join(drop, 'M_1_link.png'));
    await mkdir(join(drop, 'M_1_folder.png'));
    await put('notes.txt', 'not looked at');
    await put('.M_1_hidden.png', good);

    const everything = () => filesIn(failed).filter((name) => name.endsWith('.reason.json')).length >= 11;
    const run = await indicia([...args, '--settle-ms', '50', '--patience-ms', '400'], {
      onStart: async (kill) => void until('all had failed', everything).finally(() => kill('SIGINT')),
    });
    assert.equal(run.exitCode, 3, run.stderr);
    assert.match(run.stderr, /M_1_link\.png: not a regular file; it was moved to failed\//);
    const outcomes = (await verdictsIn(db)).map(({ scanId, reasons }) => [scanId.replace(/#.*/, ''), reasons.join()]);
    assert.deepEqual(Object.fromEntries(outcomes.toSorted()), {
      'M/1/good': '',
      'M/1/half': 'image-corrupt',
      'M/1/text': 'image-unsupported',
      'M/1/twice': 'scan-id-reused',
      'M_1_broken.png': 'scan-malformed',
      'M_1_elsewhere.png': 'scan-malformed',
      'M_1_payload.png': 'scan-malformed',
      alone: 'scan-incomplete',
      'unnamed.png': 'scan-malformed',
    });
    assert.equal(outcomes.length, 10, 'both scans of one id have a verdict');
    assert.deepEqual(filesIn(done).toSorted(), ['M_1_good.png', 'M_1_twice.png']);
    assert.deepEqual(
      filesIn(drop)
        .filter((name) => !filesIn(failed).includes(name) && !filesIn(done).includes(name))
        .toSorted(),
      ['.M_1_hidden.png', 'notes.txt'],
    );
    const [day = ''] = await readdir(failed);
    const reasonOf = async (stem: string) =>
      JSON.parse(await readFile(join(failed, day, `${stem}.reason.json`), 'utf8'));
    assert.deepEqual(await reasonOf('M_1_text'), {
      file: 'M_1_text.png',
      scanId: 'M/1/text',
      disposition: 'manual',
      reasons: [
        {
          code: 'image-unsupported',
          sentence: 'The file is not an image of a supported kind (PNG, JPEG, TIFF, WebP, GIF, BMP).',
        },
      ],
    });
    assert.equal((await reasonOf('M_1_elsewhere')).detail, 'the sidecar names another image than the one beside it');
    assert.equal((await reasonOf('manifest')).problem, 'no image came with it');
  });
});

describe('a folder that cannot be watched', () => {
  it('is named, and the exit code is 2', async (test) => {
    const folder = await temporaryFolder(test);
    const rest = ['--registry', folder, '--db', join(folder, 'x.duckdb')];
    await writeFile(join(folder, 'file'), '');
    const cases: [string[], RegExp][] = [
      [['--watch', join(folder, 'nowhere')], /nowhere: no such folder to watch/],
      [['--watch', join(folder, 'file')], /file: not a folder/],
      [['--watch', folder, '--name-pattern', '{machine}_{sequence}'], /without \{run\}, two pieces/],
      [['--watch', folder, 'scans.ndjson'], /either sources or --watch/],
    ];
    const runs = await Promise.all(cases.map(([args]) => indicia(['run', ...args, ...rest])));
    for (const [index, { exitCode, stderr }] of runs.entries()) {
      assert.match(stderr, cases[index]?.[1] ?? /^$/);
      assert.doesNotMatch(stderr, /\n\s+at /);
      assert.equal(exitCode, 2);
    }
  });
});
