import { Type } from 'typebox';
import { SCAN_TEXT_CHARS_MAX } from '../indicium/index.ts';
import { FRAME_SIDE_PX_MAX } from './limits.ts';

/** The fields of a scan, wherever it comes from. */
export const TextShape = Type.String({ minLength: 1, maxLength: SCAN_TEXT_CHARS_MAX });
export const WeightShape = Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 });
export const PayloadShape = Type.String({
  pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
});
export const FrameShape = Type.Object({
  width: Type.Integer({ minimum: 1, maximum: FRAME_SIDE_PX_MAX }),
  height: Type.Integer({ minimum: 1, maximum: FRAME_SIDE_PX_MAX }),
});
export const MomentShape = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$',
});
