/** How energies of cells are divided into strong and weak in any light: by the logarithm, in eighths of a doubling. */
const LEVELS = 160;
const counts = new Int32Array(LEVELS);
/** An energy below this, brightness steps of 1 or 2, is nothing. */
const ENERGY_MIN = 32;

export function levelOf(energy: number): number {
  const value = energy < ENERGY_MIN ? ENERGY_MIN : energy | 0;
  const exponent = 31 - Math.clz32(value);
  return exponent * 8 + ((value >> (exponent - 3)) & 7);
}

/** The least energy of a level, so that many can be compared without telling the level of each. */
export function leastOf(level: number): number {
  return level <= levelOf(ENERGY_MIN) ? 0 : (8 + (level & 7)) * 2 ** ((level >> 3) - 3);
}

/** Otsu's threshold over the levels: the first level of the strong cells. A shadow is a factor here, not another class. */
export function strongFrom(energies: Float32Array, cells: number): number {
  counts.fill(0);
  let total = 0;
  for (let cell = 0; cell < cells; cell++) {
    const level = levelOf(energies[cell] ?? 0);
    counts[level] = (counts[level] ?? 0) + 1;
    total += level;
  }
  let [below, sumBelow, best, bestLevel] = [0, 0, 0, 0];
  for (let level = 0; level < LEVELS; level++) {
    below += counts[level] ?? 0;
    sumBelow += level * (counts[level] ?? 0);
    if (below === 0 || below === cells) continue;
    const gap = sumBelow / below - (total - sumBelow) / (cells - below);
    const between = below * (cells - below) * gap * gap;
    if (between > best) {
      best = between;
      bestLevel = level;
    }
  }
  return bestLevel + 1;
}
