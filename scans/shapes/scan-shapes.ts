import { Type } from 'typebox';
import { SCAN_TEXT_CHARS_MAX } from '../../indicium/index.ts';
import { FRAME_SIDE_PX_MAX, MOMENT_CHARS_MAX, WEIGHT_GRAMS_MAX } from '../limits.ts';

/** The fields of a scan, wherever it comes from. */
export const TextShape = Type.String({ minLength: 1, maxLength: SCAN_TEXT_CHARS_MAX });
export const WeightShape = Type.Integer({ minimum: 0, maximum: WEIGHT_GRAMS_MAX });
/** Base64 is checked without a pattern, whose work would grow with a text of any length. */
export const PayloadShape = Type.String({ contentEncoding: 'base64' });
export const FrameShape = Type.Object({
  width: Type.Integer({ minimum: 1, maximum: FRAME_SIDE_PX_MAX }),
  height: Type.Integer({ minimum: 1, maximum: FRAME_SIDE_PX_MAX }),
});
/** For documents: what is taken is more, see moment.ts. */
export const MomentShape = Type.String({ format: 'date-time', maxLength: MOMENT_CHARS_MAX });
