import { createHash, type Hash } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { FILE_FAULTS, type FileFault, fileFaultOf, openNamedFile, strictJson } from '../../indicium/index.ts';
import { REGISTRY_ERRORS_SHOWN_MAX, REGISTRY_LINE_CHARS_MAX } from '../limits.ts';
import { chunksOf } from '../plain-file.ts';
import { RegistryError } from '../registry-error.ts';
import type { SignedFile } from '../trust/list.ts';

/**
 * Reads an NDJSON file record by record, so that a million of them are never in memory as text. The file must have the
 * length and digest that were signed; it is never read beyond that length.
 *
 * @throws RegistryError when it is missing, altered, or a line is not such a record.
 */
export async function readRecordFile<Schema extends TSchema>(
  path: string,
  signed: SignedFile,
  schema: Schema,
  onRecord: (record: Static<Schema>) => void,
): Promise<void> {
  const validator = Compile(schema);
  const errors: string[] = [];
  let line = 0;
  const onLine = (text: string) => {
    line += 1;
    if (text === '' || errors.length >= REGISTRY_ERRORS_SHOWN_MAX) return;
    const read = strictJson(text);
    if ('problem' in read) return void errors.push(`${path}:${line}: ${read.problem}`);
    if (validator.Check(read.value)) return onRecord(read.value);
    const [first] = validator.Errors(read.value);
    const fault = `${first?.instancePath ?? ''} ${first?.message ?? 'no record'}`;
    errors.push(`${path}:${line}: ${fault.trim()}`);
  };
  const hash = createHash('sha256');
  const bytes = await readSignedLines(path, signed.bytes, hash, onLine);
  // A digest that differs explains anything wrong with the lines.
  if (bytes !== signed.bytes || hash.digest('hex') !== signed.sha256) {
    throw new RegistryError(`${path}: differs from what was signed in trust-list.json`);
  }
  if (errors.length > 0) throw new RegistryError(errors.join('\n'));
}

async function readSignedLines(
  path: string,
  bytesMax: number,
  hash: Hash,
  onLine: (text: string) => void,
): Promise<number> {
  let bytes = 0;
  let rest = '';
  const decoder = new StringDecoder('utf8');
  const file = await openNamedFile(path);
  if (typeof file === 'string') throw unusable(path, file);
  try {
    // One byte more than was signed is read, to notice a file that is longer.
    for await (const chunk of chunksOf(file, bytesMax + 1)) {
      bytes += chunk.length;
      hash.update(chunk);
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      // Otherwise each chunk is copied behind all of the line that came before it: 1 GiB without a newline takes hours.
      if (rest.length > REGISTRY_LINE_CHARS_MAX) {
        throw new RegistryError(`${path}: a line of more than ${REGISTRY_LINE_CHARS_MAX} characters`);
      }
      for (const text of lines) onLine(text);
    }
  } catch (error) {
    throw unusable(path, fileFaultOf(error));
  } finally {
    await file.close();
  }
  if (rest !== '') onLine(rest);
  return bytes;
}

function unusable(path: string, fault: FileFault): RegistryError {
  return new RegistryError(`${path}: ${fault === 'absent' ? 'missing' : FILE_FAULTS[fault]}`);
}
