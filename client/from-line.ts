import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { ScanRequest } from '../api/index.ts';
import { parseRecord } from '../scans/index.ts';
import type { SorterScan } from './scan-body.ts';

const Line = Type.Object({ ...ScanRequest.properties, image: Type.Optional(Type.String()) });
const CheckLine = Compile(Line);

/** A line of a file of scans. The picture that it names is for the caller to read. */
export interface FileScan {
  readonly scan: SorterScan;
  readonly image: string | null;
}

/** Null for a line that a server could not answer as a scan, either. */
export function scanFromLine(line: string): FileScan | null {
  const value = recordOf(line);
  if (!CheckLine.Check(value)) return null;
  const { payload, imageBase64, image, ...fields } = value;
  const mark = payload === undefined ? {} : { payload: Buffer.from(payload, 'base64') };
  return { scan: { ...fields, ...mark }, image: image ?? null };
}

function recordOf(line: string): unknown {
  try {
    return parseRecord(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
