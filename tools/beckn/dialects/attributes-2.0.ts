/** Figures and times in the attribute packs of Beckn 2.0 (ComputeEnergy, DemandFlexibility), whose members carry the prefix or not. */
import { decimal } from '../../../domain/decimal.js';
import { type Instant, instant } from '../../../domain/time.js';
import { Refusal } from '../refusal.js';
import type { Bag } from './shapes-2.0.js';
import { numberIn } from './spelling.js';

type Members = Readonly<Record<string, unknown>>;

/** A member of a pack that is an object; empty where it is not there. */
export const part = (of: Bag | Members | undefined, name: string): Members => {
  const value = member(of, name);
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Members) : {};
};
export const member = (of: Bag | Members | undefined, name: string): unknown => {
  const members = (of ?? {}) as Members;
  return members[`beckn:${name}`] ?? members[name];
};
export const textIn = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

/** A JSON number or decimal text. Throws Refusal for anything else. */
export const figureIn = (value: unknown, at: string): number | null => {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string') return numberIn(value, at);
  throw new Refusal('30000', `${at} must be a number`, at);
};
export const amountIn = (value: unknown, at: string): string | null => {
  const figure = figureIn(value, at);
  return figure === null ? null : decimal(figure);
};

type Units = ReadonlyMap<string, number>;
const unitsOf = (known: Readonly<Record<string, number>>): Units => new Map(Object.entries(known));
const factorOf = (unit: unknown, known: Units): number | undefined => known.get(String(unit ?? '').toLowerCase());

/** A unit that is not known is no guess. Throws Refusal. */
const scaled = (value: unknown, unit: unknown, known: Units, at: string): number | null => {
  const figure = figureIn(value, at);
  if (figure === null) return null;
  const factor = factorOf(unit, known);
  if (factor !== undefined) return Number((figure * factor).toPrecision(12));
  const units = [...known.keys()].join(', ');
  throw new Refusal('30000', `unit is "${String(unit).slice(0, 40)}", must be of ${units}`, at);
};
const KW = unitsOf({ kw: 1, mw: 1000, w: 0.001 });
export const kwIn = (value: unknown, unit: unknown, at: string): number | null => scaled(value, unit, KW, at);
/** Of what may be left out: null in a unit that is not known. */
export const kwOr = (value: unknown, unit: unknown, at: string): number | null =>
  factorOf(unit, KW) === undefined ? null : kwIn(value, unit, at);
const MWH = unitsOf({ mwh: 1, kwh: 0.001 });
export const isEnergy = (unit: unknown): boolean => factorOf(unit, MWH) !== undefined;
export const mwhIn = (value: unknown, unit: unknown, at: string): number | null => scaled(value, unit, MWH, at);
/** How many MWh a price is for, by the unit that it is for. */
const PER = unitsOf({ per_mwh: 1, per_kwh: 0.001, mwh: 1, kwh: 0.001 });
/** Money per MWh, as decimal text, of a price for `many` of a unit; null in a unit that is not known. Throws Refusal. */
export const perMwhIn = (value: unknown, unit: unknown, many: unknown, at: string): string | null => {
  const [figure, quantity] = [figureIn(value, at), figureIn(many, at) ?? 1];
  const factor = factorOf(unit, PER);
  if (!(quantity > 0)) throw new Refusal('30000', `the price is for ${quantity}, must be above 0`, at);
  if (figure === null || factor === undefined) return null;
  return decimal(Number((figure / factor / quantity).toPrecision(12)));
};
const GRAMS = unitsOf({ g: 1, kg: 1000, t: 1e6 });
/** g CO2e per kWh; null in a unit that is not known. */
export const intensityIn = (value: unknown, unit: unknown, at: string): number | null => {
  const [, mass, energy] = /^(g|kg|t)(?:CO2(?:e|eq)?)?\/([kM]Wh)$/i.exec(String(unit ?? '')) ?? [];
  const figure = figureIn(value, at);
  if (figure === null || mass === undefined) return null;
  const grams = factorOf(mass, GRAMS)!;
  return Number(((figure * grams) / (factorOf(energy, MWH)! * 1000)).toPrecision(12));
};

/** A time of no day. */
export const isBare = (value: unknown): boolean => /^\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(textIn(value) ?? '');

/** Catalogues give times without a day: it is that of the catalogue, where that says one. */
export const momentIn = (value: unknown, day: string | null, at: string): Instant | null => {
  const said = textIn(value);
  if (said === null) return null;
  const bare = isBare(said);
  if (bare && day === null) return null;
  try {
    return instant(bare ? `${day}T${said}` : said);
  } catch (error) {
    throw new Refusal('30000', (error as Error).message, at);
  }
};

/** GeoJSON: longitude first. Of an area, the middle of its corners. */
export const placeOf = (geo: { type?: string; coordinates?: unknown } | undefined) => {
  const points: [number, number][] = [];
  const collect = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] === 'number' && typeof value[1] === 'number') points.push([value[0], value[1]]);
    else for (const inner of value) collect(inner);
  };
  collect(geo?.coordinates);
  if (points.length === 0) return null;
  // The last corner of a ring is its first again.
  const [first, last] = [points[0]!, points.at(-1)!];
  const closed = points.length > 1 && first[0] === last[0] && first[1] === last[1];
  const corners = closed ? points.slice(0, -1) : points;
  const mean = (i: 0 | 1) => corners.reduce((sum, corner) => sum + corner[i], 0) / corners.length;
  return { latitude: mean(1), longitude: mean(0) };
};
