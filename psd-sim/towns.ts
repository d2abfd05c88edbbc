/** A town of deposit with the plant that sorts its mail. */
export interface Town {
  readonly name: string;
  readonly state: string;
  readonly postcode: string;
  /** Plants are named by the postcode of their town. */
  readonly plant: string;
  readonly machines: readonly string[];
}

export const TOWNS: readonly Town[] = [
  { name: 'Shelton', state: 'CT', postcode: '06484', plant: '06484', machines: ['DBCS-11', 'DBCS-12'] },
  { name: 'Madison', state: 'CT', postcode: '06443', plant: '06443', machines: ['DBCS-21', 'DBCS-22'] },
  { name: 'Frisco', state: 'TX', postcode: '75034', plant: '75034', machines: ['DBCS-31', 'DBCS-32'] },
];

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

/** Postage in mills and weight of common pieces: letter, heavier letters, large envelope. */
export const RATES = [
  { rateCategory: 101, postageMills: 730n, weightGrams: [8, 28] },
  { rateCategory: 102, postageMills: 1_010n, weightGrams: [29, 56] },
  { rateCategory: 103, postageMills: 1_290n, weightGrams: [57, 85] },
  { rateCategory: 201, postageMills: 1_500n, weightGrams: [20, 140] },
] as const;
