/** `1 scan`, `12,345 scans`: a number with its noun, in any locale. */
export function plural(value: number | bigint, singular: string, several = `${singular}s`): string {
  return `${value.toLocaleString('en-US')} ${Number(value) === 1 ? singular : several}`;
}
