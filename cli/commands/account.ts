/** `account`: what a workload or a plan used, emitted and cost. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import type { Estimate } from '../../domain/estimate.js';
import { energyText, figure, massEstimateText, massText, moneyText, percentText } from '../../domain/figures.js';
import type { Cost } from '../../domain/plan.js';
import { addCommand } from '../command.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Measured = ToolAnswer<'measure_emissions'>;

const FLAGS = flagsOf('measure_emissions', {
  workloadId: { about: 'the newest when neither it nor --plan is given' },
  planId: { about: 'a plan’s schedule' },
  schedule: { about: 'immediate, baseline, planned or ran' },
  by: { about: 'group by region, team, hour (of day, UTC), category' },
  starts: { about: 'immediate starts on the plan’s grid of slots (grid) or to the second (exact)' },
  foresight: { about: 'known (up to now as it came true, then the forecast), actual, or forecast' },
});

const SCHEDULES: Readonly<Record<string, string>> = {
  immediate: 'as it would run without a plan',
  baseline: 'as it would have run',
  planned: 'as planned',
  ran: 'as it ran',
};
const BASES: Readonly<Record<Measured['basis'], string>> = {
  actual: 'Intensity and price as they came true.',
  forecast: 'Intensity and price as forecast now: none of it has happened.',
  'actual and forecast': 'Intensity and price as they came true up to now, and as forecast from then on.',
  hindsight:
    'Intensity and price as they come true after now, which nobody could have known: a plan made on the forecast is not to be held against them.',
};
const known = (kg: Estimate | null) => (kg === null ? 'not known' : massText(kg.value));
const paid = (cost: Cost | null) => (cost === null ? 'not known' : moneyText(cost.total, cost.currency));

const text = (m: Measured, by: string): string => {
  const { total } = m;
  const cost = total.cost;
  return [
    `${m.planId === null ? `Workload ${m.workloadId}` : `Plan ${m.planId}`}, ${SCHEDULES[m.schedule] ?? m.schedule}${m.interval === null ? '' : `, ${m.interval.start} to ${m.interval.end}`}`,
    '',
    `  ${total.jobs} jobs   ${energyText(total.energyKwh)}   ${total.emissionsKg === null ? 'CO2e not known' : `${massEstimateText(total.emissionsKg)} CO2e`}   ${paid(cost)}`,
    `  ${BASES[m.basis]}`,
    ...(cost === null
      ? []
      : [
          `  energy ${moneyText(cost.energy, cost.currency)} · machines ${moneyText(cost.instance, cost.currency)} · egress ${moneyText(cost.egress, cost.currency)} · lateness ${moneyText(cost.tardiness, cost.currency)}`,
        ]),
    ...(m.groups.length === 0
      ? []
      : [
          '',
          tableText(
            [by, 'jobs', 'energy', 'CO2e', 'cost'],
            m.groups
              .slice(0, 40)
              .map((g) => [plain(g.key), String(g.jobs), energyText(g.energyKwh), known(g.emissionsKg), paid(g.cost)]),
          ),
          ...(m.groupCount > 40 ? [`  … and ${m.groupCount - 40} more: --json`] : []),
        ]),
    '',
    ...(m.sci === null
      ? []
      : [
          `  SCI ${figure(m.sci.gPerUnit)} g CO2e per ${m.sci.functionalUnit.replace('_', ' ')} (operational ${massText(m.sci.operationalG / 1000)}, embodied ${massText(m.sci.embodiedG / 1000)})`,
        ]),
    ...m.factors.map(
      (f) =>
        `  ${plain(f.region)}: ${f.meanGPerKwh === null ? 'no intensity known' : `${figure(f.meanGPerKwh)} g/kWh`}, ${f.kind}, ${f.status}, PUE ${f.pue}; ${plain(f.source)}`,
    ),
    `  Method: ${m.method.kwPerVcpu} kW per vCPU where nothing was measured, intervals ± ${percentText(m.method.uncertaintyRatio)} within a region and hour.`,
    ...m.unseen.map((u) => `  ${plain(u)}`),
  ].join('\n');
};

export const register = (program: Command) => {
  addCommand(
    program,
    'account',
    'energy, emissions and cost of a workload or a plan',
    FLAGS.shape,
    async (context, _, options) => {
      const input = await FLAGS.input(options);
      const answer = await context.call('measure_emissions', input);
      return { json: answer, text: text(answer, (input.by ?? []).join(' / ')) };
    },
  );
};
