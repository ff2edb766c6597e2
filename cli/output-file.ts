/** A file that a command writes where a person said. */
import { writeFileSync } from 'node:fs';
import { Fault } from '../domain/fault.js';

/** Replaces what is there; Fault `unavailable` when it cannot. */
export const write = (path: string, text: string): void => {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new Fault(
      'unavailable',
      `${path} cannot be written: ${(cause as Error).message}`,
      'Check that its folder exists, is writable and has room.',
      { cause },
    );
  }
};
