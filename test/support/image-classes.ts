import type { Damage } from './degraded.ts';

/** Classes of degraded crops, after what general readers and a first own reader were measured on. */
export const EASY_CLASSES: Readonly<Record<string, Damage>> = {
  clean: {},
  'rotated ±3°': { degrees: [-3, 3] },
  'rotated ±15°': { degrees: [-15, 15] },
  blurred: { blur: [0.25, 0.4] },
  noisy: { noise: [15, 28] },
  smudged: { smudges: 1, smudgedArea: [0.02, 0.05] },
  'all together': {
    degrees: [-3, 3],
    blur: [0.2, 0.35],
    noise: [10, 20],
    smudges: 1,
    smudgedArea: [0.02, 0.05],
  },
};

const BASE: Damage = { degrees: [-2, 2], blur: [0.3, 0.3], noise: [4, 8] };

/** The harder set: a lens of 0.3 modules and a little noise under each of these. */
export const HARD_CLASSES: Readonly<Record<string, Damage>> = {
  'blur 0.5 modules': { ...BASE, blur: [0.5, 0.5] },
  'blur 0.65 modules': { ...BASE, blur: [0.65, 0.65] },
  'noise 40': { ...BASE, noise: [40, 40] },
  'contrast 150 on 200': { ...BASE, ink: [150, 150], paper: [200, 200] },
  shadow: { ...BASE, shadow: true },
  'dot gain +30 %': { ...BASE, dotGain: 0.3 },
  'dot gain -30 %': { ...BASE, dotGain: -0.3 },
  'dead nozzle lines': { ...BASE, deadLines: [2, 3] },
  'cancellation lines over 60 %': { ...BASE, cancelled: 0.6 },
  'cancellation lines over 85 %': { ...BASE, cancelled: 0.85 },
  'three smudges': { ...BASE, smudges: 3, smudgedArea: [0.05, 0.09] },
  'six smudges': { ...BASE, smudges: 6, smudgedArea: [0.1, 0.15] },
  scratch: { ...BASE, scratches: 1 },
  'module jitter': { ...BASE, jitter: 0.15 },
  'broken timing border': { ...BASE, brokenTiming: true },
  'print in the quiet zone': { ...BASE, printBeside: true },
};

/** Modules of a side, and bytes that fit into it. */
export const HARDEST_SYMBOLS: readonly (readonly [size: number, payloadBytes: number])[] = [
  [40, 90],
  [44, 110],
  [48, 130],
];

const ANYHOW: Damage = { degrees: [-3, 3], anyTurn: true, blur: [0.3, 0.3], noise: [3, 8] };

/**
 * The hardest set: symbols of 40, 44 and 48 modules that lie in any of four ways, with every measure of a damage varied, damages
 * that printers of drops and fast belts make, and two damages at once.
 */
export const HARDEST_CLASSES: Readonly<Record<string, Damage>> = {
  'thin dots': { ...ANYHOW, dotGain: -0.3, noise: [8, 15] },
  'thin round dots': { ...ANYHOW, round: true, dotGain: -0.3, noise: [3, 12] },
  'spread round dots': { ...ANYHOW, round: true, dotGain: 0.3 },
  'blur 0.5 to 0.65': { ...ANYHOW, blur: [0.5, 0.65] },
  'noise 25 to 40': { ...ANYHOW, noise: [25, 40] },
  'contrast 40 to 60': { ...ANYHOW, ink: [140, 150], paper: [190, 200] },
  shadow: { ...ANYHOW, shadow: true },
  'dead nozzle lines': { ...ANYHOW, deadLines: [2, 4] },
  'bands of pale ink': { ...ANYHOW, bands: [0.4, 0.8] },
  'cancellation lines': { ...ANYHOW, cancelled: 0.8 },
  'six smudges': { ...ANYHOW, smudges: 6, smudgedArea: [0.08, 0.14] },
  'two scratches': { ...ANYHOW, scratches: 2 },
  'three scratches': { ...ANYHOW, scratches: 3 },
  'module jitter': { ...ANYHOW, jitter: 0.16 },
  'broken timing border': { ...ANYHOW, brokenTiming: true },
  'print in the quiet zone': { ...ANYHOW, printBeside: true },
  'stretched by a belt': { ...ANYHOW, stretch: [0.94, 1.06] },
  'moved by a module': { ...ANYHOW, motion: [0.8, 1.3] },
  'modules flipped': { ...ANYHOW, flipped: [0.005, 0.012] },
  inverted: { ...ANYHOW, inverted: true },
  'thin dots, blurred': { ...ANYHOW, dotGain: -0.25, blur: [0.4, 0.5] },
  'thin dots, shadow': { ...ANYHOW, dotGain: -0.25, shadow: true },
  'blur and noise': { ...ANYHOW, blur: [0.55, 0.65], noise: [8, 14] },
  'pale and blurred': { ...ANYHOW, ink: [130, 145], paper: [190, 205], blur: [0.45, 0.5] },
  'jitter and a scratch': { ...ANYHOW, jitter: 0.12, scratches: 1 },
  'moved and noisy': { ...ANYHOW, motion: [0.6, 1], noise: [15, 25] },
  'cancelled and pale': { ...ANYHOW, cancelled: 0.6, ink: [90, 120] },
  'smudged and blurred': { ...ANYHOW, smudges: 2, smudgedArea: [0.03, 0.06], blur: [0.45, 0.5] },
};
