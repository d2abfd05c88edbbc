import { type TSchema, Type } from 'typebox';
import { SORTING_PASSES } from '../../indicium/index.ts';
import type { SCAN_FIELD_NAMES } from '../scan-field-names.ts';
import { FrameShape, MomentShape, PayloadShape, TextShape, WeightShape } from './scan-shapes.ts';

/**
 * The fields of a scan, wherever it comes from: the bodies of the sorter's API, the lines of files and of Kafka, headers and
 * documents are made from them. A further field that only describes a scan is a line here, its name in scan-field-names.ts, and one where it is read (scan-line.ts).
 */
export const SCAN_FIELDS = {
  scanId: {
    ...TextShape,
    description: 'Unique over all machines: machine, run and sequence number. A retry repeats it.',
  },
  plant: Type.Optional(TextShape),
  machine: Type.Optional(TextShape),
  scannedAt: Type.Optional({ ...MomentShape, description: 'RFC 3339, or ISO 8601 with an offset from UTC.' }),
  mailpieceId: Type.Optional(TextShape),
  pass: Type.Optional(Type.Enum(SORTING_PASSES)),
  destination: Type.Optional({ ...TextShape, description: 'As the sorter read it from the address block.' }),
  weightGrams: Type.Optional(WeightShape),
  payload: Type.Optional({ ...PayloadShape, description: 'Bytes of the symbol, in base64.' }),
  imageBase64: Type.Optional({
    ...PayloadShape,
    description:
      'Bytes of a PNG, JPEG, TIFF, WebP, GIF or BMP file, or of a raw grey frame, in base64; instead of a payload.',
  }),
  frame: Type.Optional({ ...FrameShape, description: 'Size of a raw 8-bit grey frame, which does not say it itself.' }),
} satisfies Record<(typeof SCAN_FIELD_NAMES)[number], TSchema>;
