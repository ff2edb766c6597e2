/** Baselines and money against vectors and examples that were worked out apart; no official numeric example exists. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plusDays } from '../time.js';
import { type Baseline, bl01, type MeteredDays } from './bl01.js';
import { runDates, supersedes } from './runs.js';
import {
  netDelivered,
  type PaymentCurve,
  paidShare,
  payAsBid,
  payAvailability,
  payUtilisation,
} from './utilisation.js';
import { mutualise, settleTrade } from './wholesale.js';
import { isWorkingDay } from './working-days.js';

const vectors = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/vectors/${name}.json`, import.meta.url), 'utf8'));
const baselines = vectors('bl01_worked');
const money = vectors('flex_settlement_worked');
const runs = vectors('settlement_runs');
const holidays = new Set<string>(baselines.bank_holidays_england_wales);

type Packed = Record<string, { all: number; sp: Record<string, number | null> }>;
const unpack = (days: Packed): MeteredDays =>
  new Map(
    Object.entries(days).map(([date, { all, sp }]) => [
      date,
      Array.from({ length: 48 }, (_, i) => (String(i + 1) in sp ? sp[String(i + 1)]! : all)),
    ]),
  );
const named = (cases: readonly { name: string }[]) => cases.map((c) => [c.name, c as unknown] as const);
const near = (values: ReadonlyMap<number, number>, wanted: Record<string, number>) => {
  expect([...values.keys()].map(String)).toEqual(Object.keys(wanted));
  for (const [period, value] of values) expect(value).toBeCloseTo(wanted[period]!, 6);
};

describe.each(['UTC', 'America/New_York', 'Pacific/Apia'])('BL01 on a machine in %s', (zone) => {
  const before = process.env.TZ;
  beforeAll(() => {
    process.env.TZ = zone;
  });
  afterAll(() => {
    if (before === undefined) delete process.env.TZ;
    else process.env.TZ = before;
  });

  it.each(named(baselines.cases))('%s', (_, given) => {
    const c = given as {
      target_date: string;
      event_sps: number[];
      event_days: string[];
      metered_import_kwh: Packed;
      expected: Record<string, never>;
    };
    const metered = unpack(c.metered_import_kwh);
    const found = bl01({
      date: c.target_date,
      periods: c.event_sps,
      metered,
      eventDays: new Set(c.event_days),
      bankHolidays: holidays,
    });
    const wanted = c.expected as unknown as {
      status: Baseline['status'];
      eligible: string[];
      selected: string[];
      excluded: [string, string][];
      ida_window_sps?: number[];
      in_day_adjustment: number;
      unadjusted?: Record<string, number>;
      adjusted?: Record<string, number>;
      delivered_unadjusted_kwh?: Record<string, number>;
    };
    expect(found.status).toBe(wanted.status);
    expect(found.eligible).toEqual(wanted.eligible);
    expect(found.selected).toEqual(wanted.selected);
    expect(found.excluded).toEqual(wanted.excluded);
    expect(found.inDayAdjustment).toBeCloseTo(wanted.in_day_adjustment, 6);
    if (wanted.ida_window_sps) expect(found.adjustmentPeriods).toEqual(wanted.ida_window_sps);
    if (wanted.unadjusted) near(found.unadjusted, wanted.unadjusted);
    if (wanted.adjusted) near(found.adjusted, wanted.adjusted);
    const used = metered.get(c.target_date)!;
    near(
      new Map([...found.unadjusted].map(([period, kwh]) => [period, kwh - used[period - 1]!])),
      wanted.delivered_unadjusted_kwh ?? Object.fromEntries(c.event_sps.map((period) => [period, 0])),
    );
  });
});

describe('BL01', () => {
  const flat = (value: number) => Array.from({ length: 48 }, () => value);
  const history = (date: string) => new Map(Array.from({ length: 61 }, (_, i) => [plusDays(date, -i), flat(100)]));
  const asked = (date: string, periods: number[]) => ({
    ...{ date, periods, metered: history(date), eventDays: new Set<string>(), bankHolidays: holidays },
  });

  it('says nothing of a day on which clocks change, for the rules do not', () => {
    expect(bl01(asked('2026-10-25', [35]))).toMatchObject({ status: 'unsupported', inDayAdjustment: null });
  });

  it('does not take the adjustment from the day before', () => {
    const found = bl01(asked('2026-02-12', [8]));
    expect(found).toMatchObject({ status: 'ok', adjustmentPeriods: [], inDayAdjustment: null });
    expect(found.adjusted).toEqual(found.unadjusted);
    expect(bl01(asked('2026-02-12', [9])).adjustmentPeriods).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('does not guess a half-hour that was not metered before the event', () => {
    const question = asked('2026-02-12', [35]);
    question.metered.set('2026-02-12', flat(110).map((v, i) => (i === 28 ? null : v)) as number[]);
    expect(bl01(question).inDayAdjustment).toBeNull();
  });

  /** A site that cuts every working day wears its own baseline away, unless it declares its events; and then it runs out of days. */
  it('wears away where events are not declared, and runs out of days where they are', () => {
    const first = '2026-01-12';
    const days: string[] = [];
    for (let day = first; days.length < 41; day = plusDays(day, 1)) if (isWorkingDay(day, holidays)) days.push(day);
    const cut = flat(1000).map((v, i) => (i >= 34 && i < 38 ? v - 300 : v));
    const metered = new Map(Array.from({ length: 130 }, (_, i) => [plusDays('2025-11-10', i), flat(1000)]));
    for (const day of days) metered.set(day, cut);
    const delivered = (date: string, eventDays: string[]) => {
      const found = bl01({ date, periods: [35], metered, eventDays: new Set(eventDays), bankHolidays: holidays });
      return { status: found.status, kwh: found.unadjusted.get(35)! - 700 };
    };
    const undeclared = days.slice(0, 12).map((day) => Math.round(delivered(day, []).kwh));
    expect(undeclared).toEqual(baselines.erosion.not_declared_first_12);
    expect(delivered(days[39]!, days.slice(0, 39))).toEqual({ status: 'ok', kwh: 300 });
    expect(days[40]).toBe(baselines.erosion.declared_first_insufficient_date);
    expect(delivered(days[40]!, days.slice(0, 40))).toEqual({ status: 'insufficient', kwh: 0 });
  });
});

describe('money', () => {
  it.each(named(money.vtp))('a trade: %s', (_, given) => {
    const { inputs, expected } = given as { inputs: Record<string, number>; expected: Record<string, number> };
    const found = settleTrade({
      contractedMwh: inputs.contracted!,
      tradePrice: inputs.trade_price!,
      deliveredMwh: inputs.delivered!,
      systemPrice: inputs.ssp!,
      compensationPrice: inputs.scrp!,
    });
    expect(found.trade).toBeCloseTo(expected.trade_revenue!, 8);
    expect(found.imbalance).toBeCloseTo(expected.imbalance_cash!, 8);
    expect(found.net).toBeCloseTo(expected.vtp_net_mutualised!, 8);
    expect(found.supplierCompensation).toBeCloseTo(expected.supplier_compensation!, 8);
    expect(found.netIfBilateral).toBeCloseTo(expected.vtp_net_bilateral_scenario!, 8);
  });

  it.each(named(money.dfs_pay_as_bid))('a bid: %s', (_, given) => {
    const { inputs, expected } = given as { inputs: Record<string, number>; expected: Record<string, number> };
    expect(
      payAsBid({
        bidMwh: inputs.bid_mwh!,
        price: inputs.price_gbp_per_mwh!,
        baselineMwh: inputs.baseline_mwh!,
        meteredMwh: inputs.metered_mwh!,
      }),
    ).toEqual({
      deliveredMwh: expected.delivered_mwh,
      paidMwh: expected.paid_mwh,
      payment: expected.payment_gbp,
      deliveredRatio: expected.delivery_ratio,
    });
  });

  it('what suppliers get is paid by all of them, by their demand', () => {
    const { compensation_rows: rows, final_demand_mwh: demand, expected } = money.mutualisation;
    const pot = mutualise(
      rows.map((r: { host_supplier: string; delivered_mwh: number; scrp: number }) => ({
        supplier: r.host_supplier,
        deliveredMwh: r.delivered_mwh,
        compensationPrice: r.scrp,
      })),
      new Map(Object.entries(demand as Record<string, number>)),
    );
    expect(pot.total).toBeCloseTo(expected.pot_total, 8);
    expect(Object.fromEntries(pot.received)).toEqual(expected.compensation_by_supplier);
    expect(Object.fromEntries(pot.charged)).toEqual(expected.funding_share);
    const net = [...pot.charged].map(([name, paid]) => (pot.received.get(name) ?? 0) - paid);
    expect(net.reduce((sum, amount) => sum + amount, 0)).toBeCloseTo(0, 8);
  });

  /** A half-hour of 1 MWh sold at £92 of which 0.8 came, with a system price of £110 and a reference price of £98.53. */
  it('a reduction that falls short, to the penny', () => {
    const found = settleTrade({
      ...{ contractedMwh: 1, tradePrice: 92, deliveredMwh: 2.4 - 1.6, systemPrice: 110, compensationPrice: 98.53 },
    });
    expect(found).toEqual({
      ...{ trade: 92, imbalance: -22, net: 70, supplierCompensation: 78.824, netIfBilateral: -8.824 },
    });
  });

  /** A contract that pays all from 95 % on, takes 3 points for each that is missing, and pays nothing below 63 %. */
  const curve: PaymentCurve = [
    { delivered: 0.63, paid: 1 - 0.32 * 3 },
    { delivered: 0.95, paid: 1 },
  ];
  const halfHours = { deliveredKwh: [200, 192, 170, 120], instructedKwh: 200, price: 0.3, curve };

  it('a network’s contract, to the penny, half-hour by half-hour and over the event', () => {
    expect(halfHours.deliveredKwh.map((kwh) => +paidShare(curve, kwh / 200).toFixed(4))).toEqual([1, 1, 0.7, 0]);
    expect(payUtilisation({ ...halfHours, averaging: 'half-hour' })).toBeCloseTo(153.3, 8);
    expect(payUtilisation({ ...halfHours, averaging: 'event' })).toBeCloseTo(144.75, 2);
    expect(payAvailability(0.4, 4, 4)).toBe(6.4);
    const full = { ...halfHours, deliveredKwh: [200, 200, 200, 260], averaging: 'half-hour' as const };
    expect(payUtilisation(full)).toBe(240);
  });

  /** Work pulled into the adjustment window raises the adjusted baseline and cuts nothing: the unadjusted one is what was given. */
  it('what an adjustment adds that the site itself brought about', () => {
    const day = Array.from({ length: 48 }, (_, i) =>
      i >= 26 && i < 32 ? 1060 : i === 34 ? 700 : i === 35 ? 720 : 1000,
    );
    const metered = new Map(
      Array.from({ length: 61 }, (_, i) => [plusDays('2026-02-12', -i), i === 0 ? day : day.map(() => 1000)]),
    );
    const found = bl01({
      ...{ date: '2026-02-12', periods: [35, 36], metered, eventDays: new Set<string>(), bankHolidays: holidays },
    });
    const delivered = (baseline: ReadonlyMap<number, number>) =>
      [...baseline].reduce((sum, [period, kwh]) => sum + kwh - day[period - 1]!, 0);
    expect(found.inDayAdjustment).toBe(60);
    expect((delivered(found.adjusted) / 1000) * 241).toBeCloseTo(168.7, 8);
    expect((delivered(found.unadjusted) / 1000) * 241).toBeCloseTo(139.78, 8);
  });

  it('two meters that swap load gave nothing, whatever each shows by itself', () => {
    const swapped = [
      { baselineKwh: 10, meteredKwh: 0 },
      { baselineKwh: 0, meteredKwh: 10 },
    ];
    expect(netDelivered(swapped)).toEqual({ net: 0, clipped: 10 });
  });
});

describe('settlement runs', () => {
  const closed = new Set<string>(runs.bank_holidays);
  it.each(Object.entries(runs.expected))('of %s', (date, wanted) => {
    expect(runDates(date, closed)).toEqual(wanted);
  });
  it('a later run takes the place of an earlier one, and never the other way round', () => {
    expect(supersedes('SF', 'II')).toBe(true);
    expect(supersedes('SF', 'SF')).toBe(true);
    expect(supersedes('II', 'R3')).toBe(false);
    expect(supersedes('DF', 'RF')).toBe(true);
  });
});
