import { snippetsOf } from './guide.ts';

/** Every line of a document that starts the program, as it is written, without the words behind it. */
export function documentedLines(markdown: string): string[] {
  return snippetsOf(markdown)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => line.startsWith('npx indicia '))
    .map((line) => line.replace(/\s+#.*$/, ''));
}

/** The line as it can be run here: addresses, names and sizes that a document only has for example are exchanged. */
export function atHome(line: string, exchanged: Readonly<Record<string, string>>): string {
  return Object.entries(exchanged).reduce((text, [shown, ours]) => text.replaceAll(shown, ours), line);
}
