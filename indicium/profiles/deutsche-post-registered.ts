import { DEUTSCHE_POST, HEAD_FIELDS, prefixOfKind } from './deutsche-post.ts';
import type { Profile } from './profile.ts';

/** UPU S10, 4: weights of the eight digits before the check digit. */
const S10_WEIGHTS = [8, 6, 4, 2, 3, 5, 9, 7];
const NUMBER = { offset: 8, bytes: 4 } as const;

export const DEUTSCHE_POST_REGISTERED: Profile = {
  name: 'deutsche-post-registered',
  post: DEUTSCHE_POST,
  kind: 'registered label',
  prefix: prefixOfKind(102),
  lengths: [28],
  evidence: 'one published dump',
  fields: {
    ...HEAD_FIELDS,
    usableFrom: { offset: 4, bytes: 2, kind: 'day-and-year', meaning: 'date from which the label may be used' },
    service: { offset: 6, bytes: 2, kind: 'ascii', meaning: 'service indicator of UPU S10' },
    number: { ...NUMBER, kind: 'big-endian', meaning: 'number with its check digit' },
    country: { offset: 12, bytes: 2, kind: 'ascii', meaning: 'country of UPU S10' },
    padding: { offset: 14, bytes: 14, kind: 'padding', meaning: 'zero' },
  },
  derived: {
    registeredNumber: {
      meaning: 'item identifier of UPU S10, as printed; left out where service and country are not letters',
      of: (bytes) => {
        const [service, country] = [bytes.toString('latin1', 6, 8), bytes.toString('latin1', 12, 14)];
        return /^[A-Z]{4}$/.test(service + country) ? service + digitsOf(bytes) + country : null;
      },
    },
    checkDigit: {
      meaning: 'last digit of the number, and the computed one where it differs',
      of: (bytes) => {
        const [printed, computed] = [digitsOf(bytes).slice(-1), s10CheckDigit(digitsOf(bytes).slice(0, -1))];
        return printed === computed ? printed : `${printed}, computed ${computed}`;
      },
    },
  },
};

function digitsOf(bytes: Buffer): string {
  return String(bytes.readUInt32BE(NUMBER.offset)).padStart(9, '0');
}

function s10CheckDigit(digits: string): string {
  const sum = S10_WEIGHTS.reduce((total, weight, place) => total + weight * Number(digits[place]), 0);
  const rest = 11 - (sum % 11);
  return String(rest === 10 ? 0 : rest === 11 ? 5 : rest);
}
