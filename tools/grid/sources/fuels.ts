/**
 * Carbon intensity from what each fuel generated: the weighted mean of factors, average and operational. A fuel without a factor is
 * left out of both sides; where more than a fifth of the generation has none, nothing is said.
 */

/** At least so much of the generation must have a factor. */
const LEAST_KNOWN = 0.8;

export interface Generated {
  readonly fuelType: string;
  /** energy or mean power, in one unit; negative for exports and pumping, which generate nothing */
  readonly generation: number | null;
}

/**
 * g/kWh of the Carbon Intensity API (`/intensity/factors`), by Elexon's names. Interconnectors have the factor of the country that
 * they come from; Belgium, Norway and Denmark have none there.
 */
const GB: Readonly<Record<string, number>> = {
  BIOMASS: 120,
  CCGT: 394,
  COAL: 937,
  NPSHYD: 0,
  NUCLEAR: 0,
  OCGT: 651,
  OIL: 935,
  OTHER: 300,
  PS: 0,
  WIND: 0,
  INTFR: 53,
  INTIFA2: 53,
  INTELEC: 53,
  INTNED: 474,
  INTIRL: 458,
  INTEW: 458,
  INTGRNL: 458,
};

/** g/kWh by the names of the Energy Information Administration: 2.31, 0.96 and 2.46 lb per kWh of coal, gas and petroleum (2023). */
const US: Readonly<Record<string, number>> = {
  COL: 1047.8,
  NG: 435.4,
  OIL: 1115.8,
  NUC: 0,
  SUN: 0,
  WAT: 0,
  WND: 0,
  GEO: 0,
  PS: 0,
  BAT: 0,
};

/** Direct emissions of a fuel by the default factors of the IPCC (2006, volume 2, table 2.2), kg per GJ, at a net efficiency. */
const burnt = (kgPerGj: number, efficiency: number): number => Math.round((kgPerGj * 3.6) / efficiency);

/**
 * g/kWh by ENTSO-E's types of plant, at efficiencies that are usual in Europe. What burns biomass emits nothing by the rules of
 * national inventories. Gas derived from coal (B03), waste (B17) and other (B20) have no factor: it differs by plant.
 */
const EUROPE: Readonly<Record<string, number>> = {
  B01: 0,
  B02: burnt(101, 0.36),
  B04: burnt(56.1, 0.5),
  B05: burnt(94.6, 0.39),
  B06: burnt(77.4, 0.37),
  B07: burnt(107, 0.35),
  B08: burnt(106, 0.36),
  B09: 0,
  B10: 0,
  B11: 0,
  B12: 0,
  B13: 0,
  B14: 0,
  B15: 0,
  B16: 0,
  B18: 0,
  B19: 0,
  B25: 0,
};

/** What generates in each grid at every hour: rows without it are not all the rows. */
const ALWAYS = { gb: ['CCGT', 'WIND'], us: ['NG'], europe: [] } as const;

const meanOf = (
  rows: readonly Generated[],
  factors: Readonly<Record<string, number>>,
  always: readonly string[],
): number | null => {
  if (always.some((fuel) => rows.every(({ fuelType }) => fuelType !== fuel))) return null;
  let [all, known, grams] = [0, 0, 0];
  for (const { fuelType, generation } of rows) {
    // A fuel that is not told is not 0: the others alone would tell another intensity.
    if (generation === null) return null;
    if (generation <= 0) continue;
    all += generation;
    const factor = factors[fuelType];
    if (factor === undefined) continue;
    known += generation;
    grams += generation * factor;
  }
  if (all === 0 || known / all < LEAST_KNOWN) return null;
  return Math.round((grams / known) * 100) / 100;
};

/** Null where too little is known. */
export const factorsOf = {
  gb: (rows: readonly Generated[]): number | null => meanOf(rows, GB, ALWAYS.gb),
  us: (rows: readonly Generated[]): number | null => meanOf(rows, US, ALWAYS.us),
  europe: (rows: readonly Generated[]): number | null => meanOf(rows, EUROPE, ALWAYS.europe),
};
