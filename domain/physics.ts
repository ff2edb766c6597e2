/** The laws that rooms share: arithmetic between units, so that a wrong pairing does not compile. */
import {
  type GPerKwh,
  type Hours,
  hours,
  type Kg,
  type Kw,
  type Kwh,
  kg,
  kw,
  kwh,
  type Money,
  money,
  type PerMwh,
  type PerTonne,
} from './units.js';

export const energy = (power: Kw, duration: Hours): Kwh => kwh(power * duration);

/** Emissions of an amount of energy: kWh × g/kWh ÷ 1000. */
export const emissions = (used: Kwh, intensity: GPerKwh): Kg => kg((used * intensity) / 1000);

export const energyCost = (used: Kwh, price: PerMwh): Money => money((used * price) / 1000);

/** What an emission costs at a carbon price: kg × money/t ÷ 1000. */
export const carbonCost = (emitted: Kg, price: PerTonne): Money => money((emitted * price) / 1000);

/** What the meter of the building sees for an IT load. PUE is never below 1. */
export const facilityPower = (it: Kw, pue: number): Kw => kw(it * pue);

/** vCPU-linear model of the seed's formula: vCPUs × kW per vCPU (0.005 by default). */
export const vcpuPower = (vcpus: number, kwPerVcpu: number): Kw => kw(vcpus * kwPerVcpu);

export const secondsToHours = (seconds: number): Hours => hours(seconds / 3600);

/** A job's duration to the whole second, which is how spans are measured. */
export const durationSeconds = (durationHours: number): number => Math.round(durationHours * 3600);
