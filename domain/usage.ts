/**
 * What a site would have used: energy of each step from the work that was asked of it, the hour, the day and the weather. Whoever
 * judges a saving asks a forecaster of usage through this port. Energy of the past is no input: a model that reads what was used after a
 * change learns the change away.
 */

/** Steps of one length from `start` on. NaN: not known. */
export interface UsageRows {
  /** seconds since 1970 */
  readonly start: number;
  readonly stepMinutes: number;
  /** IANA name: hours and days of people */
  readonly timeZone: string;
  readonly energyKwh: Float64Array;
  /** means over each step, each by its name */
  readonly covariates: readonly {
    readonly name: string;
    readonly kind: CovariateKind;
    readonly values: Float64Array;
  }[];
}

export const COVARIATE_KINDS = ['load', 'temperature', 'other'] as const;
export type CovariateKind = (typeof COVARIATE_KINDS)[number];

export const USAGE_ENGINES = ['regression', 'lstm'] as const;
export type UsageEngine = (typeof USAGE_ENGINES)[number];

/** How one candidate did on blocks that it had not seen. */
export interface TriedUsage {
  readonly engine: UsageEngine;
  readonly form: string;
  readonly cvRmse: number;
  /** mean error as a share of the mean: positive where it answers too much */
  readonly bias: number;
}

/** A fitted model as it is kept: plain data, hashed as it stands. */
export interface UsageModel {
  readonly format: 'caco-usage-1';
  readonly engine: UsageEngine;
  readonly form: string;
  readonly covariates: readonly {
    readonly name: string;
    readonly kind: CovariateKind;
    readonly low: number;
    readonly high: number;
  }[];
  readonly weights: readonly number[];
  /** how unsure these are: their covariance in units of a step’s squared error, row by row */
  readonly unsure: readonly number[];
  /** of the network that corrects the regression; null: there is none */
  readonly network: { readonly units: number; readonly scale: number; readonly weights: readonly number[] } | null;
  /**
   * Errors (used − answered, kWh a step, in order) on blocks that were left out, and on blocks that lay beyond all that was learned
   * from; null where nothing is known. They say how wrong a window can be.
   */
  readonly leftOut: readonly (number | null)[];
  readonly beyond: readonly (number | null)[];
}

export interface TrainedUsage {
  readonly model: UsageModel;
  readonly tried: readonly TriedUsage[];
  readonly chosen: TriedUsage;
  /** steps that were learned from */
  readonly rows: number;
  readonly meanKwh: number;
}

export interface UsageForecaster {
  /** `engine` null: the one that does best on what it has not seen, the regression where both do alike. Fault `invalid-input` with too few steps. */
  train(
    rows: UsageRows,
    options: { readonly engine: UsageEngine | null; readonly seed: number; readonly signal?: AbortSignal | undefined },
  ): Promise<TrainedUsage>;
  judge(model: UsageModel, rows: UsageRows): Promise<JudgedUsage>;
}

/** What would have been used in a window, and how wrong the sum of it can be. */
export interface JudgedUsage {
  /** kWh of each step; NaN where a covariate is not known */
  readonly baselineKwh: Float64Array;
  /** of the sum over the steps whose energy is known too, kWh: 95 of 100 errors lie within it */
  readonly halfWidthKwh: number;
}
