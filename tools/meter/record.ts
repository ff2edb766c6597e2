/** The tool that looks at the live meters once and keeps what was used since the look before. */
import { z } from 'zod';
import { type LiveReading, MeterCard, type MeterSpan } from '../../domain/meter.js';
import { defineCollection } from '../../domain/store.js';
import { Instant, toEpoch } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { keep, type Merge, mergeWith, stretch } from './keep.js';

/** The newest look at a meter: what the next one is held against. */
const Look = z.strictObject({
  at: Instant,
  energyKwh: z.number().nullable(),
  powerKw: z.number().nullable(),
  /** where the counter stood before it said 0, until it says something else */
  fellFromKwh: z.number().nullable().default(null),
});
type Look = z.infer<typeof Look>;
const LOOKS = defineCollection('meter-looks', Look);

/** A register that gives no answer often says 0. */
const fellFrom = (before: Look | undefined, { energyKwh }: LiveReading): number | null =>
  energyKwh === 0 ? (before?.fellFromKwh ?? (before?.energyKwh || null)) : null;

const since = (before: Look, reading: LiveReading, at: Instant, apartS: number): MeterSpan[] => {
  const [from, to] = [toEpoch(before.at), toEpoch(at)];
  if (to <= from) return [];
  if (reading.energyKwh !== null && before.energyKwh !== null) {
    const step = reading.energyKwh - before.energyKwh;
    if (step < 0) return stretch(from, to, null, 'the counter fell');
    if (before.fellFromKwh === null) return stretch(from, to, step, null);
    if (reading.energyKwh >= before.fellFromKwh) return stretch(from, to, null, 'the counter said 0 and came back');
    return step === 0 ? stretch(from, to, null, 'the counter says 0') : stretch(from, to, step, null);
  }
  if (reading.powerKw !== null && before.powerKw !== null)
    return to - from > apartS
      ? stretch(from, to, null, 'no reading')
      : stretch(from, to, ((before.powerKw + reading.powerKw) / 2) * ((to - from) / 3600), null);
  return stretch(from, to, null, 'it told another quantity before');
};

export const recordMeters = defineTool({
  name: 'record_meters',
  title: 'Record live meters',
  description:
    'Looks once at every meter of CACO_METER and keeps the energy since the look before: steps of counters, power integrated. The first look keeps nothing.',
  toolset: 'proof',
  effect: 'records',
  input: z.strictObject({
    apartSeconds: z
      .number()
      .positive()
      .max(86_400)
      .default(300)
      .describe('power at two looks further apart than this says nothing of the time between: a gap'),
  }),
  output: z.strictObject({
    at: Instant,
    readings: z.array(
      z.strictObject({
        meter: MeterCard,
        energyKwh: z.number().nullable().describe('as the meter counts it, since a start of its own'),
        powerKw: z.number().nullable(),
        sinceKwh: z.number().nullable().describe('since the look before; null: not known'),
      }),
    ),
    spans: z.number().int().describe('stretches of time that were kept'),
  }),
  run: async ({ apartSeconds }, world, call) => {
    const { at, readings: live } = await world.meter.read(call.signal);
    const found: { reading: LiveReading; before: Look | undefined; spans: MeterSpan[]; merge: Merge }[] = [];
    for (const reading of live) {
      const before = (await world.store.collection(LOOKS).get(reading.meter.id))?.value;
      const spans = before === undefined ? [] : since(before, reading, at, apartSeconds);
      found.push({ reading, before, spans, merge: await mergeWith(world.store, reading.meter.id, spans, false) });
    }
    call.commit(async (tx) => {
      for (const { reading, before, merge } of found) {
        await keep(tx, reading.meter, merge);
        // Within the same second, or behind a clock that was set back, nothing can be kept: what was counted since stays to come.
        if (before !== undefined && at <= before.at) continue;
        const { energyKwh, powerKw } = reading;
        await tx
          .collection(LOOKS)
          .put(reading.meter.id, { at, energyKwh, powerKw, fellFromKwh: fellFrom(before, reading) });
      }
    });
    return {
      at,
      readings: found.map(({ reading, spans }) => ({
        ...reading,
        sinceKwh:
          spans.length === 0 || spans.some(({ energyKwh }) => energyKwh === null)
            ? null
            : spans.reduce((sum, { energyKwh }) => sum + energyKwh!, 0),
      })),
      spans: found.reduce((sum, { merge }) => sum + merge.fresh.length, 0),
    };
  },
  tell: ({ readings, spans }) => `${readings.length} meters looked at, ${spans} stretches of time kept.`,
});
