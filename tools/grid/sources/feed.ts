/** What a live source is: which signal it has of which regions, in what unit and kind, and how its server is asked. */
import type { Quantity, Said } from '../../../domain/grid-values.js';
import type { CarbonKind } from '../../../domain/signal.js';
import type { Interval } from '../../../domain/time.js';

export interface Reading {
  /** in any order; steps outside of what was asked are left out by whoever keeps them */
  readonly said: readonly Said[];
  /** What a reader must know beside the values, a sentence each. */
  readonly notes?: readonly string[];
}

interface Any {
  /** the source's name, as CACO_GRID spells it */
  readonly source: string;
  /** who says so, for people, with the licence that has to be shown */
  readonly attribution: string;
  /** the length of a step where the server says nothing else */
  readonly stepMinutes: number;
  /** the server is asked for so much at once and no more */
  readonly chunkHours: number;
  /** It tells of what is to come; else the forecaster does, from what it measured. */
  readonly foresees: boolean;
  /** It tells what came true. */
  readonly measures: boolean;
  /** Beyond what it tells of the time ahead the forecaster goes on: of prices, and of what does not foresee. */
  readonly isExtended: boolean;
  /** so long after its end a step is not asked for again */
  readonly settlesHours: number;
  /** what was had so lately is not asked for again */
  readonly renewMinutes: number;
  regions(): readonly string[];
  /** Throws Fault `unavailable` where the server does not answer, or answers what it should not; `forbidden` for a wrong key. */
  read(region: string, interval: Interval, signal: AbortSignal): Promise<Reading>;
}

/** g/kWh */
export interface CarbonFeed extends Any {
  readonly quantity: 'carbon';
  readonly kind: CarbonKind;
}

/** Money per MWh. `basis` says what of the price it is: wholesale and retail never mix. */
export interface PriceFeed extends Any {
  readonly quantity: 'price';
  readonly currency: string;
  readonly basis: 'wholesale' | 'retail';
}

/** What tells of cooling and of stress. The region of a temperature is a place: `51.51,-0.13`. */
export interface OtherFeed extends Any {
  readonly quantity: Exclude<Quantity, 'carbon' | 'price'>;
  readonly unit: string;
  /** It answers for every place of the form `latitude,longitude`. */
  readonly byPlace?: boolean;
}

export type Feed = CarbonFeed | PriceFeed | OtherFeed;

/** The unit as it is kept, with what must not be mixed. */
export const unitOf = (feed: Feed): string =>
  feed.quantity === 'carbon'
    ? `g/kWh ${feed.kind.accounting} ${feed.kind.scope}`
    : feed.quantity === 'price'
      ? `${feed.currency}/MWh ${feed.basis}`
      : feed.unit;

export const isPlace = (text: string): boolean => /^-?\d{1,2}(\.\d+)?,-?\d{1,3}(\.\d+)?$/.test(text);

export const knows = (feed: Feed, region: string): boolean =>
  ('byPlace' in feed && feed.byPlace === true && isPlace(region)) || feed.regions().includes(region);
