/** Asks the live sources for what is missing: the next hours for a plan, or years for those who learn from them. */
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { Quantity } from '../../domain/grid-values.js';
import { Instant, plusHours, secondsBetween } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';

const BACK_HOURS = 24;
const AHEAD_HOURS = 48;
const MAX_YEARS = 20;

export const refreshGrid = defineTool({
  name: 'refresh_grid',
  title: 'Refresh or back-fill grid data',
  description:
    'Asks the live sources of grid signals for what is not known of an interval, one polite request after the other, and keeps it with the time at which it was had. What was cut short goes on where it stopped. A source that does not answer is named.',
  toolset: 'grid',
  effect: 'records',
  input: z.strictObject({
    from: Instant.optional().describe('start of the interval; 24 hours ago when left out'),
    to: Instant.optional().describe('end of the interval, exclusive; 48 hours from now when left out'),
    regions: z
      .array(z.string().min(1))
      .min(1)
      .max(50)
      .optional()
      .describe('regions, or places as latitude,longitude; the regions of the sites when left out'),
    sources: z.array(z.string().min(1)).min(1).max(20).optional().describe('sources by name; all when left out'),
    quantities: z
      .array(Quantity)
      .min(1)
      .default(['carbon', 'price'])
      .describe('what to ask for: carbon, price, temperature, demand, system-price, frequency'),
    anew: z
      .boolean()
      .default(false)
      .describe('ask also for what is known and may have changed since: the last days and what is to come'),
  }),
  output: z.strictObject({
    from: Instant,
    to: Instant,
    signals: z.array(
      z.strictObject({
        source: z.string(),
        region: z.string(),
        quantity: Quantity,
        unit: z.string().describe('with what never mixes: kind of intensity, currency and basis of a price'),
        requests: z.number().int().describe('how often the source was asked'),
        added: z.number().int().describe('values that were new, or other than before'),
        gaps: z.number().int().describe('steps without a value, of those that the source can tell by now'),
        trouble: z.string().nullable().describe('why the source did not answer; null where it did'),
      }),
    ),
  }),
  run: async (input, world, call) => {
    const { live } = world.grid;
    if (live === undefined)
      throw new Fault(
        'unsupported',
        'none of the sources of grid signals is live: there is nobody to ask',
        'Choose live sources, for example CACO_GRID=live.',
      );
    const now = world.clock.now();
    const interval = { start: input.from ?? plusHours(now, -BACK_HOURS), end: input.to ?? plusHours(now, AHEAD_HOURS) };
    if (interval.end <= interval.start)
      throw invalid(`the interval ends at ${interval.end}, not after its start ${interval.start}`, 'Give a later end.');
    if (secondsBetween(interval.start, interval.end) > MAX_YEARS * 366 * 86_400)
      throw invalid(`the interval is longer than ${MAX_YEARS} years`, 'Ask for less at a time.');
    const feeds = await live.feeds();
    const names = [...new Set(feeds.map((feed) => feed.source))];
    const unknown = input.sources?.filter((name) => !names.includes(name)) ?? [];
    if (unknown.length > 0)
      throw invalid(`${unknown.join(', ')} is no live source of CACO_GRID`, `There are ${names.join(', ')}.`);
    const regions = input.regions ?? (await homeRegions(world));
    const signals = await live.refresh(
      { interval, regions, sources: input.sources, quantities: input.quantities, anew: input.anew },
      { signal: call.signal, progress: (done, total, message) => call.progress({ done, total, note: message }) },
    );
    if (signals.length === 0)
      throw invalid(
        `none of the live sources knows ${regions.join(', ')}`,
        `They know ${[...new Set(feeds.map((feed) => feed.region))]
          .filter((name) => name !== '')
          .slice(0, 30)
          .join(', ')}.`,
      );
    return { from: interval.start, to: interval.end, signals };
  },
  tell: ({ from, to, signals }) => {
    const sum = (of: (s: (typeof signals)[number]) => number) => signals.reduce((total, s) => total + of(s), 0);
    const down = signals.filter((s) => s.trouble !== null);
    return (
      `${sum((s) => s.added)} values are new of ${signals.length} signals from ${from} to ${to}, after ${sum((s) => s.requests)} requests; ${sum((s) => s.gaps)} steps have no value.` +
      (down.length === 0
        ? ''
        : ` Silent: ${down.map((s) => `${s.source} (${s.quantity} of ${s.region}): ${s.trouble}`).join('; ')}.`)
    );
  },
});

/** The regions of the sites that have a signal, each once; all that have one where no site lies in them. */
export const homeRegions = async (world: Pick<World, 'grid' | 'fleet'>): Promise<string[]> => {
  const known = await world.grid.regions();
  const home = [...new Set((await world.fleet.sites()).map((site) => site.region))].filter((region) =>
    known.includes(region),
  );
  return home.length > 0 ? home : known;
};
