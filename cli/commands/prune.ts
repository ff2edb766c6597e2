/** `prune`: plans that are long over go, so that a store that is left on for years does not grow for ever. */
import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import type { Command } from 'commander';
import type { Archive, WhatWent } from '../../app.js';
import { Fault, invalid } from '../../domain/fault.js';
import { countText } from '../../domain/figures.js';
import { type Answer, addCommand, type Context } from '../command.js';

const HOURS = { h: 1, d: 24, w: 7 * 24, y: 365 * 24 } as const;

/** `90d`, `12h`, `2w`, `1y`, in hours. */
const hoursOf = (text: string): number => {
  const [, count, unit] = /^(\d+)([hdwy])$/.exec(text.trim()) ?? [];
  if (count === undefined) throw invalid(`--keep is "${text}"`, 'Give a whole number and a unit: 12h, 90d, 8w or 1y.');
  return Number(count) * HOURS[unit as keyof typeof HOURS];
};

/** A gzipped file of JSON Lines for each id, whole or absent. */
const archiveIn = (folder: string): Archive => {
  const open_ = new Map<string, { zip: Gzip; file: WriteStream; failed: Promise<unknown> }>();
  const fault = (cause: unknown) =>
    new Fault(
      'unavailable',
      `the archive cannot be written to ${folder}: ${(cause as Error).message}`,
      'Check that the folder is writable and has room. What was not archived is still there.',
      { cause },
    );
  const part = (id: string) => join(folder, `${id}.jsonl.gz.part`);
  const start = (id: string) => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = createWriteStream(part(id), { mode: 0o600 });
    const zip = createGzip();
    zip.pipe(file);
    const failed = finished(file).then(
      () => undefined,
      (error: unknown) => error,
    );
    const one = { zip, file, failed };
    open_.set(id, one);
    return one;
  };
  return {
    async write(id, lines) {
      const { zip, failed } = open_.get(id) ?? start(id);
      if (zip.write(lines)) return;
      const trouble = await Promise.race([
        failed,
        new Promise((resolve) => zip.once('drain', () => resolve(undefined))),
      ]);
      if (trouble) throw fault(trouble);
    },
    async end(id) {
      const { zip, failed } = open_.get(id) ?? start(id);
      zip.end();
      const trouble = await failed;
      open_.delete(id);
      if (trouble) throw fault(trouble);
      try {
        const file = await open(part(id), 'r');
        await file.sync();
        await file.close();
        await rename(part(id), join(folder, `${id}.jsonl.gz`));
      } catch (cause) {
        throw fault(cause);
      }
    },
  };
};

const plural = (n: number, noun: string) => `${countText(n)} ${noun}${n === 1 ? '' : 's'}`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const text = (went: WhatWent, dryRun: boolean, bytes: { before: number; after: number }, shrunk: boolean): string => {
  const nothing = went.plans.length + went.workloads.length + went.runs.length === 0;
  const parts = [
    plural(went.plans.length, 'plan'),
    plural(went.workloads.length, 'workload'),
    plural(went.runs.length, 'run'),
  ].join(', ');
  const head = nothing
    ? `Nothing that ended before ${went.before} is there to go.`
    : `${parts} that ended before ${went.before}${dryRun ? ' would go' : ' went'}, with ${plural(went.rows, 'row')}.`;
  return [
    head,
    ...(nothing || dryRun
      ? []
      : [
          'The ledger and all evidence stay: caco ledger audit, caco verify ID --recompute.',
          shrunk
            ? `The store took ${megabytes(bytes.before)} and takes ${megabytes(bytes.after)}.`
            : `The store takes ${megabytes(bytes.after)} as before: freed room is used again, and given back when nobody else uses the store.`,
        ]),
    ...went.kept.map(({ planId, why }) => `  ${planId} stays: ${why}.`),
  ].join('\n');
};

const prune = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const keepHours = hoursOf(String(options.keep));
  const dryRun = options.dryRun === true;
  const actor = await context.actor('approve');
  const app = await context.app();
  const { store } = app.world;
  const before = await store.size();
  const archive = options.archive === undefined || dryRun ? undefined : archiveIn(resolve(String(options.archive)));
  const went = await app.prune({ keepHours, dryRun, signal: context.signal, archive }, actor);
  const shrunk = !dryRun && went.plans.length + went.workloads.length + went.runs.length > 0 && (await store.shrink());
  const bytes = { before, after: await store.size() };
  return { json: { ...went, dryRun, bytes, shrunk }, text: text(went, dryRun, bytes, shrunk) };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'prune',
    'forget plans, workloads and runs that are long over; the ledger and all evidence stay',
    (c) =>
      c
        .option('--keep <time>', 'what ended less than this ago stays: 12h, 90d, 8w or 1y', '90d')
        .option('--archive <folder>', 'write all that goes there first, a gzipped file of JSON Lines for each')
        .option('--dry-run', 'say what would go, and let nothing go'),
    prune,
  );
};
