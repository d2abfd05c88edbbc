import type { Disposition, ReasonCode } from '../../indicium/index.ts';
import { DEFAULT_POLICY, type Policy } from './default-policy.ts';

/**
 * What is done with a piece: the gravest that the policy asks for over all its reasons; none accepts. By default
 * `divert` is for what looks like fraud, `manual` for what nobody can be blamed for: a smudge, a lost image, a scan record
 * that was garbled on its way.
 */
export function dispositionFor(reasons: readonly ReasonCode[], policy: Policy = DEFAULT_POLICY): Disposition {
  const treatments = new Set(reasons.map((reason) => policy.dispositions[reason]));
  if (treatments.has('divert')) return 'divert';
  return treatments.has('manual') ? 'manual' : 'accept';
}
