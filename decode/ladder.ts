import { SYMBOLS_MAX } from './limits.ts';
import type { Channel } from './picture.ts';
import type { Lens } from './smoothed.ts';
import type { Search } from './symbol-reader.ts';

/** Where the own reader looks: a crop as it is, squares that look like a symbol, or both. */
export type OwnPlace = 'itself' | 'top right' | 'boxes' | 'whole';

/** One rung: where it looks, with what. */
export type Rung = {
  readonly name: string;
  readonly on: 'any picture' | 'crops' | 'faces' | 'color pictures';
  /** Of a color picture; not given, the usual one. */
  readonly channel?: Channel;
} & (
  | {
      readonly with: 'own reader';
      readonly where: OwnPlace;
      readonly thorough: boolean;
      /** Looked at through a soft lens: see smoothed.ts. */
      readonly lens?: Lens;
    }
  | {
      readonly with: 'general reader';
      readonly where: 'boxes' | 'top right' | 'whole';
      readonly search: Search;
      readonly doubled?: boolean;
    }
);

function markBy(threshold: Search['threshold']): Search {
  return { symbologies: 'Data Matrix', threshold, symbolsMax: 1 };
}

const ANY: Search = { symbologies: 'any', threshold: 'local', symbolsMax: SYMBOLS_MAX };

const ANY_SYMBOLOGY: Rung = {
  name: 'any symbology',
  on: 'any picture',
  with: 'general reader',
  where: 'whole',
  search: ANY,
};

/** What a general reader does alone, from cheap to dear: for comparison, and where the own reader has found nothing. */
export const GENERAL_LADDER: readonly Rung[] = [
  { name: 'top right', on: 'faces', with: 'general reader', where: 'top right', search: markBy('local') },
  { name: 'whole', on: 'any picture', with: 'general reader', where: 'whole', search: markBy('local') },
  { name: 'whole, one threshold', on: 'any picture', with: 'general reader', where: 'whole', search: markBy('global') },
  { name: 'whole, middle grey', on: 'any picture', with: 'general reader', where: 'whole', search: markBy('fixed') },
  ANY_SYMBOLOGY,
];

/** Green ink on manila is as bright as its paper on the green channel, and dark on the red one. */
function onChannel(channel: 'red' | 'blue'): Rung[] {
  const own = { on: 'color pictures', with: 'own reader', where: 'whole', channel } as const;
  return [
    { ...own, name: `located, ${channel}`, thorough: false },
    { ...own, name: `located, thorough, ${channel}`, thorough: true },
  ];
}

/**
 * Milliseconds where they pay (docs/decisions/0016): the own reader at the places that look like a symbol, then a general
 * one there with several thresholds, then everything on the whole picture.
 */
export const LADDER: readonly Rung[] = [
  { name: 'located, top right', on: 'faces', with: 'own reader', where: 'top right', thorough: false },
  // What fills a crop, and is damaged, is read by nothing else that is tried below.
  { name: 'located', on: 'crops', with: 'own reader', where: 'itself', thorough: true },
  { name: 'located, smoothed', on: 'crops', with: 'own reader', where: 'itself', thorough: true, lens: 'soft' },
  {
    name: 'located, evenly lit',
    on: 'crops',
    with: 'own reader',
    where: 'itself',
    thorough: true,
    lens: 'soft, evenly lit',
  },
  { name: 'located', on: 'any picture', with: 'own reader', where: 'boxes', thorough: false },
  { name: 'box', on: 'any picture', with: 'general reader', where: 'boxes', search: markBy('local') },
  { name: 'box, one threshold', on: 'any picture', with: 'general reader', where: 'boxes', search: markBy('global') },
  { name: 'located, thorough', on: 'any picture', with: 'own reader', where: 'boxes', thorough: true },
  {
    name: 'located, thorough, smoothed',
    on: 'any picture',
    with: 'own reader',
    where: 'boxes',
    thorough: true,
    lens: 'soft',
  },
  {
    name: 'box, enlarged',
    on: 'any picture',
    with: 'general reader',
    where: 'boxes',
    search: markBy('local'),
    doubled: true,
  },
  ...onChannel('red'),
  ...onChannel('blue'),
  // All that a general reader does alone, so that nothing it reads is lost.
  ...GENERAL_LADDER,
  { ...ANY_SYMBOLOGY, name: 'any symbology, red', on: 'color pictures', channel: 'red' },
  { ...ANY_SYMBOLOGY, name: 'any symbology, blue', on: 'color pictures', channel: 'blue' },
];
