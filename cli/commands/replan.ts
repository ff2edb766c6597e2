/** `replan`: the plan under way, planned again from now on. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { invalid } from '../../domain/fault.js';
import { counted, figure, massText, moneyText, percentText } from '../../domain/figures.js';
import { changeText, chargedText, conflictText, interruptedText, lateText } from '../../domain/plan-text.js';
import { instant } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { plain } from '../terminal.js';

type Replanned = ToolAnswer<'replan'>;

const named = (ids: readonly string[]) => `${ids.slice(0, 5).map(plain).join(', ')}${ids.length > 5 ? ', …' : ''}`;

const text = (o: Replanned, from: string): string => {
  const { plan } = o;
  if (plan === null) return `No schedule fits any more: ${conflictText(o.conflict)}`;
  const { currency } = plan.planned.cost;
  return [
    `Plan ${plan.id} follows ${plain(from)}: ${counted(o.moved, 'job moves', 'jobs move')}${interruptedText(o.interrupted)}, ${o.kept} stay where they were (${o.frozen} run, have run or were announced), ${o.added} are new.`,
    o.change === null
      ? '  What has happened cannot be compared: the plans share no job of the same length.'
      : `  What has happened: ${changeText(o.change, currency)}.`,
    `  ${moneyText(plan.planned.cost.total, currency)} and ${massText(plan.planned.emissionsKg.value)} CO2e in all.`,
    `  ${chargedText(o)}${lateText(plan)}`,
    ...(o.stopped.length > 0 ? [`  Stopped at a lost site and begun anew: ${named(o.stopped)}.`] : []),
    ...(o.stranded.length > 0 ? [`  Without any other place: ${named(o.stranded)}.`] : []),
    ...(o.regret === null
      ? []
      : [
          `  With perfect knowledge it would cost ${moneyText(o.regret.cost, currency)} less${o.regret.ratio === null ? '' : ` (regret ${percentText(o.regret.ratio)})`}.`,
        ]),
    ...(o.churnCost > 0
      ? [`  Moves were charged ${figure(o.churnCost)} ${currency} of churn, which is no part of the cost.`]
      : []),
    '',
    `  Next: caco show ${plan.id}`,
  ].join('\n');
};

/** `SITE@FROM/TO=KW`. */
const eventOf = (form: string, i: number) => {
  const match = /^(.+?)@(.+)\/(.+)=(\d+(?:\.\d+)?)$/.exec(form);
  if (!match)
    throw invalid(
      `--cap is "${form}"`,
      'Give SITE@FROM/TO=KW, for example hpc-1@2022-06-01T17:00Z/2022-06-01T19:00Z=9000.',
    );
  const [, region, from, to, kw] = match;
  return { id: `cap-${i + 1}`, region, from: instant(from!), to: instant(to!), maxPowerKw: Number(kw) };
};

/** `JOB=HOURS`. */
const overrunOf = (form: string) => {
  const at = form.lastIndexOf('=');
  if (at < 1) throw invalid(`--overran is "${form}"`, 'Give JOB=HOURS, for example training-42=7.5.');
  return { jobId: form.slice(0, at), durationHours: numberOf('--overran', form.slice(at + 1)) };
};

const FLAGS = flagsOf('replan', {
  fromPlanId: '--from <plan>',
  noticeMinutes: { flag: '--notice <minutes>', about: 'work that starts this soon was announced and stays' },
  churnCost: {
    flag: '--churn <money>',
    about: 'what moving one planned job must be worth; 2 % of its own energy and carbon when left out',
  },
  churnRatio: {
    flag: '--churn-ratio <ratio>',
    about: 'the same as a part of what its energy and carbon cost where it is',
  },
  events: {
    flag: '--cap <form>',
    about: 'SITE@FROM/TO=KW: a cap in a window; may be given several times',
    repeated: true,
    read: eventOf,
  },
  lostRegions: {
    flag: '--lost <site>',
    about: 'a site that is gone; may be given several times',
    repeated: true,
    read: (site) => site,
  },
  overran: {
    flag: '--overran <form>',
    about: 'JOB=HOURS: a job that takes longer or shorter; may be given several times',
    repeated: true,
    read: overrunOf,
  },
  foresight: false,
  withRegret: { flag: '--regret', about: 'also say what perfect knowledge would have saved' },
  cpuSeconds: { about: 'CPU seconds of the search' },
});

const replan = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const given = await FLAGS.input(options);
  const answer = await context.call('replan', given);
  const { plan } = answer;
  const figures = plan && {
    objective: plan.objective,
    lowerBound: plan.lowerBound,
    gap: plan.gap,
    savingsGap: plan.savingsGap,
    bindingLimits: plan.bindingLimits,
    engine: plan.engine,
    stoppedBy: plan.stoppedBy,
  };
  return {
    json: { planId: plan?.id ?? null, ...figures, ...answer },
    text: text(answer, given.fromPlanId),
    exitCode: plan === null ? EXIT.infeasible : EXIT.done,
  };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'replan',
    'plan again in place: new jobs, new forecasts, overruns, lost sites and caps in a window',
    FLAGS.shape,
    replan,
  );
};
