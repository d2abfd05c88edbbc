import { hash } from 'node:crypto';
import type { Indicium, ReadingOutcome, RegistryRecords, Scan } from '../../indicium/index.ts';
import { type Evidence, scanOf } from './evidence.ts';

export const LICENSE = 1000;
export const OTHER_LICENSE = 1001;
export const PSDS: readonly string[] = ['06-2S-0', '06-2S-1', '06-2S-2'];
export const PSD = '06-2S-0';
export const HOME = '06484';
export const PAID_MILLS = 100_000;
export const MORNING_MS = Date.UTC(2026, 10, 20, 9);
const MINUTE_MS = 60_000;

/** A registry of two licenses on three PSDs, each set with the same funds paid. */
export function booksOf(change: Partial<RegistryRecords> = {}): RegistryRecords {
  const pairs = [LICENSE, OTHER_LICENSE].flatMap((license) => PSDS.map((psd) => ({ license, psd })));
  return {
    version: 1,
    digest: 'books',
    issuedAtMs: MORNING_MS,
    licenses: [LICENSE, OTHER_LICENSE].map((license) => ({
      license,
      holder: 'Holder',
      town: 'Shelton',
      depositPostcode: HOME,
      psdLimit: PSDS.length,
      validFromMs: 0,
      validToMs: 8.64e15,
      revokedAtMs: null,
    })),
    grants: pairs.map((pair) => ({ ...pair, grantedAtMs: 0, endedAtMs: null })),
    psds: PSDS.map((psd) => ({ psd, user: 'Holder' })),
    funds: pairs.map((pair, index) => ({ ...pair, refill: index + 1, amountMills: PAID_MILLS, paidAtMs: 0 })),
    refunds: [],
    rates: [],
    plants: [],
    withdrawals: [],
    ...change,
  };
}

export type MarkChange = Partial<Omit<Indicium, 'signedBytes' | 'signature'>>;

/** A register set as an honest PSD keeps it; frauds are made by taking a copy of its state, or by changing its marks. */
export class Registers {
  readonly psd: string;
  readonly license: number;
  epoch = 0;
  pieceCount = 0n;
  ascendingMills = 0;
  descendingMills: number | null;

  constructor(psd = PSD, license = LICENSE, descendingMills: number | null = PAID_MILLS) {
    this.psd = psd;
    this.license = license;
    this.descendingMills = descendingMills;
  }

  copied(): Registers {
    return Object.assign(new Registers(this.psd, this.license), this);
  }

  /** The next mark, dated so many minutes after the morning. */
  print(minutes: number, postageMills = 730, change: MarkChange = {}): Indicium {
    this.pieceCount += 1n;
    this.ascendingMills += postageMills;
    if (this.descendingMills !== null) this.descendingMills -= postageMills;
    return markOf({
      psd: this.psd,
      license: this.license,
      epoch: this.epoch,
      pieceCount: this.pieceCount,
      ascendingMills: this.ascendingMills,
      descendingMills: this.descendingMills,
      postageMills,
      printedAtMs: MORNING_MS + minutes * MINUTE_MS,
      ...change,
    });
  }
}

export function markOf(change: MarkChange = {}): Indicium {
  return {
    version: 1,
    suite: 'ecdsa-p256-sha256',
    keyId: 1,
    license: LICENSE,
    psd: PSD,
    epoch: 0,
    pieceCount: 1n,
    ascendingMills: 730,
    descendingMills: PAID_MILLS - 730,
    postageMills: 730,
    rateCategory: 101,
    printedAtMs: MORNING_MS,
    depositPostcode: HOME,
    destinationPostcode: '06443123456',
    ...change,
    signedBytes: new Uint8Array(),
    signature: new Uint8Array(),
  };
}

/** Evidence of one scan, as it would be recorded; the signature is taken as checked. */
export function seen(mark: Indicium, scan: Partial<Scan> = {}, outcome: ReadingOutcome = 'valid'): Evidence {
  const contents = JSON.stringify({ ...mark, pieceCount: mark.pieceCount.toString() });
  const contentDigest = hash('sha256', contents, 'buffer').readBigUInt64BE(0);
  const filled = scanOf(scan);
  return {
    scan: filled,
    reading: { payload: null, symbology: null, indicium: mark, contentDigest, outcome, trustVersion: 1 },
    verdict: { scanId: filled.scanId, disposition: 'accept', reasons: [] },
  };
}
