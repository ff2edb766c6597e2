/** When what a run has placed can be verified. */
import { dayText } from '../domain/figures.js';
import type { Plan } from '../domain/plan.js';
import { type Instant, plusHours } from '../domain/time.js';
import type { World } from '../domain/world.js';

/** Jobs that run longer than planned are still verified whole when they end within this. */
const SETTLE_AFTER_HOURS = 4;

export const settleAfterOf = ({ finishesAt, window }: Plan): Instant =>
  plusHours(finishesAt > window.end ? finishesAt : window.end, SETTLE_AFTER_HOURS);

/** Nobody sits before a run for a day: in a world that lives in the present it rests until then, and is resumed. */
export const restsUntil = ({ clock }: World, plan: Plan): Instant | null => {
  const at = settleAfterOf(plan);
  return clock.live && clock.now() < at ? at : null;
};

/** What brings a placed run forward, and when. */
export const resumeText = ({ clock }: World, runId: string, at: Instant): string =>
  `Verified after ${dayText(at)}: caco resume ${runId}${clock.live ? '' : ` --now ${at}`}`;
