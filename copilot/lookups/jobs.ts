/** The story of a single job: why it moved or stayed. */
import type { Job } from '../../domain/job.js';
import type { Placement, Plan } from '../../domain/plan.js';
import { secondsBetween } from '../../domain/time.js';
import { type Desk, dataOf, findJob, planOf, planWithJob, readIfThere } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { decidedText, noPlan, planSource } from './of-plan.js';

const noJob = (said: string, plan: Plan): Draft => {
  const draft = new Draft();
  draft.answered = false;
  return draft
    .say(
      `I know no job ${draft.name(said, { label: 'what was asked for', source: 'your question' })} in plan ${draft.name(plan.id, { label: 'the plan', source: planSource(plan) })}.`,
      'Ask for the largest jobs, or name a job by its id.',
    )
    .cite(planSource(plan));
};

/** g/kWh over all pieces; null without energy. */
const meanIntensity = (pieces: readonly Placement[]): number | null => {
  const kwh = pieces.reduce((n, p) => n + p.energyKwh, 0);
  return kwh === 0 ? null : (pieces.reduce((n, p) => n + p.emissionsKg, 0) / kwh) * 1000;
};

const why = async ({ job: said, planId }: Slots, desk: Desk): Promise<Draft> => {
  const plan = said === undefined ? await planOf(desk, planId) : await planWithJob(desk, said, planId);
  if (!plan) return noPlan(planId);
  if (said === undefined) {
    const draft = new Draft();
    draft.answered = false;
    return draft.say(
      'Which job?',
      'Ask, for example, “Why was job … moved?” with its id; “List the largest jobs” shows some.',
    );
  }
  const job = await findJob(desk, plan.workloadId, said);
  if (!job) return noJob(said, plan);
  const source = `${planSource(plan)}, job ${job.id}`;
  const fact = { source, about: [job.id] };
  const draft = new Draft().cite(planSource(plan));
  const name = draft.name(job.id, { ...fact, label: 'the job' });
  const team = draft.name(job.team, { ...fact, label: 'its team' });
  const story = (await readIfThere(desk, 'explain_plan', { planId: plan.id, jobId: job.id }))?.job;
  const { move = null, placements: pieces = [], withoutPlan: before = [] } = story ?? {};
  const placed = pieces[0];
  if (move) {
    const from = draft.time(move.fromStart, { ...fact, label: 'start without the plan' });
    const to = draft.time(move.toStart, { ...fact, label: 'planned start', key: true });
    const kg = draft.mass(Math.abs(move.savedKg), {
      ...fact,
      label: move.savedKg >= 0 ? 'planned saving of CO2e' : 'additional CO2e',
      saving: move.savedKg >= 0,
      key: true,
    });
    const cost =
      Math.abs(move.savedCost) < 0.005
        ? 'cost the same'
        : `cost ${draft.money(Math.abs(move.savedCost), plan.planned.cost.currency, {
            ...fact,
            label: move.savedCost >= 0 ? 'planned saving of cost' : 'additional cost',
            saving: move.savedCost >= 0,
          })} ${move.savedCost >= 0 ? 'less' : 'more'}`;
    const place =
      move.fromRegion === move.toRegion
        ? ''
        : ` in ${draft.name(move.toRegion, { ...fact, label: 'planned region' })} instead of ${draft.name(move.fromRegion, { ...fact, label: 'region without the plan' })}`;
    draft.say(
      `${name} (team ${team}) starts at ${to}${place} instead of ${from}.`,
      `That would emit ${kg} ${move.savedKg >= 0 ? 'less' : 'more'} CO2e and ${cost}.`,
    );
    const [was, is] = [meanIntensity(before), meanIntensity(pieces)];
    if (was !== null && is !== null)
      draft.say(
        `The grid's mean intensity while it runs is ${draft.intensity(is, { ...fact, label: 'mean intensity as planned' })} instead of ${draft.intensity(was, { ...fact, label: 'mean intensity without the plan' })}.`,
      );
  } else if (placed) {
    draft.say(
      `${name} (team ${team}) was left where it was: it starts at ${draft.time(placed.start, { ...fact, label: 'start', key: true })}.`,
      stayedBecause(job, placed),
    );
  } else
    draft.say(
      `${name} (team ${team}) has no place in plan ${draft.name(plan.id, { label: 'the plan', source: planSource(plan) })}: nothing fitted its window and the limits.`,
    );
  if (pieces.length > 0) {
    const kg = pieces.reduce((n, p) => n + p.emissionsKg, 0);
    const kwh = pieces.reduce((n, p) => n + p.energyKwh, 0);
    draft.say(
      `As planned it runs in ${[...new Set(pieces.map((p) => p.region))].map((r) => draft.name(r, { ...fact, label: 'planned region' })).join(' and ')}, emits ${draft.mass(kg, { ...fact, label: 'CO2e of the job as planned' })} of CO2e and uses ${draft.energy(kwh, { ...fact, label: 'energy of the job' })}.`,
    );
  }
  const end = move?.toEnd ?? pieces.at(-1)?.end;
  const last = job.deadline ?? job.due;
  if (end !== undefined && last !== null) {
    const spare = secondsBetween(end, last) / 3600;
    const ends = draft.time(end, { ...fact, label: 'planned end' });
    if (Math.round(spare * 60) === 0)
      draft.say(`It would finish at ${ends}, just when ${job.deadline === null ? 'it is due' : 'its deadline falls'}.`);
    else if (spare > 0)
      draft.say(
        `It would finish at ${ends}, ${draft.hours(spare, { ...fact, label: 'time to spare' })} before ${job.deadline === null ? 'it is due' : 'its deadline'}.`,
      );
    else
      draft.say(`It would finish at ${ends}, ${draft.hours(-spare, { ...fact, label: 'lateness' })} after it was due.`);
  }
  draft.say(await decidedText(draft, plan, desk));
  return draft.from(...(await dataOf(desk, plan)));
};

const stayedBecause = (job: Job, placed: Placement): string => {
  if (job.category === 'urgent') return 'It is urgent, and urgent jobs are never moved.';
  if (
    job.deadline !== null &&
    secondsBetween(placed.end, job.deadline) < 1800 &&
    secondsBetween(job.earliestStart, placed.start) < 1800
  )
    return 'Its window leaves no other start.';
  return 'Nothing better was found for it within its window, the limits and the policy.';
};

export const jobLookups: readonly Lookup[] = [
  {
    name: 'why',
    description: 'Why one job was moved or left, when it starts and ends',
    uses: ['job', 'planId'],
    answer: why,
  },
];
