/** Cuts a sentence into clauses, but only where both sides say something of their own. */
import type { Scope } from '../../domain/policy.js';
import type { Reading, Setting } from './clause.js';
import { continued, readClause } from './rules.js';
import { inherit, isScoped } from './scope.js';

export interface Piece {
  /** within the sentence */
  readonly from: number;
  readonly to: number;
  readonly readings: readonly Reading[];
}

const JOINT =
  /;\s*|,?\s+\b(?:but|while|whereas|though|although)\b\s+|,\s+(?:and|or|yet|however)\s+|\s+and\s+|,\s+|\s+-\s+/g;

const withoutEach = ({ each: _, ...scope }: Scope): Scope => scope;

/** `low` and `original` are of the same length. */
export const piecesOf = (low: string, original: string, setting: Setting): Piece[] => {
  const whole = readClause(low, original, setting);
  const pieces: Piece[] = [];
  let from = 0;
  let left = { from: 0, to: low.length, readings: whole };
  let before = setting.before;
  for (const joint of low.matchAll(JOINT)) {
    const at = joint.index;
    if (at <= from) continue;
    const head = readClause(low.slice(from, at), original.slice(from, at), { ...setting, before });
    if (head.length === 0) continue;
    const next = at + joint[0].length;
    const strong = /;|\b(?:but|while|whereas|though|although)\b/.test(joint[0]);
    const owner = head[0]!;
    const fragmentAbove = inherit({}, { ...setting.above, ...withoutEach(owner.scope) });
    const tailSetting = { ...setting, above: fragmentAbove, before: owner };
    const tail = tailOf(low, original, next, tailSetting, setting);
    if (tail.length === 0) continue;
    // Without a strong joint the second half must stand on its own: other words about the same thing stay together.
    if (!strong && !independent(head, tail)) continue;
    if (head.some((r) => losesTo(r, whole))) continue;
    pieces.push({ from, to: at, readings: head });
    from = next;
    before = owner;
    const rest = readClause(
      low.slice(next),
      original.slice(next),
      scopedSetting(low.slice(next), original.slice(next), tailSetting, setting),
    );
    left = {
      from: next,
      to: low.length,
      readings: rest.length > 0 ? rest : continued(low.slice(next), original.slice(next), tailSetting),
    };
  }
  pieces.push(left);
  return pieces;
};

/** A clause with a subject of its own takes nothing over from the one before it. */
const scopedSetting = (low: string, original: string, inherited: Setting, outer: Setting): Setting => {
  const own = readClause(low, original, { ...outer, before: inherited.before });
  return own.some((r) => isScoped(ownScope(r, outer))) ? { ...outer, before: inherited.before } : inherited;
};
const ownScope = (r: Reading, outer: Setting): Scope =>
  Object.fromEntries(
    Object.entries(r.scope).filter(
      ([key, value]) => JSON.stringify(value) !== JSON.stringify(outer.above[key as keyof Scope]),
    ),
  );

const tailOf = (low: string, original: string, from: number, inherited: Setting, outer: Setting): Reading[] => {
  const nextJoint = [...low.slice(from).matchAll(JOINT)].map((m) => from + m.index);
  for (const to of [...nextJoint, low.length]) {
    const part = low.slice(from, to);
    const raw = original.slice(from, to);
    const read = readClause(part, raw, scopedSetting(part, raw, inherited, outer));
    if (read.length > 0) return read;
    const more = continued(part, raw, inherited);
    if (more.length > 0) return more;
  }
  return [];
};

/** The halves differ in what they say or in whom they speak of. */
const independent = (head: readonly Reading[], tail: readonly Reading[]): boolean => {
  const key = (r: Reading) => `${r.type} ${JSON.stringify(r.scope)}`;
  const heads = new Set(head.map(key));
  return tail.every((r) => !heads.has(key(r)));
};

/** True when the whole sentence says more of the same constraint than its first half alone. */
const losesTo = (r: Reading, whole: readonly Reading[]): boolean => {
  const same = whole.find((w) => w.type === r.type && JSON.stringify(w.scope) === JSON.stringify(r.scope));
  if (!same) return false;
  return r.questions.length > 0 && same.questions.length === 0;
};
