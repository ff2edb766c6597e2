/** What a source of grid signals is: its name, its settings, whether it is live, and how it opens. */
import type { z } from 'zod';
import type { Forecaster } from '../../../domain/forecast.js';
import type { Instant, Interval } from '../../../domain/time.js';
import type { CarbonSource, Clock, Grid, PriceSource } from '../../../domain/world.js';
import type { Timer } from '../../../wire/wire.js';
import type { Feed } from './feed.js';

/** One setting, as `caco config show` and `.env.example` list it; `env` where it is not CACO_ and the name in upper snake case. */
export interface SourceSetting {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly env?: string;
  /** It is never shown. */
  readonly secret?: true;
}

/** What a source may build on. */
export interface Ground {
  readonly clock: Pick<Clock, 'now'>;
  /** for a source that holds history and no forecast */
  readonly forecaster: Forecaster;
  readonly setting: {
    readonly name: string;
    readonly currency: string;
    /** the instant of row 0 in a file that counts hours; null: nobody has said */
    readonly start: Instant | null;
    readonly sites: readonly { readonly region: string }[];
  };
  /** The simulated grid of the world's scenario. Throws Fault `invalid-input` where the world is no scenario. */
  readonly simulated: () => Grid;
  /** What stands after the colon in `file:PATH`; null for a source that takes nothing. */
  readonly path: string | null;
  /** The only region that it is asked about, as in GB=file:PATH; null: every region that it knows. */
  readonly only: string | null;
  /** another timer, for tests */
  readonly timer?: Timer;
}

/** The questions that a source answers; null for the one that it does not. What is live answers by feeds instead, which stand behind one book. */
export interface Opened {
  readonly carbon?: CarbonSource | null;
  readonly price?: PriceSource | null;
  readonly feeds?: readonly Feed[];
  /** From the first value to the end of the last, where a source holds one stretch of time and no more. */
  readonly covers?: Interval;
}

/** What of its settings a source is given: each as its schema reads it. */
export type ValuesOf<S extends Readonly<Record<string, SourceSetting>>> = {
  readonly [K in keyof S]: z.output<S[K]['schema']>;
};

export interface Source<
  N extends string = string,
  S extends Readonly<Record<string, SourceSetting>> = Readonly<Record<string, SourceSetting>>,
> {
  /** as CACO_GRID spells it */
  readonly name: N;
  /** what it is, for people, in a few words */
  readonly about: string;
  /** What of its data is real, and from when, in a sentence; when left out it follows from `about`, or from the path. */
  readonly note?: string;
  /** It knows the present, so that a world that uses it lives by the system's clock. */
  readonly live: boolean;
  /** `CACO_GRID=live` stands for every live source that needs no key. */
  readonly needsKey: boolean;
  /** It is named with a path: `file:PATH`. */
  readonly takesPath: boolean;
  /** Joined to the program's settings; names are unique among all sources. */
  readonly settings: S;
  /** Throws Fault for settings that it cannot work with. Asks nobody yet. */
  open(ground: Ground, settings: ValuesOf<S>): Promise<Opened>;
}

/** Keeps the literal types of name and settings. */
export const defineSource = <const N extends string, const S extends Readonly<Record<string, SourceSetting>>>(
  source: Source<N, S>,
): Source<N, S> => source;
