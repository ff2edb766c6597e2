/**
 * The accountant's law, pure: kgCO2e = facility kW × ∫ intensity over the true span, to the second. Energy, machine, egress
 * and tardiness costs apart. Errors of emissions move together within one region and hour and independently between them.
 */
import { type Estimate, estimateOfCells } from '../../domain/estimate.js';
import { integralOf, type Steps } from '../../domain/footprint.js';
import type { Method } from '../../domain/method.js';
import type { Cost } from '../../domain/plan.js';
import type { Site } from '../../domain/site.js';
import { demandCostOf } from '../../domain/tariff.js';
import { money } from '../../domain/units.js';
import { at, Books, noSums, SUMS, type Sums } from './books.js';
import type { SpanTable } from './spans.js';

export const DIMENSIONS = ['region', 'team', 'hour', 'category'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export interface AccountQuestion {
  readonly sites: readonly Site[];
  /** g/kWh by position of the site; null: no signal */
  readonly carbon: readonly (Steps | null)[];
  /** what the site's payer owes per MWh, by position; null: not known */
  readonly prices: readonly (Steps | null)[];
  readonly method: Pick<Method, 'uncertaintyRatio' | 'confidence' | 'embodiedGPerVcpuHour' | 'slotMinutes'>;
  readonly currency: string;
  readonly by: readonly Dimension[];
  /** Only what lies in [from, to), epoch seconds; energy is cut to the second. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Totals of one group. Null: nothing of it is known. */
export interface Account {
  readonly jobs: number;
  readonly energyKwh: number;
  readonly emissionsKg: Estimate | null;
  readonly cost: Cost | null;
  readonly workUnits: number | null;
  readonly gPerWorkUnit: number | null;
  readonly costPerWorkUnit: number | null;
  /** shares of the energy for which intensity and price are known */
  readonly carbonCoverageRatio: number;
  readonly priceCoverageRatio: number;
  readonly sums: Sums;
}

export interface Group extends Account {
  readonly region: string | null;
  readonly team: string | null;
  /** hour of the day, UTC, 0 to 23 */
  readonly hour: number | null;
  readonly category: string | null;
}

export interface Accounts {
  readonly total: Account;
  readonly demandCost: number;
  readonly groups: Group[];
  /** energy-weighted, by position of the site */
  readonly bySite: { energyKwh: number; coveredKwh: number; emissionsKg: number }[];
}

interface Open {
  sums: Sums;
  squares: number;
}

export const account = (spans: SpanTable, question: AccountQuestion): Accounts => {
  const { sites, by } = question;
  const byTeam = by.includes('team');
  const byCategory = by.includes('category');
  const byRegion = by.includes('region');
  const byHour = by.includes('hour');
  const books = new Books(sites.length);
  const teams = byTeam ? spans.teams.length : 1;
  const peaks = book(spans, question, books, (i) => {
    const team = byTeam ? spans.team[i]! : 0;
    return (byCategory ? spans.category[i]! : 0) * teams + team;
  });

  const open = new Map<string, Open & Pick<Group, 'region' | 'team' | 'hour' | 'category'>>();
  const cells = new Map<number, number>();
  const regions = sites.map(({ region }) => sites.findIndex((other) => other.region === region));
  const whole = noSums();
  const bySite = sites.map(() => ({ energyKwh: 0, coveredKwh: 0, emissionsKg: 0 }));
  books.each((group, site, hour, block, offset) => {
    const team = byTeam ? spans.teams[group % teams]! : null;
    const category = byCategory ? spans.categories[Math.floor(group / teams)]! : null;
    const region = byRegion ? sites[site]!.region : null;
    const ofDay = byHour ? hour % 24 : null;
    const kg = block[offset + at.emissionsKg]!;
    // Sites of one region share its intensity and so its error.
    const cell = regions[site]! * 2 ** 32 + hour;
    cells.set(cell, (cells.get(cell) ?? 0) + kg);
    addTo(whole, block, offset);
    const place = bySite[site]!;
    place.energyKwh += block[offset + at.energyKwh]!;
    place.coveredKwh += block[offset + at.coveredKwh]!;
    place.emissionsKg += kg;
    if (by.length === 0) return;
    const key = `${region ?? ''}\u0000${team ?? ''}\u0000${ofDay ?? ''}\u0000${category ?? ''}`;
    let mine = open.get(key);
    if (!mine) {
      mine = { sums: noSums(), squares: 0, region, team, hour: ofDay, category };
      open.set(key, mine);
    }
    addTo(mine.sums, block, offset);
    mine.squares += kg * kg;
  });

  const demandCost = sites.reduce((sum, site, i) => sum + demandCostOf(site, peaks[i] ?? 0), 0);
  let squares = 0;
  for (const kg of cells.values()) squares += kg * kg;
  const groups = [...open.values()].map(({ sums, squares: own, region, team, hour, category }) => ({
    region,
    team,
    hour,
    category,
    ...closed({ sums, squares: own }, question, 0),
  }));
  return { total: closed({ sums: whole, squares }, question, demandCost), demandCost, groups: inOrder(groups), bySite };
};

const addTo = (sums: Sums, block: Float64Array, offset: number): void => {
  for (let i = 0; i < SUMS.length; i++) sums[SUMS[i]!] += block[offset + i]!;
};

/** Books every span hour by hour; answers the highest facility kW of each site that pays for it. */
const book = (
  spans: SpanTable,
  { sites, carbon, prices, method, from: clipFrom, to: clipTo }: AccountQuestion,
  books: Books,
  groupOf: (i: number) => number,
): number[] => {
  const [from, to, kws] = [spans.column('from'), spans.column('to'), spans.column('kw')];
  const [vcpus, gpus, units] = [spans.column('vcpus'), spans.column('gpus'), spans.column('units')];
  const [perHour, egress, tardiness] = [
    spans.column('instancePerHour'),
    spans.column('egress'),
    spans.column('tardiness'),
  ];
  const load = new Load(sites, method.slotMinutes * 60);
  for (let i = 0; i < spans.length; i++) {
    const begin = Math.max(from[i]!, clipFrom ?? Number.NEGATIVE_INFINITY);
    const end = Math.min(to[i]!, clipTo ?? Number.POSITIVE_INFINITY);
    if (end <= begin) continue;
    const site = spans.site[i]!;
    const group = groupOf(i);
    const kw = kws[i]!;
    const hasUnits = !Number.isNaN(units[i]!);
    const length = (to[i]! - from[i]!) / 3600;
    const rate = Number.isNaN(perHour[i]!) ? 0 : perHour[i]!;
    load.add(site, kw, begin, end);
    for (let t = begin; t < end; ) {
      const hour = Math.floor(t / 3600);
      const until = Math.min(end, (hour + 1) * 3600);
      const hours = (until - t) / 3600;
      const { block, offset } = books.cell(group, site, hour);
      const grams = carbon[site] ? integralOf(carbon[site], t, until) : Number.NaN;
      const price = prices[site] ? integralOf(prices[site], t, until) : Number.NaN;
      const kwh = kw * hours;
      let cost = rate * hours;
      block[offset + at.energyKwh]! += kwh;
      block[offset + at.vcpuHours]! += vcpus[i]! * hours;
      block[offset + at.gpuHours]! += gpus[i]! * hours;
      block[offset + at.instanceCost]! += cost;
      const kg = Number.isNaN(grams) ? Number.NaN : (kw * grams) / 1000;
      if (!Number.isNaN(kg)) {
        block[offset + at.coveredKwh]! += kwh;
        block[offset + at.emissionsKg]! += kg;
      }
      if (!Number.isNaN(price)) {
        block[offset + at.pricedKwh]! += kwh;
        block[offset + at.energyCost]! += (kw * price) / 1000;
        cost += (kw * price) / 1000;
      }
      if (t === from[i]!) {
        if (spans.first[i] === 1) block[offset + at.jobs]! += 1;
        block[offset + at.egressCost]! += egress[i]!;
        cost += egress[i]!;
      }
      if (until === to[i]!) {
        block[offset + at.tardinessCost]! += tardiness[i]!;
        cost += tardiness[i]!;
      }
      if (hasUnits) {
        block[offset + at.workUnits]! += (units[i]! * hours) / length;
        block[offset + at.unitVcpuHours]! += vcpus[i]! * hours;
        block[offset + at.unitCost]! += cost;
        if (Number.isNaN(kg)) block[offset + at.unitUnseenKwh]! += kwh;
        if (Number.isNaN(price)) block[offset + at.unitUnpricedKwh]! += kwh;
        if (!Number.isNaN(kg)) block[offset + at.unitKg]! += kg;
      }
      t = until;
    }
  }
  return load.peaks();
};

/** Facility kW by slot, only where a site pays for its peak. A slot that a span touches counts whole. */
class Load {
  readonly #slots: (Map<number, number> | null)[];
  constructor(
    sites: readonly Site[],
    private readonly step: number,
  ) {
    this.#slots = sites.map((s) => (s.payer === 'owner' && s.tariff.demandChargePerKw > 0 ? new Map() : null));
  }
  add(site: number, kw: number, from: number, to: number): void {
    const slots = this.#slots[site];
    if (!slots) return;
    const last = Math.ceil(to / this.step);
    for (let t = Math.floor(from / this.step); t < last; t++) slots.set(t, (slots.get(t) ?? 0) + kw);
  }
  peaks(): number[] {
    return this.#slots.map((slots) => {
      let peak = 0;
      if (slots) for (const kw of slots.values()) if (kw > peak) peak = kw;
      return peak;
    });
  }
}

const closed = ({ sums, squares }: Open, { method, currency }: AccountQuestion, demandCost: number): Account => {
  const energyCost = sums.energyCost + demandCost;
  const known = sums.energyKwh === 0 || sums.coveredKwh > 0;
  const priced = sums.energyKwh === 0 || sums.pricedKwh > 0;
  const hasUnits = sums.workUnits > 0;
  return {
    jobs: sums.jobs,
    energyKwh: sums.energyKwh,
    emissionsKg: known ? estimateOfCells(sums.emissionsKg, squares, method.uncertaintyRatio, method.confidence) : null,
    cost: priced
      ? {
          total: money(energyCost + sums.instanceCost + sums.egressCost + sums.tardinessCost),
          energy: money(energyCost),
          instance: money(sums.instanceCost),
          egress: money(sums.egressCost),
          tardiness: money(sums.tardinessCost),
          currency,
        }
      : null,
    workUnits: hasUnits ? sums.workUnits : null,
    gPerWorkUnit: hasUnits && sums.unitUnseenKwh === 0 ? (sums.unitKg * 1000) / sums.workUnits : null,
    costPerWorkUnit: hasUnits && sums.unitUnpricedKwh === 0 ? sums.unitCost / sums.workUnits : null,
    carbonCoverageRatio: sums.energyKwh === 0 ? 1 : sums.coveredKwh / sums.energyKwh,
    priceCoverageRatio: sums.energyKwh === 0 ? 1 : sums.pricedKwh / sums.energyKwh,
    sums,
  };
};

/** By the hour where it is asked for, else the largest emitter first. */
const inOrder = (groups: Group[]): Group[] =>
  groups.sort(
    (a, b) =>
      (a.hour ?? 0) - (b.hour ?? 0) ||
      (b.emissionsKg?.value ?? 0) - (a.emissionsKg?.value ?? 0) ||
      text(a).localeCompare(text(b), 'en'),
  );
const text = (g: Group) => `${g.region}/${g.team}/${g.category}`;
