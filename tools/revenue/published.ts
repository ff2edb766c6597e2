/** What others published, with where it was read: prices of products whose half-hours no series here has, and of levers. */

/** NESO’s Demand Flexibility Service, November 2024 to March 2025, its published results: events, volumes and what was paid. */
export const DFS = {
  season: '2024/25',
  events: 44,
  acceptedMwh: 5449.6,
  deliveredMwh: 3917.7,
  paid: 943_983,
} as const;

/** Of the seeds of this program: figures that were claimed before anybody had computed them. */
export const CLAIMS = {
  revenue: { said: 200_000, mw: 2, hours: 3, days: 365 },
  priceFrom: 150,
  priceTo: 250,
  billFrom: 0.3,
  billTo: 0.4,
} as const;

/**
 * Means of eight workloads on GPUs of 400 W under power caps, relative to no cap: ai-emerald/emerald-ai-demo-may-2025 (Apache-2.0),
 * as `sim/flexibility/power-curves.json` has them one by one.
 */
export const CAPS = [
  { capW: 300, power: 0.787, throughput: 0.91 },
  { capW: 250, power: 0.661, throughput: 0.843 },
] as const;
export const GPU_WATTS = 400;

/** Dollars per MWh, from the abstract of arXiv 2603.27831 (2026): a supply curve of a data centre’s flexibility. */
export const ELSEWHERE =
  'A published supply curve (arXiv 2603.27831) has cooling that is shifted for short times near $30 per MWh, work that fills gaps moved at $30–300, and work in the queue reordered or delayed from $600.';
