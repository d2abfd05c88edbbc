import { type ForeignFields, printable } from '../indicium/index.ts';

/** Fields of an indicium or of a foreign mark, as JSON has them. */
export type ShownFields = ForeignFields | Readonly<Record<string, string | number | null>>;

/** Name and value of each field, fit for a terminal; `(unconfirmed)` follows values whose meaning no dump confirms. */
export function shownFields(fields: ShownFields): [name: string, value: string][] {
  const listed = fields.unconfirmed;
  const unconfirmed = Array.isArray(listed) ? listed : [];
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    if (Array.isArray(value)) return [];
    const text = printable(String(value ?? '–'));
    return [[name, unconfirmed.includes(name) ? `${text} (unconfirmed)` : text]];
  });
}
