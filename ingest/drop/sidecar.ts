import { isUtf8 } from 'node:buffer';
import { isObject, parseRecord } from '../../scans/index.ts';

/** The fields of a sidecar; null for JSON that is not an object, undefined for what is not JSON, or not yet. */
export function sidecarFields(bytes: Buffer | null): Readonly<Record<string, unknown>> | null | undefined {
  if (bytes === null || !isUtf8(bytes)) return undefined;
  try {
    const value: unknown = parseRecord(bytes.toString('utf8').replace(/^\u{feff}/u, ''));
    return isObject(value) ? value : null;
  } catch {
    return undefined;
  }
}
