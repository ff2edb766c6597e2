/**
 * Documents of ENTSO-E's transparency platform, XML. A curve of type A03 leaves out a step whose value is that of the step before; no
 * data is a document of its own, with status 200 or 400.
 */
import type { Said } from '../../../domain/grid-values.js';
import { fromEpoch, type Instant, instant, toEpoch } from '../../../domain/time.js';
import type { Generated } from './fuels.js';

const MINUTES: Readonly<Record<string, number>> = { PT15M: 15, PT30M: 30, PT60M: 60 };

const within = (text: string, tag: string): string[] =>
  [...text.matchAll(new RegExp(`<(?:\\w+:)?${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</(?:\\w+:)?${tag}>`, 'g'))].map(
    (m) => m[1]!,
  );
const one = (text: string, tag: string): string | undefined => within(text, tag)[0]?.trim();

/**
 * The prices of a document; none of one that says that there are none; null for what is no such document. Of two auctions of one
 * zone the first sequence is that of the coupled market.
 */
export const pricesIn = (document: string): { prices: Said[]; notes: string[] } | null => {
  if (/<(?:\w+:)?Acknowledgement_MarketDocument/.test(document)) return { prices: [], notes: [] };
  if (!/<\/(?:\w+:)?Publication_MarketDocument>\s*$/.test(document)) return null;
  const series = within(document, 'TimeSeries');
  const sequenceOf = (text: string) => one(text, 'classificationSequence_AttributeInstanceComponent\\.position') ?? '1';
  const sequences = [...new Set(series.map(sequenceOf))].sort();
  const notes =
    sequences.length === 1 && sequences[0] !== '1'
      ? [`ENTSO-E gives only the prices of sequence ${sequences[0]}, which may be those of another auction.`]
      : [];
  const prices: Said[] = [];
  for (const text of series) {
    if (sequenceOf(text) !== sequences[0]) continue;
    if ((one(text, 'currency_Unit\\.name') ?? 'EUR') !== 'EUR') return null;
    const holds = one(text, 'curveType') === 'A03';
    for (const period of within(text, 'Period')) {
      const points = pointsOf(period, holds, 'price\\.amount');
      if (points === null) return null;
      prices.push(...points.flatMap(bothOf));
    }
  }
  return { prices, notes };
};

interface Point {
  readonly at: Instant;
  readonly minutes: number;
  readonly value: number | null;
}

/** `amount` is the member of a point that holds its value. */
const pointsOf = (period: string, holds: boolean, amount: string): Point[] | null => {
  const minutes = MINUTES[one(period, 'resolution') ?? ''];
  const [start, end] = [one(period, 'start'), one(period, 'end')];
  if (minutes === undefined || start === undefined || end === undefined) return null;
  const first = toEpoch(instant(start));
  const count = Math.round((toEpoch(instant(end)) - first) / (minutes * 60));
  const given = new Map<number, number>();
  for (const point of within(period, 'Point')) {
    const [position, value] = [Number(one(point, 'position')), Number(one(point, amount) ?? Number.NaN)];
    if (!Number.isInteger(position) || !Number.isFinite(value)) return null;
    given.set(position, value);
  }
  const points: Point[] = [];
  let last: number | null = null;
  for (let position = 1; position <= count; position++) {
    last = given.get(position) ?? (holds ? last : null);
    points.push({ at: fromEpoch(first + (position - 1) * minutes * 60), minutes, value: last });
  }
  return points;
};

/** A price that was published stands: it is known ahead, and it is what came true. */
const bothOf = (point: Point): Said[] =>
  (['forecast', 'actual'] as const).map((status) => ({ ...point, status, published: null }));

/** What was generated in a step, MW by the code of the type of plant. */
export interface GeneratedStep {
  readonly at: Instant;
  readonly minutes: number;
  readonly rows: readonly Generated[];
}

/**
 * What each type of plant generated, by step; none of a document that says that there is none; null for what is no such document. A
 * type that the document tells of other steps and not of this one is not known there: it comes later than the others. What pumps and
 * plants took from the grid stands under the zone that it went out of, and generated nothing.
 */
export const generationIn = (document: string): GeneratedStep[] | null => {
  if (/<(?:\w+:)?Acknowledgement_MarketDocument/.test(document)) return [];
  if (!/<\/(?:\w+:)?GL_MarketDocument>\s*$/.test(document)) return null;
  const steps = new Map<number, { minutes: number; by: Map<string, number | null> }>();
  const types = new Set<string>();
  for (const text of within(document, 'TimeSeries')) {
    if (one(text, 'outBiddingZone_Domain\\.mRID') !== undefined) continue;
    const type = one(text, 'psrType');
    if (type === undefined || (one(text, 'quantity_Measure_Unit\\.name') ?? 'MAW') !== 'MAW') return null;
    types.add(type);
    const holds = one(text, 'curveType') === 'A03';
    for (const period of within(text, 'Period')) {
      const points = pointsOf(period, holds, 'quantity');
      if (points === null) return null;
      for (const { at, minutes, value } of points) {
        const step = steps.get(toEpoch(at)) ?? { minutes, by: new Map() };
        if (step.minutes !== minutes) return null;
        step.by.set(type, value);
        steps.set(toEpoch(at), step);
      }
    }
  }
  return [...steps].map(([at, { minutes, by }]) => ({
    at: fromEpoch(at),
    minutes,
    rows: [...types].map((fuelType) => ({ fuelType, generation: by.get(fuelType) ?? null })),
  }));
};
