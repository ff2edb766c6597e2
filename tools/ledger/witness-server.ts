/** A witness over HTTP (C2SP tlog-witness), for ledgers on other machines. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault } from '../../domain/fault.js';
import type { Witness } from './witness.js';

/** A checkpoint, 63 hashes and a hundred signatures fit many times over. */
const MAX_BYTES = 256 * 1024;
const LOOKUP = /^\/([0-9a-f]{64})\/checkpoint$/;

export interface WitnessServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves `POST /add-checkpoint` and `GET /<sha256 of origin>/checkpoint`. Fault `unavailable` when the port is taken. */
export const serveWitness = async (
  witness: Pick<Witness, 'addCheckpoint' | 'lastNote'>,
  options: { port: number; host?: string | undefined },
): Promise<WitnessServer> => {
  const { port, host = '127.0.0.1' } = options;
  const server = createServer((request, response) => {
    const answer = (status: number, body: string, type = 'text/plain') =>
      response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
    const lookup = LOOKUP.exec(request.url ?? '')?.[1];
    if (request.method === 'GET' && lookup !== undefined) {
      const note = witness.lastNote(lookup);
      answer(note === undefined ? 404 : 200, note ?? 'no checkpoint of this log was cosigned here\n');
      return;
    }
    if (request.method !== 'POST' || request.url !== '/add-checkpoint') {
      answer(404, 'POST /add-checkpoint or GET /<sha256 of origin>/checkpoint\n');
      return;
    }
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size <= MAX_BYTES) parts.push(part);
    });
    request.on('end', () => {
      if (size > MAX_BYTES) {
        answer(413, `more than ${MAX_BYTES} bytes\n`);
        return;
      }
      try {
        const { status, type, body } = witness.addCheckpoint(Buffer.concat(parts).toString('utf8'));
        answer(status, body, type);
      } catch (error) {
        // The witness could not keep what it was about to say, so it says nothing.
        answer(503, `${error instanceof Fault ? error.message : 'the witness cannot keep its state'}\n`);
      }
    });
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new Fault(
          'unavailable',
          `the witness cannot listen on ${host}:${port}: ${cause.message}`,
          'Give another --port.',
          {
            cause,
          },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${bound}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
