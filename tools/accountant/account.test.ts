/** Every figure of the accounts beside a count by quarters of an hour: slower, and plain enough to be seen to be right. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepsOf } from '../../domain/footprint.js';
import { Method } from '../../domain/method.js';
import { Site } from '../../domain/site.js';
import { fromEpoch, type Instant, toEpoch } from '../../domain/time.js';
import { type AccountQuestion, account, type Dimension } from './account.js';
import { SUMS, type Sums } from './books.js';
import { type Span, SpanTable } from './spans.js';

const ORIGIN = toEpoch('2022-06-01T20:00:00Z' as Instant);
const QUARTER = 900;
const HOURS = 40;
const method = Method.parse({ slotMinutes: 30 });

const site = (id: string, region: string, demandChargePerKw = 0, payer: 'owner' | 'tenant' = 'owner') =>
  Site.parse({
    id,
    region,
    payer,
    currency: 'GBP',
    tariff: { energy: { kind: 'flat', pricePerMwh: 100 }, demandChargePerKw },
  });
// Two sites of one region, one that pays for its peak, one that would if it were not a tenant.
const SITES = [site('a1', 'A', 7), site('a2', 'A'), site('b', 'B', 3, 'tenant')];

interface Cell {
  readonly sums: Sums;
  readonly span: Span;
  readonly hour: number;
}
const empty = (): Sums => Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums;

/** One cell for each span and clock hour that it touches. */
const cellsOf = (spans: readonly Span[], { carbon, prices, from, to }: AccountQuestion): Cell[] =>
  spans.flatMap((span) => {
    const byHour = new Map<number, number[]>();
    for (let t = span.from; t < span.to; t += QUARTER)
      if (t >= (from ?? t) && t < (to ?? t + 1))
        byHour.set(Math.floor(t / 3600), [...(byHour.get(Math.floor(t / 3600)) ?? []), t]);
    return [...byHour].map(([hour, quarters]) => {
      const mean = (of: AccountQuestion['carbon'][number]) => {
        if (!of) return null;
        const values = quarters.map((t) => of.values[Math.floor((t - of.origin) / of.stepSeconds)]);
        const known = values.filter((v) => v !== undefined && !Number.isNaN(v)) as number[];
        return known.length < values.length ? null : known.reduce((a, b) => a + b, 0) / known.length;
      };
      const hours = quarters.length / 4;
      const kwh = span.kw * hours;
      const [intensity, price] = [mean(carbon[span.site]!), mean(prices[span.site]!)];
      const begins = quarters.includes(span.from);
      const ends = quarters.includes(span.to - QUARTER);
      const sums = empty();
      sums.energyKwh = kwh;
      sums.jobs = begins && span.first ? 1 : 0;
      sums.coveredKwh = intensity === null ? 0 : kwh;
      sums.emissionsKg = ((intensity ?? 0) * kwh) / 1000;
      sums.pricedKwh = price === null ? 0 : kwh;
      sums.energyCost = ((price ?? 0) * kwh) / 1000;
      sums.instanceCost = Number.isNaN(span.instancePerHour) ? 0 : span.instancePerHour * hours;
      sums.egressCost = begins ? span.egress : 0;
      sums.tardinessCost = ends ? span.tardiness : 0;
      sums.vcpuHours = span.vcpus * hours;
      sums.gpuHours = span.gpus * hours;
      if (!Number.isNaN(span.units)) {
        sums.workUnits = (span.units * quarters.length) / ((span.to - span.from) / QUARTER);
        sums.unitKg = sums.emissionsKg;
        sums.unitCost = sums.energyCost + sums.instanceCost + sums.egressCost + sums.tardinessCost;
        sums.unitVcpuHours = sums.vcpuHours;
        sums.unitUnseenKwh = kwh - sums.coveredKwh;
        sums.unitUnpricedKwh = kwh - sums.pricedKwh;
      }
      return { sums, span, hour };
    });
  });

const totalOf = (cells: readonly Cell[]): Sums => {
  const total = empty();
  for (const { sums } of cells) for (const name of SUMS) total[name] += sums[name];
  return total;
};

/** Errors move together within a cell of `keyOf`, and independently between cells. */
const halfOf = (cells: readonly Cell[], keyOf: (cell: Cell) => unknown): number => {
  const kg = new Map<string, number>();
  for (const cell of cells) {
    const key = JSON.stringify(keyOf(cell));
    kg.set(key, (kg.get(key) ?? 0) + cell.sums.emissionsKg);
  }
  return method.uncertaintyRatio * Math.sqrt([...kg.values()].reduce((sum, each) => sum + each * each, 0));
};

const accountOf = (sums: Sums, half: number, demandCost: number) => {
  const share = (of: number) => (sums.energyKwh === 0 ? 1 : of / sums.energyKwh);
  const perUnit = (amount: number, unknown: number) => (sums.workUnits > 0 && unknown === 0 ? amount : null);
  const energy = sums.energyCost + demandCost;
  return {
    jobs: sums.jobs,
    energyKwh: sums.energyKwh,
    emissionsKg:
      share(sums.coveredKwh) > 0
        ? { value: sums.emissionsKg, low: sums.emissionsKg - half, high: sums.emissionsKg + half, confidence: 0.95 }
        : null,
    cost:
      share(sums.pricedKwh) > 0
        ? {
            total: energy + sums.instanceCost + sums.egressCost + sums.tardinessCost,
            energy,
            instance: sums.instanceCost,
            egress: sums.egressCost,
            tardiness: sums.tardinessCost,
            currency: 'GBP',
          }
        : null,
    workUnits: sums.workUnits > 0 ? sums.workUnits : null,
    gPerWorkUnit: perUnit((sums.unitKg * 1000) / sums.workUnits, sums.unitUnseenKwh),
    costPerWorkUnit: perUnit(sums.unitCost / sums.workUnits, sums.unitUnpricedKwh),
    carbonCoverageRatio: share(sums.coveredKwh),
    priceCoverageRatio: share(sums.pricedKwh),
    sums,
  };
};

/** The highest load of a site in any slot of the method, a slot that is touched counted whole. */
const peakOf = (spans: readonly Span[], index: number, { from, to }: AccountQuestion): number => {
  let peak = 0;
  for (let slot = ORIGIN - 7200; slot < ORIGIN + HOURS * 3600; slot += 1800) {
    const touching = spans.filter((span) => {
      const [begin, end] = [Math.max(span.from, from ?? span.from), Math.min(span.to, to ?? span.to)];
      return span.site === index && begin < end && begin < slot + 1800 && end > slot;
    });
    peak = Math.max(
      peak,
      touching.reduce((sum, { kw }) => sum + kw, 0),
    );
  }
  return peak;
};

const byHand = (spans: readonly Span[], question: AccountQuestion) => {
  const cells = cellsOf(spans, question);
  const demandCost = 7 * peakOf(spans, 0, question);
  const nameOf = ({ span, hour }: Cell) => ({
    region: question.by.includes('region') ? SITES[span.site]!.region : null,
    team: question.by.includes('team') ? span.team : null,
    hour: question.by.includes('hour') ? hour % 24 : null,
    category: question.by.includes('category') ? span.category : null,
  });
  const named = new Map<string, Cell[]>();
  if (question.by.length > 0)
    for (const cell of cells) {
      const key = JSON.stringify(nameOf(cell));
      named.set(key, [...(named.get(key) ?? []), cell]);
    }
  const ofSite = ({ span, hour }: Cell) => [span.site, span.team, span.category, hour];
  const groups = [...named.values()].map((mine) => ({
    ...nameOf(mine[0]!),
    ...accountOf(totalOf(mine), halfOf(mine, groupCell(question.by, ofSite)), 0),
  }));
  return {
    total: accountOf(
      totalOf(cells),
      halfOf(cells, ({ span, hour }) => [SITES[span.site]!.region, hour]),
      demandCost,
    ),
    demandCost,
    groups,
    bySite: SITES.map((_, i) => {
      const { energyKwh, coveredKwh, emissionsKg } = totalOf(cells.filter(({ span }) => span.site === i));
      return { energyKwh, coveredKwh, emissionsKg };
    }),
  };
};

/** Within a group the cells are those of the table: by team and category only where these are asked for. */
const groupCell = (by: readonly Dimension[], whole: (cell: Cell) => unknown[]) => (cell: Cell) => {
  const [place, team, category, hour] = whole(cell);
  return [place, by.includes('team') ? team : 0, by.includes('category') ? category : 0, hour];
};

/** Numbers that the two ways reach in another order of additions are the same up to 1e-9 of their size. */
const same = (mine: unknown, wanted: unknown, path = ''): void => {
  if (typeof wanted === 'number' && typeof mine === 'number') {
    if (!(Math.abs(mine - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted))))
      expect.fail(`${path}: ${mine} where ${wanted} is right`);
  } else if (wanted !== null && typeof wanted === 'object' && mine !== null && typeof mine === 'object') {
    expect(Object.keys(mine).sort(), path).toEqual(Object.keys(wanted).sort());
    for (const key of Object.keys(wanted))
      same((mine as Record<string, unknown>)[key], (wanted as Record<string, unknown>)[key], `${path}.${key}`);
  } else expect(mine, path).toBe(wanted);
};

const anySpan: fc.Arbitrary<Span> = fc
  .record({
    site: fc.nat(2),
    begin: fc.integer({ min: -4, max: 4 * (HOURS - 8) }),
    quarters: fc.integer({ min: 1, max: 30 }),
    kw: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 50 })),
    team: fc.constantFrom('ops', 'ml', 'web'),
    category: fc.constantFrom('urgent', 'balanced'),
    vcpus: fc.nat(64),
    gpus: fc.nat(8),
    units: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 1, max: 1000 })),
    instancePerHour: fc.oneof(fc.constant(Number.NaN), fc.integer({ min: 0, max: 9 })),
    egress: fc.nat(20),
    tardiness: fc.nat(20),
    first: fc.boolean(),
  })
  .map(({ begin, quarters, ...rest }) => ({
    ...rest,
    from: ORIGIN + begin * QUARTER,
    to: ORIGIN + (begin + quarters) * QUARTER,
  }));

/** A signal with gaps that begins after the first spans and ends before the last ones; null: none at all. */
const anySteps = fc.option(
  fc
    .record({
      stepMinutes: fc.constantFrom(30, 60),
      values: fc.array(
        fc.oneof(
          { weight: 9, arbitrary: fc.integer({ min: -50, max: 600 }) },
          { weight: 1, arbitrary: fc.constant(null) },
        ),
        {
          minLength: 20,
          maxLength: 80,
        },
      ),
    })
    .map((series) => stepsOf({ start: fromEpoch(ORIGIN), ...series })),
  { nil: null, freq: 8 },
);
const three = <T>(one: fc.Arbitrary<T>) => fc.tuple(one, one, one);
const edge = fc.option(
  fc.integer({ min: 0, max: 4 * HOURS }).map((q) => ORIGIN + q * QUARTER),
  { nil: undefined, freq: 2 },
);

const tableOf = (spans: readonly Span[]) => {
  const table = new SpanTable();
  for (const span of spans) table.add(span);
  return table;
};

describe('the accounts', () => {
  it('are those of a count by quarters of an hour, in every figure and for every grouping', () => {
    fc.assert(
      fc.property(
        fc.array(anySpan, { maxLength: 12 }),
        three(anySteps),
        three(anySteps),
        fc.subarray<Dimension>(['region', 'team', 'hour', 'category']),
        edge,
        edge,
        (spans, carbon, prices, by, from, to) => {
          const question: AccountQuestion = { sites: SITES, carbon, prices, method, currency: 'GBP', by, from, to };
          const mine = account(tableOf(spans), question);
          const wanted = byHand(spans, question);
          const byName = (groups: typeof wanted.groups) =>
            Object.fromEntries(groups.map((g) => [[g.region, g.team, g.hour, g.category].join('/'), g]));
          same({ ...mine, groups: byName(mine.groups) }, { ...wanted, groups: byName(wanted.groups) });
          expect(mine.groups).toHaveLength(wanted.groups.length);
        },
      ),
      { numRuns: 300 },
    );
  });

  const one = (over: Partial<Span>): Span => ({
    site: 0,
    from: ORIGIN,
    to: ORIGIN + 3600,
    kw: 1,
    team: 'ops',
    category: 'balanced',
    vcpus: 1,
    gpus: 0,
    units: Number.NaN,
    instancePerHour: Number.NaN,
    egress: 0,
    tardiness: 0,
    first: true,
    ...over,
  });
  const flat = stepsOf({ start: fromEpoch(ORIGIN), stepMinutes: 60, values: new Array<number>(HOURS).fill(100) });
  const asked = (by: Dimension[], carbon: AccountQuestion['carbon'] = [flat, flat, flat]): AccountQuestion => ({
    sites: SITES,
    carbon,
    prices: [flat, flat, flat],
    method,
    currency: 'GBP',
    by,
  });

  it('come by the hour of the day, then the largest emitter first, then by name', () => {
    const spans = [
      one({ team: 'small', kw: 1 }),
      one({ team: 'big', kw: 9 }),
      one({ team: 'alike', kw: 1 }),
      one({ team: 'small', from: ORIGIN + 5 * 3600, to: ORIGIN + 6 * 3600 }),
    ];
    const teams = account(tableOf(spans), asked(['team'])).groups.map(({ team, jobs }) => [team, jobs]);
    expect(teams).toEqual([
      ['big', 1],
      ['small', 2],
      ['alike', 1],
    ]);
    const hours = account(tableOf(spans), asked(['hour', 'team'])).groups.map(({ hour, team }) => [hour, team]);
    // 01:00 of the next day comes before 20:00.
    expect(hours).toEqual([
      [1, 'small'],
      [20, 'big'],
      [20, 'alike'],
      [20, 'small'],
    ]);
    const unseen = [one({ site: 2, team: 'a' }), one({ team: 'z' })];
    const places = account(tableOf(unseen), asked(['region', 'team'], [flat, flat, null])).groups;
    expect(places.map(({ region, emissionsKg }) => [region, emissionsKg?.value ?? null])).toEqual([
      ['A', 0.1],
      ['B', null],
    ]);
  });

  it('charge a peak by slots that are touched, and count an hour of nothing as known', () => {
    // Five and six kW never meet, but within one half-hour.
    const after = [one({ kw: 5, to: ORIGIN + 900 }), one({ kw: 6, from: ORIGIN + 900, to: ORIGIN + 1800 })];
    expect(account(tableOf(after), asked([])).demandCost).toBe(7 * 11);
    const idle = account(tableOf([one({ kw: 0 })]), asked([], [null, null, null])).total;
    expect([idle.carbonCoverageRatio, idle.priceCoverageRatio, idle.emissionsKg?.value]).toEqual([1, 1, 0]);
  });
});
