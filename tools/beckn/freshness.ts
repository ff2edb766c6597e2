/** How long a message holds: `timestamp` plus `ttl`, an ISO 8601 duration. */
import { invalid } from '../../domain/fault.js';

const DURATION = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const DAY_MS = 86_400_000;

/** Milliseconds; a month counts 30 days, a year 365. Throws Fault `invalid-input`. */
export const durationMs = (text: string): number => {
  const parts = DURATION.exec(text);
  if (!parts || text === 'P' || text.endsWith('T'))
    throw invalid(`"${text}" is no ISO 8601 duration`, 'Write it as PT30S or PT10M.');
  const [years, months, weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (years * 365 + months * 30 + weeks * 7 + days) * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000;
};

/** As ISO 8601: PT30M, PT1H30M. */
export const durationText = (minutes: number): string => {
  const hours = Math.floor(minutes / 60);
  const rest = minutes - hours * 60;
  return `PT${hours > 0 ? `${hours}H` : ''}${rest > 0 || hours === 0 ? `${rest}M` : ''}`;
};

/** What is wrong with the age of a message, or null. `skewMs` is how far its sender's clock may be ahead. */
export const staleness = (
  { timestamp, ttl }: { readonly timestamp: string; readonly ttl: string },
  nowMs: number,
  skewMs: number,
): string | null => {
  const at = Date.parse(timestamp);
  if (!TIMESTAMP.test(timestamp) || Number.isNaN(at)) return `timestamp "${timestamp}" must be RFC 3339 with a zone`;
  if (at > nowMs + skewMs) return `timestamp ${timestamp} lies ${Math.round((at - nowMs) / 1000)} s in the future`;
  const until = at + durationMs(ttl);
  if (nowMs > until) return `the message is stale: its ttl ${ttl} ended ${Math.ceil((nowMs - until) / 1000)} s ago`;
  return null;
};
