/** Planned moves as lines that an HPC administrator can paste: `scontrol update` for queued jobs, `sbatch --begin` for others. */
import type { Instant } from '../../domain/time.js';
import { oneLine } from './text.js';

export interface Move {
  readonly jobId: string;
  readonly name: string;
  readonly start: Instant;
}

/** POSIX shell: within single quotes nothing is special. Control characters are refused by spaces: no name may break a line. */
export const shellQuote = (text: string): string => `'${oneLine(text, 1000).replaceAll("'", "'\\''")}'`;

/** A job or one task of an array as Slurm numbers them. */
const SLURM_ID = /^\d+(_\d+)?$/;
export const isSlurmId = (jobId: string): boolean => SLURM_ID.test(jobId);

/** Slurm accepts neither `Z` nor an offset: the zone is said by TZ=UTC. */
const slurmTime = (at: Instant): string => at.slice(0, 19);

export const slurmLine = (move: Move): string =>
  isSlurmId(move.jobId)
    ? `TZ=UTC scontrol update JobId=${move.jobId} StartTime=${slurmTime(move.start)}`
    : `TZ=UTC sbatch --begin=${slurmTime(move.start)} --job-name=${shellQuote(move.name)} "\${JOB_SCRIPTS:?folder of batch scripts}"/${shellQuote(move.jobId.replaceAll('/', '_').replace(/^\.+/, '_'))}.sh`;

/** A POSIX script that stops at the first line that fails. A start that has passed makes the job eligible at once. */
export const slurmScript = (title: string, moves: readonly Move[]): string =>
  ['#!/bin/sh', `# ${oneLine(title, 200)}`, 'set -eu', ...moves.map(slurmLine), ''].join('\n');
