import { FIELDS, type Field, SIGNED_BYTES, SUITES } from '../../indicium/layout.ts';
import { isSignedBy, publicKeyFrom } from '../key-pair.ts';
import { psdName } from '../psd/secure-records.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import type { OfficeRefusal } from './office.ts';
import type { PostalAuthority } from './postal-authority.ts';

const MARK_BYTES = SIGNED_BYTES + SUITES[1].signatureBytes;

/**
 * Where users hand in marks that they will not mail, and get the postage back. The mark is what counts, not what the user
 * says of it: it must be signed with the key that was certified for the license and PSD that it names.
 */
export class RefundCounter {
  readonly #authority: PostalAuthority;
  readonly #certifier: CertificateAuthority;

  constructor(authority: PostalAuthority, certifier: CertificateAuthority) {
    this.#authority = authority;
    this.#certifier = certifier;
  }

  /** Each mark once. */
  refund(mark: Buffer): 'refunded' | OfficeRefusal {
    if (mark.length !== MARK_BYTES) return 'malformed';
    const key = this.#certifier.key(uint(mark, FIELDS.keyId));
    const license = uint(mark, FIELDS.license);
    const text = ({ offset, bytes }: Field) => mark.toString('latin1', offset, offset + bytes);
    const manufacturer = text(FIELDS.manufacturer);
    const psd = psdName({ manufacturer, model: text(FIELDS.model), serial: uint(mark, FIELDS.serial) });
    if (key === undefined || key.license !== license || key.psd !== psd) return 'unknown-key';
    const publicKey = publicKeyFrom(Buffer.from(key.spki, 'base64'));
    const isGenuine = isSignedBy(mark.subarray(0, SIGNED_BYTES), mark.subarray(SIGNED_BYTES), publicKey);
    if (!isGenuine) return 'bad-signature';
    return this.#authority.refundPiece({
      license,
      psd,
      pieceCount: String(mark.readBigUInt64BE(FIELDS.pieceCount.offset)),
      amountMills: uint(mark, FIELDS.postageMills),
    });
  }
}

function uint(mark: Buffer, { offset, bytes }: Field): number {
  return mark.readUIntBE(offset, bytes);
}
