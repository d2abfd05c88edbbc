/**
 * Where the bits of the codewords lie in the mapping matrix (ISO/IEC 16022, annex F): entry 8 c + b is the index, row by
 * row, of bit b (0 is the most significant) of codeword c.
 */
export function placeBits(side: number): Int32Array {
  const codewords = Math.floor((side * side) / 8);
  const places = new Int32Array(8 * codewords);
  const taken = new Uint8Array(side * side);
  const put = (row: number, column: number, codeword: number, bit: number): void => {
    let [y, x] = [row, column];
    if (y < 0) {
      y += side;
      x += 4 - ((side + 4) % 8);
    }
    if (x < 0) {
      x += side;
      y += 4 - ((side + 4) % 8);
    }
    taken[y * side + x] = 1;
    places[8 * codeword + bit] = y * side + x;
  };
  const putAll = (codeword: number, cells: readonly (readonly [number, number])[]): void => {
    for (const [bit, [row, column]] of cells.entries()) put(row, column, codeword, bit);
  };
  const isFree = (row: number, column: number) => taken[row * side + column] === 0;

  let codeword = 0;
  let row = 4;
  let column = 0;
  do {
    const corner = cornerAt(row, column, side);
    if (corner !== null) putAll(codeword++, corner);
    do {
      if (row < side && column >= 0 && isFree(row, column)) putAll(codeword++, standardShape(row, column));
      row -= 2;
      column += 2;
    } while (row >= 0 && column < side);
    row += 1;
    column += 3;
    do {
      if (row >= 0 && column < side && isFree(row, column)) putAll(codeword++, standardShape(row, column));
      row += 2;
      column -= 2;
    } while (row < side && column >= 0);
    row += 3;
    column += 1;
  } while (row < side || column < side);
  return places;
}

type Cells = readonly (readonly [number, number])[];

/** Figure F.1: the shape of a codeword whose last bit is at the given cell. */
function standardShape(row: number, column: number): Cells {
  return [
    [row - 2, column - 2],
    [row - 2, column - 1],
    [row - 1, column - 2],
    [row - 1, column - 1],
    [row - 1, column],
    [row, column - 2],
    [row, column - 1],
    [row, column],
  ];
}

/** Figures F.2 to F.5: codewords that are folded into the corners of some sizes. */
function cornerAt(row: number, column: number, side: number): Cells | null {
  const last = side - 1;
  if (row === side && column === 0) {
    return [
      [last, 0],
      [last, 1],
      [last, 2],
      [0, side - 2],
      [0, last],
      [1, last],
      [2, last],
      [3, last],
    ];
  }
  if (row === side - 2 && column === 0 && side % 4 !== 0) {
    return [
      [side - 3, 0],
      [side - 2, 0],
      [last, 0],
      [0, side - 4],
      [0, side - 3],
      [0, side - 2],
      [0, last],
      [1, last],
    ];
  }
  if (row === side - 2 && column === 0 && side % 8 === 4) {
    return [
      [side - 3, 0],
      [side - 2, 0],
      [last, 0],
      [0, side - 2],
      [0, last],
      [1, last],
      [2, last],
      [3, last],
    ];
  }
  if (row === side + 4 && column === 2 && side % 8 === 0) {
    return [
      [last, 0],
      [last, last],
      [0, side - 3],
      [0, side - 2],
      [0, last],
      [1, side - 3],
      [1, side - 2],
      [1, last],
    ];
  }
  return null;
}
