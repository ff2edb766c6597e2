/**
 * Branded numbers, one per unit of measure. A bare number cannot be passed where a unit is wanted;
 * arithmetic between units lives in physics.ts. JSON has no brands, so field names end in the unit.
 */
import { z } from 'zod';

const finite = () => z.number().refine(Number.isFinite, 'must be a finite number');

export const Kw = finite().brand<'kW'>();
export type Kw = z.infer<typeof Kw>;
export const Kwh = finite().brand<'kWh'>();
export type Kwh = z.infer<typeof Kwh>;
export const Hours = finite().brand<'h'>();
export type Hours = z.infer<typeof Hours>;
export const GPerKwh = finite().brand<'g/kWh'>();
export type GPerKwh = z.infer<typeof GPerKwh>;
export const Kg = finite().brand<'kg'>();
export type Kg = z.infer<typeof Kg>;
/** An amount in the one currency that the enclosing document names. */
export const Money = finite().brand<'money'>();
export type Money = z.infer<typeof Money>;
export const PerMwh = finite().brand<'money/MWh'>();
export type PerMwh = z.infer<typeof PerMwh>;
export const PerTonne = finite().brand<'money/t'>();
export type PerTonne = z.infer<typeof PerTonne>;
/** 0 to 1. */
export const Ratio = z.number().min(0).max(1).brand<'ratio'>();
export type Ratio = z.infer<typeof Ratio>;

export const kw = (value: number) => value as Kw;
export const kwh = (value: number) => value as Kwh;
export const hours = (value: number) => value as Hours;
export const gPerKwh = (value: number) => value as GPerKwh;
export const kg = (value: number) => value as Kg;
export const money = (value: number) => value as Money;
export const perMwh = (value: number) => value as PerMwh;
export const perTonne = (value: number) => value as PerTonne;
export const ratio = (value: number) => value as Ratio;

/** ISO 4217 code. */
export const Currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as GBP');
export type Currency = z.infer<typeof Currency>;
