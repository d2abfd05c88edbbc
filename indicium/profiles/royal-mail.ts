import type { MarkField } from './profile.ts';

/** What all Data Matrix marks of Royal Mail have in common: ASCII, with `JGB ` in front. */
export const ROYAL_MAIL = 'Royal Mail';
export const ROYAL_MAIL_PREFIX = Buffer.from('JGB ', 'latin1');
export const STAMP_PREFIX = Buffer.from('JGB S', 'latin1');

export const HEAD_FIELDS = {
  country: { offset: 0, bytes: 4, kind: 'ascii', meaning: 'JGB: Great Britain, Royal Mail' },
  informationType: { offset: 4, bytes: 1, kind: 'ascii', meaning: 'S on stamps' },
} as const satisfies Record<string, MarkField>;

/** Of barcoded stamps, up to where those of the pilot and later ones differ. */
export const STAMP_FIELDS = {
  ...HEAD_FIELDS,
  version: { offset: 5, bytes: 1, kind: 'ascii', meaning: 'version', isUnconfirmed: true },
  stampKind: { offset: 6, bytes: 1, kind: 'ascii', meaning: 'kind of stamp', isUnconfirmed: true },
  stampClass: { offset: 7, bytes: 1, kind: 'ascii', meaning: 'product within the kind', isUnconfirmed: true },
  source: { offset: 8, bytes: 1, kind: 'ascii', meaning: 'sheet, booklet or roll', isUnconfirmed: true },
  supplyChain: { offset: 9, bytes: 7, kind: 'ascii', meaning: 'supply chain' },
  item: { offset: 16, bytes: 8, kind: 'ascii', meaning: 'item' },
  value: { offset: 24, bytes: 5, kind: 'pound-pence', meaning: 'value' },
  date: { offset: 29, bytes: 6, kind: 'ddmmyy', meaning: 'date, maybe of printing' },
  campaign: { offset: 35, bytes: 2, kind: 'ascii', meaning: 'campaign' },
} as const satisfies Record<string, MarkField>;

/** What readers of such stamps call the product: version, kind and product in one. */
export const STAMP_PRODUCT = {
  product: {
    meaning: 'version, kind and product in one, as collectors write it',
    of: (bytes: Buffer): string | null => {
      const text = bytes.toString('latin1', 5, 8);
      return /^[!-~]{3}$/.test(text) ? text : null;
    },
    isUnconfirmed: true,
  },
} as const;
