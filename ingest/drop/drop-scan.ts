import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { digest64, type Scan } from '../../indicium/index.ts';
import { brokenScan, malformedScan, parseScanLine, recordText, scanOrBroken } from '../../scans/index.ts';
import { READ_BYTES } from '../limits.ts';
import { absent, openPlainly, readPlainFile } from '../plain-file.ts';
import type { TakenItem } from './drop-folder.ts';
import { stemOf } from './file-names.ts';
import { DROP_DIGEST_BYTES_MAX, SIDECAR_BYTES_MAX } from './limits.ts';
import type { NamePattern } from './name-pattern.ts';
import { sidecarFields } from './sidecar.ts';

/** What a taken item is: a scan, with the bytes of its image; or none, since it is not a file or says no scan id. */
export type ItemScan = { readonly scan: Scan; readonly bytes: number } | { readonly problem: string };

/**
 * The scan of an item. All of it follows from the contents of its files and the names they have there, and from nothing
 * else, so that it is the same scan when it is given again after a restart. `imagePath` is where the image is going to lie.
 */
export async function scanOfItem(item: TakenItem, pattern: NamePattern | null, imagePath: string): Promise<ItemScan> {
  const { folder, image, sidecar } = item;
  const sidecarBytes = sidecar === null ? null : await readPlainFile(join(folder, sidecar), SIDECAR_BYTES_MAX);
  if (image === null) return sidecarAlone(sidecarBytes);
  const readFrom = join(folder, image);
  const found = await lstat(readFrom).catch(absent);
  if (found !== null && !found.isFile()) return { problem: 'not a regular file' };

  const content = await contentDigest(readFrom);
  const fallbackId = () => `${image}#${content.slice(0, 16)}`;
  const malformed = (detail: string, text: string) => malformedScan(fallbackId(), detail, `${text} ${content}`);
  const withBytes = (scan: Scan) => ({ scan, bytes: found?.size ?? 0 });
  const named = pattern?.fieldsOf(stemOf(image)) ?? null;
  if (sidecar === null && named === null) {
    return withBytes(malformed('no sidecar came, and the name of the image does not say what scan it is', image));
  }
  const text = sidecarBytes?.toString('latin1') ?? '';
  const record = sidecar === null ? {} : (sidecarFields(sidecarBytes) ?? null);
  if (record === null) return withBytes(malformed('the sidecar is not one JSON object of a scan', text));
  if (record.payload !== undefined) return withBytes(malformed('the sidecar of an image carries a payload', text));
  if (record.image !== undefined && record.image !== image) {
    return withBytes(malformed('the sidecar names another image than the one beside it', text));
  }
  // Where the image lies is not part of the scan: its contents are.
  const scan = scanOrBroken(
    () => parseScanLine(recordText({ ...named, ...record, image: '.' }), { fallbackId, imageFolder: folder }),
    (mark) => brokenScan({ scanId: fallbackId(), plant: null, sender: null, digest: digest64(text) }, mark),
  );
  const digest = digest64(`${scan.digest} ${content}`);
  if (scan.mark.kind !== 'image') return withBytes({ ...scan, digest });
  return withBytes({ ...scan, digest, mark: { ...scan.mark, path: imagePath, readFrom } });
}

/** A sidecar whose image did not come is the record of a scan all the same, if it says which. */
function sidecarAlone(bytes: Buffer | null): ItemScan {
  const record = sidecarFields(bytes) ?? null;
  if (record === null || typeof record.scanId !== 'string') return { problem: 'no image came with it' };
  const { payload: _payload, image: _image, frame: _frame, ...fields } = record;
  const digest = digest64(bytes ?? '');
  const fallbackId = () => `sidecar#${digest.toString(16)}`;
  const scan = scanOrBroken(
    () => parseScanLine(recordText(fields), { fallbackId, imageFolder: '' }),
    (mark) => brokenScan({ scanId: fallbackId(), plant: null, sender: null, digest }, mark),
  );
  return { scan, bytes: 0 };
}

/**
 * SHA-256 over the length of a file and its first DROP_DIGEST_BYTES_MAX bytes, in hex; also of one that is not there.
 */
async function contentDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  const file = await openPlainly(path);
  if (file === null) return hash.digest('hex');
  try {
    const { size } = await file.stat();
    hash.update(`${size} `);
    const buffer = Buffer.alloc(Math.min(size, READ_BYTES));
    for (let position = 0; position < DROP_DIGEST_BYTES_MAX; ) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}
