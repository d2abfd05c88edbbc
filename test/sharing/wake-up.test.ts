import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { WakeUp } from '../../sharing/index.ts';

/** Those that wait, by name, in the order in which they wake. */
function waiters(wakeUp: WakeUp, ...names: string[]): string[] {
  const woken: string[] = [];
  for (const name of names) void wakeUp.wait().then(() => woken.push(name));
  return woken;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a wake-up', () => {
  it('wakes all that wait, in their order', async () => {
    const wakeUp = new WakeUp();
    const woken = waiters(wakeUp, 'a', 'b', 'c');
    await turn();
    assert.deepEqual(woken, []);
    wakeUp.wake();
    await turn();
    assert.deepEqual(woken, ['a', 'b', 'c']);
  });

  it('wakes so many as it is told, those that have waited longest', async () => {
    const wakeUp = new WakeUp();
    const woken = waiters(wakeUp, 'a', 'b', 'c');
    wakeUp.wake(2);
    await turn();
    assert.deepEqual(woken, ['a', 'b']);
  });

  it('does not wake those that begin to wait after it', async () => {
    const wakeUp = new WakeUp();
    wakeUp.wake();
    const woken = waiters(wakeUp, 'late');
    await turn();
    assert.deepEqual(woken, []);
  });

  it('ends a wait that is over, which then takes no wake-up from another', async () => {
    const wakeUp = new WakeUp();
    await wakeUp.waitUpTo(1);
    const woken = waiters(wakeUp, 'a');
    wakeUp.wake(1);
    await turn();
    assert.deepEqual(woken, ['a']);
  });

  it('wakes before a wait is over', async () => {
    const wakeUp = new WakeUp();
    const slow = wakeUp.waitUpTo(60_000).then(() => 'woken');
    wakeUp.wake();
    assert.equal(await slow, 'woken');
  });
});
