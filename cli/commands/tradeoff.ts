/** `tradeoff`: the frontier of cost against carbon as a picture and as JSON. */
import type { Command } from 'commander';
import { figure, massEstimateText, massText, moneyText, percentText } from '../../domain/figures.js';
import type { TradeOff } from '../../offline.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { frontierPlot } from '../plot.js';
import { plain, tableText } from '../terminal.js';
import { numberOf } from './launch.js';

export const tradeOffText = (o: TradeOff): string => {
  const { currency, points } = o;
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
      ? `From the cheapest plan to the cleanest: ${massText(saved)} CO2e less for ${moneyText(paid, currency)} more, ${moneyText((paid / saved) * 1000, currency)} a tonne on average.`
      : 'Price makes no difference here: the cheapest plan is the cleanest.',
    '',
    `  cost without the carbon price, against CO2e${o.workloadId === null ? '' : `, workload ${o.workloadId}`}`,
    frontierPlot(marks, least, { x: massText, y: (v) => moneyText(v, currency) }),
    `  ● planned at the price in force   ○ at other prices   · no plan can be there (proved)`,
    '',
    tableText(['', `${currency}/t`, 'CO2e', 'cost', 'gap'], rows),
    `  run at once, limits ignored: ${massText(now.emissionsKg.value)}, ${moneyText(now.cost.total, currency)}`,
    worst < 1e-9
      ? '  No plan can beat any of these at its price (proved).'
      : `  No plan can beat any of these at its price by more than ${percentText(worst)} (proved).`,
    ...(o.limits.length > 0 ? ['', ...o.limits.slice(0, 6).map((l) => `  ${l.sentence}`)] : []),
    ...(o.unseen.length > 0 ? ['', ...o.unseen.slice(0, 5).map((u) => `  Not seen: ${plain(u)}.`)] : []),
  ].join('\n');
};

const pricesOf = (text: unknown): number[] | undefined =>
  text === undefined
    ? undefined
    : String(text)
        .split(',')
        .map((part) => numberOf('--prices', part));

const tradeoff = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const prices = pricesOf(options.prices);
  const cpuSeconds = options.cpuSeconds === undefined ? undefined : numberOf('--cpu-seconds', options.cpuSeconds);
  const seed = options.seed === undefined ? 1 : numberOf('--seed', options.seed);
  let answer: TradeOff;
  if (options.problem !== undefined) {
    const { readProblem, tradeOffOf } = await import('../../offline.js');
    const problem = readProblem(String(options.problem));
    answer = await tradeOffOf(problem, {
      carbonPricesPerTonne: prices,
      chosenPricePerTonne: problem.carbonPriceUsdPerTonne,
      telling: {
        currency: 'USD',
        uncertaintyRatio: context.config.uncertaintyRatio,
        confidence: context.config.confidence,
      },
      clock: null,
      seed,
      cpuSeconds,
      signal: context.signal,
      onProgress: (done, total, note) => context.progress({ done, total, note }),
    });
  } else {
    answer = await context.call<TradeOff>('trade_off', {
      horizonHours: numberOf('--horizon-hours', options.horizonHours),
      seed,
      ...(options.workload === undefined ? {} : { workloadId: String(options.workload) }),
      ...(options.region === undefined ? {} : { region: String(options.region) }),
      ...(options.cluster === undefined ? {} : { clusterId: String(options.cluster) }),
      ...(options.maxPowerKw === undefined ? {} : { maxPowerKw: numberOf('--max-power-kw', options.maxPowerKw) }),
      ...(prices === undefined ? {} : { carbonPricesPerTonne: prices }),
      ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    });
  }
  return { json: answer, text: tradeOffText(answer) };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'tradeoff',
    'what a cleaner plan costs: the frontier of cost against carbon, with proof',
    (c) =>
      void c
        .option('--workload <id>', 'workload to plan; the newest when left out')
        .option('--problem <file>', 'a caco-opt-1 problem (.json or .json.gz) instead of a workload')
        .option('--prices <list>', 'carbon prices per tonne, separated by commas; 0 to 500 when left out')
        .option('--horizon-hours <hours>', 'length of the window to plan', '24')
        .option('--region <region>', 'plan within this region only')
        .option('--cluster <id>', 'plan this cluster only')
        .option('--max-power-kw <kw>', 'cap on facility power below the sites’ own')
        .option('--cpu-seconds <s>', 'CPU seconds for each price')
        .option('--seed <n>', 'of the search'),
    tradeoff,
  );
};
