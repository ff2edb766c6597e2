/**
 * A Prometheus server, asked for the newest value of the energy counters that it scrapes (`/api/v1/query`). What it knows of a
 * counter that wrapped or of a target that went away is its exporters' to say; steps are taken between two looks of ours. What it remembers
 * is read by `history.ts`.
 */
import { z } from 'zod';
import { Fault } from '../../../domain/fault.js';
import type { Telemetry } from '../../../domain/telemetry.js';
import { asking } from './ask.js';
import type { Looking } from './book.js';
import { FAMILIES, readingsOf } from './exporters.js';
import type { MeterGround, MeterSettings } from './ground.js';
import { prometheusHistory } from './history.js';

const Body = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('vector'),
    result: z
      .array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) }))
      .max(100_000),
  }),
});

const QUERY = `{__name__=~"${Object.keys(FAMILIES).join('|')}"}`;

export const prometheus = (
  settings: MeterSettings,
  ground: Pick<MeterGround, 'timer'>,
): { look: Looking; telemetry: Telemetry } => {
  const ask = asking('the Prometheus server', settings, ground);
  const look: Looking = async (signal) => {
    const read = Body.safeParse(await ask.json(`/api/v1/query?query=${encodeURIComponent(QUERY)}`, signal));
    if (!read.success)
      throw new Fault('unavailable', `${ask.who} answered what is no vector`, 'Check CACO_METER_URL.', {
        details: { reason: 'shape' },
      });
    const samples = read.data.data.result.flatMap(({ metric: { __name__: name = '', ...labels }, value }) =>
      Number.isFinite(Number(value[1])) ? [{ name, labels, value: Number(value[1]) }] : [],
    );
    return readingsOf(samples, 'Prometheus');
  };
  return { look, telemetry: prometheusHistory(ask) };
};
