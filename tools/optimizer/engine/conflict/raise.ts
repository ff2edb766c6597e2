/** Limits that would have to give way: what a family of them is called and where it is too low. */
import type { ConflictRow, LimitKind } from '../answer.js';
import type { Coupling } from '../milp/columns.js';
import type { Model } from '../model.js';
import { eventAt, UNITS } from './conflict.js';

/** One limit as people know it: the cap of a site, an event, a carbon cap; its cells are region × slots + slot. */
export interface Family {
  readonly kind: Extract<LimitKind, Coupling | 'event'>;
  /** Row of a region; of a carbon cap for `carbon`. */
  readonly row: number;
  /** Id of the event or carbon cap. */
  readonly name: string | null;
}

export const keyOf = ({ kind, row, name }: Family): string => `${kind} ${row} ${name ?? ''}`;

export const familyOf = (model: Model, kind: Coupling, at: number): Family => {
  if (kind === 'carbon') return { kind, row: at, name: model.problem.carbonCaps[at]!.id };
  const row = Math.floor(at / model.T);
  const name = kind === 'power' ? eventAt(model.problem, row, at % model.T) : null;
  return { kind: name === null ? kind : 'event', row, name };
};

export const capAt = (model: Model, kind: Coupling, at: number): number =>
  kind === 'carbon'
    ? model.problem.carbonCaps[at]!.capKg
    : kind === 'power'
      ? model.powerCap[at]!
      : (kind === 'vcpu' ? model.problem.vcpuCap : model.problem.gpuCap)[at]!;

/** `cells`: where more is needed than `available`; for a carbon cap its own slots. */
export const conflictRow = (
  model: Model,
  family: Family,
  cells: readonly number[],
  needed: number,
  available: number,
): ConflictRow => {
  const { problem, T } = model;
  const cap = family.kind === 'carbon' ? problem.carbonCaps[family.row]! : null;
  return {
    limit: family.kind,
    name: family.name,
    region: cap ? null : problem.regions[family.row]!.id,
    slots: cap
      ? Array.from({ length: cap.toSlot - cap.fromSlot }, (_, i) => cap.fromSlot + i)
      : cells.map((cell) => cell % T),
    needed,
    available,
    unit: UNITS[family.kind],
  };
};
