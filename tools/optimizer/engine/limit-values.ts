/** What a little more of each limit would be worth, in words, from the prices that prove the bound. */
import { z } from 'zod';
import { figure, moneyText } from '../../../domain/figures.js';
import { fromEpoch, type Instant, toEpoch } from '../../../domain/time.js';
import type { Certificate } from './answer.js';
import type { Model } from './model.js';

export const LimitValue = z.strictObject({
  limit: z.string().describe('which limit, in words'),
  region: z.string().nullable(),
  from: z.string().describe('first moment: HH:MM UTC where the plan repeats by day, else an instant or a slot number'),
  to: z.string().describe('exclusive'),
  amount: z.number().describe('how much more of the limit'),
  unit: z.string(),
  saves: z.number().describe('money that it would save, to first order, per day or over the plan'),
  per: z.enum(['day', 'plan']),
  sentence: z.string(),
});
export type LimitValue = z.infer<typeof LimitValue>;

/** How slots are named to people; null where the problem knows no clock. */
export interface SlotClock {
  /** Epoch seconds of slot 0. */
  readonly origin: number;
  readonly slotMinutes: number;
}

interface Run {
  readonly limit: string;
  readonly region: string;
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  /** Money per unit more in every slot of the run. */
  readonly price: number;
  readonly cap: number;
}

/** The most valuable first, at most `most`. Empty where no limit binds. */
export const limitValues = (
  model: Model,
  certificate: Certificate,
  currency: string,
  clock: SlotClock | null,
  most = 12,
): LimitValue[] => {
  const { problem, T } = model;
  const slotsPerDay = clock === null ? 0 : Math.round(1440 / clock.slotMinutes);
  const byDay = clock !== null && T > slotsPerDay;
  const days = byDay ? T / slotsPerDay : 1;
  const first = clock === null ? 0 : Math.round((clock.origin % 86_400) / (clock.slotMinutes * 60));
  const kinds = [
    {
      rows: certificate.power,
      caps: model.powerCap,
      unit: 'kW',
      name: (r: number, t: number) => powerName(model, r, t),
    },
    {
      rows: certificate.vcpu,
      caps: problem.vcpuCap,
      unit: 'vCPU',
      name: (r: number) => `vCPU capacity of ${problem.regions[r]!.id}`,
    },
    {
      rows: certificate.gpu,
      caps: problem.gpuCap,
      unit: 'GPU',
      name: (r: number) => `GPU capacity of ${problem.regions[r]!.id}`,
    },
  ];
  const runs: Run[] = [];
  for (const { rows, caps, unit, name } of kinds) {
    const lines = new Map<string, { region: string; prices: Float64Array; cap: number }>();
    for (const [r, t, price] of rows) {
      const cap = caps[r * T + t]!;
      if (!(price > 0) || cap === Infinity) continue;
      const key = name(r, t);
      const line = lines.get(key) ?? {
        region: problem.regions[r]!.id,
        prices: new Float64Array(byDay ? slotsPerDay : T),
        cap: 0,
      };
      line.prices[byDay ? (first + t) % slotsPerDay : t]! += price / days;
      line.cap = Math.max(line.cap, cap);
      lines.set(key, line);
    }
    for (const [limit, { region, prices, cap }] of lines) runs.push(...runsOf(limit, region, unit, prices, cap));
  }
  const told = runs.map((run) => tell(run, currency, clock, byDay));
  for (const [id, price] of certificate.carbon) {
    const cap = problem.carbonCaps.find((c) => c.id === id);
    if (!cap || !(price > 0)) continue;
    const amount = round(cap.capKg / 10);
    const saves = amount * price;
    const when = { from: named(cap.fromSlot, clock), to: named(cap.toSlot, clock) };
    const sentence = `${figure(amount)} kg CO2e more under carbon cap ${id} would save ${moneyText(saves, currency)}.`;
    told.push({ limit: `carbon cap ${id}`, region: null, ...when, amount, unit: 'kg', saves, per: 'plan', sentence });
  }
  return told.sort((a, b) => b.saves - a.saves).slice(0, most);
};

const powerName = (model: Model, r: number, t: number) => {
  const { problem, T } = model;
  const site = problem.regions[r]!.id;
  const i = r * T + t;
  const event = problem.events.find(
    (e) =>
      e.region === r &&
      t >= e.fromSlot &&
      t < e.toSlot &&
      e.maxPowerKw === model.powerCap[i] &&
      e.maxPowerKw < problem.powerCapKw[i]!,
  );
  return event ? `event ${event.id} at ${site}` : `power cap of ${site}`;
};

/** Neighbouring slots of one limit that have a price; together they are one thing to change. */
const runsOf = (limit: string, region: string, unit: string, prices: Float64Array, cap: number): Run[] => {
  const runs: Run[] = [];
  for (let t = 0; t < prices.length; t++) {
    if (!(prices[t]! > 0)) continue;
    const from = t;
    let price = 0;
    while (t < prices.length && prices[t]! > 0) price += prices[t++]!;
    runs.push({ limit, region, unit, from, to: t, price, cap });
  }
  return runs;
};

const tell = (run: Run, currency: string, clock: SlotClock | null, byDay: boolean): LimitValue => {
  const { limit, region, unit, from, to, price, cap } = run;
  const amount = round(cap / 10);
  const saves = amount * price;
  const per = byDay ? 'day' : 'plan';
  const [a, b] = byDay ? [clockText(from, clock!), clockText(to, clock!)] : [named(from, clock), named(to, clock)];
  const where = limit.startsWith('event') ? `${limit},` : `at ${region}`;
  const span =
    clock === null
      ? to - from === 1
        ? `in slot ${from}`
        : `in slots ${from} to ${to - 1}`
      : byDay
        ? `between ${a} and ${b} UTC`
        : `between ${short(a)} and ${short(b)} UTC`;
  const sentence = `${figure(amount)} ${unit} more ${where} ${span} would save ${moneyText(saves, currency)}${byDay ? ' per day' : ''}.`;
  return { limit, region, from: a, to: b, amount, unit, saves, per, sentence };
};

const named = (slot: number, clock: SlotClock | null) =>
  clock === null ? String(slot) : fromEpoch(clock.origin + slot * clock.slotMinutes * 60);

const clockText = (slotOfDay: number, { slotMinutes }: SlotClock) => {
  const minutes = slotOfDay * slotMinutes;
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
};

const short = (at: string) =>
  `${fromEpoch(toEpoch(at as Instant))
    .slice(5, 16)
    .replace('T', ' ')}`;

/** One significant digit: 1, 2 or 5 times a power of ten, as somebody would ask for. */
const round = (value: number): number => {
  if (!(value > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  const lead = value / size;
  return size * (lead >= 5 ? 5 : lead >= 2 ? 2 : 1);
};
