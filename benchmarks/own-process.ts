import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a program answers to its first message, in a process of its own that ends with it. */
export function askOwnProcess<Answer>(
  program: string,
  task: object,
  execArgv: readonly string[] = [],
): Promise<Answer> {
  const child = fork(fileURLToPath(program), { execArgv: [...execArgv] });
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  child.once('message', (answer: Answer) => {
    resolve(answer);
    child.kill();
  });
  child.once('error', reject);
  child.once('exit', (code) => reject(new Error(`measuring ${JSON.stringify(task)} ended with ${code}`)));
  child.send(task);
  return promise;
}
