/** Price against carbon on real British data: one job of 4 h and 1 MW each day, placed by the planner's exact engine. */

import { buildModel, evaluate, runImmediately, solve } from '../engine/engine.js';
import { numberOf, type StudyData } from './data.js';
import { GB_COST_CARBON } from './published.js';
import { answerOf, row, type StudyAnswer, type StudyRow, shown, type TraceJob, traceProblem } from './study.js';

const HOOKS = { cancelled: () => false, cpuSeconds: () => 0, tell: () => {}, milp: {} };
const ARRIVES = 18;
const HOURS = 4;
const WITHIN = 24;
const MILLI = 1000;

export const gbCostCarbon = (data: StudyData): StudyAnswer => {
  const table = data.table('gb-2020-2022/gb_hourly.csv', ['time_utc', 'gco2_per_kwh', 'agile_p_per_kwh']);
  const rows: StudyRow[] = [];
  for (const [year, published] of Object.entries(GB_COST_CARBON)) {
    const hours = table.filter(([time]) => time!.startsWith(year));
    const intensity = Float64Array.from(hours, (cells) => numberOf(cells[1]!));
    // p/kWh × 10 is £/MWh.
    const price = Float64Array.from(hours, (cells) => numberOf(cells[2]!) * 10);
    const trace: TraceJob[] = [];
    for (let release = ARRIVES; release + WITHIN <= hours.length; release += 24)
      trace.push({ release, slots: HOURS, deadline: release + WITHIN, kw: 1000 });
    const problem = traceProblem(intensity, 1, trace);
    const priced = buildModel({ ...problem, pricePerMwh: price });
    // Counted in thousandths of a pound, so that sums are whole numbers and equal costs are equal: the earliest wins.
    const exact = Float64Array.from(price, (value) => Math.round(value * MILLI) * 1000);
    const figuresOf = (carbonPrice: number, energyCounts: boolean): [kg: number, gbp: number] => {
      const question = {
        ...problem,
        ciGPerKwh: intensity.map((value) => value * 1000),
        pricePerMwh: energyCounts ? exact : new Float64Array(hours.length),
        carbonPricePerTonne: carbonPrice * MILLI,
      };
      const { schedule } = solve(question, { seed: 1, engine: 'uncoupled', relaxed: false }, HOOKS);
      const { emissionsKg, parts } = evaluate(priced, schedule!);
      return [emissionsKg, parts.energy];
    };
    rows.push(row(`${year} days`, published.days, trace.length, 0, { unit: 'days', variant: 'as-published' }));
    const pair = (
      name: string,
      held: readonly [number, number],
      ours: readonly [number, number],
      judged: readonly [boolean, boolean],
    ) => {
      const units = ['kg', '£'] as const;
      units.forEach((unit, i) => {
        // Printed to a whole kg and a tenth of a pound.
        const line = row(`${year} ${name}`, held[i]!, ours[i]!, unit === 'kg' ? 0.6 : 0.1, {
          unit,
          variant: 'as-published',
          ...(judged[i] ? {} : { note: 'not what is minimised: it depends on which of equal hours is taken' }),
        });
        rows.push(judged[i] ? line : shown(line));
      });
    };
    const now = evaluate(priced, runImmediately(priced));
    pair('start now', published.startNow, [now.emissionsKg, now.parts.energy], [true, true]);
    pair('least carbon', published.minCarbon, figuresOf(1000, false), [true, false]);
    pair('least cost', published.minCost, figuresOf(0, true), [false, true]);
    for (const [carbonPrice, held] of Object.entries(published.at))
      pair(`£${carbonPrice}/t`, held, figuresOf(Number(carbonPrice), true), [true, true]);
  }
  return answerOf(
    {
      study: 'gb-cost-carbon',
      title: 'One job of 4 h and 1 MW a day that arrives at 18:00 UTC and must end within 24 h',
      source: 'recomputed independently on NESO carbon intensity and Octopus Agile prices, 2020 to 2022',
      notes: [
        'Agile carries a surcharge from 16 to 19 h, so that starting at 18:00 is a bad baseline on purpose: the savings in £ are not to be quoted without saying so.',
      ],
    },
    rows,
  );
};
