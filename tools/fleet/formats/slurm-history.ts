/** What the two forms of Slurm's accounting have in common: what a time that was taken is worth, and measured power. */
import { type Instant, toEpoch } from '../../../domain/time.js';
import type { Draft } from './draft.js';

type Notes = readonly (readonly [field: string, value: string])[];

export interface Life {
  readonly state: string;
  /** seconds, without those of a suspension */
  readonly elapsed: number;
  readonly started: Instant | null;
  readonly ended: Instant | null;
}

/** What it took is not what it takes: it runs still, or began anew. */
export const unfinished = (state: string): boolean =>
  /^(RUNNING|REQUEUED|SUSPENDED|PREEMPTED|NODE_FAIL|BOOT_FAIL)/.test(state);

export const historyNotes = ({ state, elapsed, started, ended }: Life): Notes => {
  const notes: [string, string][] = [['interruptible', 'false']];
  const word = state.split(' ')[0]!;
  if (word === 'RUNNING') notes.push(['duration_hours', 'elapsed so far; still running']);
  else if (word === 'REQUEUED') notes.push(['duration_hours', 'elapsed of a life that was requeued']);
  else if (word !== 'COMPLETED') notes.push(['duration_hours', `elapsed; state ${word}, so the work may be longer`]);
  if (started === null) notes.push(['started_at', 'not told; accounted from when it could start']);
  else if (ended !== null && toEpoch(ended) - toEpoch(started) > elapsed + 1)
    notes.push(['started_at', 'suspended for a while; accounted as one run from its start']);
  return notes;
};

/** IT power from joules over the time that the job took; left to the model where nothing was measured. */
export const measuredPower = (
  joules: number | null,
  elapsed: number,
  assumed: Notes | undefined,
): Pick<Draft, 'powerKw' | 'assumed'> =>
  joules === null
    ? { powerKw: undefined, assumed }
    : {
        powerKw: joules / elapsed / 1000,
        assumed: [
          ...(assumed ?? []),
          ['power_kw', 'measured: Slurm’s joules over the time elapsed, taken as IT power'],
        ],
      };
