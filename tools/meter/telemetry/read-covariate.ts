/** The tool that brings what else a Prometheus server remembers: the work that was asked for, by an expression. */
import { z } from 'zod';
import { CovariateCard, type CovariateSpan, keepCovariate } from '../../../domain/covariate.js';
import { invalid, notFound } from '../../../domain/fault.js';
import { percentText } from '../../../domain/figures.js';
import { fromEpoch, Instant, toEpoch } from '../../../domain/time.js';
import { defineTool } from '../../tool.js';
import { telemetryOf } from './read-telemetry.js';

export const readCovariate = defineTool({
  name: 'read_covariate',
  title: 'Read a covariate',
  description:
    'Brings a series beside the energy from the Prometheus server of CACO_METER_URL by an expression, such as sum(slurm_queue_submitted_cores): the value at the end of each step stands for it. What is not finite is left out.',
  toolset: 'proof',
  effect: 'decides',
  input: z.strictObject({
    id: CovariateCard.shape.id.describe('name of the series'),
    query: z.string().min(1).max(2000).describe('PromQL that gives one series'),
    kind: CovariateCard.shape.kind,
    basis: CovariateCard.shape.basis,
    unit: CovariateCard.shape.unit.default(''),
    from: Instant,
    to: Instant,
    stepMinutes: z.number().int().min(1).max(60).default(5),
  }),
  output: z.strictObject({ covariate: CovariateCard, values: z.number().int(), coverageRatio: z.number() }),
  run: async ({ query, from, to, stepMinutes, ...card }, world, call) => {
    const telemetry = telemetryOf(world);
    const [startS, endS, stepS] = [toEpoch(from), toEpoch(to), stepMinutes * 60];
    if (endS <= startS) throw invalid(`${to} is not after ${from}`, 'Give a time that ends later.');
    const series = await telemetry.steps(query, startS + stepS, endS, stepS, call.signal);
    if (series.length === 0)
      throw notFound(
        `${telemetry.about} has nothing for ${query} from ${from} to ${to}`,
        'Check the expression and the time.',
      );
    if (series.length > 1)
      throw invalid(`${query} gives ${series.length} series`, 'Make one of them, with sum(…) or avg(…).');
    const [{ times, values }] = series as [(typeof series)[0]];
    const spans: CovariateSpan[] = Array.from(times).flatMap((at, i) =>
      Number.isFinite(values[i]!) ? [{ start: fromEpoch(at - stepS), end: fromEpoch(at), value: values[i]! }] : [],
    );
    if (spans.length === 0) throw notFound(`${query} has no finite value in that time`, 'Check the expression.');
    const covariate = { ...card, source: 'Prometheus', covers: null };
    call.commit((tx) => keepCovariate(tx, covariate, spans));
    return {
      covariate: { ...covariate, covers: { start: spans[0]!.start, end: spans.at(-1)!.end } },
      ...{ values: spans.length, coverageRatio: spans.length / Math.floor((endS - startS) / stepS) },
    };
  },
  tell: ({ covariate, values, coverageRatio }) =>
    `${values} values of ${covariate.id}, ${percentText(coverageRatio)} of the time.`,
});
