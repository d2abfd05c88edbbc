/** What was thrown, its cause, the cause of that, and so on: errors only, each once. */
export function causesOf(thrown: unknown, causeOf: (error: Error) => unknown = ({ cause }) => cause): Error[] {
  const causes: Error[] = [];
  let next = thrown;
  while (next instanceof Error && !causes.includes(next)) {
    causes.push(next);
    next = causeOf(next);
  }
  return causes;
}
