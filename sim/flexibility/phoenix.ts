/** The test in Phoenix on 3 May 2025 as it was recorded: total power of 256 GPUs by the minute, and what its jobs got done. */
import { readFileSync } from 'node:fs';
import type { Tier } from '../../domain/flexibility/running.js';
import type { Power } from '../../domain/settlement/tracking.js';

const recorded = JSON.parse(readFileSync(new URL('./phoenix.json', import.meta.url), 'utf8')) as {
  readonly source: string;
  readonly firstMinute: string;
  readonly kw: readonly number[];
};

/** Seconds of its day. */
const clock = (text: string): number => text.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 60;

export const PHOENIX = {
  source: recorded.source,
  /** mean before the event, as its publishers have it */
  baselineKw: 93.1,
  receivedAt: clock('16:10'),
  holdFrom: clock('16:15'),
  holdUntil: clock('19:15'),
  readings: recorded.kw.map((kw, i): Power => ({ at: clock(recorded.firstMinute) + 60 * i, kw })),
  /** throughput of its jobs against their normal one, by the GPUs that each had in the sweep of the same work */
  jobs: [
    { tier: 'flex1', gpus: 48, throughputRatio: 1 },
    { tier: 'flex2', gpus: 32, throughputRatio: 0.939635 },
    { tier: 'flex2', gpus: 48, throughputRatio: 0.992455 },
    { tier: 'flex3', gpus: 32, throughputRatio: 0.973165 },
    { tier: 'flex3', gpus: 48, throughputRatio: 0.666923 },
    { tier: 'flex3', gpus: 48, throughputRatio: 0.743277 },
  ] satisfies { tier: Tier; gpus: number; throughputRatio: number }[],
} as const;
