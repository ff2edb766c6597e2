/** What a plan does to the load of each region, the sites with their limits, and the keys under which the ledger signs. */
import { Router } from 'express';
import type { App } from '../app.js';
import { notFound } from '../domain/fault.js';
import { PLANS, type Plan } from '../domain/plan.js';
import { jobsOfPart, type TablePiece } from '../domain/plan-table.js';
import { prunedFault } from '../domain/retention.js';
import { fromEpoch } from '../domain/time.js';
import { requireScope } from './guard.js';

const MOST_KEPT = 8;
const MOST_STEPS = 10_000;

export interface PlanLoad {
  readonly planId: string;
  readonly digest: string;
  readonly stepMinutes: number;
  readonly start: string;
  /** mean facility kW of each step */
  readonly regions: readonly { readonly region: string; readonly plannedKw: number[]; readonly baselineKw: number[] }[];
}

/** Adds a piece's mean power to each step by the share of it that the piece fills. */
const spread = (kw: Float64Array, piece: TablePiece, origin: number, seconds: number) => {
  const power = piece.kwh / ((piece.end - piece.start) / 3600);
  const last = Math.min(kw.length - 1, Math.ceil((piece.end - origin) / seconds) - 1);
  for (let i = Math.max(0, Math.floor((piece.start - origin) / seconds)); i <= last; i++) {
    const from = Math.max(piece.start, origin + i * seconds);
    const to = Math.min(piece.end, origin + (i + 1) * seconds);
    kw[i] = kw[i]! + (power * (to - from)) / seconds;
  }
};

const loadOf = async (app: App, plan: Plan): Promise<PlanLoad> => {
  const pieces: { planned: TablePiece[]; baseline: TablePiece[] } = { planned: [], baseline: [] };
  for (let cursor: string | undefined; ; ) {
    const { part, next } = await app.call(
      'tabulate_plan',
      { planId: plan.id, cursor },
      { actor: { id: 'page', via: 'http' } },
    );
    for (const job of part === null ? [] : jobsOfPart(part)) {
      pieces.planned.push(...job.planned);
      pieces.baseline.push(...job.baseline);
    }
    if (next === null) break;
    cursor = next;
  }
  const all = [...pieces.planned, ...pieces.baseline].filter((p) => p.end > p.start);
  const seconds = app.world.method.slotMinutes * 60;
  const first = all.reduce((least, p) => Math.min(least, p.start), Number.POSITIVE_INFINITY);
  const last = all.reduce((most, p) => Math.max(most, p.end), Number.NEGATIVE_INFINITY);
  const origin = all.length === 0 ? Date.parse(plan.window.start) / 1000 : Math.floor(first / seconds) * seconds;
  const steps = all.length === 0 ? 0 : Math.min(MOST_STEPS, Math.ceil((last - origin) / seconds));
  const kw = (of: readonly TablePiece[], region: string) => {
    const sum = new Float64Array(steps);
    for (const piece of of) if (piece.place === region && piece.end > piece.start) spread(sum, piece, origin, seconds);
    return Array.from(sum, (value) => Math.round(value * 1000) / 1000);
  };
  return {
    planId: plan.id,
    digest: plan.digest,
    stepMinutes: app.world.method.slotMinutes,
    start: fromEpoch(origin),
    regions: [...new Set(all.map((p) => p.place))].sort().map((region) => ({
      region,
      plannedKw: kw(pieces.planned, region),
      baselineKw: kw(pieces.baseline, region),
    })),
  };
};

export const planRoutes = (app: App): Router => {
  const router = Router();
  // Many pages ask for the same few plans; a plan that changed has another digest.
  const kept = new Map<string, Promise<PlanLoad>>();

  router.get('/plans/:id/load', async (req, res) => {
    requireScope(res, 'read');
    const { id } = req.params;
    const plan = (await app.world.store.collection(PLANS).get(id))?.value;
    if (!plan)
      throw (
        (await prunedFault(app.world.store, id)) ??
        notFound(`there is no plan ${id}`, 'POST /tools/list_plans lists them.')
      );
    const key = `${plan.id} ${plan.digest}`;
    let load = kept.get(key);
    if (load === undefined) {
      load = loadOf(app, plan);
      kept.set(key, load);
      load.catch(() => kept.delete(key));
      if (kept.size > MOST_KEPT) kept.delete([...kept.keys()][0]!);
    }
    res.json(await load);
  });

  router.get('/sites', async (_, res) => {
    requireScope(res, 'read');
    const sites = await app.world.fleet.sites();
    res.json({
      sites: sites.map(({ id, region, clusterId, timeZone, pue, powerCapKw, vcpuCapacity, gpuCapacity, currency }) => ({
        ...{ id, region, clusterId, timeZone, pue, powerCapKw, vcpuCapacity, gpuCapacity, currency },
      })),
    });
  });

  router.get('/ledger/vkeys', (_, res) => {
    requireScope(res, 'read');
    res.type('text/plain').send(`${app.ledger.vkeys().join('\n')}\n`);
  });
  return router;
};
