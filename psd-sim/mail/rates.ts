/** Postage in mills and weight of common pieces: letter, heavier letters, large envelope. */
export const RATES = [
  { rateCategory: 101, postageMills: 730n, weightGrams: [8, 28] },
  { rateCategory: 102, postageMills: 1_010n, weightGrams: [29, 56] },
  { rateCategory: 103, postageMills: 1_290n, weightGrams: [57, 85] },
  { rateCategory: 201, postageMills: 1_500n, weightGrams: [20, 140] },
] as const;
export type Rate = (typeof RATES)[number];

export const HOLDERS: readonly string[] = [
  'Naugatuck Paper',
  'Long Wharf Dental',
  'Trinity Insurance',
  'Hammonasset Marine',
  'Preston Legal',
  'Housatonic Power',
  'Collin Water District',
  'Shoreline Pharmacy',
  'Stonebriar Clinic',
  'Derby Savings',
  'Guilford Seeds',
  'Little Elm Utilities',
];

export const STREETS: readonly string[] = ['Main St', 'Elm St', 'Park Ave', 'Mill Rd', 'Church St', 'River Rd'];
