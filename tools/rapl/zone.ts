/**
 * A zone is a part of the machine whose energy a counter tells. Parts lie within one another, so a total adds only those that
 * no other one contains. Names are those of the kernel's powercap tree, Intel and AMD alike.
 */

export type Kind = 'package' | 'core' | 'uncore' | 'dram' | 'psys' | 'other';

export interface Zone {
  /** unique and stable on one machine, such as `intel-rapl:0:1` or `msr:0:package` */
  readonly id: string;
  /** as the kernel names it, such as `package-0-die-1`; empty while it cannot be read */
  readonly name: string;
  /** the zone that contains it; null at the top */
  readonly parent: Zone | null;
  /** The same registers seen over another bus (`intel-rapl-mmio`): a second look, not a second thing. */
  readonly secondView: boolean;
}

/** Why a zone is in the total or not. */
export type Role =
  /** a package, or memory */
  | 'added'
  /** core or uncore: already counted by its package */
  | 'inside'
  /** psys, the whole platform: contains the packages and is told apart */
  | 'around'
  /** shows the counter of another zone */
  | 'mirror'
  /** a name that is not known: told, never added */
  | 'other';

const PACKAGE = /^package-(\d+)(?:-die-(\d+))?$/;

export const kindOf = ({ name }: Zone): Kind =>
  PACKAGE.test(name)
    ? 'package'
    : name === 'core' || name === 'uncore' || name === 'dram' || name === 'psys'
      ? name
      : 'other';

/** The number of the processor socket, by name: the number in a zone's id is another one. Null for psys and unknown names. */
export const socketOf = (zone: Zone): number | null => {
  const named = PACKAGE.exec((zone.parent ?? zone).name);
  return named ? Number(named[1]) : null;
};

/** Two packages of one socket that differ by die: on some AMD parts both show the counter of the whole socket. */
export const areDiesOfOneSocket = (a: Zone, b: Zone): boolean => {
  const [one, other] = [PACKAGE.exec(a.name), PACKAGE.exec(b.name)];
  return one?.[2] !== undefined && other?.[2] !== undefined && one[1] === other[1] && one[2] !== other[2];
};

/** What the zone measures, whatever bus it is seen over. */
const placeOf = ({ name, parent }: Zone): string => `${parent?.name ?? ''}/${name}`;

/** The role of a zone among all of a machine by name alone; which dies are mirrors only their counters can tell. */
export const roleOf = (zone: Zone, all: readonly Zone[]): Role => {
  const isSeenDirectly = (other: Zone) => !other.secondView && placeOf(other) === placeOf(zone);
  if (zone.secondView && zone.name !== '' && all.some(isSeenDirectly)) return 'mirror';
  switch (kindOf(zone)) {
    case 'package':
    case 'dram':
      return 'added';
    case 'core':
    case 'uncore':
      return 'inside';
    case 'psys':
      return 'around';
    default:
      return 'other';
  }
};
