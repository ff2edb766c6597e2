/** `baselines`: the named policies on one's own work, each with what it breaks. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { massText, moneyText, percentText } from '../../domain/figures.js';
import type { BaselineRow } from '../../offline.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Compared = Pick<ToolAnswer<'compare_baselines'>, 'currency' | 'rows' | 'unpriced' | 'unseen'> & {
  workloadId: string | null;
};

const FLAGS = flagsOf('compare_baselines', {
  workloadId: { about: 'workload to look at; the newest when left out' },
  from: false,
  region: { about: 'within this region only' },
  tardinessWeight: false,
  maxPowerKw: false,
  foresight: false,
  cpuSeconds: { about: 'CPU seconds for the planner' },
  carbonPricePerTonne: false,
});

const share = (ratio: number | null) =>
  ratio === null ? '–' : ratio < 0 ? `−${percentText(-ratio)}` : percentText(ratio);

export const baselinesText = ({ workloadId, currency, rows, unpriced, unseen }: Compared): string => {
  const lawful = rows.filter((r) => r.isLawful);
  const best = lawful.reduce<BaselineRow | undefined>(
    (a, b) => (a && a.objective < b.objective - 1e-9 * Math.abs(b.objective) ? a : b),
    undefined,
  );
  const head =
    best === undefined
      ? `None of the ${rows.length} policies keeps every limit${workloadId === null ? '' : ` of workload ${workloadId}`}.`
      : `Of the ${lawful.length} of ${rows.length} policies that keep every limit, ${best.title} is best: ${massText(best.emissionsKg.value)} CO2e${unpriced.length > 0 ? '' : `, ${moneyText(best.cost.total, currency)}`}.`;
  return [
    head,
    '',
    tableText(
      [
        'policy',
        'CO2e',
        'saved',
        unpriced.length > 0 ? 'cost without energy' : 'cost',
        'saved',
        'late',
        'keeps limits',
      ],
      rows.map((r) => [
        r.policy,
        massText(r.emissionsKg.value),
        share(r.savedKgRatio),
        moneyText(r.cost.total, currency),
        share(r.savedCostRatio),
        String(r.lateJobs),
        r.isLawful ? 'yes' : 'no',
      ]),
    ),
    ...(rows.some((r) => !r.isLawful) ? ['', '  What is broken, so that these figures are not to be had:'] : []),
    ...rows.filter((r) => !r.isLawful).map((r) => `    ${r.policy}: ${r.violates.map(plain).join('; ')}`),
    ...(unseen.length > 0 ? ['', ...unseen.slice(0, 5).map((u) => `  Not seen: ${plain(u)}.`)] : []),
  ].join('\n');
};

const baselines = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const given = await FLAGS.input(options);
  let answer: Compared;
  if (options.problem !== undefined) {
    const { baselinesOf, readProblem } = await import('../../offline.js');
    const telling = {
      currency: 'USD',
      uncertaintyRatio: context.config.uncertaintyRatio,
      confidence: context.config.confidence,
    };
    const rows = await baselinesOf(readProblem(String(options.problem)), {
      policies: given.policies,
      telling,
      seed: given.seed ?? 1,
      cpuSeconds: given.cpuSeconds,
      signal: context.signal,
      onProgress: (done, total, note) => context.progress({ done, total, note }),
    });
    answer = { workloadId: null, currency: 'USD', rows, unpriced: [], unseen: [] };
  } else answer = await context.call('compare_baselines', given);
  return { json: answer, text: baselinesText(answer) };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'baselines',
    'named policies from practice and literature on your own work, each with what it breaks',
    async (c) =>
      (await FLAGS.shape(c)).option(
        '--problem <file>',
        'a caco-opt-1 problem (.json or .json.gz) instead of a workload',
      ),
    baselines,
  );
};
