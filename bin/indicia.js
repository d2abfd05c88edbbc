#!/usr/bin/env node
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { EXIT_WITHOUT_NODE, isNewEnough, ownNode, refusal } from './own-node.js';

const SELF = fileURLToPath(import.meta.url);

// The command line in a form that any installed Node can read: goes on in a Node that is new enough, or says how to get one.
if (!isNewEnough(process.versions.node)) {
  const own = ownNode();
  if (own.path === null) {
    process.stderr.write(`indicia: ${refusal()}\n`);
    process.exitCode = EXIT_WITHOUT_NODE;
  } else goOnIn(own.path, process.env);
} else {
  // A package has no TypeScript: bin/build-package.js says what it has.
  const main = new URL('../main.ts', import.meta.url);
  await import(existsSync(main) ? main.href : new URL('../dist/main.js', import.meta.url).href);
}

/**
 * Ends as the other Node does.
 *
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 */
function goOnIn(node, env) {
  const child = spawn(node, [SELF, ...process.argv.slice(2)], { stdio: 'inherit', env });
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
