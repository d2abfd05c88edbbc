import { readImageFile } from '../../decode/index.ts';
import { REASONS } from '../../indicium/index.ts';
import { ReplayError } from '../../psd-sim/index.ts';

/**
 * A picture that a line of a simulated day names. It is sent to others, so that it must lie in the folder of the day.
 *
 * @throws ReplayError
 */
export async function readPicture(path: string, folder: string): Promise<Buffer> {
  const bytes = readImageFile(path, folder);
  if (typeof bytes === 'string') throw new ReplayError(`${path}: ${bytes}: ${REASONS[bytes]}`);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
