import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { createZxingWasmReader, type SymbolReader } from '../../decode/index.ts';
import { dataMatrix, type SymbolModules } from '../../psd-sim/print/data-matrix.ts';
import { namedBytes } from '../support/pictures.ts';

const MODULE_PX = 4;
const QUIET_PX = 16;

let reader: SymbolReader;
before(async () => {
  reader = await createZxingWasmReader();
});

function readBack({ size, dark }: SymbolModules): string | undefined {
  const width = size * MODULE_PX + 2 * QUIET_PX;
  const pixels = new Uint8Array(width * width).fill(255);
  for (let y = 0; y < size * MODULE_PX; y++) {
    for (let x = 0; x < size * MODULE_PX; x++) {
      const module = Math.floor(y / MODULE_PX) * size + Math.floor(x / MODULE_PX);
      if (dark[module] === 1) pixels[(y + QUIET_PX) * width + x + QUIET_PX] = 0;
    }
  }
  const search = { symbologies: 'Data Matrix', threshold: 'global', symbolsMax: 1 } as const;
  const [symbol] = reader.read({ width, height: width, pixels }, search);
  return symbol === undefined ? undefined : Buffer.from(symbol.bytes).toString('hex');
}

function assertExact(payload: Uint8Array): void {
  assert.equal(readBack(dataMatrix(payload)), Buffer.from(payload).toString('hex'));
}

describe('the symbols of the printer', () => {
  it('hold each byte value, alone and repeated', () => {
    for (let byte = 0; byte < 256; byte++) {
      assertExact(Uint8Array.of(byte));
      assertExact(new Uint8Array(135).fill(byte));
    }
    assertExact(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  });

  it('hold payloads of 1 to 330 bytes', () => {
    for (let length = 1; length <= 330; length++) assertExact(namedBytes(`length ${length}`, length));
  });

  it('hold what an encoder might take for text of another mode, or for a macro', () => {
    const texts = ['0123456789', 'ABC DEF', 'abc def', 'AB*>\r12', '@[\\]^!', ' ', '\0\0\0', '\xe8\x1d01\xff'];
    for (const text of [...texts, '[)>\x1e05\x1dABC\x1e\x04', '[)>\x1e06\x1dABC\x1e\x04']) {
      for (const payload of [text, text.repeat(9), `${text}\x80${text}\xff${text}`]) {
        assertExact(Buffer.from(payload, 'latin1'));
      }
    }
  });

  it('are square, and of 44 modules for a mark of 135 bytes', () => {
    for (let index = 0; index < 50; index++) assert.equal(dataMatrix(namedBytes(`mark ${index}`, 135)).size, 44);
    // These fit a rectangle of 8 by 18 modules, which has fewer.
    assert.equal(dataMatrix(Buffer.from('indicia')).size, 14);
  });

  it('are refused for more than any symbol holds', () => {
    assert.throws(() => dataMatrix(new Uint8Array(2_000)));
    assert.throws(() => dataMatrix(new Uint8Array(5_000)), RangeError);
  });
});
