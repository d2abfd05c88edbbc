import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import bwipjs from 'bwip-js/node';
import fc from 'fast-check';
import { assemble, codewordsOf, isBelieved } from '../../decode/datamatrix/assemble.ts';
import { bytesOfCodewords, padAt, randomized255 } from '../../decode/datamatrix/codewords.ts';
import { readMatrix } from '../../decode/datamatrix/read-matrix.ts';
import { correctBlock } from '../../decode/datamatrix/reed-solomon.ts';
import { type CandidateOptions, MatrixSearch } from '../../decode/datamatrix/search.ts';
import { SYMBOL_SIZES, type SymbolSize } from '../../decode/datamatrix/sizes.ts';
import { symbolMap } from '../../decode/datamatrix/symbol-map.ts';
import { dataMatrix } from '../../psd-sim/print/data-matrix.ts';
import { Random } from '../../psd-sim/random.ts';
import { type Damage, degradedCrop, type GreyPicture, type Modules, squareSymbol } from '../support/degraded.ts';
import { namedBytes } from '../support/pictures.ts';

const anySize = fc.constantFrom(...SYMBOL_SIZES);
const TRIES_MAX = 100;

function hex(bytes: Uint8Array | null | undefined): string {
  return bytes == null ? 'nothing' : Buffer.from(bytes).toString('hex');
}

function readBytes(picture: GreyPicture): Uint8Array | null {
  return readMatrix(picture, new MatrixSearch(TRIES_MAX))?.bytes ?? null;
}

/** What the modules say, without any picture of them. */
function bytesOfModules(symbol: Modules): Uint8Array | null {
  const size = SYMBOL_SIZES.find((entry) => entry.size === symbol.size);
  if (size === undefined) throw new RangeError(`no symbols of ${symbol.size}`);
  const map = symbolMap(size);
  return assemble(map, codewordsOf(map, symbol.dark), null)?.bytes ?? null;
}

describe('Reed-Solomon', () => {
  it('corrects any errors and erasures within reach, and gives nothing beyond it but another codeword', () => {
    const block = anySize.chain((entry) => {
      const checks = entry.errorCodewords / entry.blocks;
      const length = (entry.dataCodewords + entry.errorCodewords) / entry.blocks;
      return fc.record({
        entry: fc.constant(entry),
        places: fc.uniqueArray(fc.nat(length - 1), { maxLength: checks + 4 }),
        masks: fc.uint8Array({ min: 1, minLength: checks + 4, maxLength: checks + 4 }),
        erased: fc.nat(checks),
        seed: fc.string({ maxLength: 5 }),
      });
    });
    fc.assert(
      fc.property(block, ({ entry, places, masks, erased, seed }) => {
        const checks = entry.errorCodewords / entry.blocks;
        const codeword = firstBlock(entry, seed);
        const damaged = Uint8Array.from(codeword);
        for (const [index, place] of places.entries()) damaged[place] = (damaged[place] ?? 0) ^ (masks[index] ?? 1);
        const erasures = Int32Array.from(places.slice(0, erased));
        const errors = places.length - erasures.length;
        const before = Uint8Array.from(damaged);
        const found = correctBlock(damaged, damaged.length, checks, erasures, erasures.length);
        if (2 * errors + erasures.length <= checks) {
          assert.equal(hex(damaged), hex(codeword));
          assert.ok(found >= 0 && found <= errors);
        } else if (found === -1) assert.equal(hex(damaged), hex(before), 'left as it was');
      }),
      { numRuns: 400 },
    );
  });
});

/** The first block of a symbol with contents that follow from a name. */
function firstBlock(entry: SymbolSize, name: string): Uint8Array {
  const symbol = squareSymbol(namedBytes(name, entry.dataCodewords - 6), entry.size);
  const map = symbolMap(entry);
  const codewords = codewordsOf(map, symbol.dark);
  return Uint8Array.from({ length: map.codewords / entry.blocks }, (_, at) => codewords[at * entry.blocks] ?? 0);
}

describe('the modules of symbols by two other writers', () => {
  it('hold the bytes, in every size', () => {
    for (const { size, dataCodewords } of SYMBOL_SIZES) {
      const payload = namedBytes(`size ${size}`, dataCodewords - 6);
      assert.equal(hex(bytesOfModules(squareSymbol(payload, size))), hex(payload), `bwip-js, ${size}`);
      const zint = dataMatrix(payload);
      assert.equal(zint.size, size);
      assert.equal(hex(bytesOfModules(zint)), hex(payload), `zint, ${size}`);
    }
  });

  it('hold text in every encodation: ASCII, digits, C40, Text, X12, EDIFACT', () => {
    const words = ['INDICIA', 'indicia', '0123456789', 'A*>\r B', '^EDI.FACT/2', 'é', '\x01\x1f', '~|}', ' '];
    const text = fc.array(fc.constantFrom(...words), { minLength: 3, maxLength: 9 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, (written) => {
        const [symbol] = bwipjs.raw('datamatrix', written, 'binarytext version=48x48');
        assert.ok(symbol !== undefined && 'pixs' in symbol);
        const bytes = bytesOfModules({ size: symbol.pixx, dark: Uint8Array.from(symbol.pixs) });
        assert.equal(hex(bytes), hex(Buffer.from(written, 'latin1')));
      }),
      { numRuns: 150 },
    );
  });

  it('show every border that the map of a size says they have', () => {
    for (const entry of SYMBOL_SIZES) {
      const { fixedModules, fixed } = symbolMap(entry);
      const { dark } = squareSymbol(Buffer.from('borders'), entry.size);
      for (const at of fixedModules) assert.equal(dark[at], fixed[at], `${entry.size}: module ${at}`);
    }
  });
});

describe('data codewords', () => {
  const A = 66;
  const cases: [string, number[], string | null][] = [
    ['with the pads of the standard', [A, A, 129, padAt(3), padAt(4)], 'AA'],
    ['with an invalid pad', [A, A, 129, padAt(3), padAt(4) ^ 1], null],
    ['of an extended channel', [241, 27, A], null],
    ['that begin with FNC1', [232, A], null],
    ['of a macro', [236, A], null],
    ['of structured append', [233, 1, 2, 3], null],
    ['with an upper shift at the end', [A, 235], null],
    ['with more bytes announced than there are', [231, randomized255(9, 1), randomized255(1, 2)], null],
    ['with bytes to the end', [231, randomized255(0, 1), randomized255(65, 2)], 'A'],
    ['with a triplet out of range', [230, 255, 255], null],
    ['with 0, which is not one', [0], null],
  ];
  for (const [what, codewords, text] of cases) {
    it(`${what}: ${text ?? 'no reading'}`, () => {
      const bytes = bytesOfCodewords(Uint8Array.from(codewords), codewords.length);
      assert.equal(bytes === null ? null : Buffer.from(bytes).toString('latin1'), text);
    });
  }
});

describe('a Data Matrix on a picture', () => {
  const damage = fc.constantFrom<Damage[]>(
    {},
    { degrees: [-15, 15] },
    { blur: [0.2, 0.4], noise: [5, 15] },
    { inverted: true, noise: [3, 8] },
    { smudges: 1, smudgedArea: [0.01, 0.03], degrees: [-3, 3] },
  );

  it('is read in every square size from 24 to 64, in four orientations, dark on light and light on dark', () => {
    fc.assert(
      fc.property(anySize, damage, fc.nat(3), fc.nat(1e6), (entry, how, quarters, seed) => {
        const payload = namedBytes(`${seed}`, Math.floor(entry.dataCodewords * 0.8));
        const picture = turned(degradedCrop(squareSymbol(payload, entry.size), how, `${seed}`), quarters);
        assert.equal(hex(readBytes(picture)), hex(payload));
      }),
      { numRuns: 80 },
    );
  });

  it('is never read wrong, however much of it is damaged', () => {
    const worse = fc.record({
      smudges: fc.integer({ min: 0, max: 12 }),
      noise: fc.integer({ min: 0, max: 90 }).map((level) => [level, level] as const),
      blur: fc.integer({ min: 0, max: 9 }).map((level) => [level / 10, level / 10] as const),
      smudgedArea: fc.constant([0.05, 0.4] as const),
      cancelled: fc.double({ min: 0, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(anySize, worse, fc.nat(1e6), (entry, how, seed) => {
        const payload = namedBytes(`${seed}`, Math.floor(entry.dataCodewords * 0.8));
        const read = readBytes(degradedCrop(squareSymbol(payload, entry.size), how, `${seed}`));
        if (read !== null) assert.equal(hex(read), hex(payload));
      }),
      { numRuns: 50 },
    );
  });
});

describe('pictures without a Data Matrix', () => {
  it('of noise give no reading', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(`noise ${seed}`);
      const side = random.int(40, 300);
      const pixels = Uint8Array.from({ length: side * side }, () => random.int(0, 255));
      assert.equal(readBytes({ width: side, height: side, pixels }), null);
    }
  });

  it('of all borders of one, with random modules between them, give no reading, and no false candidate', () => {
    for (let seed = 0; seed < 40; seed++) {
      const random = new Random(`modules ${seed}`);
      const { size, fixed } = symbolMap(random.pick(SYMBOL_SIZES));
      const dark = Uint8Array.from(fixed, (color) => (color === -1 ? random.int(0, 1) : color));
      const search = new MatrixSearch(TRIES_MAX, { ...ANYTHING, isPossible: () => false });
      assert.equal(readMatrix(degradedCrop({ size, dark }, {}, `${seed}`), search), null);
      assert.deepEqual(search.candidates, []);
    }
  });

  it('too small to hold one, or of one color, give no reading', () => {
    for (const side of [0, 1, 2, 3, 7, 20, 64]) {
      assert.equal(readBytes({ width: side, height: side, pixels: new Uint8Array(side * side).fill(200) }), null);
    }
  });
});

const ANYTHING: CandidateOptions = { isPossible: () => true, knownCodewords: () => [], candidatesMax: 8 };

describe('readings in doubt', () => {
  it('are candidates and no readings: random modules with nearly all correction spent on erasures', () => {
    const random = new Random('doubt');
    const entry = SYMBOL_SIZES.find(({ size }) => size === 44);
    assert.ok(entry !== undefined);
    const map = symbolMap(entry);
    const erased = new Uint8Array(map.codewords);
    erased.fill(1, 0, map.errorCodewords);
    const codewords = Uint8Array.from({ length: map.codewords }, () => random.int(0, 255));
    // No matter what the rest holds, 56 erasures make a codeword of it; only its pads and rules can be wrong.
    const symbol = squareSymbol(namedBytes('doubt', 120), 44);
    const right = codewordsOf(map, symbol.dark).slice();
    for (let at = 0; at < map.errorCodewords; at++) right[at] = codewords[at] ?? 0;
    const assembled = assemble(map, right, erased);
    assert.ok(assembled !== null);
    assert.equal(hex(assembled.bytes), hex(namedBytes('doubt', 120)));
    assert.equal(isBelieved(assembled), false);
  });

  it('are bounded in number, and so is what is tried', () => {
    const damage: Damage = { smudges: 8, smudgedArea: [0.5, 0.5], blur: [0.3, 0.3] };
    const picture = degradedCrop(squareSymbol(namedBytes('bounded', 130), 44), damage, 'bounded');
    const search = new MatrixSearch(60, { ...ANYTHING, candidatesMax: 3 });
    assert.equal(readMatrix(picture, search), null);
    assert.ok(search.candidates.length <= 3);
    assert.ok(search.tries <= 60);
  });
});

function turned(picture: GreyPicture, quarters: number): GreyPicture {
  if (quarters === 0) return picture;
  const { width, height, pixels } = picture;
  const quarter = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) quarter[x * height + height - 1 - y] = pixels[y * width + x] ?? 0;
  }
  return turned({ width: height, height: width, pixels: quarter }, quarters - 1);
}
