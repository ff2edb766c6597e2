/** Reads counters for a while. */
import { invalid } from '../../domain/fault.js';
import type { Moment } from './counter.js';
import { thisMoment } from './machine.js';
import { machineTimer, paced, type Timer } from './pace.js';
import type { Report } from './report.js';
import { openSession } from './session.js';
import type { Source } from './source.js';

/**
 * A report over `seconds`, looked at every `intervalSeconds`, first and last moment included. Rejects with the signal's reason
 * when it aborts.
 */
export const readFor = async (
  source: Source,
  of: {
    readonly seconds: number;
    readonly intervalSeconds: number;
    readonly maxWatts?: number | undefined;
    readonly signal: AbortSignal;
    readonly timer?: Timer;
    readonly moment?: () => Moment;
  },
): Promise<Report> => {
  const { seconds, intervalSeconds, maxWatts, timer = machineTimer, moment = thisMoment } = of;
  if (!(seconds > 0 && seconds <= 366 * 86_400))
    throw invalid(`the duration is ${seconds} s`, 'Give seconds above 0, for example --duration 10.');
  if (!(intervalSeconds >= 0.001 && intervalSeconds <= 3600))
    throw invalid(`the interval is ${intervalSeconds} s`, 'Give 0.001 to 3600 seconds, for example --interval 0.1.');
  const session = openSession(source, maxWatts === undefined ? {} : { maxWatts });
  const pace = { intervalMs: intervalSeconds * 1000, forMs: seconds * 1000, signal: of.signal, timer };
  await paced(pace, () => session.sample(moment()));
  of.signal.throwIfAborted();
  return session.report();
};
