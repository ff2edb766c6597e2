/**
 * From IT power to the facility meter and back. What a building draws beside its machines does not shrink with them: pumps and fans have
 * floors, some of it is fixed. So a cut of a quarter at the machines is 26 % at the meter of a full hall and 14 % at that of an empty one,
 * and a target at the meter is inverted through this model, never divided by a PUE. It is static: real cooling follows in minutes, so
 * a loop that measures closes what is left. Source of form and figures: the static cooling model of the GridPilot kit (2026), CC BY 4.0.
 */
import { z } from 'zod';

export const Plant = z.strictObject({
  designItKw: z.number().positive().describe('IT kW that the hall was built for'),
  cop: z.number().positive().describe('heat moved per electricity of the heat pump, at 25 °C'),
  copPerK: z.number().min(0).describe('what it loses for each kelvin above 25 °C'),
  freeCoolingC: z
    .number()
    .describe('at or below this the heat pump rests; between it and 25 °C its share grows in a straight line'),
  pumpsKw: z.number().min(0).describe('at design load; goes with load², not below a fifth'),
  fansKw: z.number().min(0).describe('at design load; goes with load³, not below 15 %'),
  fixedKw: z.number().min(0).describe('whatever runs'),
});
export type Plant = z.infer<typeof Plant>;

const FULL_HEAT_C = 25;
const PUMP_FLOOR = 0.2;
const FAN_FLOOR = 0.15;
const HEAT_PUMP_FLOOR = 0.1;

/** Shares of the overhead at design load and 25 °C in the published hall of 1 400 kW and PUE 1.2. */
const PUBLISHED: Plant = {
  ...{ designItKw: 1400, cop: 9.15, copPerK: 0.05, freeCoolingC: 12 },
  ...{ pumpsKw: 63.75, fansKw: 38.25, fixedKw: 25 },
};

/** The published hall at another size and with another PUE at design load and 25 °C. PUE 1: nothing beside the machines. */
export const plantOf = (designItKw: number, pue = 1.2): Plant => {
  const overhead = (pue - 1) / 0.2;
  const scale = (designItKw / PUBLISHED.designItKw) * overhead;
  return {
    ...{ ...PUBLISHED, designItKw, cop: overhead > 0 ? PUBLISHED.cop / overhead : Number.MAX_VALUE },
    pumpsKw: PUBLISHED.pumpsKw * scale,
    fansKw: PUBLISHED.fansKw * scale,
    fixedKw: PUBLISHED.fixedKw * scale,
  };
};

/** kW beside the machines at an IT load, once the cooling has followed. */
export const overheadKw = (plant: Plant, itKw: number, ambientC: number): number => {
  const load = itKw / plant.designItKw;
  const warmth = Math.min(1, Math.max(0, (ambientC - plant.freeCoolingC) / (FULL_HEAT_C - plant.freeCoolingC)));
  const cop = Math.max(1, plant.cop - plant.copPerK * Math.max(0, ambientC - FULL_HEAT_C));
  const heat = warmth * Math.max(itKw / cop, (HEAT_PUMP_FLOOR * plant.designItKw) / cop);
  const pumps = plant.pumpsKw * Math.max(load * load, PUMP_FLOOR);
  const fans = plant.fansKw * Math.max(load * load * load, FAN_FLOOR);
  return heat + pumps + fans + plant.fixedKw;
};

export const facilityKw = (plant: Plant, itKw: number, ambientC: number): number =>
  itKw + overheadKw(plant, itKw, ambientC);

/** The IT power at which the meter reads so many kW; null: the building draws more than that with no machine running. */
export const itKwFor = (plant: Plant, meterKw: number, ambientC: number): number | null => {
  if (facilityKw(plant, 0, ambientC) > meterKw) return null;
  let [low, high] = [0, meterKw];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (facilityKw(plant, middle, ambientC) > meterKw) high = middle;
    else low = middle;
  }
  return low;
};
