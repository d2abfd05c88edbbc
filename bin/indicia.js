#!/usr/bin/env node
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { EXIT_WITHOUT_NODE, isNewEnough, ownNode, refusal } from './own-node.js';

// The command line as whatever Node is there can read it: goes on in a Node that is new enough, or says how to get one.
if (isNewEnough(process.versions.node)) await import('../main.ts');
else {
  const own = ownNode();
  if (own.path === null) {
    process.stderr.write(`indicia: ${refusal()}\n`);
    process.exitCode = EXIT_WITHOUT_NODE;
  } else goOnIn(own.path);
}

/**
 * Ends as the other Node does.
 *
 * @param {string} node
 */
function goOnIn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  // A terminal sends these to both; a second SIGINT would end the program at once instead of in order.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  child.on('close', (code, signal) => {
    if (signal === null) process.exitCode = code ?? 1;
    else {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
  });
}
