/** A changed schedule as the unified diff of a pull request: GitHub Actions, Kubernetes CronJobs, crontabs. All else stays byte for byte. */
import { createRequire } from 'node:module';
import type { Scalar } from 'yaml';
import { Fault, invalid } from '../../domain/fault.js';
import { cronFields } from './cron.js';

export interface SchedulePatch {
  readonly kind: 'github-actions' | 'kubernetes' | 'crontab';
  /** within the repository, with `/` */
  readonly path: string;
  readonly text: string;
  readonly from: string;
  readonly to: string;
  /** CronJob's name, or a piece of the crontab's command; null: every schedule that equals `from` */
  readonly only: string | null;
}

export interface Patched {
  readonly diff: string;
  readonly changed: number;
  readonly text: string;
}

interface Place {
  readonly start: number;
  readonly end: number;
  readonly schedule: string;
  readonly name: string;
  readonly put: (schedule: string) => string;
}

const same = (a: string, b: string) => a.trim().split(/\s+/).join(' ') === b.trim().split(/\s+/).join(' ');

const yamlPlace = (scalar: Scalar, name: string): Place => {
  const [start, end] = scalar.range ?? [0, 0];
  if (scalar.type !== 'PLAIN' && scalar.type !== 'QUOTE_SINGLE' && scalar.type !== 'QUOTE_DOUBLE')
    throw new Fault('unsupported', 'a schedule is written as a block of text', 'Write it on one line, in quotes.');
  const double = scalar.type === 'QUOTE_DOUBLE';
  const bare = scalar.type === 'PLAIN';
  return {
    start,
    end,
    schedule: String(scalar.value),
    name,
    // A plain scalar may not begin with `*`, which is an alias.
    put: (to) => (bare && /^\d/.test(to) ? to : double ? `"${to}"` : `'${to}'`),
  };
};

// Loaded where there is a patch to write: every start would pay for it otherwise.
const yaml = () => createRequire(import.meta.url)('yaml') as typeof import('yaml');

const documentsOf = (text: string) => {
  const documents = yaml().parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  const error = documents.flatMap((document) => document.errors)[0];
  if (error) throw invalid(`the file is not YAML: ${error.message.split('\n')[0]}`, 'Mend the file first.');
  return documents;
};

const inActions = (text: string): Place[] => {
  const { isMap, isScalar, isSeq } = yaml();
  return documentsOf(text).flatMap((document) => {
    const schedule = document.getIn(['on', 'schedule'], true);
    if (!isSeq(schedule)) return [];
    return schedule.items.flatMap((item) => {
      const cron = isMap(item) ? item.get('cron', true) : undefined;
      return isScalar(cron) ? [yamlPlace(cron, '')] : [];
    });
  });
};

const inKubernetes = (text: string): Place[] => {
  const { isMap, isScalar, isSeq } = yaml();
  const places: Place[] = [];
  const look = (node: unknown) => {
    if (!isMap(node)) return;
    const items = node.get('items', true);
    if (isSeq(items)) items.items.forEach(look);
    if (node.get('kind') !== 'CronJob') return;
    const schedule = node.getIn(['spec', 'schedule'], true);
    if (isScalar(schedule)) places.push(yamlPlace(schedule, String(node.getIn(['metadata', 'name']) ?? '')));
  };
  for (const document of documentsOf(text)) look(document.contents);
  return places;
};

const inCrontab = (text: string): Place[] =>
  [...text.matchAll(/^[ \t]*((?:[0-9A-Za-z*/,-]+[ \t]+){4}[0-9A-Za-z*/,-]+)([ \t]+\S[^\n]*)$/gm)].map((line) => {
    const start = line.index + line[0].indexOf(line[1]!);
    return { start, end: start + line[1]!.length, schedule: line[1]!, name: line[2]!, put: (to) => to };
  });

/** Fault `not-found` when no schedule equals `from`, naming those there are; `invalid-input` for bad YAML, paths or schedules. */
export const patchSchedule = (patch: SchedulePatch): Patched => {
  const { kind, path, text, from, only } = patch;
  if (path === '' || path.startsWith('/') || path.split('/').includes('..') || /\p{Cc}|["\\]/u.test(path))
    throw invalid(
      'the path does not lie within a repository',
      'Give a relative path such as .github/workflows/nightly.yml.',
    );
  const to = cronFields(patch.to).join(' ');
  const places = kind === 'crontab' ? inCrontab(text) : kind === 'kubernetes' ? inKubernetes(text) : inActions(text);
  const chosen = places.filter(
    (place) =>
      same(place.schedule, from) &&
      (only === null || (kind === 'kubernetes' ? place.name === only : place.name.includes(only))),
  );
  if (chosen.length === 0)
    throw new Fault(
      'not-found',
      `${path} holds no schedule "${from}"${only === null ? '' : ` for ${only}`}`,
      places.length === 0
        ? 'It holds no schedule that could be read.'
        : `Name one of: ${places
            .slice(0, 10)
            .map((place) => `"${place.schedule.trim()}"`)
            .join(', ')}.`,
    );
  let changed = text;
  for (const place of [...chosen].sort((a, b) => b.start - a.start))
    changed = changed.slice(0, place.start) + place.put(to) + changed.slice(place.end);
  return { diff: unifiedDiff(path, text, changed), changed: chosen.length, text: changed };
};

const CONTEXT = 3;

/** Of two texts with equally many lines, as `git apply` and `patch -p1` read it; empty when they are equal. */
export const unifiedDiff = (path: string, before: string, after: string): string => {
  const split = (text: string) => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const [a, b] = [split(before), split(after)];
  if (a.length !== b.length) throw new Error('a changed schedule keeps the number of lines');
  const differing = a.flatMap((line, i) => (line === b[i] ? [] : [i]));
  if (differing.length === 0) return '';
  const hunks: [number, number][] = [];
  for (const i of differing) {
    const last = hunks.at(-1);
    const [from, to] = [Math.max(0, i - CONTEXT), Math.min(a.length, i + CONTEXT + 1)];
    if (last && from <= last[1]) last[1] = to;
    else hunks.push([from, to]);
  }
  const line = (sign: string, text: string) =>
    `${sign}${text.endsWith('\n') ? text : `${text}\n\\ No newline at end of file\n`}`;
  const out = [`--- a/${path}\n`, `+++ b/${path}\n`];
  for (const [from, to] of hunks) {
    out.push(`@@ -${from + 1},${to - from} +${from + 1},${to - from} @@\n`);
    for (let i = from; i < to; i++) {
      if (a[i] === b[i]) out.push(line(' ', a[i]!));
      else out.push(line('-', a[i]!), line('+', b[i]!));
    }
  }
  return out.join('');
};
