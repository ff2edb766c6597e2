/** `simulate`: a scenario's world as files, with --apply also as planned. */
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import {
  boundText,
  counted,
  isNothing,
  massText,
  moneyText,
  percentText,
  savedMassText,
} from '../../domain/figures.js';
import type { Totals } from '../../domain/plan.js';
import { type Simulated, simulate } from '../../simulation.js';
import { addCommand } from '../command.js';
import { numberOf } from '../fields.js';
import { tableText } from '../terminal.js';

const row = (name: string, t: Totals, currency: string) => [
  name,
  massText(t.emissionsKg.value),
  moneyText(t.cost.total, currency),
  String(t.lateJobs),
];

const text = (s: Simulated, out: string): string => {
  const lines = [
    `${s.jobs} jobs of ${s.scenario}, ${s.days} days from ${s.start}, seed ${s.seed} (simulated)`,
    '',
    tableText(
      ['', 'CO2e', 'cost', 'late jobs'],
      [
        row('as they would run', s.baseline, s.currency),
        ...(s.optimised ? [row('as planned', s.optimised, s.currency)] : []),
      ],
    ),
  ];
  if (s.optimised && s.proof) {
    const without = s.baseline.emissionsKg.value;
    const saved = without - s.optimised.emissionsKg.value;
    const share = isNothing(saved) || !(without > 0) ? '' : ` (${percentText(Math.abs(saved) / without)})`;
    lines.push(
      '',
      `  ${counted(s.optimised.moved, 'job')} moved, which ${savedMassText(saved)}${share}; known signals assumed.`,
      `  ${boundText(s.proof.gap)}`,
    );
  }
  return [...lines, '', `  Files in ${out}: ${s.files.join(', ')}`].join('\n');
};

export const register = (program: Command) => {
  addCommand(
    program,
    'simulate',
    'run a scenario’s world over some days and write it as files',
    (c) =>
      c
        .option('--days <days>', 'whole days from the scenario’s start, at most 35', '30')
        .option('--seed <seed>', 'of the jobs and the signals; the scenario’s own when left out')
        .option('--scenario <name>', 'shipped scenario or path of a scenario file; five-regions when left out')
        .requiredOption('--out <folder>', 'folder for the files')
        .option('--apply', 'plan the jobs and run the world again with the plan applied'),
    async (context, _, options) => {
      if (options.out === '') throw invalid('--out is empty', 'Give a folder, for example --out out.');
      const out = String(options.out);
      const chosen = context.settings.some((s) => s.name === 'scenario' && s.origin !== 'default');
      const config = chosen ? context.config : { ...context.config, scenario: 'five-regions' };
      const simulated = await simulate(config, {
        days: numberOf('--days', options.days),
        out,
        apply: options.apply === true,
        signal: context.signal,
        onProgress: context.progress,
      });
      return { json: simulated, text: text(simulated, out) };
    },
  );
};
