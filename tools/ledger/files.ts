/** Files that are whole or absent: written beside, synced, renamed, and the folder synced. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../../domain/fault.js';

const OWNER_ONLY = 0o600;

export const syncFolder = (folder: string): void => {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

/** Every byte, whatever a single write takes. */
export const writeAll = (fd: number, data: Uint8Array): void => {
  for (let done = 0; done < data.length; ) done += writeSync(fd, data, done);
};

const writeBeside = (path: string, data: Uint8Array | string, mode: number): string => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const fd = openSync(beside, 'wx', mode);
    try {
      writeAll(fd, Buffer.from(data));
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return beside;
  } catch (cause) {
    rmSync(beside, { force: true });
    throw unwritable(path, cause);
  }
};

const unwritable = (path: string, cause: unknown) =>
  new Fault('unavailable', `${path} cannot be written: ${(cause as Error).message}`, 'Check the folder and its room.', {
    cause,
  });

/** Replaces a file as a whole. What is exported may be read by all, unless `mode` says otherwise. */
export const writeWhole = (path: string, data: Uint8Array | string, mode = 0o644): void => {
  const beside = writeBeside(path, data, mode);
  try {
    renameSync(beside, path);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(beside, { force: true });
    throw unwritable(path, cause);
  }
};

/** False when the file was there already; of several processes one wins. */
export const createWhole = (path: string, data: Uint8Array | string, mode: number): boolean => {
  const beside = writeBeside(path, data, mode);
  try {
    linkSync(beside, path);
    syncFolder(dirname(path));
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw unwritable(path, cause);
  } finally {
    rmSync(beside, { force: true });
  }
};

/** A place for a few small named texts that only their owner may read: a folder, or memory for a world that leaves no trace. */
export interface Drawer {
  /** where it is, for messages */
  readonly where: string;
  read(name: string): string | undefined;
  write(name: string, text: string): void;
  /** False when it was there already. */
  createSecret(name: string, text: string): boolean;
  rename(from: string, to: string): void;
}

export const folderDrawer = (folder: string): Drawer => ({
  where: folder,
  read(name) {
    const path = join(folder, name);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  },
  write: (name, text) => writeWhole(join(folder, name), text, OWNER_ONLY),
  createSecret: (name, text) => createWhole(join(folder, name), text, OWNER_ONLY),
  rename(from, to) {
    renameSync(join(folder, from), join(folder, to));
    syncFolder(folder);
  },
});

export const memoryDrawer = (): Drawer => {
  const texts = new Map<string, string>();
  return {
    where: 'memory',
    read: (name) => texts.get(name),
    write: (name, text) => void texts.set(name, text),
    createSecret: (name, text) => !texts.has(name) && texts.set(name, text).size > 0,
    rename(from, to) {
      texts.set(to, texts.get(from)!);
      texts.delete(from);
    },
  };
};

/** Closes files that others may read, as far as they are there and ours. */
export const closeToOthers = (folder: string, names: readonly string[]): void => {
  for (const path of names.map((name) => join(folder, name)))
    try {
      if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, OWNER_ONLY);
    } catch {
      // Not there, or somebody else's.
    }
};

/** Fault `forbidden` when others than the owner may read a secret. */
export const requirePrivate = (folder: string, name: string): void => {
  const path = join(folder, name);
  if (existsSync(path) && (statSync(path).mode & 0o077) !== 0)
    throw new Fault('forbidden', `${path} can be read by others`, `chmod 600 ${path}`);
};
