/**
 * The daemon's socket in the file system. It is made under a name of its own, given its group and mode, and moved into place,
 * so that nobody meets it half-made; and it replaces only the socket of a daemon that is gone.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createConnection, type Server } from 'node:net';
import { dirname } from 'node:path';
import { Fault, invalid, notFound } from '../../domain/fault.js';

export interface Place {
  readonly path: string;
  /** name of the group that may connect; the process's own when left out */
  readonly group?: string | undefined;
  /** permission bits, such as 0o660 */
  readonly mode: number;
}

/** Linux keeps 108 bytes for a socket's path, and one of them ends it; the name that it is made under needs some. */
const MAX_PATH_BYTES = 95;

export const groupId = (name: string, file = '/etc/group'): number => {
  if (/^\d{1,9}$/.test(name)) return Number(name);
  const row = readFileSync(file, 'utf8')
    .split('\n')
    .map((text) => text.split(':'))
    .find(([group]) => group === name);
  if (row === undefined)
    throw notFound(`there is no group ${name}`, `Make it: groupadd --system ${name}; or name another: --socket-group.`);
  return Number(row[2]);
};

/** `660` or `0660`, octal. */
export const modeOf = (text: string): number => {
  if (!/^0?[0-7]{3}$/.test(text))
    throw invalid(`"${text}" is no mode of a socket`, 'Give three octal digits, for example --socket-mode 660.');
  return Number.parseInt(text, 8);
};

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const client = createConnection(path);
    client.once('connect', () => {
      client.destroy();
      resolve(true);
    });
    client.once('error', () => resolve(false));
  });

/** Takes away the socket of a daemon that is gone. Fault `conflict` while it answers, or where something else stands there. */
const clear = async (path: string): Promise<void> => {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket())
    throw new Fault('conflict', `${path} is no socket`, 'Name another path with --socket-path; it is left alone.');
  if (await answers(path))
    throw new Fault(
      'conflict',
      `another daemon answers at ${path}`,
      'Stop it, or name another path with --socket-path.',
    );
};

/**
 * Listens at the place. Faults `conflict` and `not-found` as above; `forbidden` where the folder or the group is not ours to use.
 */
export const listenAt = async (server: Server, { path, group, mode }: Place): Promise<void> => {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw invalid(`the path of the socket has more than ${MAX_PATH_BYTES} bytes`, 'Give a shorter --socket-path.');
  const gid = group === undefined ? undefined : groupId(group);
  const made = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    await clear(path);
    rmSync(made, { force: true });
    // From the first moment nobody else may connect.
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(made, () => {
          server.off('error', reject);
          resolve();
        });
      });
    } finally {
      process.umask(before);
    }
    if (gid !== undefined) chownSync(made, -1, gid);
    chmodSync(made, mode);
    renameSync(made, path);
  } catch (error) {
    server.close();
    rmSync(made, { force: true });
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof Fault || code === undefined) throw error;
    throw new Fault(
      'forbidden',
      `the socket ${path} cannot be made: ${message}`,
      'Give a path in a folder of yours with --socket-path, and a group of yours with --socket-group.',
      { cause: error },
    );
  }
};
