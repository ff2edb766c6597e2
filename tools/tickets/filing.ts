/** From a plan to tickets: looks at what there is, queues what has to be said, delivers. */
import type { Decision } from '../../domain/decision.js';
import { moneyText } from '../../domain/figures.js';
import { holdersIn } from '../../domain/held.js';
import { JOBS, type Job } from '../../domain/job.js';
import { type Plan, RECOMMENDATIONS, type Recommendation } from '../../domain/plan.js';
import { noteOf, originOf } from '../../domain/provenance.js';
import { saleBehind, saleText } from '../../domain/sale.js';
import { moment } from '../../domain/text.js';
import type { World } from '../../domain/world.js';
import { decisionDoc, jobCount, overviewDoc, type Setting } from './compose.js';
import type { TicketDoc } from './document.js';
import { type Group, groupRecommendations, type Limits } from './groups.js';
import { type Intents, intentsOf } from './intents.js';
import { type Delivery, deliver, ticketsOf } from './outbox.js';
import { saving } from './promise.js';
import { type Composing, queueIntent, queueOverview } from './queue.js';
import { overviewTitle } from './records.js';
import { troubleOf } from './round.js';
import { FOUND_CLOSED, TICKETS } from './ticket.js';
import { checkedWords } from './words.js';

export interface Filing {
  readonly plan: Plan;
  readonly decision: Decision | null;
  readonly limits: Limits;
  readonly overview: boolean;
}

/** The groups that a decision allows, without the jobs that another plan has handed over: their saving is promised there. */
export const groupsOf = async (world: World, { plan, decision }: Filing): Promise<Group[]> => {
  const only = decision?.jobs ? new Set(decision.jobs) : null;
  const wanted: Recommendation[] = [];
  for await (const page of world.store.rows(RECOMMENDATIONS).pages(plan.id)) {
    const allowed = page.filter((r) => only === null || only.has(r.jobId));
    const others = await heldByOthers(world, plan, allowed);
    for (const r of allowed) if (!others.has(r.jobId)) wanted.push(r);
  }
  return groupRecommendations(wanted, plan, world.method.uncertaintyRatio);
};

const heldByOthers = async (world: World, plan: Plan, moves: readonly Recommendation[]): Promise<Set<string>> => {
  const jobs = await world.store.rows(JOBS).findAll(
    plan.workloadId,
    moves.map((r) => r.jobId),
  );
  const holders = await holdersIn(world, [...jobs.values()]);
  return new Set([...holders].flatMap(([job, { planId }]) => (planId === plan.id ? [] : [job])));
};

const settingOf = async (world: World, { plan, decision, limits }: Filing): Promise<Setting> => {
  const [entries, sold] = await Promise.all([world.ledger.size(), saleBehind(world.store, plan.id)]);
  return {
    plan,
    decision,
    currency: plan.baseline.cost.currency,
    dataNote: noteOf(world.provenance, await originOf(world.store, plan)),
    sale: sold === null ? null : saleText(sold),
    ledgerSeq: entries === 0 ? null : entries - 1,
    tableRows: limits.tableRows,
    muteDays: limits.muteDays,
  };
};

const jobsOf = async (world: World, plan: Plan, groups: readonly Group[]): Promise<Map<string, Job>> => {
  const jobs = new Map<string, Job>();
  if (groups.length === 0) return jobs;
  const wanted = new Set(groups.flatMap((group) => group.rows.map((r) => r.jobId)));
  for await (const page of world.store.rows(JOBS).pages(plan.workloadId))
    for (const job of page) if (wanted.has(job.id)) jobs.set(job.id, job);
  return jobs;
};

/** The paragraph of a model about one group, or null: no model, no answer, or a figure that is not among the facts. */
const wordsOf = async (world: World, group: Group, currency: string, signal: AbortSignal): Promise<string | null> => {
  if (world.model === null) return null;
  const facts = {
    title: group.title,
    team: group.team,
    jobs: jobCount(group.rows.length),
    saving: saving(group.savedKg),
    money: moneyText(group.savedCost, currency),
    firstStart: `${moment(group.firstStart)} UTC`,
    reason: group.rows[0]!.reason,
  };
  return checkedWords(await world.model.words('ticket', facts, { signal }), facts);
};

const look = async (world: World, filing: Filing, groups: readonly Group[]) => {
  const tracker = world.tickets;
  const tickets = await ticketsOf(world.store, tracker);
  return intentsOf(filing.plan, filing.decision, groups, {
    tracker,
    tickets: new Map(tickets.map((t) => [t.id, t.value])),
    today: tracker.now(),
    now: world.clock.now(),
    limits: filing.limits,
    overview: filing.overview,
  });
};

const notesOf = ({ heldBack }: Intents): string[] =>
  heldBack > 0
    ? [`The cap on tickets is full: ${heldBack === 1 ? '1 group waits' : `${heldBack} groups wait`} in this table.`]
    : [];

export interface TicketPreview {
  readonly id: string;
  /** what filing would do with it now */
  readonly does: string;
  readonly title: string;
  readonly labels: readonly string[];
  readonly doc: TicketDoc;
}

/** Every ticket that speaks for a plan, in the words that a first filing would send. Changes nothing. */
export const previewsOf = async (world: World, filing: Filing, signal: AbortSignal) => {
  const groups = await groupsOf(world, filing);
  const what = await look(world, filing, groups);
  const setting = await settingOf(world, filing);
  const chosen = what.intents.flatMap((intent) => (intent.do === 'close' ? [] : [intent]));
  const spoken = chosen.map((intent) => intent.group);
  const jobs = await jobsOf(world, filing.plan, spoken);
  const previews: TicketPreview[] = [];
  for (const intent of chosen) {
    const { id, group } = intent;
    const words = await wordsOf(world, group, setting.currency, signal);
    const follows = intent.do === 'create' ? intent.follows : null;
    const doc = decisionDoc({ key: id, group, jobs, follows, words }, setting);
    previews.push({ id, does: intent.do, title: group.title, labels: [...group.labels, id], doc });
  }
  const { overview } = what;
  if (overview.do !== 'none')
    previews.push({
      id: overview.id,
      does: overview.do,
      title: overviewTitle(filing.plan),
      labels: ['caco', 'caco-overview', overview.id],
      doc: overviewDoc(overview.id, what.places, notesOf(what), setting),
    });
  return { previews, groups: groups.length, heldBack: what.heldBack };
};

/** What people did to our open tickets since we last looked. Trouble is told, not thrown: filing goes on. */
export const sync = async (world: World): Promise<string[]> => {
  const tracker = world.tickets;
  for (const { id, version, value } of await ticketsOf(world.store, tracker)) {
    if (value.state !== 'open' || value.ref === null) continue;
    try {
      const hit = (await tracker.find(id)).find((found) => found.ref === value.ref);
      if (!hit) continue;
      const state = hit.open ? 'open' : hit.declined ? 'declined' : 'closed';
      if (state === value.state && hit.assigned === value.assigned) continue;
      const reason = hit.open ? value.reason : (value.reason ?? 'closed by a person');
      const next = { ...value, state, assigned: hit.assigned, reason, updatedAt: tracker.now() } as const;
      await world.store.collection(TICKETS).replace(id, version, next);
    } catch (error) {
      return [`the state of open tickets could not be read: ${troubleOf(error).message}`];
    }
  }
  return [];
};

export interface Filed extends Delivery {
  readonly groups: number;
  readonly created: number;
  readonly updated: number;
  readonly heldBack: number;
  /** the tickets that speak for this plan, the overview last */
  readonly ids: readonly string[];
}

/** Files a plan's tickets. Running it again says only what has changed. */
export const fileFor = async (world: World, filing: Filing, signal: AbortSignal): Promise<Filed> => {
  const { store, tickets: tracker } = world;
  const alerts = await sync(world);
  const groups = await groupsOf(world, filing);
  const setting = await settingOf(world, filing);
  const sum = { created: 0, updated: 0, delivered: 0 };
  // A key that is found on a closed ticket is settled by one more look: it is reopened, or the next key is taken.
  for (let round = 1; ; round++) {
    const what = await look(world, filing, groups);
    const spoken = what.intents.flatMap((i) => (i.do === 'create' || i.do === 'tell' ? [i.group] : []));
    const composing: Composing = {
      store,
      on: { tracker, plan: filing.plan, decision: filing.decision, at: tracker.now() },
      setting,
      jobs: await jobsOf(world, filing.plan, spoken),
      words: (group) => wordsOf(world, group, setting.currency, signal),
    };
    const filed: string[] = [];
    for (const intent of what.intents) {
      signal.throwIfAborted();
      if (!(await queueIntent(composing, intent))) continue;
      if (intent.do === 'create') filed.push(intent.id);
      else sum.updated += 1;
    }
    sum.created += filed.length;
    const overview = await queueOverview(composing, what, notesOf(what));
    if (overview === 'created') sum.created += 1;
    if (overview === 'updated') sum.updated += 1;

    const sent = await deliver({ store, tracker }, signal);
    sum.delivered += sent.delivered;
    alerts.push(...sent.alerts);
    let again = false;
    for (const id of filed) again ||= (await store.collection(TICKETS).get(id))?.value.reason === FOUND_CLOSED;
    if (again && round < 4) continue;
    const ids = what.intents.flatMap((i) => (i.do === 'close' ? [] : [i.id]));
    if (what.overview.do !== 'none') ids.push(what.overview.id);
    return { ...sent, ...sum, alerts, groups: groups.length, heldBack: what.heldBack, ids };
  }
};
