/** Answers about a stretch of time of a plan: what runs or starts in it. */
import type { Plan } from '../../domain/plan.js';
import { type Desk, dataOf, planNamed, planOf, read, runs } from '../desk.js';
import { Draft } from '../facts.js';
import type { Slots } from '../lookup.js';
import type { Stretch } from '../question/stretch.js';
import { aboutPlan, decidedText, noPlan, planSource } from './of-plan.js';

const MOST_SHOWN = 8;

const covers = (plan: Plan, { from, to }: Stretch) => plan.window.start <= to && plan.finishesAt > from;

/** The newest plan whose work lies in the stretch, one that may run before one that only waits; else the newest of all. */
export const planAt = async (desk: Desk, stretch: Stretch): Promise<Plan | undefined> => {
  let waiting: Plan | undefined;
  for (const run of await runs(desk, 50)) {
    const plan = run.planId === null ? undefined : await planNamed(desk, run.planId);
    if (!plan || !covers(plan, stretch) || run.status === 'refused' || run.status === 'failed') continue;
    if (run.status !== 'waiting') return plan;
    waiting ??= plan;
  }
  return waiting ?? planOf(desk);
};

/** What runs or starts in the stretch that was asked about. */
export const scheduleIn = async (desk: Desk, { planId, team }: Slots, stretch: Stretch): Promise<Draft> => {
  const plan = planId === undefined ? await planAt(desk, stretch) : await planOf(desk, planId);
  if (!plan) return noPlan(planId);
  const source = planSource(plan);
  const fact = { source, about: team === undefined ? aboutPlan(plan) : [team] };
  const draft = new Draft().cite(source);
  const name = draft.name(plan.id, { ...fact, label: 'the plan' });
  const asked = { source: 'your question', about: [] };
  const moment = stretch.from === stretch.to;
  const when = moment
    ? `At ${draft.time(stretch.from, { ...asked, label: 'when' })}`
    : `Between ${draft.time(stretch.from, { ...asked, label: 'from' })} and ${draft.time(stretch.to, { ...asked, label: 'until' })}`;
  const whose = team === undefined ? '' : ` of team ${draft.name(team, { ...fact, label: 'the team' })}`;
  const span = `from ${draft.time(plan.window.start, { ...fact, label: 'start of the window' })} to ${draft.time(plan.finishesAt, { ...fact, label: 'when the last piece ends' })}`;
  if (!covers(plan, stretch)) {
    draft.answered = false;
    draft.say(`${when} nothing is planned: the plan that I know, ${name}, runs ${span}.`);
    return draft.from(...(await dataOf(desk, plan)));
  }
  const { jobs, starting, largest } = await read(desk, 'show_schedule', {
    planId: plan.id,
    ...stretch,
    team,
    limit: MOST_SHOWN,
  });
  draft.say(
    `${when} ${draft.count(jobs, 'job', { ...fact, label: 'jobs that run then', key: true })}${whose} ${jobs === 1 ? 'runs' : 'run'} by plan ${name}; ${draft.count(starting, 'job', { ...fact, label: moment ? 'jobs that start in the hour from then' : 'jobs that start then' })} ${starting === 1 ? 'starts' : 'start'} ${moment ? 'within the hour' : 'in that time'}.`,
  );
  draft.say(await decidedText(draft, plan, desk));
  draft.table(
    ['largest job then', 'from', 'to', 'energy'],
    largest.map((p) => {
      const mine = { source: `${source}, job ${p.jobId}`, about: [p.jobId] };
      return [
        draft.name(p.jobId, { ...mine, label: 'job' }),
        draft.time(p.start, { ...mine, label: 'planned start' }, 'short'),
        draft.time(p.end, { ...mine, label: 'planned end' }, 'short'),
        draft.energy(p.energyKwh, { ...mine, label: 'energy of this piece' }),
      ];
    }),
  );
  return draft.from(...(await dataOf(desk, plan)));
};
