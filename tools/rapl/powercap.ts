/** The kernel's powercap tree (`/sys/class/powercap`): a folder a zone, with `name`, `energy_uj` and `max_energy_range_uj`. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { MICROJOULES, type Reading } from './counter.js';
import type { Sighting, Source } from './source.js';
import type { Zone } from './zone.js';

export const POWERCAP_ROOT = '/sys/class/powercap';

/** What is asked of a file system; paths are relative to the root. Both throw errors with a `code`. */
export interface Files {
  list(folder: string): string[];
  read(path: string): string;
  /** for how long a list may be believed, ms; 0 when left out. A zone that comes is seen that much later. */
  readonly relistMs?: number;
}

/** No counter's text is longer. */
const COUNTER_BYTES = 64;

/**
 * Counters are opened once and read again and again: opening costs more than reading. A file that was replaced or taken away has
 * no name left, and is opened anew.
 */
const filesUnder = (root: string): Files => {
  const open = new Map<string, number>();
  const bytes = Buffer.alloc(COUNTER_BYTES);
  const drop = (path: string, fd: number) => {
    open.delete(path);
    closeSync(fd);
  };
  const counter = (path: string): string => {
    let fd = open.get(path);
    if (fd !== undefined && fstatSync(fd).nlink === 0) {
      drop(path, fd);
      fd = undefined;
    }
    if (fd === undefined) {
      fd = openSync(join(root, path), 'r');
      open.set(path, fd);
    }
    try {
      return bytes.toString('latin1', 0, readSync(fd, bytes, 0, COUNTER_BYTES, 0));
    } catch (error) {
      drop(path, fd);
      throw error;
    }
  };
  return {
    relistMs: 1000,
    list: (folder) => readdirSync(join(root, folder)),
    read: (path) => (path.endsWith('/energy_uj') ? counter(path) : readFileSync(join(root, path), 'latin1')),
  };
};

/** Top zones and zones within them; `-mmio` is the second view. The plain `intel-rapl` is the folder of settings. */
const ZONE = /^intel-rapl(-mmio)?:\d+(:\d+)?$/;

const errnoOf = (error: unknown): string => {
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') throw error;
  return code;
};

const attempt = (read: () => string): { text: string } | { errno: string } => {
  try {
    return { text: read() };
  } catch (error) {
    return { errno: errnoOf(error) };
  }
};

/** Digits only: a sign, a fraction or a word is no counter. */
const integer = (text: string): bigint | null => {
  const digits = text.trim();
  return /^\d{1,20}$/.test(digits) ? BigInt(digits) : null;
};

const readingOf = (files: Files, folder: string): Reading => {
  const read = attempt(() => files.read(`${folder}/energy_uj`));
  if ('errno' in read) return read;
  const ticks = integer(read.text);
  return ticks === null ? { bad: read.text.slice(0, 40) } : { ticks };
};

/**
 * Every zone under the root, by id. The class folder lists them all flat; in a copied tree the inner ones may stand only
 * within their package. The same zone on two paths is one zone.
 */
const foldersOf = (files: Files, errors: Map<string, string>): Map<string, string> => {
  const found = new Map<string, string>();
  const look = (folder: string): string[] => {
    try {
      return files.list(folder).filter((name) => ZONE.test(name));
    } catch (error) {
      errors.set(folder, errnoOf(error));
      return [];
    }
  };
  const flat = look('.');
  for (const id of flat) found.set(id, id);
  for (const top of flat.filter((id) => !/:\d+:/.test(id)))
    for (const id of look(top)) if (!found.has(id)) found.set(id, `${top}/${id}`);
  return found;
};

/** By driver, then by the numbers: `intel-rapl:10` comes after `intel-rapl:9:1`. */
const byNumbers = (a: string, b: string): number => {
  const [one, other] = [a.split(':'), b.split(':')];
  if (one[0] !== other[0]) return one[0]! < other[0]! ? -1 : 1;
  for (let i = 1; i < Math.min(one.length, other.length); i++)
    if (one[i] !== other[i]) return Number(one[i]) - Number(other[i]);
  return one.length - other.length;
};

/**
 * Reads all zones at once. Name and range of a zone are read when it is first seen, and again as long as they are missing.
 * Nothing throws: what cannot be read is told by its error's name.
 */
export const openPowercap = (root = POWERCAP_ROOT, files: Files = filesUnder(root)): Source => {
  const names = new Map<string, string>();
  const ranges = new Map<string, bigint>();
  const rated = new Map<string, number | null>();
  const zones = new Map<string, Zone>();
  let listed: { folders: ReadonlyMap<string, string>; ids: readonly string[]; errno: string | null } | null = null;
  let listedMs = 0;

  const nameOf = (id: string, folder: string): string => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const read = attempt(() => files.read(`${folder}/name`));
    const name = 'text' in read ? read.text.trim().slice(0, 64) : '';
    if (name !== '') names.set(id, name);
    return name;
  };
  const rangeOf = (id: string, folder: string): bigint | null => {
    const known = ranges.get(id);
    if (known !== undefined) return known;
    const read = attempt(() => files.read(`${folder}/max_energy_range_uj`));
    const range = 'text' in read ? integer(read.text) : null;
    // A range of 0 is what a driver says that does not know it.
    if (range === null || range === 0n) return null;
    ranges.set(id, range);
    return range;
  };
  /** Watts; 0 is what a driver says that does not know it. */
  const ratedOf = (id: string, folder: string): number | null => {
    if (!rated.has(id)) {
      const read = attempt(() => files.read(`${folder}/constraint_0_max_power_uw`));
      const microwatts = 'text' in read ? integer(read.text) : null;
      rated.set(id, microwatts === null || microwatts === 0n ? null : Number(microwatts) / 1e6);
    }
    return rated.get(id)!;
  };
  const zoneOf = (id: string, folders: ReadonlyMap<string, string>): Zone => {
    const upper = id.replace(/:\d+$/, '');
    const parent = folders.has(upper) ? zoneOf(upper, folders) : (zones.get(id)?.parent ?? null);
    const name = nameOf(id, folders.get(id)!);
    const before = zones.get(id);
    if (before && before.name === name && before.parent === parent) return before;
    const zone = { id, name, parent, secondView: id.includes('-mmio') };
    zones.set(id, zone);
    return zone;
  };

  return {
    mode: 'sysfs',
    from: root,
    look() {
      const nowMs = performance.now();
      if (listed === null || nowMs - listedMs >= (files.relistMs ?? 0)) {
        const errors = new Map<string, string>();
        const folders = foldersOf(files, errors);
        listed = { folders, ids: [...folders.keys()].sort(byNumbers), errno: errors.get('.') ?? null };
        listedMs = nowMs;
      }
      const { folders, ids, errno } = listed;
      const sightings = ids.map((id): Sighting => {
        const folder = folders.get(id)!;
        const scale = { range: rangeOf(id, folder), ujPerTick: MICROJOULES, ratedWatts: ratedOf(id, folder) };
        return { zone: zoneOf(id, folders), scale, reading: readingOf(files, folder) };
      });
      // What cannot be read may be gone, or stand elsewhere: the next look lists anew.
      if (errno !== null || sightings.some(({ reading }) => 'errno' in reading)) listed = null;
      return { sightings, errno };
    },
  };
};
