/** A piece of a document that is marked as code. */
export interface Snippet {
  /** The word after the fence. */
  readonly language: string;
  /** What follows it: the name of a file. */
  readonly name: string;
  readonly text: string;
}

export function snippetsOf(markdown: string): Snippet[] {
  return [...markdown.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', name = '', text = '']) => {
      return { language, name, text };
    },
  );
}

/** A step of a guide: what a shell is given, and what the guide shows of its output. */
export interface Step {
  readonly shell: string;
  /** JSON, one object for each line that is one. */
  readonly answers: readonly string[];
  /** The whole output, where it is not JSON. */
  readonly output: string | null;
}

/** Shell snippets in their order, each with what follows it. */
export function stepsOf(snippets: readonly Snippet[]): Step[] {
  const steps: { shell: string; answers: string[]; output: string | null }[] = [];
  for (const { language, text } of snippets) {
    const step = steps.at(-1);
    if (language === 'sh') steps.push({ shell: text, answers: [], output: null });
    else if (language === 'json') step?.answers.push(text);
    else if (language === 'text' && step !== undefined) step.output = text;
  }
  return steps;
}

/** Values of the kinds that differ from run to run are compared by their kind only. */
const DIFFERS = new Set(['waitMs', 'readMs', 'recordMs', 'totalMs', 'instance', 'detail']);

/** A value with what differs from run to run taken out: equal for two answers that say the same. */
export function lasting(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lasting);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, DIFFERS.has(key) ? typeof inner : lasting(inner)]),
  );
}

/** What is given, but of its fields only those that are shown. */
export function partShown(given: unknown, shown: unknown): unknown {
  if (!isObject(given) || !isObject(shown)) return given;
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, inner]) => (key in shown ? [[key, partShown(inner, shown[key])]] : [])),
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
