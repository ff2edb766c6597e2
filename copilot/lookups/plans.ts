/** Answers about plans: what runs when, why so, how good it is, and how two of them differ. */
import { isNothing } from '../../domain/figures.js';
import type { Plan, Recommendation } from '../../domain/plan.js';
import { type Instant, secondsBetween } from '../../domain/time.js';
import { type Desk, dataOf, newestPlans, planOf, sales, sumsOf } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import { scheduleIn } from './hours.js';
import { aboutPlan, decidedText, effectOf, noPlan, planSource } from './of-plan.js';

const savingText = (draft: Draft, plan: Plan) => {
  const about = aboutPlan(plan);
  const source = planSource(plan);
  const { savings, planned } = plan;
  const same = isNothing(savings.emissionsKg.value);
  const effect = same ? 'would emit as much' : effectOf(draft, plan, true);
  const money = () =>
    draft.money(Math.abs(savings.cost), planned.cost.currency, {
      label: savings.cost >= 0 ? 'planned saving of cost' : 'planned additional cost',
      source,
      about,
      saving: savings.cost >= 0,
    });
  const sure = same
    ? ''
    : draft.ratio(savings.emissionsKg.confidence, { label: 'coverage of the interval', source, about });
  const carbon = `It ${effect} CO2e${same ? '' : ` (${sure} interval)`}`;
  if (plan.unpriced !== undefined && plan.unpriced.length > 0)
    return `${carbon}; what the electricity costs is not known.`;
  const total = draft.money(planned.cost.total, planned.cost.currency, { label: 'cost as planned', source, about });
  const cost = isNothing(savings.cost) ? 'as much as' : `${money()} ${savings.cost > 0 ? 'less' : 'more'} than`;
  return `${carbon} and cost ${total}, ${cost} running everything at once.`;
};

const explain = async ({ planId }: Slots, desk: Desk): Promise<Draft> => {
  const plan = await planOf(desk, planId);
  if (!plan) return noPlan(planId);
  const draft = new Draft().cite(planSource(plan));
  const about = aboutPlan(plan);
  const source = planSource(plan);
  const fact = { source, about };
  const hours = secondsBetween(plan.window.start, plan.window.end) / 3600;
  const moved = draft.count(plan.jobs.moved, 'job', { ...fact, label: 'jobs that the plan moves', key: true });
  const total = draft.count(plan.jobs.total, 'job', { ...fact, label: 'jobs in the plan' });
  const name = draft.name(plan.id, { ...fact, label: 'the plan' });
  draft.say(
    `Plan ${name} moves ${moved}${plan.jobs.moved === 0 ? `: ${total} run` : ` of ${total}`} over ${draft.hours(hours, { ...fact, label: 'length of the window' })} from ${draft.time(plan.window.start, { ...fact, label: 'start of the window' })}.`,
    savingText(draft, plan),
  );
  const price = draft.rate(plan.carbonPricePerTonne, plan.planned.cost.currency, 't', {
    ...fact,
    label: 'carbon price in the plan',
  });
  const stay = plan.jobs.movable - plan.jobs.moved;
  const staying = [
    plan.jobs.urgent > 0 && draft.count(plan.jobs.urgent, 'urgent job', { ...fact, label: 'urgent jobs, never moved' }),
    stay > 0 && draft.count(stay, 'other job', { ...fact, label: 'movable jobs that stay' }),
  ].filter((part) => part !== false);
  const rest =
    staying.length === 0
      ? ''
      : `; ${staying.join(' and ')} ${plan.jobs.urgent + stay === 1 ? 'stays where it is' : 'stay where they are'}`;
  draft.say(`A job moves where a later or cleaner place costs less, its carbon priced at ${price}${rest}.`);
  if (plan.gap !== null) {
    const gap = draft.ratio(plan.gap, {
      ...fact,
      label: 'proved distance from the best possible schedule, of its cost',
    });
    draft.say(
      plan.gap <= 1e-9
        ? 'No schedule can beat it: that is proved.'
        : `No schedule can beat it by more than ${gap} of its cost: that is proved.`,
    );
  } else draft.say('How far it is from the best schedule is not known.');
  if (plan.jobs.unplaced > 0)
    draft.say(
      `${draft.count(plan.jobs.unplaced, 'job', { ...fact, label: 'jobs without a place' })} found no place in the window.`,
    );
  if (plan.planned.lateJobs > 0)
    draft.say(`${draft.count(plan.planned.lateJobs, 'job', { ...fact, label: 'late jobs' })} would finish late.`);
  const sold = (await sales(desk)).find((sale) => sale.planId === plan.id);
  if (sold !== undefined) {
    const its = { source: `order ${sold.id}`, about: [sold.id] };
    draft.say(
      `It was made for a sale: order ${draft.name(sold.id, { ...its, label: 'the order' })}, ${draft.power(sold.powerKw, { ...its, label: 'power sold' })} less from ${draft.time(sold.start, { ...its, label: 'its window begins' })} to ${draft.time(sold.end, { ...its, label: 'its window ends' })}.`,
    );
  }
  draft.say(await decidedText(draft, plan, desk));
  const { moves } = await sumsOf(desk, plan);
  draft.table(
    ['job', 'from', 'to', 'planned saving'],
    moves.slice(0, 5).map((m) => {
      const mine = { source: `${source}, job ${m.jobId}`, about: [m.jobId] };
      const place = (region: string, at: Instant) =>
        `${m.fromRegion === m.toRegion ? '' : `${region} `}${draft.time(at, { ...mine, label: 'start' }, 'short')}`;
      return [
        draft.name(m.jobId, { ...mine, label: 'job' }),
        place(m.fromRegion, m.fromStart),
        `${place(m.toRegion, m.toStart)}${sameStart(m) ? ', in pieces' : ''}`,
        draft.saved(m.savedKg, { ...mine, label: 'planned saving' }),
      ];
    }),
  );
  return seen(draft, plan, desk);
};

/** Ends an answer about a plan with where its data came from and what it did not see. */
const seen = async (draft: Draft, plan: Plan, desk: Desk): Promise<Draft> => {
  for (const s of plan.signals.slice(0, 4)) draft.cite(`${s.region} ${s.status} (${s.source})`);
  if (plan.unseen.length > 0) draft.lines(`Not seen by the plan: ${plan.unseen.slice(0, 5).join('; ')}.`);
  return draft.from(...(await dataOf(desk, plan)));
};

/** Moved without another start or place: the work pauses in between. */
const sameStart = (m: Recommendation) => m.fromStart === m.toStart && m.fromRegion === m.toRegion;

const schedule = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const { planId, team } = slots;
  const stretch = stretchOf(slots);
  if (stretch) return scheduleIn(desk, slots, stretch);
  const plan = await planOf(desk, planId);
  if (!plan) return noPlan(planId);
  const source = planSource(plan);
  const fact = { source, about: aboutPlan(plan) };
  const draft = new Draft().cite(source);
  const { starts, moves, movesOf } = await sumsOf(desk, plan);
  const placed = draft.count(plan.jobs.total - plan.jobs.unplaced, 'job', {
    ...fact,
    label: 'jobs that have a place',
    key: true,
  });
  draft.say(
    `${placed} run between ${draft.time(plan.window.start, { ...fact, label: 'start of the window' })} and ${draft.time(plan.finishesAt, { ...fact, label: 'when the last piece ends' })}, by plan ${draft.name(plan.id, { ...fact, label: 'the plan' })}.`,
    plan.jobs.moved === 0
      ? `Of them ${draft.count(0, 'job', { ...fact, label: 'moved jobs' })} were moved: no hours or places that cost less, carbon priced in, were found for them.`
      : `${draft.count(plan.jobs.moved, 'job', { ...fact, label: 'moved jobs' })} ${plan.jobs.moved === 1 ? 'was' : 'were'} moved to hours or places that cost less, carbon priced in; urgent ones start as they would have.`,
  );
  draft.say(await decidedText(draft, plan, desk));
  const hours = [...starts.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const most = Math.max(1, Math.ceil(hours.length / 12));
  const rows: string[][] = [];
  for (let i = 0; i < hours.length; i += most) {
    const group = hours.slice(i, i + most);
    const jobs = group.reduce((n, [, s]) => n + s.jobs, 0);
    const kwh = group.reduce((n, [, s]) => n + s.energyKwh, 0);
    const when = group[0]![0];
    const mine = { source, about: [plan.id] };
    rows.push([
      draft.time(when, { ...mine, label: 'hours from' }, 'short'),
      draft.count(jobs, 'job', { ...mine, label: `jobs that start in the hours from ${when}` }),
      draft.energy(kwh, { ...mine, label: `energy of the pieces that start in the hours from ${when}` }),
    ]);
  }
  draft.table(['from (UTC)', 'start', 'energy'], rows);
  const shown = team === undefined ? moves.slice(0, 5) : (movesOf.get(team) ?? []);
  draft.table(
    ['moved job', 'team', 'from', 'to'],
    shown.map((m) => {
      const mine = { source: `${source}, job ${m.jobId}`, about: [m.jobId] };
      return [
        draft.name(m.jobId, { ...mine, label: 'job' }),
        draft.name(m.team, { ...mine, label: 'team' }),
        draft.time(m.fromStart, { ...mine, label: 'start without the plan' }, 'short'),
        `${draft.time(m.toStart, { ...mine, label: 'planned start' }, 'short')}${sameStart(m) ? ', in pieces' : ''}`,
      ];
    }),
  );
  return seen(draft, plan, desk);
};

const compare = async ({ planId, otherPlanId }: Slots, desk: Desk): Promise<Draft> => {
  const all = await newestPlans(desk, 2);
  const one = planId === undefined ? all[1] : await planOf(desk, planId);
  if (planId !== undefined && !one) return noPlan(planId);
  const other =
    otherPlanId === undefined ? (all[0]?.id === one?.id ? all[1] : all[0]) : await planOf(desk, otherPlanId);
  if (otherPlanId !== undefined && !other) return noPlan(otherPlanId);
  const draft = new Draft();
  if (!one || !other) {
    draft.answered = false;
    return draft.say('There are not two plans to compare.', 'Make another one, for example with `caco plan`.');
  }
  draft.cite(planSource(one), planSource(other));
  const name = (p: Plan) => draft.name(p.id, { label: 'a plan', source: planSource(p), about: [p.id] });
  const [a, b] = [one.savings.emissionsKg, other.savings.emissionsKg];
  const apart = a.low > b.high || b.low > a.high;
  draft.say(
    `Plan ${name(one)} ${effectOf(draft, one, true)} CO2e and plan ${name(other)} ${effectOf(draft, other, true)}.`,
    ...(one.workloadId !== other.workloadId
      ? ['They plan different work, so that their totals do not say which of them is better.']
      : [
          apart
            ? `Plan ${name(a.value > b.value ? one : other)} would save more carbon; the intervals do not overlap.`
            : 'Their intervals overlap, so that which one saves more carbon is not certain.',
        ]),
  );
  const cell = (p: Plan, key: 'emissions' | 'cost' | 'energy' | 'peak' | 'moved' | 'late' | 'price') => {
    const fact = { label: key, source: planSource(p), about: [p.id] };
    switch (key) {
      case 'emissions':
        return draft.mass(p.planned.emissionsKg.value, fact);
      case 'cost':
        return draft.money(p.planned.cost.total, p.planned.cost.currency, fact);
      case 'energy':
        return draft.energy(p.planned.energyKwh, fact);
      case 'peak':
        return draft.power(p.planned.peakKw, fact);
      case 'moved':
        return draft.count(p.jobs.moved, 'job', fact);
      case 'late':
        return draft.count(p.planned.lateJobs, 'job', fact);
      default:
        return draft.rate(p.carbonPricePerTonne, p.planned.cost.currency, 't', fact);
    }
  };
  const rows = [
    ['carbon (CO2e)', 'emissions'],
    ['cost', 'cost'],
    ['energy', 'energy'],
    ['peak', 'peak'],
    ['moved', 'moved'],
    ['late', 'late'],
    ['carbon price', 'price'],
  ] as const;
  draft.table(
    ['', name(one), name(other)],
    rows.map(([title, key]) => [title, cell(one, key), cell(other, key)]),
  );
  if (
    one.workloadId === other.workloadId &&
    (one.window.start !== other.window.start || one.window.end !== other.window.end)
  )
    draft.say('They cover different windows, so the totals are not the same work.');
  return draft.from(...(await dataOf(desk, one, other)));
};

const limits = async ({ planId }: Slots, desk: Desk): Promise<Draft> => {
  const plan = await planOf(desk, planId);
  if (!plan) return noPlan(planId);
  const draft = new Draft().cite(planSource(plan));
  const fact = { source: planSource(plan), about: aboutPlan(plan) };
  const name = draft.name(plan.id, { ...fact, label: 'the plan' });
  if (plan.gap === null) draft.say(`How far plan ${name} is from the best schedule is not known.`);
  else if (plan.gap <= 1e-9) draft.say(`No schedule can beat plan ${name}: that is proved.`);
  else
    draft.say(
      `No schedule can beat plan ${name} by more than ${draft.ratio(plan.gap, { ...fact, label: 'proved distance from the best possible schedule, of its cost', key: true })} of its cost: that is proved by its lower bound.`,
    );
  if (plan.bindingLimits.length === 0) return draft.say('No limit holds it back: every job has the place it wants.');
  draft.say('These limits hold it back.');
  return draft.table(
    ['limit', 'slots at it', 'one more would save'],
    plan.bindingLimits
      .slice(0, 8)
      .map((b) => [
        draft.name(b.limit, { ...fact, label: 'a limit' }, b.limit),
        draft.count(b.slots, 'slot', { ...fact, label: 'slots in which it binds' }),
        b.shadowPrice === null
          ? 'not known'
          : `${draft.money(b.shadowPrice, plan.planned.cost.currency, { ...fact, label: 'worth of one unit more' })} per ${b.unit}`,
      ]),
  );
};

export const planLookups: readonly Lookup[] = [
  {
    name: 'schedule',
    description: 'What runs when: starts by hour, the largest moves',
    uses: ['planId', 'team', 'from', 'to'],
    answer: schedule,
  },
  {
    name: 'explain_plan',
    description: 'A plan: what it moves, why, what it would save, how good it is, who decided',
    uses: ['planId'],
    answer: explain,
  },
  { name: 'compare', description: 'Two plans side by side', uses: ['planId', 'otherPlanId'], answer: compare },
  {
    name: 'limits',
    description: 'How far a plan is from the best possible one and which limits hold it back',
    uses: ['planId'],
    answer: limits,
  },
];
