/** The part of a Slurm comment that is ours: `caco:flex=240;class=balanced`; everything else in it is somebody else's. */
import { Category } from '../../../domain/job.js';
import type { Reading } from './reading.js';

const KEYS = ['class', 'flex', 'duration', 'interruptible', 'move'] as const;
type Key = (typeof KEYS)[number];

/** Our part by key, each value as it may be used. A value that cannot be read is told and passed over: no job is lost by its comment. */
export const cacoComment = (comment: string, reading?: Reading): Readonly<Partial<Record<Key, string>>> => {
  const at = comment.search(/caco:/i);
  if (at < 0) return {};
  // Blanks after a semicolon are ours; any other ends our part.
  const [own = ''] = comment
    .slice(at + 5)
    .trimStart()
    .replace(/;\s+(?=[a-z]{1,20}=)/gi, ';')
    .split(/[\s|,]/, 1);
  const found: Partial<Record<Key, string>> = {};
  for (const part of own.split(';')) {
    const [, word = '', value = ''] = /^([a-z_]{1,20})=(.{1,100})$/i.exec(part) ?? [];
    const key = KEYS.find((one) => one === word.toLowerCase());
    if (key === undefined) continue;
    const read = READ[key](value.toLowerCase());
    if (read === null)
      reading?.warn(`Some comments say caco:${key}=${printable(value)}, ${WANTED[key]}; it is ignored.`);
    else found[key] = read;
  }
  return found;
};

/** Whether the owner has given leave to move the job: they said how long it can wait, how urgent it is, or yes. */
export const givesLeave = (comment: string): boolean => {
  const { move, flex, class: category } = cacoComment(comment);
  return move !== 'no' && (move === 'yes' || flex !== undefined || category !== undefined);
};

const READ: Readonly<Record<Key, (value: string) => string | null>> = {
  class: (value) => (Category.options.some((one) => one === value) ? value : null),
  flex: (value) => minutes(value, 0),
  duration: (value) => minutes(value, Number.MIN_VALUE),
  interruptible: (value) => truth(value),
  move: (value) => truth(value),
};

const A_TIME = 'which is no number of minutes (nor 90m, 2h or 1d)';
const WANTED: Readonly<Record<Key, string>> = {
  class: `which is none of ${Category.options.join(', ')}`,
  flex: A_TIME,
  duration: A_TIME,
  interruptible: 'which is neither yes nor no',
  move: 'which is neither yes nor no',
};

const IN_MINUTES = { m: 1, min: 1, h: 60, d: 1440 } as const;

/** `90`, `90m`, `2h`, `1d` as minutes in text. */
const minutes = (text: string, least: number): string | null => {
  const [, number, unit = 'm'] = /^(\d+(?:\.\d+)?)(m|min|h|d)?$/.exec(text) ?? [];
  const value = Number(number ?? Number.NaN) * IN_MINUTES[unit as keyof typeof IN_MINUTES];
  return value >= least ? String(value) : null;
};

const truth = (text: string): string | null =>
  ['yes', 'true', '1'].includes(text) ? 'yes' : ['no', 'false', '0'].includes(text) ? 'no' : null;

const printable = (text: string): string => text.replace(/[^ -~]/g, '?').slice(0, 40);
