import type { Health } from '../../api/index.ts';
import { plural } from '../../indicium/index.ts';
import type { LakeBehind } from '../lake-metrics.ts';
import { LAKE_SECONDS_MAX, STUCK_MS_MAX } from '../limits.ts';

/** How the store stands. */
export type StoreState =
  /** `detail` says how far it is, for people. */
  | { readonly kind: 'opening'; readonly detail: string }
  | { readonly kind: 'open' }
  | { readonly kind: 'paused'; readonly reason: string };

interface ReadinessPorts {
  readonly store: StoreState;
  readonly isDraining: boolean;
  /** Null where none is written. */
  readonly lake: LakeBehind | null;
  readonly trust: { readonly version: number; readonly expiresAtMs: number };
  readonly nowMs: number;
}

/** Whether scans may be sent here. A lake that is behind is told, and keeps nobody away: it catches up by itself. */
export function readiness({ store, isDraining, lake, trust, nowMs }: ReadinessPorts): Health {
  const isFresh = trust.expiresAtMs > nowMs;
  const until = new Date(trust.expiresAtMs).toISOString();
  const health = healthOf({
    store: {
      ok: store.kind === 'open',
      detail: detailOf(store),
    },
    sightings: {
      ok: store.kind !== 'opening',
      detail: store.kind === 'opening' ? `starting: ${store.detail}` : 'restored',
    },
    trust: { ok: isFresh, detail: `version ${trust.version}, ${isFresh ? 'good until' : 'expired'} ${until}` },
    accepting: { ok: !isDraining, detail: isDraining ? 'shutting down' : 'yes' },
  });
  return lake === null ? health : { ...health, checks: { ...health.checks, lake: lakeCheck(lake) } };
}

function lakeCheck({ rows, seconds, failure }: LakeBehind): Health['checks'][string] {
  const behind = `${plural(rows, 'row')} behind, for ${Math.round(seconds)} s`;
  if (failure !== null) return { ok: false, detail: `${behind}: ${failure}` };
  return { ok: seconds <= LAKE_SECONDS_MAX, detail: behind };
}

function detailOf(store: StoreState): string {
  if (store.kind === 'paused') return `cannot be written: ${store.reason}`;
  return store.kind === 'opening' ? `starting: ${store.detail}` : store.kind;
}

interface LivenessPorts {
  readonly store: StoreState;
  /** As performance.now tells it: of the oldest scan without a verdict, null when there is none, and of the last verdict. */
  readonly oldestAtMs: number | null;
  readonly progressAtMs: number;
}

/** Whether it gets on: that it answers at all shows that its event loop does. */
export function liveness({ store, oldestAtMs, progressAtMs }: LivenessPorts): Health {
  const waitsSinceMs = oldestAtMs === null ? null : Math.max(oldestAtMs, progressAtMs);
  const stillMs = waitsSinceMs === null || store.kind !== 'open' ? 0 : performance.now() - waitsSinceMs;
  return healthOf({
    pipeline: {
      ok: stillMs <= STUCK_MS_MAX,
      detail: waitsSinceMs === null ? 'idle' : `scans wait, ${Math.round(stillMs)} ms since the last verdict`,
    },
  });
}

function healthOf(checks: Health['checks']): Health {
  return { status: Object.values(checks).every(({ ok }) => ok) ? 'ok' : 'failing', checks };
}
