/**
 * The daemon's process. It stands beside the program's and loads nothing but this room and the domain, since it runs with more
 * rights than anything else here. Flags are those of `caco rapl-daemon`.
 */
import { parseArgs } from 'node:util';
import { Fault, invalid } from '../../domain/fault.js';
import { SOCKET_PATH } from './client.js';
import { runDaemon } from './daemon.js';
import { cpuList, openCounters } from './open.js';
import { modeOf } from './socket.js';

const text = { type: 'string' } as const;

const flags = () => {
  try {
    return parseArgs({
      options: {
        'powercap-root': text,
        'rapl-mode': { ...text, default: 'sysfs' },
        'msr-cpus': text,
        'msr-root': text,
        'max-watts': text,
        interval: { ...text, default: '0.1' },
        'socket-path': { ...text, default: SOCKET_PATH },
        'socket-group': text,
        'socket-mode': { ...text, default: '660' },
        state: text,
        json: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw invalid((error as Error).message, 'caco rapl-daemon --help');
  }
};

const numberOf = (flag: string, given: string): number => {
  const value = Number(given);
  if (!(given.trim() !== '' && value > 0)) throw invalid(`${flag} is "${given}"`, `Give a number above 0: ${flag} 1.`);
  return value;
};

const say = (line: string) => void process.stderr.write(`${line}\n`);

const main = async () => {
  const given = flags();
  const mode = given['rapl-mode'];
  if (mode !== 'sysfs' && mode !== 'msr')
    throw invalid(`--rapl-mode is "${mode}"`, 'Give sysfs or msr, for example --rapl-mode sysfs.');
  const intervalSeconds = numberOf('--interval', given.interval);
  if (intervalSeconds < 0.01 || intervalSeconds > 60)
    throw invalid(`--interval is ${intervalSeconds} s`, 'Give 0.01 to 60 seconds, for example --interval 0.1.');
  const source = openCounters({
    mode,
    powercapRoot: given['powercap-root'],
    msrRoot: given['msr-root'],
    msrCpus: given['msr-cpus'] === undefined ? undefined : cpuList(given['msr-cpus']),
  });
  const path = given['socket-path'];
  const ended = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ended.abort());
  await runDaemon(
    {
      source,
      intervalSeconds,
      maxWatts: given['max-watts'] === undefined ? undefined : numberOf('--max-watts', given['max-watts']),
      socket: { path, group: given['socket-group'], mode: modeOf(given['socket-mode']) },
      statePath: given.state ?? `${path}.state`,
      say,
      ready: () => say(`${source.from} is read every ${intervalSeconds} s; clients connect at ${path}`),
    },
    ended.signal,
  );
};

const EXIT_CODES = {
  'invalid-input': 2,
  unsupported: 2,
  'not-found': 3,
  conflict: 4,
  forbidden: 4,
  unavailable: 6,
} as const;

try {
  await main();
} catch (error) {
  if (!(error instanceof Fault)) throw error;
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify({ error: error.toJSON() }, null, 2)}\n`);
  else say(`${error.message}\n  ${error.remedy}`);
  process.exitCode = EXIT_CODES[error.code];
}
