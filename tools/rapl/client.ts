/** Asks the daemon. */
import { createConnection } from 'node:net';
import { Fault } from '../../domain/fault.js';
import { PROTOCOL, type Snapshot } from './protocol.js';

export const SOCKET_PATH = '/run/caco/rapl.sock';

/** A snapshot of four zones has 2 kB; nothing that is no daemon fills the memory. */
const MAX_ANSWER_BYTES = 4 << 20;

const trouble = (path: string, what: string, cause?: unknown) =>
  new Fault(
    'unavailable',
    `the daemon at ${path} ${what}`,
    'Start it (caco rapl-daemon), name its socket with --socket-path, and be in its group.',
    { cause },
  );

/** The newest snapshot. Fault `unavailable` without a daemon, after `timeoutMs`, or for an answer of another version. */
export const askDaemon = (path = SOCKET_PATH, timeoutMs = 1000): Promise<Snapshot> =>
  new Promise((resolve, reject) => {
    const socket = createConnection(path);
    let text = '';
    const give = (settle: () => void) => {
      clearTimeout(timer);
      socket.destroy();
      settle();
    };
    const timer = setTimeout(() => give(() => reject(trouble(path, `did not answer in ${timeoutMs} ms`))), timeoutMs);
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(`{"v":${PROTOCOL},"get":"snapshot"}\n`));
    socket.once('error', (error) => give(() => reject(trouble(path, `cannot be reached: ${error.message}`, error))));
    socket.once('close', () => give(() => reject(trouble(path, 'closed the connection without an answer'))));
    socket.on('data', (piece: string) => {
      text += piece;
      const end = text.indexOf('\n');
      if (end < 0 && text.length <= MAX_ANSWER_BYTES) return;
      give(() => {
        try {
          const answer = JSON.parse(text.slice(0, end)) as Snapshot;
          if (answer.v !== PROTOCOL || answer.ok !== true || !Array.isArray(answer.zones))
            throw new Error('no snapshot');
          resolve(answer);
        } catch (error) {
          reject(trouble(path, 'answered what is no snapshot of version 1', error));
        }
      });
    });
  });
