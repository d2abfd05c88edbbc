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
