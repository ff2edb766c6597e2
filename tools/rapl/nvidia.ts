/**
 * NVIDIA boards by way of `nvidia-smi`: one process of it that prints a line a board at each interval; nothing is ever set. Which
 * fields a driver knows is asked first. Few of them have NVML's energy counter among the queried fields; where it is not, power
 * is integrated: `power.draw.average` (a mean of a second) before `power.draw.instant` (the last sample of a sensor that on some
 * boards looks a quarter of the time), before `power.draw`, which is either, by architecture.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { GpuLook } from './gpu.js';

const COUNTER = 'total_energy_consumption';
const STATES = ['driver_version', 'persistence_mode', 'mig.mode.current', 'ecc.mode.current'] as const;
const WANTED = ['uuid', 'name', COUNTER, 'power.draw.average', 'power.draw.instant', 'power.draw', ...STATES];
/** What every driver has told for ten years. */
const ALWAYS = new Set(['uuid', 'name', 'power.draw', 'driver_version', 'persistence_mode']);
/** A driver that wakes a board up takes a while. */
const HELP_MS = 10_000;
/** A program whose driver hangs does not end when it is told to; nobody waits for it. */
const END_MS = 1000;

const LABELS: Readonly<Record<(typeof STATES)[number], string>> = {
  driver_version: 'driver',
  persistence_mode: 'persistence',
  'mig.mode.current': 'mig',
  'ecc.mode.current': 'ecc',
};

const isAbsent = (text: string) =>
  /^\[?(n\/a|not supported|unknown error|gpu is lost|insufficient permissions|not available).*\]?$/i.test(text);

/** Fields of ours that the help of this driver names, each in quotes at the beginning of a line. */
export const fieldsIn = (help: string): string[] => {
  const named = new Set([...help.matchAll(/^"([^"]+)"/gm)].flatMap(([, name]) => name!.split('" or "')));
  return WANTED.filter((field) => (named.size === 0 ? ALWAYS.has(field) : named.has(field)));
};

/** One line of the CSV without header and units; null for what is none of a board. */
export const boardIn = (line: string, fields: readonly string[]): GpuLook | null => {
  const cells = line.split(',').map((cell) => cell.trim());
  if (cells.length !== fields.length) return null;
  const of = (field: string): string | null => {
    const cell = cells[fields.indexOf(field)];
    return cell === undefined || cell === '' || isAbsent(cell) ? null : cell;
  };
  const number = (field: string): number | null => {
    const text = of(field);
    return text !== null && /^\d+(\.\d+)?$/.test(text) ? Number(text) : null;
  };
  const id = of('uuid');
  if (id === null || !/^[\w-]{1,100}$/.test(id)) return null;
  const powers = [
    ['power.draw.average', 'average'],
    ['power.draw.instant', 'instant'],
    ['power.draw', 'unstated'],
  ] as const;
  const [field, powerIs] = powers.find(([name]) => number(name) !== null) ?? powers[2];
  // Thousandths of a joule.
  const millijoules = of(COUNTER);
  return {
    ...{ id, name: (of('name') ?? id).slice(0, 100), vendor: 'nvidia', powerIs, watts: number(field) },
    counterUj: millijoules !== null && /^\d{1,20}$/.test(millijoules) ? BigInt(millijoules) * 1000n : null,
    labels: Object.fromEntries(STATES.flatMap((state) => (of(state) === null ? [] : [[LABELS[state], of(state)!]]))),
  };
};

export interface GpuWatch {
  /** the newest lines since the last call; empty where nothing new came */
  take(): { readonly looks: readonly GpuLook[]; readonly atMs: number }[];
  /** Resolves when the program has ended and its last lines were read, or a second after it was told to. */
  stop(): Promise<void>;
}

/** Null where there is no such program, or it knows no board. Whatever it does later, nothing is thrown. */
export const watchNvidia = (program: string, intervalMs: number, nowMs: () => number): GpuWatch | null => {
  const help = spawnSync(program, ['--help-query-gpu'], { encoding: 'utf8', timeout: HELP_MS, maxBuffer: 1 << 22 });
  if (help.error !== undefined) return null;
  const fields = fieldsIn(help.status === 0 ? help.stdout : '');
  const query = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const child = spawn(program, [...query, `--loop-ms=${Math.round(intervalMs)}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let [pending, came]: [string, { looks: GpuLook[]; atMs: number }[]] = ['', []];
  child.on('error', () => {});
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => {
    const atMs = nowMs();
    const lines = (pending + piece).slice(-(1 << 16)).split('\n');
    pending = lines.pop()!;
    const looks = lines.flatMap((line) => boardIn(line, fields) ?? []);
    if (looks.length > 0) came.push({ looks, atMs });
    // A caller who never takes them keeps the newest only.
    if (came.length > 1000) came = came.slice(-500);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  return {
    take() {
      const taken = came;
      came = [];
      return taken;
    },
    stop: () => {
      child.kill('SIGTERM');
      const limit = setTimeout(() => {
        child.kill('SIGKILL');
        child.stdout.destroy();
      }, END_MS);
      return Promise.race([ended, new Promise<void>((resolve) => child.stdout.once('close', resolve))]).finally(() =>
        clearTimeout(limit),
      );
    },
  };
};
