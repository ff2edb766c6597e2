/**
 * WattTime v3, with a name and a password: marginal intensity, in steps of five minutes, of what would be generated more if a little more
 * was used. It is another kind than averages and never ranked with them. A log-in holds for half an hour.
 */
import { z } from 'zod';
import { Fault } from '../../../domain/fault.js';
import { Instant, type Interval, secondsBetween } from '../../../domain/time.js';
import type { Feed } from './feed.js';
import { jsonFrom, type Server, trouble } from './server.js';

const TOKEN_MINUTES = 30;
const STEP_MINUTES = 5;
const MOST_AHEAD_HOURS = 72;
/** g/kWh of one pound per MWh: the pound is defined as 0.45359237 kg. */
export const G_PER_KWH_OF_LB_PER_MWH = 0.45359237;

const Token = z.object({ token: z.string() });
const Values = z.object({
  data: z.array(z.object({ point_time: Instant, value: z.number().nullable() })),
  meta: z.object({
    signal_type: z.string(),
    units: z.string(),
    data_point_period_seconds: z.number().optional(),
    generated_at: Instant.optional(),
  }),
});

interface Settings extends Pick<Server, 'base' | 'timer'> {
  readonly user: string;
  readonly password: string;
  readonly regions: readonly string[];
  readonly now: () => Instant;
}

export const wattTime = ({ user, password, regions, now, ...to }: Settings): Feed[] => {
  const server: Server = {
    ...to,
    who: 'WattTime',
    setting: 'CACO_WATTTIME_URL, CACO_WATTTIME_USER and CACO_WATTTIME_PASSWORD',
  };
  let token: { text: string; at: Instant } | undefined;

  const logIn = async (signal: AbortSignal): Promise<string> => {
    if (token !== undefined && secondsBetween(token.at, now()) < (TOKEN_MINUTES - 1) * 60) return token.text;
    const basic = Buffer.from(`${user}:${password}`).toString('base64');
    const { body } = await jsonFrom(server, '/login', Token, { signal, headers: { authorization: `Basic ${basic}` } });
    token = { text: body.token, at: now() };
    return body.token;
  };
  /** A log-in that has run out is made once more; one that is refused again is refused. */
  const ask = async (path: string, query: Record<string, string>, signal: AbortSignal) => {
    const get = async () =>
      jsonFrom(server, `${path}?${new URLSearchParams(query)}`, Values, {
        signal,
        what: path,
        headers: { authorization: `Bearer ${await logIn(signal)}` },
      });
    try {
      return await get();
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== 'forbidden' || token === undefined) throw error;
      token = undefined;
      return get();
    }
  };
  const valuesOf = ({ data, meta }: z.output<typeof Values>, status: 'forecast' | 'actual') => {
    if (meta.signal_type !== 'co2_moer' || meta.units !== 'lbs_co2_per_mwh')
      throw trouble(
        server,
        `${server.who} answered ${meta.signal_type} in ${meta.units} for co2_moer in lbs_co2_per_mwh`,
      );
    return data.map(({ point_time, value }) => ({
      at: point_time,
      minutes: (meta.data_point_period_seconds ?? STEP_MINUTES * 60) / 60,
      value: value === null ? null : value * G_PER_KWH_OF_LB_PER_MWH,
      status,
      published: meta.generated_at ?? null,
    }));
  };

  return [
    {
      source: 'watttime',
      quantity: 'carbon',
      kind: { accounting: 'marginal', scope: 'operational' },
      attribution: 'WattTime, marginal (co2_moer)',
      stepMinutes: STEP_MINUTES,
      chunkHours: 30 * 24,
      foresees: true,
      measures: true,
      isExtended: false,
      settlesHours: 48,
      renewMinutes: 5,
      regions: () => regions,
      read: async (region, { start, end }: Interval, signal) => {
        const question = { region, signal_type: 'co2_moer' };
        const hours = Math.min(MOST_AHEAD_HOURS, Math.max(1, Math.ceil(secondsBetween(now(), end) / 3600)));
        const ahead =
          end > now() ? await ask('/v3/forecast', { ...question, horizon_hours: String(hours) }, signal) : null;
        const past =
          start < now()
            ? await ask('/v3/historical', { ...question, start, end: end < now() ? end : now() }, signal)
            : null;
        return {
          said: [
            ...(ahead === null ? [] : valuesOf(ahead.body, 'forecast')),
            ...(past === null ? [] : valuesOf(past.body, 'actual')),
          ],
          notes: ahead?.notes ?? past?.notes ?? [],
        };
      },
    },
  ];
};
