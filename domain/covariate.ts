/** What else was going on: the work that was asked of a site, the weather. A saving is judged by it, so it is kept as what a meter told is. */
import { z } from 'zod';
import { defineCollection, defineRows, type Tx } from './store.js';
import { Instant, Interval, toEpoch } from './time.js';
import { COVARIATE_KINDS } from './usage.js';

export const CovariateCard = z.strictObject({
  id: z.string().min(1).max(200),
  kind: z.enum(COVARIATE_KINDS).describe('load: work that was asked for; temperature: °C outside; other'),
  unit: z.string().max(50).describe('of its values; empty: a plain number'),
  basis: z
    .enum(['submitted', 'observed', 'external'])
    .describe(
      'submitted: work as it was asked for; observed: work as the site did it, which a change at the site may alter; external: the weather and the like',
    ),
  source: z.string().max(300),
  covers: Interval.nullable(),
});
export type CovariateCard = z.infer<typeof CovariateCard>;

/** The mean over a stretch of time. */
export const CovariateSpan = z.strictObject({ start: Instant, end: Instant, value: z.number() });
export type CovariateSpan = z.infer<typeof CovariateSpan>;

export const COVARIATES = defineCollection('covariates', CovariateCard);
/** Rows by covariate and month of their start. */
export const COVARIED = defineRows('covaried', CovariateSpan);

export const covariateSet = (id: string, at: Instant): string => `${id} ${at.slice(0, 7)}`;

/** No span is longer, so that none reaches over two months’ ends. */
export const LONGEST_COVARIATE_S = 7 * 86_400;

/** Writes spans, over those of the same start, and the card with the time that is covered now. */
export const keepCovariate = async (tx: Tx, card: CovariateCard, spans: readonly CovariateSpan[]): Promise<void> => {
  const sets = new Map<string, CovariateSpan[]>();
  for (const span of spans) {
    const set = covariateSet(card.id, span.start);
    const of = sets.get(set) ?? [];
    of.push(span);
    sets.set(set, of);
  }
  for (const [set, some] of sets)
    await tx.rows(COVARIED).upsert(
      set,
      some.map((value) => ({ id: value.start, value })),
    );
  const before = (await tx.collection(COVARIATES).get(card.id))?.value.covers ?? null;
  const bounds = [...(before === null ? [] : [before]), ...spans];
  const covers =
    bounds.length === 0
      ? null
      : {
          start: bounds.reduce((first, { start }) => (start < first ? start : first), bounds[0]!.start),
          end: bounds.reduce((last, { end }) => (end > last ? end : last), bounds[0]!.end),
        };
  await tx.collection(COVARIATES).put(card.id, { ...card, covers });
};

/** Means over steps of one length from `start` on; NaN where less than nine tenths of a step are known. */
export const covariateSteps = async (
  store: Pick<Tx, 'rows'>,
  id: string,
  startS: number,
  stepS: number,
  count: number,
): Promise<Float64Array> => {
  const sums = new Float64Array(count);
  const known = new Float64Array(count);
  const endS = startS + count * stepS;
  const months = new Set<string>();
  for (let at = startS - LONGEST_COVARIATE_S; at < endS + 86_400; at += 86_400)
    months.add(covariateSet(id, new Date(at * 1000).toISOString() as Instant));
  for (const set of months)
    for await (const page of store.rows(COVARIED).pages(set))
      for (const { start, end, value } of page) {
        const [a, b] = [Math.max(startS, toEpoch(start)), Math.min(endS, toEpoch(end))];
        for (let i = Math.floor((a - startS) / stepS); i < count && startS + i * stepS < b; i++) {
          if (i < 0) continue;
          const seconds = Math.min(b, startS + (i + 1) * stepS) - Math.max(a, startS + i * stepS);
          if (seconds <= 0) continue;
          sums[i]! += value * seconds;
          known[i]! += seconds;
        }
      }
  return sums.map((sum, i) => (known[i]! >= 0.9 * stepS ? sum / known[i]! : Number.NaN));
};
