/** Keys of the chain within this process: one for each role, made when it is first needed, readable by their owner only. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChainRole } from '../../../domain/chain.js';
import { Fault } from '../../../domain/fault.js';

export const folderKeys = (folder: string) => {
  return (role: ChainRole): string => {
    const path = join(folder, `kwhsave-${role}.key`);
    mkdirSync(folder, { recursive: true });
    try {
      // Of two processes that come first at once, one makes the key and both read it.
      writeFileSync(path, `0x${randomBytes(32).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
      chmodSync(path, 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
      throw new Fault('forbidden', `others may read ${path}`, `Close it: chmod 600 ${path}`);
    return readFileSync(path, 'utf8').trim();
  };
};
