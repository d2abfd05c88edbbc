/**
 * Marks of real posts, as far as their layouts are public. They are parsed and shown; their keys are not known here, so
 * nothing is ever said about their signatures.
 */

type ProfileFieldKind = 'little-endian' | 'big-endian' | 'ascii' | 'hex';

export interface ProfileField {
  readonly name: string;
  readonly bytes: number;
  readonly kind: ProfileFieldKind;
}

/** A layout: fields one after another from the first byte; what follows them is shown as `rest`. */
export interface ProfileLayout {
  readonly profile: string;
  readonly post: string;
  readonly bytesMin: number;
  readonly bytesMax: number;
  readonly fields: readonly ProfileField[];
  /** What must hold beside the length: a layout without a version known for certain is told by its contents. */
  readonly fits: (fields: ReadonlyMap<string, string | number>) => boolean;
}

export interface ForeignMark {
  readonly profile: string;
  readonly post: string;
  readonly fields: Readonly<Record<string, string | number>>;
}

const little = (name: string, bytes: number): ProfileField => ({ name, bytes, kind: 'little-endian' });
const big = (name: string, bytes: number): ProfileField => ({ name, bytes, kind: 'big-endian' });
const ascii = (name: string, bytes: number): ProfileField => ({ name, bytes, kind: 'ascii' });
const hex = (name: string, bytes: number): ProfileField => ({ name, bytes, kind: 'hex' });

/** USPS Information-Based Indicia, decertified 2024-06-30: offsets 0 to 44 agree with two published dumps. */
const USPS_IBI: ProfileLayout = {
  profile: 'usps-ibi',
  post: 'United States Postal Service',
  bytesMin: 49,
  bytesMax: 112,
  fields: [
    little('version', 1),
    little('algorithm', 1),
    little('certificateSerial', 4),
    ascii('manufacturer', 2),
    ascii('model', 2),
    little('psdSerial', 4),
    little('ascendingMills', 5),
    little('postageMills', 3),
    little('date', 4),
    little('originZip', 4),
    little('destinationZip', 5),
    hex('softwareId', 6),
    little('descendingMills', 4),
    hex('rateCategory', 4),
  ],
  fits: (fields) =>
    isDecimalDate(numberOf(fields, 'date')) &&
    numberOf(fields, 'originZip') <= 99_999 &&
    /^[0-9A-Z]{2}$/.test(textOf(fields, 'manufacturer')) &&
    /^[0-9A-Z]{2}$/.test(textOf(fields, 'model')),
};

/** USPS IBI-Lite: 20 bytes with a truncated HMAC; no version is published, so that little but the length tells it. */
const USPS_IBI_LITE: ProfileLayout = {
  profile: 'usps-ibi-lite',
  post: 'United States Postal Service',
  bytesMin: 20,
  bytesMax: 20,
  fields: [
    little('version', 1),
    little('pieceCount', 4),
    little('vendorModel', 1),
    little('psdSerial', 3),
    little('postageMills', 3),
    little('mailService', 2),
    hex('hmac', 6),
  ],
  // No piece of mail costs a thousand dollars.
  fits: (fields) => numberOf(fields, 'postageMills') < 1_000_000,
};

/** Deutsche Post DV-Freimachung. The date is the day of the year × 100 + the year. */
const DEUTSCHE_POST_DV: ProfileLayout = {
  profile: 'deutsche-post-dv',
  post: 'Deutsche Post',
  bytesMin: 28,
  bytesMax: 42,
  fields: [
    ascii('post', 3),
    big('typeAndVersion', 1),
    big('priceList', 1),
    big('customer', 5),
    big('valueEuro', 1),
    big('valueCent', 1),
    big('date', 2),
    big('product', 2),
    big('item', 3),
    big('subscription', 1),
    big('postingCertificate', 2),
  ],
  fits: (fields) => {
    const day = Math.floor(numberOf(fields, 'date') / 100);
    return textOf(fields, 'post') === 'DEA' && numberOf(fields, 'valueCent') <= 99 && day >= 1 && day <= 366;
  },
};

/** Royal Mail Mailmark 2D: 45 characters, then text of the customer. */
const MAILMARK_2D: ProfileLayout = {
  profile: 'mailmark-2d',
  post: 'Royal Mail',
  bytesMin: 45,
  bytesMax: 512,
  fields: [
    ascii('country', 4),
    ascii('informationType', 1),
    ascii('version', 1),
    ascii('class', 1),
    ascii('supplyChain', 7),
    ascii('item', 8),
    ascii('postcodeAndDps', 9),
    ascii('service', 1),
    ascii('returnPostcode', 7),
    ascii('reserved', 6),
  ],
  fits: (fields) =>
    textOf(fields, 'country') === 'JGB ' &&
    /^\d{7}$/.test(textOf(fields, 'supplyChain')) &&
    /^\d{8}$/.test(textOf(fields, 'item')),
};

export const PROFILES: readonly ProfileLayout[] = [DEUTSCHE_POST_DV, MAILMARK_2D, USPS_IBI, USPS_IBI_LITE];

/** The mark of another post, or null when the bytes fit none of the layouts. */
export function parseForeignMark(payload: Uint8Array): ForeignMark | null {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  for (const layout of PROFILES) {
    if (bytes.length < layout.bytesMin || bytes.length > layout.bytesMax) continue;
    const fields = readFields(bytes, layout.fields);
    if (fields === null || !layout.fits(fields)) continue;
    return { profile: layout.profile, post: layout.post, fields: Object.fromEntries(fields) };
  }
  return null;
}

/** Null when a text field holds anything but printable ASCII. */
function readFields(bytes: Buffer, layout: readonly ProfileField[]): Map<string, string | number> | null {
  const fields = new Map<string, string | number>();
  let offset = 0;
  for (const { name, bytes: length, kind } of layout) {
    const end = offset + length;
    if (kind === 'little-endian') fields.set(name, bytes.readUIntLE(offset, length));
    else if (kind === 'big-endian') fields.set(name, bytes.readUIntBE(offset, length));
    else if (kind === 'hex') fields.set(name, bytes.toString('hex', offset, end));
    else {
      const text = bytes.toString('latin1', offset, end);
      if (!/^[ -~]*$/.test(text)) return null;
      fields.set(name, text);
    }
    offset = end;
  }
  if (offset < bytes.length) fields.set('rest', bytes.toString('hex', offset));
  return fields;
}

function numberOf(fields: ReadonlyMap<string, string | number>, name: string): number {
  return Number(fields.get(name));
}

function textOf(fields: ReadonlyMap<string, string | number>, name: string): string {
  return String(fields.get(name));
}

/** YYYYMMDD of the years in which such marks were made. */
function isDecimalDate(date: number): boolean {
  const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100];
  return year >= 1996 && year <= 2025 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
