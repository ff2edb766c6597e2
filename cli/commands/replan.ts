/** `replan`: the plan under way, planned again from now on. */
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import { figure, massText, moneyText, percentText } from '../../domain/figures.js';
import type { Plan } from '../../domain/plan.js';
import { instant } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { plain } from '../terminal.js';
import { numberOf } from './launch.js';

interface Replanned {
  readonly plan: Plan | null;
  readonly conflict: { readonly sentence: string } | null;
  readonly status: string;
  readonly moved: number;
  readonly kept: number;
  readonly frozen: number;
  readonly added: number;
  readonly stopped: readonly string[];
  readonly stranded: readonly string[];
  readonly churnCost: number;
  readonly change: { readonly cost: number; readonly emissionsKg: number; readonly objective: number } | null;
  readonly regret: { readonly cost: number; readonly ratio: number | null } | null;
}

const named = (ids: readonly string[]) => `${ids.slice(0, 5).map(plain).join(', ')}${ids.length > 5 ? ', …' : ''}`;

const text = (o: Replanned, from: string): string => {
  const { plan } = o;
  if (plan === null)
    return `No schedule fits any more: ${o.conflict?.sentence ?? 'none was found, and none is proved impossible'}.`;
  const { currency } = plan.planned.cost;
  const more = (value: number, say: (v: number) => string) => `${say(Math.abs(value))} ${value >= 0 ? 'more' : 'less'}`;
  return [
    `Plan ${plan.id} follows ${plain(from)}: ${o.moved} jobs move, ${o.kept} stay where they were (${o.frozen} run, have run or were announced), ${o.added} are new.`,
    o.change === null
      ? '  What has happened cannot be compared: the plans share no job of the same length.'
      : `  For the jobs that both plans have: ${more(o.change.cost, (v) => moneyText(v, currency))} and ${more(o.change.emissionsKg, massText)} CO2e than the old plan under today’s signals.`,
    `  ${moneyText(plan.planned.cost.total, currency)} and ${massText(plan.planned.emissionsKg.value)} CO2e in all${plan.gap === null ? '' : `; no schedule can beat this one by more than ${percentText(plan.gap)} (proved)`}.`,
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

const collect = (value: string, before: string[] | undefined) => [...(before ?? []), value];

const replan = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const from = String(options.from);
  const answer = await context.call<Replanned>('replan', {
    fromPlanId: from,
    ...(options.at === undefined ? {} : { at: instant(String(options.at)) }),
    noticeMinutes: numberOf('--notice', options.notice),
    churnCost: numberOf('--churn', options.churn),
    events: ((options.cap as string[] | undefined) ?? []).map(eventOf),
    lostRegions: (options.lost as string[] | undefined) ?? [],
    overran: ((options.overran as string[] | undefined) ?? []).map(overrunOf),
    withRegret: options.regret === true,
    ...(options.seed === undefined ? {} : { seed: numberOf('--seed', options.seed) }),
    ...(options.cpuSeconds === undefined ? {} : { cpuSeconds: numberOf('--cpu-seconds', options.cpuSeconds) }),
  });
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
    text: text(answer, from),
    exitCode: plan === null ? EXIT.infeasible : EXIT.done,
  };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'replan',
    'plan again in place: new jobs, new forecasts, overruns, lost sites and caps in a window',
    (c) =>
      void c
        .requiredOption('--from <plan>', 'the plan that is under way')
        .option('--at <time>', 'what has begun by then stays; now when left out')
        .option('--notice <minutes>', 'work that starts this soon was announced and stays', '0')
        .option('--churn <money>', 'what moving one planned job must be worth', '0.5')
        .option('--cap <form>', 'SITE@FROM/TO=KW: a cap in a window; may be given several times', collect)
        .option('--lost <site>', 'a site that is gone; may be given several times', collect)
        .option(
          '--overran <form>',
          'JOB=HOURS: a job that takes longer or shorter; may be given several times',
          collect,
        )
        .option('--regret', 'also say what perfect knowledge would have saved')
        .option('--cpu-seconds <s>', 'CPU seconds of the search')
        .option('--seed <n>', 'of the search'),
    replan,
  );
};
