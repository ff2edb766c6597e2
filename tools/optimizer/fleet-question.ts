/** What is asked of a fleet, with all that its answer depends on. */
import type { Method } from '../../domain/method.js';
import type { SoldFlexibility } from '../../domain/offer.js';
import type { PolicySet } from '../../domain/policy/policy.js';
import type { Series } from '../../domain/series.js';
import type { Site } from '../../domain/site.js';
import type { Interval } from '../../domain/time.js';

export interface FleetQuestion {
  readonly window: Interval;
  readonly sites: readonly Site[];
  /** g/kWh by region. */
  readonly carbon: ReadonlyMap<string, Series>;
  /** What the site really pays per MWh, by region. */
  readonly prices: ReadonlyMap<string, Series>;
  readonly method: Method;
  readonly carbonPricePerTonne: number;
  /** Multiplies what lateness costs. */
  readonly tardinessWeight: number;
  /** A cap below the sites' own, facility kW. */
  readonly maxPowerKw: number | null;
  readonly clusterId: string | null;
  /** The confirmed policy in force. */
  readonly policy: PolicySet | null;
  /** Flexibility that was sold within the window. */
  readonly sold: readonly SoldFlexibility[];
}

/** A job that cannot be planned, and why; it runs as it would have. */
export interface LeftOut {
  readonly jobId: string;
  readonly why: string;
}
