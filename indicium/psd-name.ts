import { FIELDS } from './layout.ts';

/** The name of the PSD that the eight bytes from `at` on stand for: manufacturer, model and serial number, as in a mark. */
export function psdNameAt(bytes: Buffer, at: number): string {
  const { manufacturer, model, serial } = FIELDS;
  const from = at - manufacturer.offset;
  const makerCode = bytes.toString('latin1', at, at + manufacturer.bytes);
  const modelCode = bytes.toString('latin1', from + model.offset, from + model.offset + model.bytes);
  return `${makerCode}-${modelCode}-${bytes.readUIntBE(from + serial.offset, serial.bytes)}`;
}
