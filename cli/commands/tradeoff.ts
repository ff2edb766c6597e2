/** `tradeoff`: the frontier of cost against carbon as a picture and as JSON. */
import type { Command } from 'commander';
import { figure, isNothing, massEstimateText, massText, moneyText, percentText } from '../../domain/figures.js';
import type { TradeOff } from '../../offline.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { flagsOf } from '../flags.js';
import { frontierPlot } from '../plot.js';
import { plain, tableText } from '../terminal.js';

export const tradeOffText = (o: TradeOff): string => {
  const { currency, points, unpriced } = o;
  const cost = unpriced.length > 0 ? 'cost without energy' : 'cost';
  const marks = points.map((p) => ({ x: p.emissionsKg.value, y: p.cost.total, chosen: p.chosen }));
  const least = (kg: number) => Math.max(...points.map((p) => p.lowerBound - (p.carbonPricePerTonne * kg) / 1000));
  const worst = points.reduce((gap, p) => Math.max(gap, p.gap), 0);
  const now = o.runImmediately;
  const rows = points.map((p) => [
    `${p.chosen ? '●' : '○'}`,
    figure(p.carbonPricePerTonne),
    massEstimateText(p.emissionsKg),
    moneyText(p.cost.total, currency),
    percentText(p.gap),
  ]);
  const [first, last] = [points[0]!, points.at(-1)!];
  const saved = first.emissionsKg.value - last.emissionsKg.value;
  const paid = last.cost.total - first.cost.total;
  return [
    saved > 0
      ? `From the cheapest plan to the cleanest: ${massText(saved)} CO2e less${unpriced.length > 0 && isNothing(paid) ? '' : isNothing(paid) ? ' at the same cost' : ` for ${moneyText(paid, currency)} more, ${moneyText((paid / saved) * 1000, currency)} a tonne on average`}.`
      : 'Price makes no difference here: the cheapest plan is the cleanest.',
    '',
    `  ${cost}${unpriced.length > 0 ? ' and' : ''} without the carbon price, against CO2e${o.workloadId === null ? '' : `, workload ${o.workloadId}`}`,
    frontierPlot(marks, least, { x: massText, y: (v) => moneyText(v, currency) }),
    `  ● planned at the price in force   ○ at other prices   · no plan can be there (proved)`,
    '',
    tableText(['', `${currency}/t`, 'CO2e', cost, 'gap'], rows),
    `  run at once, limits ignored: ${massText(now.emissionsKg.value)}${unpriced.length > 0 ? '' : `, ${moneyText(now.cost.total, currency)}`}`,
    worst < 1e-9
      ? '  No plan can beat any of these at its price (proved).'
      : `  No plan can beat any of these at its price by more than ${percentText(worst)} (proved).`,
    ...(o.limits.length > 0 ? ['', ...o.limits.slice(0, 6).map((l) => `  ${l.sentence}`)] : []),
    ...(o.unseen.length > 0 ? ['', ...o.unseen.slice(0, 5).map((u) => `  Not seen: ${plain(u)}.`)] : []),
  ].join('\n');
};

const FLAGS = flagsOf('trade_off', {
  from: false,
  tardinessWeight: false,
  foresight: false,
  cpuSeconds: { about: 'CPU seconds for each price' },
  carbonPricesPerTonne: '--prices <list>',
});

const tradeoff = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const given = await FLAGS.input(options);
  let answer: TradeOff;
  if (options.problem !== undefined) {
    const { readProblem, tradeOffOf } = await import('../../offline.js');
    const problem = readProblem(String(options.problem));
    answer = await tradeOffOf(problem, {
      carbonPricesPerTonne: given.carbonPricesPerTonne,
      chosenPricePerTonne: problem.carbonPricePerTonne,
      telling: {
        currency: 'USD',
        uncertaintyRatio: context.config.uncertaintyRatio,
        confidence: context.config.confidence,
      },
      clock: null,
      seed: given.seed ?? 1,
      cpuSeconds: given.cpuSeconds,
      signal: context.signal,
      onProgress: (done, total, note) => context.progress({ done, total, note }),
    });
  } else answer = await context.call('trade_off', given);
  return { json: answer, text: tradeOffText(answer) };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'tradeoff',
    'what a cleaner plan costs: the frontier of cost against carbon, with proof',
    async (c) =>
      (await FLAGS.shape(c)).option(
        '--problem <file>',
        'a caco-opt-1 problem (.json or .json.gz) instead of a workload',
      ),
    tradeoff,
  );
};
