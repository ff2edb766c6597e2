/** Signed states beside a plain-file ledger: one JSON line each, the file replaced as a whole. */
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import type { Entries, StoredCheckpoint } from '../../domain/store.js';
import { Instant } from '../../domain/time.js';
import { writeWhole } from './files.js';
import type { Lock } from './lock.js';

type Checkpoints = Pick<Entries, 'keepCheckpoint' | 'replaceNote' | 'lastCheckpoint' | 'checkpoints'>;

const Line = z.strictObject({ size: z.number().int().min(0), root: z.string(), note: z.string(), at: Instant });

const parse = (line: string, number: number, file: string): StoredCheckpoint => {
  try {
    return Line.parse(JSON.parse(line));
  } catch (cause) {
    throw new Fault(
      'conflict',
      `line ${number} of ${file} is not a checkpoint`,
      'Run `caco ledger audit --file`, and put a whole copy of the file back.',
      { cause, details: { damaged: true } },
    );
  }
};

export const fileCheckpoints = (file: string, lock: Lock, entriesHeld: () => number): Checkpoints => {
  const read = (): StoredCheckpoint[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line, i) => parse(line, i + 1, file))
      : [];
  const write = (all: readonly StoredCheckpoint[]): void =>
    writeWhole(file, all.map((c) => `${JSON.stringify(c)}\n`).join(''), 0o600);

  return {
    async keepCheckpoint(checkpoint) {
      return lock.under(() => {
        const all = read();
        const last = all.at(-1);
        if (last && last.size > checkpoint.size)
          throw new Fault(
            'conflict',
            `a checkpoint of ${last.size} entries is signed already, ${checkpoint.size} is older`,
            'Ask for a new checkpoint.',
          );
        if (checkpoint.size > entriesHeld())
          throw new Fault(
            'conflict',
            `the ledger holds fewer than ${checkpoint.size} entries`,
            'Run `caco ledger audit`.',
          );
        if (last?.size === checkpoint.size) return false;
        write([...all, checkpoint]);
        return true;
      });
    },
    async replaceNote(size, before, after) {
      return lock.under(() => {
        const all = read();
        const at = all.findIndex((c) => c.size === size && c.note === before);
        if (at < 0) return false;
        write(all.with(at, { ...all[at]!, note: after }));
        return true;
      });
    },
    async lastCheckpoint() {
      return read().at(-1);
    },
    async checkpoints(after, limit) {
      return read()
        .filter((c) => c.size > after)
        .slice(0, limit);
    },
  };
};
