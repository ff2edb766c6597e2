/** Answers about the system itself: how it stands, what it can be asked, what it cannot tell, and what another carbon price would mean. */
import type { ToolAnswer } from '../../catalogue.js';
import { Fault } from '../../domain/fault.js';
import type { Plan } from '../../domain/plan.js';
import { secondsBetween } from '../../domain/time.js';
import { type Desk, failedRuns, planOf, read, runs, verifications, waitingApprovals } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';
import { effectOf, noPlan, planSource } from './of-plan.js';

export const EXAMPLES = [
  'What will run when, and why?',
  'What did we save last week, and how sure are we?',
  'What is the grid doing?',
  'What waits for me?',
] as const;

const status = async (_: Slots, desk: Desk): Promise<Draft> => {
  const { world } = desk;
  const draft = new Draft().cite(`scenario ${world.setting.name}`);
  const [run] = await runs(desk, 1);
  const source = run ? `run ${run.id}` : 'runs';
  draft.say(
    `It is ${draft.time(desk.now, { label: 'now', source: 'clock', key: true })} in ${draft.name(world.setting.name, { label: 'the scenario', source: 'scenario' })}, ${world.model === null ? 'without a model' : `with model ${draft.name(world.model.name, { label: 'the model', source: 'configuration' })}`}.`,
  );
  if (!run) draft.say('Nothing has run yet: `caco launch --horizon-hours 24` starts.');
  else {
    const plan = run.planId === null ? undefined : await planOf(desk, run.planId);
    const said = {
      running: 'is running',
      waiting: 'waits for an answer',
      placed: 'is placed, to be verified when what it placed has run',
      done: 'is done',
      refused: 'was refused',
      failed: 'failed',
    }[run.status];
    draft.say(`The last run, ${draft.name(run.id, { label: 'the last run', source })}, ${said}.`);
    if (plan)
      draft
        .say(
          `Its plan ${draft.name(plan.id, { label: 'its plan', source })} moves ${draft.count(plan.jobs.moved, 'job', { label: 'moved jobs', source: planSource(plan), about: [plan.id] })} of ${draft.count(plan.jobs.total, 'job', { label: 'jobs', source: planSource(plan), about: [plan.id] })} and ${effectOf(draft, plan)} CO2e.`,
        )
        .cite(planSource(plan));
  }
  const open = (await waitingApprovals(desk)).length;
  const failed = (await failedRuns(desk)).length;
  if (failed > 0)
    draft.say(
      `${draft.count(failed, 'run', { label: 'runs that failed', source: 'runs' })} failed: \`caco runs\` lists them.`,
    );
  else if (/\bwrong\b|\bfail|\berror|\bproblem|\bbroken/i.test(desk.question)) draft.say('No run failed.');
  const records = (await verifications(desk)).length;
  const jobs = (await read(desk, 'list_jobs', { limit: 1 })).total;
  draft.say(
    `There ${open === 1 ? 'is' : 'are'} ${draft.count(open, 'approval', { label: 'approvals that wait', source: 'approvals' })} waiting, ${draft.count(records, 'verified record', { label: 'verified records', source: 'verifications' })}, and ${draft.count(jobs, 'job', { label: 'jobs of the newest workload', source: 'workloads' })} in the newest workload.`,
  );
  return draft.from(world.setting.dataNote);
};

const help = async (): Promise<Draft> =>
  new Draft()
    .say(
      'I answer from plans, verified records, the grid’s signals, the policy, approvals and tickets, and I change nothing.',
    )
    .lines(
      'Ask, for example:',
      ...EXAMPLES.map((e) => `  ${e}`),
      '  Why was job … moved?',
      '  What if the carbon price were 150?',
      '  Compare plan … with plan …',
      '  What does the policy say about regions?',
      '  Weekly summary of team …',
    );

/** The honest answer to what the data does not hold. */
export const cannotTell = async (): Promise<Draft> => {
  const draft = new Draft();
  draft.answered = false;
  return draft
    .say(
      'I can’t tell: I know planned and verified runs, the grid’s signals, the policy, approvals and tickets, and this is in none of them.',
    )
    .lines('I can answer, for example:', ...EXAMPLES.map((e) => `  ${e}`));
};

const whatIf = async ({ carbonPricePerTonne, planId }: Slots, desk: Desk): Promise<Draft> => {
  const plan = await planOf(desk, planId);
  if (!plan) return noPlan(planId);
  const draft = new Draft().cite(planSource(plan));
  if (carbonPricePerTonne === undefined) {
    return draft.say(
      `Plan ${draft.name(plan.id, { label: 'the plan', source: planSource(plan) })} prices carbon at ${draft.rate(plan.carbonPricePerTonne, plan.planned.cost.currency, 't', { label: 'carbon price in the plan', source: planSource(plan), key: true })} of CO2e.`,
      'For another price ask, for example, “What if the carbon price were 150?”',
    );
  }
  const currency = plan.planned.cost.currency;
  const fact = { source: planSource(plan), about: [plan.id] };
  const asked = draft.rate(carbonPricePerTonne, currency, 't', {
    label: 'the price that was asked about',
    source: 'your question',
    key: true,
  });
  const inPlan = draft.rate(plan.carbonPricePerTonne, currency, 't', { ...fact, label: 'carbon price in the plan' });
  const tonnes = plan.planned.emissionsKg.value / 1000;
  const [before, after] = [tonnes * plan.carbonPricePerTonne, tonnes * carbonPricePerTonne];
  const name = draft.name(plan.id, { ...fact, label: 'the plan' });
  draft.say(
    `At ${asked} the carbon of plan ${name} would be priced at ${draft.money(after, currency, { ...fact, label: 'carbon of the plan at the asked price' })} instead of ${draft.money(before, currency, { ...fact, label: 'carbon of the plan at its own price' })} at ${inPlan}, if nothing else moved.`,
  );
  const points =
    plan.jobs.total > MOST_JOBS_ANEW
      ? undefined
      : await pointsFor(desk, plan, [plan.carbonPricePerTonne, carbonPricePerTonne]);
  const [here, there] = [
    points?.find((p) => near(p.carbonPricePerTonne, plan.carbonPricePerTonne)),
    points?.find((p) => near(p.carbonPricePerTonne, carbonPricePerTonne)),
  ];
  if (here && there) {
    const traded = { source: 'trade-off of compare_plans', about: [] };
    draft.cite('trade-off of compare_plans');
    const kg = here.emissionsKg.value - there.emissionsKg.value;
    const cost = there.cost.total - here.cost.total;
    if (Math.abs(kg) < 0.5 && Math.abs(cost) < 0.5)
      draft.say(
        `Planned anew at that price the same work is moved: it would emit ${draft.mass(there.emissionsKg.value, { ...traded, label: 'CO2e planned at the asked price' })} of CO2e and cost ${draft.money(there.cost.total, currency, { ...traded, label: 'cost planned at the asked price' })} at either price.`,
      );
    else
      draft.say(
        `Planned anew at that price the work would emit ${draft.mass(there.emissionsKg.value, { ...traded, label: 'CO2e planned at the asked price' })} of CO2e, ${draft.mass(Math.abs(kg), { ...traded, label: 'difference of CO2e', saving: kg >= 0 })} ${kg >= 0 ? 'less' : 'more'} than at ${inPlan}, and cost ${draft.money(there.cost.total, currency, { ...traded, label: 'cost planned at the asked price' })}, ${draft.money(Math.abs(cost), currency, { ...traded, label: 'difference of cost' })} ${cost >= 0 ? 'more' : 'less'}.`,
      );
  } else
    draft.say(
      'Which jobs would move then I can’t tell without planning anew; that makes a plan and changes nothing that runs.',
    );
  draft.propose({
    what: 'Plan anew at this price',
    tool: 'make_plan',
    input: { workloadId: plan.workloadId, from: plan.window.start, carbonPricePerTonne },
    command: `CACO_CARBON_PRICE_PER_TONNE=${carbonPricePerTonne} caco plan --workload ${plan.workloadId}`,
  });
  return draft.lines(
    `To plan anew: CACO_CARBON_PRICE_PER_TONNE=${carbonPricePerTonne} caco plan --workload ${plan.workloadId}`,
  );
};

/** Planning twice takes longer than a reader waits where there are more. */
const MOST_JOBS_ANEW = 3000;
const near = (a: number, b: number) => Math.abs(a - b) < 1e-6;

/** Points of the trade-off at two prices; undefined where it cannot be planned. */
const pointsFor = async (
  desk: Desk,
  { workloadId, window }: Plan,
  prices: number[],
): Promise<ToolAnswer<'compare_plans'>['points'] | undefined> => {
  const horizonHours = secondsBetween(window.start, window.end) / 3600;
  const asked = { workloadId, from: window.start, horizonHours, carbonPricesPerTonne: prices };
  try {
    return (await read(desk, 'compare_plans', asked)).points;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
};

const evidence = async (_: Slots, desk: Desk): Promise<Draft> => {
  const [record] = (await read(desk, 'list_verifications', { limit: 1 })).verifications;
  const { size } = await read(desk, 'list_ledger', { limit: 1 });
  const draft = new Draft().cite('ledger');
  draft.say(
    `The ledger holds ${draft.count(size, 'entry', { label: 'ledger entries', source: 'ledger', key: true }, 'entries')}; each names the one before it by its hash, so that none can be changed unseen.`,
  );
  if (record)
    draft
      .say(
        `The newest verified record is ${draft.name(record.id, { label: 'newest verified record', source: `verification ${record.id}` })}, of ${draft.time(record.at, { label: 'verified on', source: `verification ${record.id}` })}.`,
      )
      .say(
        `Its saving was computed by the method ${draft.name(record.method, { label: 'method', source: `verification ${record.id}` })}: what the moved work would have emitted in its original region at its original time, less what it emitted where and when it ran, both by the signals that came true.`,
      )
      .cite(`verification ${record.id}`);
  if (/\brevis|\brestat/i.test(desk.question)) {
    const { revised } = await read(desk, 'list_verifications', { limit: 1 });
    draft.say(
      `${draft.count(revised, 'record', { label: 'records that were revised', source: 'verifications' })} ${revised === 1 ? 'was' : 'were'} revised because later actuals came in.`,
    );
  }
  return draft.lines('Check it yourself: caco ledger audit   caco verify RECORD --recompute');
};

export const systemLookups: readonly Lookup[] = [
  {
    name: 'status',
    description: 'How the system stands: last run, what waits, what is verified',
    uses: [],
    answer: status,
  },
  {
    name: 'what_if',
    description: 'What another carbon price would mean',
    uses: ['carbonPricePerTonne', 'planId'],
    answer: whatIf,
  },
  { name: 'evidence', description: 'The ledger and how a claim can be checked', uses: [], answer: evidence },
  { name: 'help', description: 'What can be asked', uses: [], answer: help },
];
