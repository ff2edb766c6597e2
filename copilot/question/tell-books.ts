/** The answers to queries about what is written down beside the jobs of a plan: verified records, sites, and how many there are of what. */
import { sumCorrelated } from '../../domain/estimate.js';
import { isReckoned, type Verification } from '../../domain/evidence/verification.js';
import type { Instant } from '../../domain/time.js';
import { type Desk, dataOfRecords, decisions, newestPlans, read, runs, verifications } from '../desk.js';
import { Draft } from '../facts.js';
import type { Known } from './known.js';
import { type Basis, MEASURES, type MeasureName } from './measures.js';
import type { Query, Subject } from './query.js';
import { verifiedJobsOf } from './rows.js';
import { periodText, stateWords, titleOf, valueText, whoseOf } from './say.js';

/** What was verified: of everybody, of teams, of some jobs, by team, record or job. */
export const tellVerified = async (desk: Desk, query: Query, known: Known): Promise<Draft> => {
  const draft = new Draft();
  const { filters: f, period } = query;
  const records = (await verifications(desk, period?.from ?? undefined, period?.to ?? undefined)).filter(
    (v) => query.plan === null || v.planId === query.plan,
  );
  const when = period === null ? '' : `, ${periodText(draft, period)}`;
  const header = `${titleOf({ ...query, stat: query.stat === 'total' ? 'total' : query.stat })}${whoseOf(draft, f)}${query.by === null ? '' : ` by ${query.by}`}, as verified${when}`;
  const measure = query.measures[0]!;
  const refuse = (why: string) => {
    draft.answered = false;
    return draft.say(`${header}: ${why}`);
  };
  if (records.length === 0) {
    const others = period === null ? [] : await verifications(desk);
    return refuse(
      others.length === 0
        ? `nothing is verified${when === '' ? ' yet' : ' then'}, so I can't say that anything was saved.`
        : `nothing was verified then. ${draft.count(others.length, 'record', { label: 'records at other times', source: 'verifications' })} ${others.length === 1 ? 'was' : 'were'} at other times, the newest on ${draft.time(others[0]!.at, { label: 'verified on', source: `verification ${others[0]!.id}` })}; a record holds the work of a whole plan and is not split by hour.`,
    );
  }
  draft.from(...(await dataOfRecords(desk, records)));
  const source = `verification ${records
    .slice(0, 3)
    .map((v) => v.id)
    .join(', ')}${records.length > 3 ? ', …' : ''}`;
  draft.cite(...records.slice(0, 5).map((v) => `verification ${v.id} (${v.method}), ${v.at}`));
  const rows = await lines(desk, records, query, known);
  const chosen = rows.filter((r) => f.teams.length === 0 || f.teams.includes(r.team));
  if (chosen.length === 0)
    return refuse(
      f.jobs.length > 0
        ? 'no verified record holds it: only jobs that were moved are verified, and one that stays saves nothing.'
        : 'no verified record holds such work.',
    );
  const groups = new Map<string, Line[]>();
  for (const row of chosen) {
    const key = query.by === 'team' ? row.team : query.by === 'job' ? row.job : query.by === 'plan' ? row.record : '';
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const text = (of: readonly Line[], m: MeasureName, key: string, isKey = true) =>
    verifiedText(draft, of, m, {
      query,
      key,
      source,
      isKey,
      currency: records[0]!.currency ?? desk.world.setting.currency,
    });
  const value = (of: readonly Line[]) => sumOf(of, measure) ?? Number.NEGATIVE_INFINITY;
  if (query.by === null) {
    const n = draft.count(
      chosen.reduce((sum, r) => sum + r.jobs, 0),
      'moved job',
      { label: 'verified jobs', source },
    );
    draft.say(
      `${header}: ${query.measures.map((m) => text(chosen, m, f.jobs[0] ?? f.teams[0] ?? '')).join('; ')}${f.jobs.length === 1 ? '' : ` over ${n}`}.`,
    );
  } else {
    const sign = query.rank?.order === 'least' ? 1 : -1;
    const sorted = [...groups].sort(([a, x], [b, y]) => sign * (value(x) - value(y)) || (a < b ? -1 : 1));
    const shown = query.rank === null ? sorted : sorted.slice(query.rank.skip, query.rank.skip + query.rank.count);
    const [key, of] = shown[0]!;
    const word = query.rank?.order === 'least' ? 'least' : 'most';
    draft.say(
      `${header}: ${query.by === 'team' ? 'team ' : ''}${draft.name(key, { label: query.by, source })} ${query.rank !== null && query.rank.skip > 0 ? '' : `has the ${word}, `}${text(of, measure, key)}.`,
    );
    if (shown.length > 1)
      draft.table(
        [query.by, ...query.measures.map((m) => MEASURES[m].title.toLowerCase())],
        shown
          .slice(0, 12)
          .map(([k, r]) => [
            draft.name(k, { label: query.by!, source }),
            ...query.measures.map((m) => text(r, m, k, false)),
          ]),
      );
  }
  if (query.bases.includes('planned')) {
    const claimed = chosen.reduce((sum, r) => sum + (measure === 'cost-saving' ? r.claimedCost : r.claimedKg), 0);
    const promised = valueText(
      draft,
      measure,
      { value: claimed },
      { unit: query.unit, currency: desk.world.setting.currency, stat: 'total' },
      { label: 'what had been planned', source, saving: true },
    );
    const off = (sumOf(chosen, measure) ?? 0) - claimed;
    draft.say(
      `Planned had been ${promised}; verified is ${valueText(draft, measure, { value: Math.abs(off) }, { unit: query.unit, currency: desk.world.setting.currency, stat: 'total' }, { label: 'difference of verified and planned', source })} ${off >= 0 ? 'more' : 'less'}.`,
    );
  }
  if (records.some(isReckoned))
    draft.say('Nothing was measured in some of it: what ran is taken to have run as placed.');
  return draft;
};

interface Line {
  readonly team: string;
  readonly job: string;
  readonly record: string;
  readonly jobs: number;
  readonly kg: Verification['verified']['emissionsKg'];
  readonly cost: number | null;
  readonly energyKwh: number | null;
  readonly actualKg: number | null;
  readonly claimedKg: number;
  readonly claimedCost: number;
}

/** By job where jobs are told apart or chosen by what only the plan knows; by team where it is about teams; else whole records. */
const lines = async (desk: Desk, records: readonly Verification[], query: Query, known: Known): Promise<Line[]> => {
  const { filters: f, by, measures } = query;
  const chosen =
    f.jobs.length +
      f.kinds.length +
      f.categories.length +
      f.places.length +
      f.states.length +
      f.except.teams.length +
      f.except.categories.length >
    0;
  if (
    chosen ||
    by === 'job' ||
    measures.includes('emissions') ||
    (query.bases.includes('planned') && f.teams.length > 0)
  ) {
    const jobs = await verifiedJobsOf(desk, records, f.jobs.length > 0 ? f.jobs : undefined);
    const rows = new Map(known.rows.map((r) => [r.id, r]));
    return jobs
      .filter(({ job }) => {
        const row = rows.get(job.jobId);
        if (f.except.teams.includes(job.team)) return false;
        if (f.categories.length + f.kinds.length + f.places.length + f.except.categories.length === 0) return true;
        return (
          row !== undefined &&
          (f.categories.length === 0 || f.categories.includes(row.category)) &&
          (f.kinds.length === 0 || f.kinds.includes(row.kind)) &&
          !f.except.categories.includes(row.category) &&
          (f.places.length === 0 || row.planned.some((p) => f.places.includes(p.place)))
        );
      })
      .map(({ record, job }) => ({
        team: job.team,
        job: job.jobId,
        record: record.id,
        jobs: 1,
        kg: job.savedKg,
        cost: job.savedCost,
        energyKwh: job.energyKwh,
        actualKg: job.actualKg,
        claimedKg: job.claimedKg,
        claimedCost: job.claimedCost ?? 0,
      }));
  }
  if (by === 'team' || f.teams.length > 0)
    return records.flatMap((v) =>
      v.byTeam.map((t) => ({
        team: t.team,
        job: '',
        record: v.id,
        jobs: t.jobs,
        kg: t.saved.emissionsKg,
        cost: t.saved.cost,
        energyKwh: t.energyKwh,
        actualKg: null,
        claimedKg: 0,
        claimedCost: 0,
      })),
    );
  return records.map((v) => ({
    team: '',
    job: '',
    record: v.id,
    jobs: v.jobs,
    kg: v.verified.emissionsKg,
    cost: v.verified.cost,
    energyKwh: v.energy?.actualKwh ?? sumKnown(v.byTeam.map((t) => t.energyKwh)),
    actualKg: null,
    claimedKg: v.claimed.emissionsKg,
    claimedCost: v.claimed.cost,
  }));
};

const sumKnown = (values: readonly (number | null)[]): number | null =>
  values.every((v) => v === null) ? null : values.reduce<number>((sum, v) => sum + (v ?? 0), 0);

const sumOf = (of: readonly Line[], measure: MeasureName): number | null =>
  measure === 'saving'
    ? sumKnown(of.map((r) => r.kg.value))
    : measure === 'cost-saving'
      ? sumKnown(of.map((r) => r.cost))
      : measure === 'energy'
        ? sumKnown(of.map((r) => r.energyKwh))
        : measure === 'emissions'
          ? sumKnown(of.map((r) => r.actualKg))
          : of.reduce((sum, r) => sum + r.jobs, 0);

const verifiedText = (
  draft: Draft,
  of: readonly Line[],
  measure: MeasureName,
  at: { query: Query; key: string; source: string; isKey: boolean; currency: string },
): string => {
  const value = sumOf(of, measure);
  if (value === null) return 'not known';
  const saving = MEASURES[measure].saving === true;
  const estimate =
    measure === 'saving'
      ? sumCorrelated(
          of.map((r) => r.kg),
          Math.min(...of.map((r) => r.kg.confidence)),
        )
      : undefined;
  const mean =
    at.query.stat === 'mean'
      ? Math.max(
          1,
          of.reduce((n, r) => n + r.jobs, 0),
        )
      : 1;
  return valueText(
    draft,
    measure,
    mean === 1 ? { value, estimate } : { value: value / mean },
    { unit: at.query.unit, currency: at.currency, stat: 'total' },
    {
      label: `verified ${MEASURES[measure].title.toLowerCase()}`,
      source: at.source,
      about: at.key === '' ? [] : [at.key],
      verified: saving,
      saving: saving && value > 0,
      key: at.isKey,
    },
  );
};

/** Whether a query over verified work can be told: some measures are not verified. */
export const isVerifiable = (measures: readonly MeasureName[]) =>
  measures.every((m) => (MEASURES[m].bases as readonly Basis[]).includes('verified'));

export const tellSites = async (desk: Desk, query: Query): Promise<Draft> => {
  const sites = await desk.world.fleet.sites();
  const draft = new Draft().cite('sites');
  const chosen = sites.filter((s) => query.filters.places.length === 0 || query.filters.places.includes(s.region));
  for (const site of chosen.slice(0, 12)) {
    const fact = { source: `site ${site.id}`, about: [site.id], key: true };
    const name = `${draft.name(site.id, { ...fact, label: 'the site' })} (${draft.name(site.region, { ...fact, label: 'its region' })})`;
    for (const measure of query.measures) {
      if (measure === 'pue')
        draft.say(
          `PUE of ${name}: ${draft.inUnit(site.pue, 'ratio', { name: '', factor: 1 }, { ...fact, label: 'PUE' }).trim()}.`,
        );
      else if (site.powerCapKw === null) draft.say(`Power cap of ${name}: none is set.`);
      else
        draft.say(
          `Power cap of ${name}: ${valueText(draft, 'cap', { value: site.powerCapKw }, { unit: query.unit, currency: '', stat: 'total' }, { ...fact, label: 'power cap' })}, as configured.`,
        );
    }
  }
  if (chosen.length === 0) {
    draft.answered = false;
    draft.say('There is no such site.');
  }
  return draft;
};

interface Thing {
  readonly at: Instant | null;
  readonly state: string;
}

/** How many there are of what is written down, in a state and a stretch of time where one is named. */
export const tellCount = async (desk: Desk, query: Query, known: Known): Promise<Draft> => {
  const { subject, filters, period } = query;
  const draft = new Draft();
  const things = await THINGS[subject]!(desk, known);
  const wanted = filters.states;
  const chosen = things.filter(
    (t) =>
      wanted.every((s) => t.state.split(' ').includes(s)) &&
      (period === null ||
        (t.at !== null && (period.from === null || t.at >= period.from) && (period.to === null || t.at < period.to))),
  );
  const dated = things.every((t) => t.at !== null);
  const source = subject === 'ledger' ? 'ledger' : subject;
  draft.cite(source);
  if (period !== null && !dated) {
    draft.answered = false;
    return draft.say(
      `Number of ${NOUN[subject]![1]}: I keep no times of them, so I can't tell by time; there are ${draft.count(things.length, NOUN[subject]![0], { label: 'in all', source }, NOUN[subject]![1])} in all.`,
    );
  }
  const [one, many] = NOUN[subject]!;
  const state = wanted.length === 0 ? '' : `, ${stateWords(wanted)}`;
  const when = period === null ? '' : `, ${periodText(draft, period)}`;
  const count = draft.count(chosen.length, one, { label: `number of ${many}`, source, key: true }, many);
  return draft.say(
    `Number of ${many}${state}${when}: ${count}${wanted.length > 0 || period !== null ? ` of ${draft.count(things.length, one, { label: `${many} in all`, source }, many)}` : ''}.`,
  );
};

const NOUN: Partial<Record<Subject, readonly [string, string]>> = {
  records: ['verified record', 'verified records'],
  teams: ['team', 'teams'],
  plans: ['plan', 'plans'],
  runs: ['run', 'runs'],
  tickets: ['ticket', 'tickets'],
  approvals: ['approval', 'approvals'],
  decisions: ['decision', 'decisions'],
  policies: ['constraint', 'constraints of policies'],
  ledger: ['entry', 'ledger entries'],
};
const MOST = 1000;

const THINGS: Partial<Record<Subject, (desk: Desk, known: Known) => Promise<Thing[]>>> = {
  records: async (desk) => (await verifications(desk)).map((v) => ({ at: v.at, state: '' })),
  teams: async (_, known) => known.teams.map(() => ({ at: null, state: '' })),
  plans: async (desk) => (await newestPlans(desk, MOST)).map((p) => ({ at: p.madeAt, state: '' })),
  runs: async (desk) =>
    (await runs(desk, MOST)).map((r) => ({ at: r.startedAt, state: r.status === 'refused' ? 'rejected' : r.status })),
  tickets: async (desk) => {
    const found: Thing[] = [];
    for (let after: string | undefined; ; ) {
      const { tickets, next } = await read(desk, 'list_tickets', {
        limit: 200,
        ...(after === undefined ? {} : { after }),
      });
      for (const t of tickets) found.push({ at: null, state: t.state });
      if (next === null) return found;
      after = next;
    }
  },
  approvals: async (desk) => {
    const { approvals } = await read(desk, 'list_approvals', { status: 'all', limit: MOST });
    return approvals.map((a) => ({
      at: a.askedAt,
      state:
        a.status === 'waiting' && a.expiresAt <= desk.now
          ? 'expired'
          : a.status === 'partly-approved'
            ? 'approved'
            : a.status,
    }));
  },
  decisions: async (desk) =>
    (await decisions(desk)).map((d) => ({
      at: d.at,
      state: d.status === 'refused' ? 'rejected' : d.status === 'partly-approved' ? 'approved' : d.status,
    })),
  policies: async (desk) => {
    const { active } = await read(desk, 'list_policies', {});
    if (active === null) return [];
    const { set } = await read(desk, 'show_policy', { setId: active });
    const clear = new Set(set.constraints.filter((c) => c.status === 'clear').map((c) => c));
    return set.constraints.map((c) => ({ at: null, state: clear.has(c) ? 'in-force' : c.status }));
  },
  ledger: async (desk) => {
    const { size } = await read(desk, 'list_ledger', { limit: 1 });
    return Array.from({ length: Math.min(size, 1_000_000) }, () => ({ at: null, state: '' }));
  },
};
