/** The answers to queries about what is written down beside the jobs of a plan: sites, and how many there are of what. */
import type { Instant } from '../../domain/time.js';
import { type Desk, decisions, newestPlans, read, runs, verifications } from '../desk.js';
import { Draft } from '../facts.js';
import type { Known } from './known.js';
import type { Query, Subject } from './query.js';
import { periodText, stateWords, valueText } from './say.js';

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
