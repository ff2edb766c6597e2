/** When what a run has placed can be verified. */
import { dayText } from '../domain/figures.js';
import type { Plan } from '../domain/plan.js';
import { originOf, workOf } from '../domain/provenance.js';
import { RUNS } from '../domain/run.js';
import { type Instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';

/** Jobs that run longer than planned are still verified whole when they end within this. */
const SETTLE_AFTER_HOURS = 4;

export const settleAfterOf = ({ finishesAt, window }: Plan): Instant =>
  plusHours(finishesAt > window.end ? finishesAt : window.end, SETTLE_AFTER_HOURS);

/**
 * The instant until which a run rests; null: it goes on to its end. What is simulated can be played at once, unless the run is one
 * of an operation, in which others come before; and what is not has saved nothing before it has happened: nobody sits before a clock
 * for a day, and no clock jumps over work that is real.
 */
export const restsUntil = async (world: World, plan: Plan, runId: string): Promise<Instant | null> => {
  const { clock, store, provenance } = world;
  const at = settleAfterOf(plan);
  if (clock.now() >= at) return null;
  const rests = (await store.collection(RUNS).get(runId))?.value.rests === true;
  return rests || clock.live || !workOf(provenance, await originOf(store, plan)).simulated ? at : null;
};

/** What brings a placed run forward, and when. A clock that jumps has to be told that the time has come. */
export const resumeText = ({ clock }: Pick<World, 'clock'>, runId: string, at: Instant): string =>
  `Verified after ${dayText(at)}: caco resume ${runId}${clock.live ? '' : ` --now ${at}`}`;
