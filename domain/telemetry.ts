/** What a server of telemetry remembers: samples as they were scraped, and expressions worked out step by step. */

export interface TelemetrySeries {
  readonly labels: Readonly<Record<string, string>>;
  /** seconds since 1970, ascending */
  readonly times: Float64Array;
  /** as text has them: NaN and infinities are among them */
  readonly values: Float64Array;
}

export interface Telemetry {
  /** where it is, for people */
  readonly about: string;
  /**
   * Samples of a selector with start < time ≤ end, as they were scraped: nothing is repeated or filled between them. Empty where there
   * are none. Fault `unavailable` where the server does not answer, `invalid-input` where it refuses the selector.
   */
  samples(selector: string, startS: number, endS: number, signal?: AbortSignal): Promise<TelemetrySeries[]>;
  /** An expression at start, start + step … end, asked for in pages below the server’s limit of 11 000 steps. */
  steps(
    expression: string,
    startS: number,
    endS: number,
    stepS: number,
    signal?: AbortSignal,
  ): Promise<TelemetrySeries[]>;
}
