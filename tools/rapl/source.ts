/** Where counters are read: one look gives every zone that is there now, and nothing is thrown for what cannot be read. */
import type { Reading, Scale } from './counter.js';
import type { Zone } from './zone.js';

export interface Sighting {
  readonly zone: Zone;
  readonly scale: Scale;
  readonly reading: Reading;
}

export interface Source {
  readonly mode: 'sysfs' | 'msr';
  /** the folder, for messages */
  readonly from: string;
  /** `errno`: why there is nothing to look at, such as `ENOENT` in a container; null where the place itself was read */
  look(): { readonly sightings: readonly Sighting[]; readonly errno: string | null };
}
