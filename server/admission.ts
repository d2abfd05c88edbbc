import { TLSSocket } from 'node:tls';
import type { FastifyRequest } from 'fastify';
import { ProblemError } from '../api/index.ts';
import type { ScanOrigin } from '../scans/index.ts';
import { ACCESS_REFUSALS, type Access, type Identity, isAccessRefusal } from './access/access.ts';
import type { Role } from './access/token-file.ts';
import { clientAddress, noteAdmitted } from './connections.ts';

/** Who is asking and for whom: null where everybody on this machine may do everything. */
export type Admitted = Identity | null;

/** Whose share each request is, once it is let in. */
const clients = new WeakMap<FastifyRequest, string>();

/** @throws ProblemError when the caller is not known, or may not do this. */
export function admit(access: Access | null, request: FastifyRequest, roles: readonly Role[]): Admitted {
  const { socket } = request.raw;
  if (access === null) {
    noteAdmitted(socket, clientAddress(socket));
    return null;
  }
  const { authorization } = request.headers;
  const certificate =
    authorization === undefined && socket instanceof TLSSocket ? socket.getPeerCertificate().raw : undefined;
  const found =
    certificate === undefined ? access.authenticate(authorization) : access.authenticateCertificate(certificate);
  if (isAccessRefusal(found)) throw new ProblemError('unauthorized', ACCESS_REFUSALS[found.refusal]);
  noteAdmitted(socket, found.id);
  if (!roles.some((role) => found.roles.includes(role))) {
    throw new ProblemError('forbidden', `this is for ${roles.join(' or ')} only`);
  }
  clients.set(request, found.id);
  return found;
}

/** Whose share of what all have in common something counts in: a token's, or without tokens an address's. */
export function clientOf(admitted: Admitted, { raw }: FastifyRequest): string {
  return admitted?.id ?? clientAddress(raw.socket);
}

/** The same of a request that was refused later; '' where nobody was let in. */
export function clientOfRequest(request: FastifyRequest): string {
  return clients.get(request) ?? '';
}

/** A sorter speaks for its own plant, and what it brings is known to be from it. */
export function originFor(admitted: Admitted): ScanOrigin {
  return { imageFolder: null, plant: admitted?.plant ?? undefined, sender: admitted?.id };
}

/** Why somebody who was let in is not any more; for connections that stay open. */
export function revocationReason(access: Access | null, admitted: Admitted): string | null {
  const refused = access === null || admitted === null ? null : access.recheck(admitted);
  return refused === null ? null : ACCESS_REFUSALS[refused.refusal];
}
