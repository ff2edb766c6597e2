/** Prometheus metrics: base units, few labels, no ids. What the store knows is read when it is scraped. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { App } from '../app.js';
import { APPROVALS } from '../domain/decision.js';
import { VERIFICATIONS } from '../domain/evidence/verification.js';
import { Fault } from '../domain/fault.js';
import { RUNS } from '../domain/run.js';
import { type SavingsTotals, savingsTotals } from '../domain/savings.js';
import type { CarbonSignal } from '../domain/signal.js';
import { plusHours, secondsBetween } from '../domain/time.js';

const MAX_REGIONS = 50;
const RECENT = 1000;
/** A scrape is answered at least from what was read so long ago, so that scrapers cannot load the store. */
const FRESH_MS = 2000;

/** What a market counts since the program started. */
export interface MarketCounts {
  /** by code of the protocol */
  readonly nacks: ReadonlyMap<string, number>;
  /** by outcome: arrived, again, refused */
  readonly sent: ReadonlyMap<string, number>;
}

export interface Metrics {
  observe(route: string, method: string, status: number, seconds: number): void;
  tool(name: string, outcome: string, seconds: number): void;
  readonly contentType: string;
  scrape(): Promise<string>;
}

/** The regions of the sites that have a signal; all of them where no site lies in one: a scrape asks no source about the rest. */
const homeRegions = async ({ grid, fleet }: App['world']): Promise<string[]> => {
  const known = await grid.regions();
  const home = [...new Set((await fleet.sites()).map((site) => site.region))].filter((region) =>
    known.includes(region),
  );
  return (home.length > 0 ? home : known).slice(0, MAX_REGIONS);
};

/** Sums of what was saved; each is told as a counter, since none of them ever falls. */
const savingsCounters = (registers: Registry[]): ((totals: SavingsTotals) => void) => {
  const told = (name: string, help: string) => {
    const counter = new Counter({ name, help, registers });
    return (kwh: string) => {
      counter.reset();
      counter.inc(Number(kwh));
    };
  };
  const measured = told('caco_savings_measured_kwh_total', 'kWh that sites used in claimed windows');
  const baseline = told('caco_savings_baseline_kwh_total', 'kWh that they would have used, by their models');
  const proven = told('caco_savings_proven_kwh_total', 'kWh proven saved, at the lower bound');
  const minted = told('caco_kwhsave_minted_kwh_total', 'kWhSave minted, kWh');
  const retired = told('caco_kwhsave_retired_kwh_total', 'kWhSave retired from this installation, kWh');
  return (totals) => {
    measured(totals.measuredKwh);
    baseline(totals.baselineKwh);
    proven(totals.provenKwh);
    minted(totals.mintedKwh);
    retired(totals.retiredKwh);
  };
};

/** Counters that say what the market has counted so far. */
const marketCounters = (registers: Registry[]): ((counts: MarketCounts) => void) => {
  const told = (name: string, help: string, label: string) => {
    const counter = new Counter({ name, help, labelNames: [label], registers });
    return (counts: ReadonlyMap<string, number>) => {
      counter.reset();
      for (const [value, n] of counts) counter.inc({ [label]: value }, n);
    };
  };
  const nacks = told('caco_beckn_nacks_total', 'Messages of the market that were refused, by error code', 'code');
  const sends = told('caco_beckn_sends_total', 'Tries to deliver messages of the market, by outcome', 'outcome');
  return (counts) => {
    nacks(counts.nacks);
    sends(counts.sent);
  };
};

export const metricsOf = (
  app: App,
  version: string,
  sessions: () => number,
  onTrouble: (error: unknown) => void,
  market: () => MarketCounts | null = () => null,
): Metrics => {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  // Gauges that are named like counters: Prometheus' own linter refuses them.
  for (const kind of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });

  const requests = new Histogram({
    name: 'caco_http_request_duration_seconds',
    help: 'Time to answer HTTP requests',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    registers,
  });
  const tools = new Histogram({
    name: 'caco_tool_duration_seconds',
    help: 'Time that tool calls over HTTP took',
    labelNames: ['tool', 'outcome'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 300],
    registers,
  });
  gauge('caco_build_info', 'Version of CACO; always 1', ['version']).set({ version }, 1);
  const intensity = gauge(
    'caco_grid_intensity_grams_per_kwh',
    'Forecast carbon intensity of the current step, gCO2e per kWh; data says whether it is live, recorded or simulated',
    ['region', 'kind', 'data'],
  );
  const age = gauge('caco_signal_age_seconds', 'Seconds between the forecast’s issue and the world’s now', [
    'region',
    'source',
  ]);
  const dataOf = (signal: CarbonSignal) =>
    signal.live === true ? 'live' : /^Simulated/.test(app.world.provenance.grid) ? 'simulated' : 'recorded';
  const runs = gauge('caco_runs', 'Runs among the newest 1000, by status', ['status']);
  const waiting = gauge('caco_approvals_waiting', 'Approvals that wait for a person');
  const savings = gauge(
    'caco_verified_savings_grams_co2e',
    'Verified savings of plans that have closed, gCO2e: value and 95 % bounds as configured',
    ['bound'],
  );
  const mcp = gauge('caco_mcp_sessions', 'Open MCP sessions over HTTP');
  const entries = new Counter({ name: 'caco_ledger_entries_total', help: 'Entries of the ledger', registers });
  let counted = 0;
  const countMarket = marketCounters(registers);
  const countSavings = savingsCounters(registers);

  const read = async () => {
    const { world } = app;
    const now = world.clock.now();
    intensity.reset();
    age.reset();
    for (const region of await homeRegions(world)) {
      try {
        const signal = await world.grid.carbon(region, { start: now, end: plusHours(now, 1) }, 'forecast');
        const [value] = signal.series.values;
        if (value !== null && value !== undefined)
          intensity.set(
            { region, kind: `${signal.kind.accounting} ${signal.kind.scope}`, data: dataOf(signal) },
            value,
          );
        age.set({ region, source: signal.source }, Math.max(0, secondsBetween(signal.issuedAt, now)));
      } catch (error) {
        // A region that is down has no sample: unknown is not zero.
        if (!(error instanceof Fault)) throw error;
      }
    }
    runs.reset();
    for (const { value } of await world.store.collection(RUNS).list({ limit: RECENT }))
      runs.inc({ status: value.status });
    const approvals = await world.store.collection(APPROVALS).list({ limit: RECENT });
    waiting.set(approvals.filter((a) => a.value.status === 'waiting' && a.value.expiresAt > now).length);
    const verifications = (await world.store.collection(VERIFICATIONS).list({ limit: RECENT })).map((v) => v.value);
    const revised = new Set(verifications.map((v) => v.supersedes));
    const standing = verifications.filter((v) => !revised.has(v.id));
    for (const bound of ['value', 'low', 'high'] as const)
      savings.set(
        { bound },
        standing.reduce((sum, v) => sum + v.verified.emissionsKg[bound] * 1000, 0),
      );
    countSavings(await savingsTotals(world.store));
    const size = await world.ledger.size();
    entries.inc(Math.max(0, size - counted));
    counted = Math.max(counted, size);
    mcp.set(sessions());
  };

  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  return {
    observe: (route, method, status, seconds) => requests.observe({ route, method, status: String(status) }, seconds),
    tool: (name, outcome, seconds) => tools.observe({ tool: name, outcome }, seconds),
    contentType: registry.contentType,
    async scrape() {
      if (Date.now() - readAt > FRESH_MS)
        reading ??= read()
          .catch((error) => {
            // What could not be read has no sample: neither an old one nor zero.
            for (const known of [intensity, age, runs, savings]) known.reset();
            waiting.remove();
            onTrouble(error);
          })
          .finally(() => {
            readAt = Date.now();
            reading = undefined;
          });
      await reading;
      const counts = market();
      if (counts !== null) countMarket(counts);
      return registry.metrics();
    },
  };
};
