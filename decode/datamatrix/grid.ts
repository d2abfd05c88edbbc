import type { Pose } from './pose.ts';
import type { SymbolMap } from './symbol-map.ts';

/** A symbol size laid over the picture. */
export interface Grid {
  readonly map: SymbolMap;
  readonly pose: Pose;
}
