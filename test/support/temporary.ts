import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A test, or a suite of them: what is to be done when it is over. */
export interface Scope {
  after(work: () => void | Promise<void>): void;
}

/** A folder that is gone when the test is over. */
export async function temporaryFolder(test: Scope): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'indicia-test-'));
  test.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
