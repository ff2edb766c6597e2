/** A problem with one limit raised by what a conflict is short of. */
import type { RawConflict } from './conflict.js';
import type { Problem } from './problem.js';

/** The limit is raised in the conflict's slots only; an event as a whole. A little is added so that rounding cannot bite. */
export const relaxLimit = (problem: Problem, conflict: RawConflict): Problem => {
  const [row] = conflict.rows;
  const missing = conflict.missing ?? 0;
  if (!row) return problem;
  const more = (cap: number) => cap + missing + 1e-9 * Math.max(1, cap + missing);
  if (row.limit === 'carbon') {
    return {
      ...problem,
      carbonCaps: problem.carbonCaps.map((cap) => (cap.id === row.name ? { ...cap, capKg: more(cap.capKg) } : cap)),
    };
  }
  let relaxed = problem;
  for (const one of conflict.rows) {
    const r = problem.regions.findIndex((region) => region.id === one.region);
    if (one.limit === 'event') {
      relaxed = {
        ...relaxed,
        events: relaxed.events.map((event) =>
          event.id === one.name && event.region === r ? { ...event, maxPowerKw: more(event.maxPowerKw) } : event,
        ),
      };
      continue;
    }
    const column = one.limit === 'power' ? 'powerCapKw' : one.limit === 'vcpu' ? 'vcpuCap' : 'gpuCap';
    const caps = relaxed[column].slice();
    for (const t of one.slots) caps[r * problem.slots + t] = more(caps[r * problem.slots + t]!);
    relaxed = { ...relaxed, [column]: caps };
  }
  return relaxed;
};
