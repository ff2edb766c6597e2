/** Cuts a sentence into clauses, but only where both sides say something of their own. */
import type { Scope } from '../../domain/policy/policy.js';
import { clauseOf, type Reading, type Setting } from './clause.js';
import { continued } from './continued.js';
import { idleBecause } from './idle.js';
import { placesIn } from './places.js';
import { readClause } from './rules.js';
import { isScoped } from './scope.js';

export interface Piece {
  /** within the sentence */
  readonly from: number;
  readonly to: number;
  readonly readings: readonly Reading[];
  /** why it limits nothing, where that is known: it lifts, reports, or makes approval easier */
  readonly idle?: string;
}

const JOINT =
  /;\s*|,?\s+\b(?:but|while|whereas|though|although)\b\s+|,\s+(?:and|or|yet|however)\s+|\s+and\s+|,\s+|\s+-\s+/g;

const STRONG = /;|\b(?:but|while|whereas|though|although)\b/;

const withoutEach = ({ each: _, ...scope }: Scope): Scope => scope;

/** `low` and `original` are of the same length. */
export const piecesOf = (low: string, original: string, outer: Setting): Piece[] => {
  const stop = /;\s*/.exec(low);
  const idle = stop ? idleBecause(low.slice(0, stop.index)) : undefined;
  if (!stop || idle === undefined) return readPieces(low, original, outer);
  // "Requests below €500 are approved automatically; above that …": the second half is a sentence of its own.
  const next = stop.index + stop[0].length;
  const figure = clauseOf(low.slice(0, stop.index), original.slice(0, stop.index), outer.mark).figures.at(-1);
  const rest = piecesOf(low.slice(next), original.slice(next), { ...outer, ...(figure ? { figure } : {}) });
  return [
    { from: 0, to: stop.index, readings: [], idle },
    ...rest.map((p) => ({ ...p, from: p.from + next, to: p.to + next })),
  ];
};

const readPieces = (low: string, original: string, outer: Setting): Piece[] => {
  const whole = readClause(low, original, outer);
  const pieces: Piece[] = [];
  let from = 0;
  // What the piece that begins at `from` takes over from the one before it.
  let inherited = outer;
  let left: readonly Reading[] = whole;
  for (const joint of low.matchAll(JOINT)) {
    const at = joint.index;
    if (at <= from) continue;
    const head = partOf(low.slice(from, at), original.slice(from, at), inherited, outer);
    if (head.length === 0) continue;
    const next = at + joint[0].length;
    const owner = head[0]!;
    const after: Setting = { ...outer, above: { ...outer.above, ...withoutEach(owner.scope) }, before: owner };
    const tail = tailOf(low, original, next, after, outer);
    if (tail.length === 0) continue;
    // Without a strong joint the second half must stand on its own: other words about the same thing stay together.
    if (!STRONG.test(joint[0]) && !independent(head, tail)) continue;
    if (head.some((r) => losesTo(r, whole)) || (!STRONG.test(joint[0]) && isPlaceList(low, original, at, next)))
      continue;
    pieces.push({ from, to: at, readings: head });
    from = next;
    inherited = after;
    left = partOf(low.slice(next), original.slice(next), after, outer);
  }
  pieces.push({ from, to: low.length, readings: left });
  return pieces;
};

const partOf = (low: string, original: string, inherited: Setting, outer: Setting): Reading[] => {
  const read = readClause(low, original, scopedSetting(low, original, inherited, outer));
  return read.length > 0 ? read : continued(low, original, inherited);
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
  const joints = [...low.slice(from).matchAll(JOINT)];
  const strong = joints.findIndex((m) => STRONG.test(m[0]));
  const ends = (strong < 0 ? joints : joints.slice(0, strong + 1)).map((m) => from + m.index);
  for (const to of strong < 0 ? [...ends, low.length] : ends) {
    const read = partOf(low.slice(from, to), original.slice(from, to), inherited, outer);
    if (read.length > 0) return read;
  }
  return [];
};

/** "Only eu-north-1 and eu-west-1 are …": a place on either side is one list. */
const isPlaceList = (low: string, original: string, at: number, next: number): boolean => {
  const places = placesIn(low, original);
  return places.some((p) => p.to === at) && places.some((p) => p.from === next);
};

/** The halves differ in what they say or in whom they speak of. */
const independent = (head: readonly Reading[], tail: readonly Reading[]): boolean => {
  const key = (r: Reading) => `${r.type} ${JSON.stringify(r.scope)}`;
  const heads = new Set(head.map(key));
  return tail.every((r) => !heads.has(key(r)));
};

const opens = (r: Reading) => r.questions.length > 0 || r.left.length > 0;

/** True when the whole sentence says more of the same constraint than its first half alone. */
const losesTo = (r: Reading, whole: readonly Reading[]): boolean => {
  const same = whole.find((w) => w.type === r.type && JSON.stringify(w.scope) === JSON.stringify(r.scope));
  if (!same) return false;
  return opens(r) && !opens(same);
};
