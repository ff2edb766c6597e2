/**
 * Carbon intensity from what each fuel generated: the weighted mean of factors, average and operational. A fuel without a factor is
 * left out of both sides; where more than a fifth of the generation has none, nothing is said.
 */

/** At least so much of the generation must have a factor. */
const LEAST_KNOWN = 0.8;

interface Generated {
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

/** What generates in each grid at every hour: rows without it are not all the rows. */
const ALWAYS = { gb: ['CCGT', 'WIND'], us: ['NG'] } as const;

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
};
