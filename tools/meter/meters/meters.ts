/** What can be measured with: every adapter behind the port Meter by the name that the setting `meter` chooses it with. */
import type { Meter } from '../../../domain/world.js';
import { bookMeter } from './book.js';
import type { MeterGround, MeterSettings } from './ground.js';

export { keptSpans, LONGEST_SPAN_S, monthsOf } from './book.js';
export type { MeterGround, MeterSettings } from './ground.js';

export interface MeterAdapter {
  /** Where its readings come from, in a few words. */
  readonly about: string;
  /** Throws Fault `invalid-input` that names a setting which is missing. Asks nobody yet. */
  readonly open: (settings: MeterSettings, ground: MeterGround) => Meter | Promise<Meter>;
}

/** Each answers for the past from what is kept; what they differ in is what they can look at now. */
export const METER_ADAPTERS = {
  none: {
    about: 'no meter: what was imported is used, and nothing is read',
    open: (_, { store, present }) => bookMeter(store, present),
  },
  rapl: {
    about: 'counters of this machine, as caco rapl-daemon tells them',
    open: ({ meterSocket }, { store, present, daemon }) => bookMeter(store, present, () => daemon(meterSocket)),
  },
  sim: {
    about: 'counters of a simulated machine',
    open: (_, { store, clock, simulated }) => bookMeter(store, clock.now, async () => simulated()),
  },
  redfish: {
    about: 'power and energy of servers and PDUs at their management controllers',
    open: async (settings, ground) => {
      const { redfish } = await import('./redfish.js');
      return bookMeter(ground.store, ground.present, redfish(settings, ground));
    },
  },
  kepler: {
    about: 'Kepler’s exporter: energy of a node, its containers and processes, worked out from processor counters',
    open: async (settings, ground) => {
      const { exporter } = await import('./exporters.js');
      return bookMeter(ground.store, ground.present, exporter('kepler', settings, ground));
    },
  },
  scaphandre: {
    about: 'Scaphandre’s exporter: power of a host and its processes, worked out from processor counters',
    open: async (settings, ground) => {
      const { exporter } = await import('./exporters.js');
      return bookMeter(ground.store, ground.present, exporter('scaphandre', settings, ground));
    },
  },
  prometheus: {
    about: 'a Prometheus server that scrapes Kepler, Scaphandre or this program',
    open: async (settings, ground) => {
      const { prometheus } = await import('./prometheus.js');
      const { look, telemetry } = prometheus(settings, ground);
      return { ...bookMeter(ground.store, ground.present, look), telemetry };
    },
  },
} satisfies Record<string, MeterAdapter>;
