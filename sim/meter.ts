/** The meter of a simulated machine: counters that run with the world's clock, so that any moment of it can be looked at. */
import type { LiveReading } from '../domain/meter.js';
import { toEpoch } from '../domain/time.js';
import type { Clock } from '../domain/world.js';
import { simulatedZones, trueTotalUj } from './powercap.js';

const WATTS = 100;
const UJ_PER_KWH = 3.6e12;

/** Packages and memory of one machine of 100 W, counted since 1970. */
export const simulatedMeter = (clock: Pick<Clock, 'now'>): LiveReading[] => {
  const usedUj = trueTotalUj(simulatedZones({ watts: WATTS }), BigInt(toEpoch(clock.now())) * 1_000_000n);
  return [
    {
      meter: {
        ...{ id: 'sim:host', name: 'simulated machine', boundary: 'components', source: 'simulated', basis: 'counter' },
        subject: { kind: 'host', id: 'simulated' },
        covers: null,
      },
      energyKwh: Number(usedUj) / UJ_PER_KWH,
      powerKw: WATTS / 1000,
    },
  ];
};
