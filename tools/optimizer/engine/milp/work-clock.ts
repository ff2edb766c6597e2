/**
 * A limit in work for solvers that only know one in seconds. GLPK and HiGHS, compiled to WebAssembly, ask JavaScript
 * what time it is at every iteration or so; while they solve, each look moves this clock by a millisecond. So the same model
 * ends at the same point on every machine, however fast it is, and a run that must end (cancelled, or out of a limit in
 * real seconds) is told that its time is up. `run` must be synchronous: nothing else of the thread sees the clock.
 */
export const onWorkClock = <T>(stop: () => boolean, run: () => T): T => {
  const { now: date } = Date;
  const performanceNow = performance.now;
  let looks = 0;
  let stopped = false;
  let jumps = 0;
  const look = () => {
    looks++;
    if (!stopped) stopped = stop();
    // A jump at each look: the first may be the one by which the solver learns when it began.
    if (stopped) jumps++;
    return looks + jumps * BEYOND_MS;
  };
  Date.now = look;
  performance.now = look;
  try {
    return run();
  } finally {
    Date.now = date;
    performance.now = performanceNow;
  }
};

/** Further than any limit that a solver is given here: GLPK's is a 32-bit number of milliseconds. */
const BEYOND_MS = 2 ** 31;

/** A number of looks as the seconds that a solver is to be given: at most what GLPK's milliseconds hold. */
export const secondsOfLooks = (looks: number): number => Math.max(1, Math.min(2_000_000, Math.ceil(looks / 1000)));
