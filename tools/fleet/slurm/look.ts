/** How jobs stand in the queue now: state, hold and start, by their numbers. Without names and comments, which may hold anything. */
import { Fault } from '../../../domain/fault.js';
import { fromEpoch, type Instant } from '../../../domain/time.js';
import type { Standing } from '../orders/orders.js';
import type { Slurm } from './commands.js';

const COLUMNS = 'JobArrayID:40,State:20,EligibleTime:24,StartTime:24,PriorityLong:20,Reason:100';
const ENDED = /^(COMPLETED|CANCELLED|FAILED|TIMEOUT|DEADLINE|NODE_FAIL|PREEMPTED|BOOT_FAIL|OUT_OF_MEMORY|REVOKED)/;
/** Numbers in one call: a command line has an end. */
const MOST_IDS = 500;

/**
 * By the queue, and where that has forgotten a job, some minutes after its end, by the accounts; what neither knows is missing.
 * Throws Fault `unavailable`.
 */
export const lookAt = async (slurm: Slurm, targets: readonly string[]): Promise<Map<string, Standing>> => {
  const found = await inQueue(slurm, targets);
  const gone = targets.filter((target) => !found.has(target));
  for (const [target, standing] of await inAccounts(slurm, gone)) found.set(target, standing);
  return found;
};

const inQueue = async (slurm: Slurm, targets: readonly string[]): Promise<Map<string, Standing>> => {
  const found = new Map<string, Standing>();
  const leaders = [...new Set(targets.map((target) => target.split('_')[0]!))];
  for (let from = 0; from < leaders.length; from += MOST_IDS) {
    const asked = leaders.slice(from, from + MOST_IDS).join(',');
    const { code, out, err } = await slurm.run('squeue', ['-h', '-r', '-a', '-t', 'all', '-j', asked, '-O', COLUMNS]);
    if (code !== 0 && !/invalid job id/i.test(err))
      throw new Fault('unavailable', `squeue failed: ${err.trim().slice(0, 300)}`, 'Ask again.');
    for (const line of out.split('\n')) {
      const [number, state, eligible, start, priority, ...reason] = line.trim().split(/\s+/);
      if (number === undefined || priority === undefined) continue;
      const phase = state === 'PENDING' ? 'waits' : ENDED.test(state!) ? 'ended' : 'runs';
      // Of a heterogeneous job the leader speaks: its components move together.
      found.set(number.replace(/\+0$/, ''), {
        phase,
        state: state!,
        reason: reason.join(' '),
        held: phase === 'waits' && (priority === '0' || /held/i.test(reason.join(' '))),
        eligibleAt: momentOf(eligible!),
        startedAt: phase === 'waits' ? null : momentOf(start!),
      });
    }
  }
  return found;
};

/** The last life of each; a cluster without accounts knows of none. */
const inAccounts = async (slurm: Slurm, targets: readonly string[]): Promise<Map<string, Standing>> => {
  const found = new Map<string, Standing>();
  for (let from = 0; from < targets.length; from += MOST_IDS) {
    const asked = targets.slice(from, from + MOST_IDS).join(',');
    const args = ['-X', '-n', '-P', '-a', '-j', asked, '-o', 'JobID,State,Start,ElapsedRaw'];
    const { code, out } = await slurm.run('sacct', args);
    if (code !== 0) return found;
    for (const line of out.split('\n')) {
      const [number = '', state = '', start = '', elapsed = '0'] = line.split('|');
      if (number === '' || state.startsWith('PENDING')) continue;
      const ended = ENDED.test(state);
      // A job that was cancelled at once has a start and never ran; only the time that it took says that it did.
      const startedAt = Number(elapsed) > 0 || !ended ? momentOf(start) : null;
      const phase = ended ? 'ended' : 'runs';
      found.set(number.replace(/\+0$/, ''), { phase, state, reason: '', held: false, eligibleAt: null, startedAt });
    }
  }
  return found;
};

/** `N/A`, `Unknown` and 0 are no moments. */
const momentOf = (text: string): Instant | null => (/^[1-9]\d*$/.test(text) ? fromEpoch(Number(text)) : null);
