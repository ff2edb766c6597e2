/**
 * Tickets as files: Markdown for people and ADF beside it, each written whole or not at all. A team may read them; what is kept
 * beside them is for their owner.
 */
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import { oneLine } from '../../domain/text.js';
import type { Instant } from '../../domain/time.js';
import type { FoundTicket, TicketDraft, TicketTracker, TrackerTrouble } from '../../domain/world.js';
import type { AdfDoc } from './adf.js';
import { escapeMarkdown } from './markdown.js';

const Record = z.object({
  title: z.string(),
  labels: z.array(z.string()),
  dueDate: z.string().nullable(),
  markdown: z.string(),
  adf: z.unknown(),
  comments: z.array(z.object({ id: z.string(), markdown: z.string(), adf: z.unknown() })),
});
type Record = z.infer<typeof Record>;

const STATUSES = ['open', 'done', 'declined'] as const;
type Status = (typeof STATUSES)[number];

const stem = (title: string, key: string): string => {
  const slug = oneLine(title, 200)
    .normalize('NFKD')
    .toLowerCase()
    .replace(/^\[caco\] /, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60);
  return slug === '' ? key : `${slug}-${key}`;
};

const KEY = /^caco-[0-9a-f]{16}$/;

/** Readers see the old file or the new one, also when the power fails between the two. */
const writeWhole = async (path: string, text: string, mode?: number) => {
  const part = `${path}.part`;
  const file = await open(part, 'w', mode ?? 0o644);
  try {
    // A part that a crash left has the mode of then.
    if (mode !== undefined) await file.chmod(mode);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(part, path);
};

const markdownOf = (key: string, of: Record, status: Status): string =>
  [
    '---',
    `key: ${key}`,
    `status: ${status} # a person may write done or declined`,
    `labels: ${JSON.stringify(of.labels)}`,
    ...(of.dueDate === null ? [] : [`due: ${of.dueDate}`]),
    '---',
    '',
    `# ${escapeMarkdown(of.title)}`,
    '',
    of.markdown.trimEnd(),
    ...of.comments.flatMap((comment) => ['', '---', '', comment.markdown.trimEnd()]),
    '',
  ].join('\n');

const adfOf = (of: Record): AdfDoc => {
  const body = of.adf as AdfDoc;
  const more = of.comments.flatMap((c) => [{ type: 'rule' }, ...(c.adf as AdfDoc).content]);
  return { ...body, content: [...body.content, ...more] };
};

/**
 * A tracker in a folder. The `ref` is the stem of the file names; a person closes a ticket by editing the `status` line of
 * its front matter. Fault `unavailable` when the folder cannot be written.
 */
export const filesTracker = (settings: { folder: string; now: () => Instant }): TicketTracker => {
  const { folder } = settings;
  const state = join(folder, '.state');

  const disk = async <R>(work: () => Promise<R>): Promise<R> => {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof Fault) throw cause;
      const details: TrackerTrouble = { fate: 'not-sent', retryAfterS: null };
      throw new Fault(
        'unavailable',
        `tickets cannot be written to ${folder}: ${(cause as Error).message}`,
        'Check that the folder is writable and has room, or point CACO_HOME elsewhere.',
        { cause, details },
      );
    }
  };
  const unlessMissing = async <R>(work: Promise<R>): Promise<R | undefined> => {
    try {
      return await work;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const refOf = async (key: string): Promise<string | undefined> => {
    const names = (await unlessMissing(readdir(folder))) ?? [];
    return names.find((name) => name === `${key}.md` || name.endsWith(`-${key}.md`))?.slice(0, -3);
  };
  const keyIn = (ref: string): string => {
    const key = ref.slice(-21);
    if (!KEY.test(key)) throw new Fault('not-found', `there is no ticket ${ref}`, '`caco tickets` lists them.');
    return key;
  };
  const read = async (key: string): Promise<Record | undefined> => {
    const text = await unlessMissing(readFile(join(state, `${key}.json`), 'utf8'));
    return text === undefined ? undefined : Record.parse(JSON.parse(text));
  };
  const mustRead = async (ref: string): Promise<Record> => {
    const record = await read(keyIn(ref));
    if (!record) throw new Fault('not-found', `there is no ticket ${ref}`, '`caco tickets` lists them.');
    return record;
  };
  const statusOf = async (ref: string): Promise<Status> => {
    const text = await unlessMissing(readFile(join(folder, `${ref}.md`), 'utf8'));
    const said = /^---\n[\s\S]*?^status:[ \t]*(\w+)/m.exec(text ?? '')?.[1];
    return STATUSES.find((status) => status === said) ?? 'open';
  };
  // The record is written first: a crash after it is mended by the next write of the same ticket.
  const write = async (ref: string, record: Record, status: Status) => {
    const key = keyIn(ref);
    await mkdir(state, { recursive: true });
    await writeWhole(join(state, `${key}.json`), JSON.stringify(record), 0o600);
    await writeWhole(join(folder, `${ref}.adf.json`), `${JSON.stringify(adfOf(record), null, 1)}\n`);
    await writeWhole(join(folder, `${ref}.md`), markdownOf(key, record, status));
  };
  const urlOf = (ref: string) => pathToFileURL(join(folder, `${ref}.md`)).href;
  const recordOf = (ticket: TicketDraft, comments: Record['comments']): Record => ({
    title: ticket.title,
    labels: ticket.labels,
    dueDate: ticket.dueDate ?? null,
    markdown: ticket.markdown,
    adf: ticket.adf,
    comments,
  });

  return {
    name: 'files',
    project: 'folder',
    deployment: 'local',
    lookupDelaysS: [],
    now: settings.now,
    file: (ticket) =>
      disk(async () => {
        const ref = (await refOf(ticket.key)) ?? stem(ticket.title, ticket.key);
        const before = await read(ticket.key);
        await write(ref, recordOf(ticket, before?.comments ?? []), 'open');
        return { ref, url: urlOf(ref) };
      }),
    find: (key) =>
      disk(async (): Promise<FoundTicket[]> => {
        const ref = await refOf(key);
        if (ref === undefined) return [];
        const status = await statusOf(ref);
        return [{ ref, url: urlOf(ref), open: status === 'open', declined: status === 'declined', assigned: false }];
      }),
    update: (ref, ticket) =>
      disk(async () => {
        const { comments } = await mustRead(ref);
        await write(ref, recordOf(ticket, comments), await statusOf(ref));
      }),
    comment: (ref, comment) =>
      disk(async () => {
        const record = await mustRead(ref);
        if (record.comments.some((c) => c.id === comment.id)) return;
        await write(ref, { ...record, comments: [...record.comments, comment] }, await statusOf(ref));
      }),
    close: (ref, as) =>
      disk(async () => {
        await write(ref, await mustRead(ref), as === 'done' ? 'done' : 'declined');
        return true;
      }),
    reopen: (ref) =>
      disk(async () => {
        await write(ref, await mustRead(ref), 'open');
        return true;
      }),
  };
};

/** A remote tracker whose exact words also lie in the folder. The copy is written first, so that it shows what was tried. */
export const alsoInFiles = (tracker: TicketTracker, files: TicketTracker): TicketTracker => ({
  name: tracker.name,
  project: tracker.project,
  deployment: tracker.deployment,
  lookupDelaysS: tracker.lookupDelaysS,
  now: () => tracker.now(),
  find: (key) => tracker.find(key),
  file: async (ticket) => {
    await files.file(ticket);
    return tracker.file(ticket);
  },
  update: async (ref, ticket) => {
    await files.file(ticket);
    return tracker.update(ref, ticket);
  },
  comment: (ref, comment) => tracker.comment(ref, comment),
  close: (ref, as) => tracker.close(ref, as),
  reopen: (ref) => tracker.reopen(ref),
});
