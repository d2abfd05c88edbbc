import type { GreyImage } from '../symbol-reader.ts';
import { readAtLevels, readDeconvolved, readPlainly, readTogether } from './attempts.ts';
import { refinePose } from './fit.ts';
import type { Grid } from './grid.ts';
import { inkAndPaper, inverted, isLightOnDark } from './levels.ts';
import { type Care, locateTexture, type TurnedBox } from './locate.ts';
import { type Hypothesis, hypotheses, poseOf } from './orient.ts';
import type { Point } from './pose.ts';
import type { MatrixReading, MatrixSearch } from './search.ts';
import { cornersNear } from './sides.ts';
import { evidenceOf, fittedHypotheses, type Start, shiftedStarts } from './starts.ts';
import { mapOfSize } from './symbol-map.ts';

/** Share of the contrast of the picture that a border must have to count. */
const BORDER_CONTRAST = 0.1;
/** Noise, logos and text reach 0.8; the worst marks that were read have 2.4. */
const EVIDENCE_MIN = 1.5;
/** Of the grids with sides elsewhere, so many are worth all that is tried. */
const SHIFTED_MAX = 2;
/** With fewer of its borders seen, a grid is likely to lie beside the symbol. */
const SEEN_MIN = 0.85;

/**
 * Reads the square Data Matrix that fills most of a picture, turned by anything, dark on light or light on dark. Cheap
 * where the symbol is clean; what a damaged one costs is bounded by the tries of the search.
 */
export function readMatrix(picture: GreyImage, search: MatrixSearch): MatrixReading | null {
  const quick = locate(picture, 'quick');
  if (quick === null) return null;
  const clean = readClean(quick, search);
  if (clean !== null || search.isSpent) return clean;
  const located = locate(picture, 'thorough');
  return located === null ? null : readDamaged(located, search);
}

/** A picture, dark on light, with the corners of the symbol on it and all sizes and turns it may have. */
interface Located {
  readonly image: GreyImage;
  readonly corners: readonly Point[];
  readonly ranked: readonly Hypothesis[];
  readonly contrastMin: number;
}

function locate(picture: GreyImage, care: Care): Located | null {
  const box = locateTexture(picture, care);
  if (box === null) return null;
  const image = isLightOnDark(picture, boxCorners(box)) ? inverted(picture) : picture;
  const corners = cornersNear(image, box, care);
  const { ink, paper } = inkAndPaper(image);
  const contrastMin = Math.max(2, BORDER_CONTRAST * (paper - ink));
  return { image, corners, ranked: hypotheses(image, corners, ink, paper), contrastMin };
}

/** The likeliest size and turn, fitted as well as a plain reading needs. */
function likelyGrid({ image, corners, ranked, contrastMin }: Located): Grid | null {
  const [likely] = ranked;
  if (likely === undefined) return null;
  const map = mapOfSize(likely.size);
  const pose = poseOf(likely, corners);
  refinePose(image, map, pose, 2, contrastMin, 2);
  return { map, pose };
}

function readClean(located: Located, search: MatrixSearch): MatrixReading | null {
  const grid = likelyGrid(located);
  return grid === null ? null : readPlainly(located.image, grid, search);
}

function readDamaged(located: Located, search: MatrixSearch): MatrixReading | null {
  const { image, corners, ranked, contrastMin } = located;
  const grid = likelyGrid(located);
  if (grid === null) return null;
  const plain = readPlainly(image, grid, search);
  if (plain !== null) return plain;
  const fit = (start: Start): Start => {
    return { ...start, seen: refinePose(image, start.map, start.pose, 3, contrastMin, 1) };
  };
  const first = fit({ ...grid, seen: 0 });
  if (first.seen > SEEN_MIN) {
    const together = readTogether(image, first, search);
    if (together !== null) return together;
  }
  const fitted = fittedHypotheses(image, corners, ranked, contrastMin / 2);
  const [best = first, second = first] = fitted.map(fit);
  if (search.isSpent) return null;
  const centered = best.seen > SEEN_MIN ? [best] : [best, second];
  if (evidenceOf(best) >= EVIDENCE_MIN) {
    const reading = readHard(image, centered, search);
    if (reading !== null || search.isSpent) return reading;
  }
  const shifted = shiftedStarts(image, best, contrastMin).slice(0, SHIFTED_MAX).map(fit);
  return readHard(
    image,
    shifted.filter((start) => evidenceOf(start) >= EVIDENCE_MIN),
    search,
  );
}

/** Each way of reading over all grids, before the next and dearer one. */
function readHard(image: GreyImage, starts: readonly Start[], search: MatrixSearch): MatrixReading | null {
  for (const read of [readTogether, readDeconvolved, readAtLevels]) {
    for (const start of starts) {
      const reading = read(image, start, search);
      if (reading !== null) return reading;
      if (search.isSpent) return null;
    }
  }
  return null;
}

function boxCorners({ radians, left, right, top, bottom }: TurnedBox) {
  const [cos, sin] = [Math.cos(radians), Math.sin(radians)];
  const corner = (u: number, v: number) => ({ x: u * cos - v * sin, y: u * sin + v * cos });
  return [corner(left, top), corner(right, top), corner(right, bottom), corner(left, bottom)];
}
