export { DEFAULT_POLICY, type Policy, PolicyError } from './default-policy.ts';
export { dispositionFor } from './policy.ts';
export { readPolicy } from './policy-file.ts';
