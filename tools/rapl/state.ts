/** What a daemon leaves to the next one: totals and last values together, so that nothing between is lost or counted twice. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { GAP_REASONS } from './counter.js';
import type { KeptSession } from './session.js';
import type * as zone from './zone.js';

const Big = z
  .string()
  .regex(/^\d{1,40}$/)
  .transform(BigInt);
const Ms = z.number();
const Moment = z.strictObject({ monotonicMs: Ms, boottimeMs: Ms });
const Zone: z.ZodType<zone.Zone> = z.lazy(() =>
  z.strictObject({ id: z.string(), name: z.string(), parent: Zone.nullable(), secondView: z.boolean() }),
);
const Reason = z.enum(GAP_REASONS);
const Count = z.strictObject({
  sinceMs: Ms,
  ticks: Big,
  last: z.strictObject({ ticks: Big, at: Moment }).nullable(),
  trouble: z.strictObject({ reason: Reason, errno: z.string().nullable() }).nullable(),
  wraps: z.int(),
  badReadings: z.int(),
  coveredMs: Ms,
  gaps: z.array(z.strictObject({ fromMs: Ms, toMs: Ms, reason: Reason, errno: z.string().nullable() })),
  gapCount: z.int(),
});
const State = z.strictObject({
  v: z.literal(1),
  boot: z.string().nullable(),
  at: Moment,
  wallMs: Ms,
  sinceMs: Ms,
  totalUj: Big.nullable(),
  known: z.array(
    z.strictObject({
      zone: Zone,
      scale: z.strictObject({
        range: Big.nullable(),
        ujPerTick: z.tuple([Big, Big]),
        ratedWatts: z.number().nullable(),
      }),
      count: Count,
      mirrorOf: z.string().nullable(),
    }),
  ),
});

const bigAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

/** In one step: a reader meets the old state or the new one. */
export const writeState = (path: string, kept: KeptSession): void => {
  writeFileSync(`${path}.new`, JSON.stringify({ v: 1, ...kept }, bigAsText), { mode: 0o600 });
  renameSync(`${path}.new`, path);
};

export type FoundState = { readonly kept: KeptSession } | { readonly kept: null; readonly why: string | null };

/** A file that is not a state of this version is put aside as `.broken`, and `why` says so; null where there is none. */
export const readState = (path: string): FoundState => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return { kept: null, why: code === 'ENOENT' ? null : `${path} cannot be read: ${code}` };
  }
  try {
    const { v: _, ...kept } = State.parse(JSON.parse(text));
    return { kept };
  } catch {
    renameSync(path, `${path}.broken`);
    return { kept: null, why: `${path} was no state of this version; it lies beside as .broken and totals begin anew` };
  }
};
