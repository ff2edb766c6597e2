/** Figures as their authors printed them, and reference figures of independent recomputations; nothing here is ours. */

/** Wiesner et al., Let's Wait Awhile, Middleware 2021: nightly jobs, 5 % error, g/kWh at ±0 to ±8 h in half-hours (figure, vector coordinates). */
export const LWA_NIGHTLY: Readonly<Record<string, readonly number[]>> = {
  DE: [
    305.328, 304.851, 303.682, 301.841, 301.049, 300.369, 300.004, 299.452, 298.624, 297.39, 295.33, 292.606, 288.657,
    284.654, 279.517, 274.866, 269.474,
  ],
  GB: [
    184.096, 180.657, 178.507, 176.504, 175.312, 174.32, 173.492, 172.855, 172.49, 172.317, 172.096, 171.906, 171.681,
    171.492, 171.148, 170.649, 169.469,
  ],
  FR: [
    52.121, 51.794, 51.354, 50.836, 50.559, 50.356, 50.225, 50.101, 49.993, 49.893, 49.751, 49.642, 49.515, 49.441,
    49.353, 49.282, 49.214,
  ],
  CAL: [
    320.331, 320.231, 319.648, 318.271, 317.69, 317.359, 317.24, 317.062, 316.77, 315.701, 308.567, 295.817, 278.323,
    259.465, 238.311, 223.198, 212.52,
  ],
};

/** Perfect forecast, per job that was run, saving in % at ±2, ±4 and ±8 h (recomputed independently). */
export const LWA_NIGHTLY_STRICT: Readonly<Record<string, readonly number[]>> = {
  DE: [2.531, 3.703, 13.525],
  GB: [6.556, 8.362, 10.168],
  FR: [4.462, 5.828, 7.538],
};

type Errors = readonly [e0: number | null, e5: number | null, e10: number | null];
type Modes = readonly [nextNon: Errors, nextInt: Errors, semiNon: Errors, semiInt: Errors];

/** ML project, saving in %: bars of the paper's figures where one is drawn, the authors' code elsewhere. */
export const LWA_ML_PUBLISHED: Readonly<Record<string, Modes>> = {
  DE: [
    [5.9262, 5.9124, 5.8794],
    [8.1557, 7.9264, 7.457],
    [14.13, 14.1051, 14.053],
    [18.498, 18.107, 17.195],
  ],
  GB: [
    [6.5708, 6.5562, 6.5235],
    [9.2294, 9.0321, 8.5782],
    [14.751, 14.7262, 14.674],
    [20.005, 19.6562, 18.798],
  ],
  FR: [
    [4.7896, 4.7659, 4.7175],
    [6.2191, 5.9213, 5.4011],
    [11.153, 11.115, 11.038],
    [13.862, 13.3258, 12.294],
  ],
  CAL: [
    [2.4697, 2.4545, 2.4195],
    [5.989, 5.705, 5.3115],
    [null, 6.1399, null],
    [null, 14.326, null],
  ],
};

/** The same with windows that end at the deadline and a baseline that starts on arrival (recomputed independently). */
export const LWA_ML_STRICT: Readonly<Record<string, Modes>> = {
  DE: [
    [5.921, 5.908, 5.878],
    [8.04, 7.821, 7.367],
    [14.148, 14.123, 14.072],
    [18.481, 18.094, 17.191],
  ],
  GB: [
    [6.657, 6.643, 6.614],
    [9.228, 9.04, 8.604],
    [14.852, 14.828, 14.776],
    [20.088, 19.743, 18.895],
  ],
  FR: [
    [4.873, 4.851, 4.806],
    [6.26, 5.975, 5.472],
    [11.249, 11.212, 11.135],
    [13.947, 13.417, 12.395],
  ],
};

/** Hanafy et al., GAIA, ASPLOS 2024, figure 8: carbon relative to NoWait, and mean wait relative to the longest (notebook). */
export const GAIA_CARBON = {
  'lowest-slot': 0.780037,
  'lowest-window': 0.683704,
  'carbon-time': 0.724888,
  ecovisor: 0.639105,
} as const;
export const GAIA_WAIT = {
  'lowest-slot': 0.720018,
  'lowest-window': 0.848631,
  'carbon-time': 0.603939,
  ecovisor: 0.998771,
} as const;
export const GAIA_TOTALS = {
  nowaitKg: 562.171256,
  carbonTimeKg: 407.511325,
  carbonTimeWaitHours: 4.729,
  /** The authors' code at the commit of the notebook; the notebook itself prints 0.607509 of NoWait. */
  waitAwhileKg: 307.055794,
  waitAwhileNotebookRatio: 0.607509,
} as const;

/** The same trace over the synthetic curve, from GAIA's own code and an independent script; kg. */
export const GAIA_SYNTHETIC = { runNow: 694.0866, waitAwhile: 523.3162, window: 549.3831 } as const;

type Limits = readonly (readonly [non: number, int: number])[];
/** Sukprasert et al., EuroSys 2024: saving in % at (J1 S24), (J6 S24), (J24 S24), (J24 S168), (J168 S168). */
export const LIMITS_CASES = [
  [1, 24],
  [6, 24],
  [24, 24],
  [24, 168],
  [168, 168],
] as const;
export const LIMITS: Readonly<Record<string, Limits>> = {
  GB: [
    [23.008, 23.008],
    [19.813, 20.724],
    [9.698, 14.487],
    [33.398, 41.489],
    [11.606, 22.595],
  ],
  DE: [
    [23.347, 23.347],
    [20.226, 20.977],
    [6.886, 13.473],
    [25.0, 34.944],
    [9.231, 19.181],
  ],
  FR: [
    [18.074, 18.074],
    [14.555, 15.582],
    [6.518, 10.42],
    [25.243, 31.529],
    [9.008, 16.456],
  ],
  'US-CAL-CISO': [
    [32.832, 32.832],
    [29.985, 30.658],
    [3.567, 18.711],
    [12.975, 37.017],
    [4.998, 19.988],
  ],
  'US-TEX-ERCO': [
    [16.898, 16.898],
    [13.608, 14.673],
    [6.558, 10.181],
    [19.376, 25.217],
    [6.101, 13.682],
  ],
  'AU-SA': [
    [52.57, 52.57],
    [45.091, 47.815],
    [21.266, 36.092],
    [58.128, 71.161],
    [19.895, 48.886],
  ],
  PL: [
    [12.797, 12.797],
    [10.722, 11.199],
    [3.496, 6.831],
    [11.759, 18.168],
    [3.716, 9.03],
  ],
  'US-MIDA-PJM': [
    [5.545, 5.545],
    [4.435, 4.713],
    [1.795, 3.038],
    [6.567, 8.62],
    [2.363, 4.616],
  ],
  'IN-WE': [
    [10.126, 10.126],
    [8.809, 9.047],
    [0.721, 5.77],
    [3.06, 11.037],
    [1.309, 5.982],
  ],
};

type Pair = readonly [kg: number, gbp: number];
/** Price against carbon on GB data (recomputed independently): start now, min carbon, min cost, and at a price per tonne. */
export const GB_COST_CARBON: Readonly<
  Record<string, { days: number; startNow: Pair; minCarbon: Pair; minCost: Pair; at: Readonly<Record<number, Pair>> }>
> = {
  2020: {
    days: 365,
    startNow: [282_630, 156_619.1],
    minCarbon: [195_054, 91_201.7],
    minCost: [207_907, 74_498.0],
    at: { 50: [206_147, 74_532.5], 250: [201_969, 75_048.4], 1000: [197_836, 77_231.3] },
  },
  2021: {
    days: 364,
    startNow: [301_524, 357_614.7],
    minCarbon: [214_066, 280_317.3],
    minCost: [232_925, 260_337.2],
    at: { 50: [226_836, 260_389.8], 250: [222_406, 261_041.5], 1000: [217_703, 263_387.2] },
  },
  2022: {
    days: 364,
    startNow: [295_441, 565_062.1],
    minCarbon: [213_385, 486_325.0],
    minCost: [244_699, 441_688.3],
    at: { 50: [229_509, 441_721.2], 250: [225_825, 442_248.7], 1000: [220_163, 445_523.8] },
  },
};
