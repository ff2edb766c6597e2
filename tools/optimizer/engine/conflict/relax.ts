/** A problem with a limit raised: by what a conflict is short of, or as a person says it. */
import { invalid } from '../../../../domain/fault.js';
import type { SlotClock } from '../limit-values.js';
import type { Problem } from '../problem.js';
import type { RawConflict } from './conflict.js';

/** The limit is raised in the conflict's slots only; an event as a whole. A little is added so that rounding cannot bite. */
export const relaxLimit = (problem: Problem, conflict: RawConflict): Problem => {
  const [row] = conflict.rows;
  const missing = conflict.missing ?? 0;
  if (!row) return problem;
  const more = (cap: number) => cap + missing + 1e-9 * Math.max(1, cap + missing);
  if (row.limit === 'carbon') {
    return {
      ...problem,
      carbonCaps: problem.carbonCaps.map((cap) => (cap.id === row.name ? { ...cap, capKg: more(cap.capKg) } : cap)),
    };
  }
  let relaxed = problem;
  for (const one of conflict.rows) {
    const r = problem.regions.findIndex((region) => region.id === one.region);
    if (one.limit === 'event') {
      relaxed = {
        ...relaxed,
        events: relaxed.events.map((event) =>
          event.id === one.name && event.region === r ? { ...event, maxPowerKw: more(event.maxPowerKw) } : event,
        ),
      };
      continue;
    }
    const column = one.limit === 'power' ? 'powerCapKw' : one.limit === 'vcpu' ? 'vcpuCap' : 'gpuCap';
    const caps = relaxed[column].slice();
    for (const t of one.slots) caps[r * problem.slots + t] = more(caps[r * problem.slots + t]!);
    relaxed = { ...relaxed, [column]: caps };
  }
  return relaxed;
};

export const RELAX_FORMS = [
  'cap:REGION[@WHEN]=KW',
  'vcpu:REGION[@WHEN]=N',
  'gpu:REGION[@WHEN]=N',
  'event:ID=KW',
  'carbon:ID=KG',
  'deadline:JOB=WHEN',
].join(', ');

const refuse = (text: string, why: string) =>
  invalid(
    `the relaxation "${text}" cannot be used: ${why}`,
    `Write one of ${RELAX_FORMS}; WHEN is a slot, HH:MM or an instant.`,
  );

/**
 * Limits set anew by text: `cap:site-a@01:30=12`, `cap:site-a@3-5=12` (slots 3 to 5, both included), `event:dr-1=12`,
 * `carbon:cc-1=7.5`, `deadline:job-7=2026-01-02T04:00:00Z` (or the slot by whose beginning it must have ended). HH:MM
 * means every day. A limit is never lowered. Fault `invalid-input` for a text that is none of these.
 */
export const relaxBy = (problem: Problem, texts: readonly string[], clock: SlotClock | null = null): Problem => {
  const at: SlotClock = clock ?? { origin: 0, slotMinutes: problem.slotHours * 60 };
  return texts.reduce((eased, text) => relaxOne(eased, text, at), problem);
};

const relaxOne = (problem: Problem, text: string, clock: SlotClock): Problem => {
  const parts = /^(cap|vcpu|gpu|event|carbon|deadline):(.+?)(?:@(.+))?=([^=]+)$/.exec(text.trim());
  if (!parts) throw refuse(text, 'it has another form');
  const [, kind, name, when, value] = parts as unknown as [string, string, string, string | undefined, string];
  if (kind === 'deadline') return laterDeadline(problem, text, name, value, clock);
  const amount = Number(value);
  if (!(amount >= 0 && amount < 1e12)) throw refuse(text, `"${value}" is no amount`);
  if (kind === 'carbon') {
    if (!problem.carbonCaps.some((cap) => cap.id === name)) throw refuse(text, `there is no carbon cap ${name}`);
    const carbonCaps = problem.carbonCaps.map((cap) =>
      cap.id === name ? { ...cap, capKg: Math.max(cap.capKg, amount) } : cap,
    );
    return { ...problem, carbonCaps };
  }
  if (kind === 'event') {
    if (!problem.events.some((event) => event.id === name)) throw refuse(text, `there is no event ${name}`);
    const events = problem.events.map((event) =>
      event.id === name ? { ...event, maxPowerKw: Math.max(event.maxPowerKw, amount) } : event,
    );
    return { ...problem, events };
  }
  const r = problem.regions.findIndex((region) => region.id === name);
  if (r < 0) throw refuse(text, `there is no region ${name}`);
  const column = kind === 'cap' ? 'powerCapKw' : kind === 'vcpu' ? 'vcpuCap' : 'gpuCap';
  const caps = problem[column].slice();
  for (const t of slotsAt(problem, text, when, clock)) {
    const i = r * problem.slots + t;
    caps[i] = Math.max(caps[i]!, amount);
  }
  return { ...problem, [column]: caps };
};

/** Slots that a text means; all of them without one. */
const slotsAt = (problem: Problem, text: string, when: string | undefined, clock: SlotClock): number[] => {
  const all = Array.from({ length: problem.slots }, (_, t) => t);
  if (when === undefined) return all;
  const range = /^(\d+)(?:-(\d+))?$/.exec(when);
  const found = range
    ? all.filter((t) => t >= Number(range[1]) && t <= Number(range[2] ?? range[1]))
    : all.filter((t) => covers(when, t, clock));
  if (found.length === 0) throw refuse(text, `no slot is at ${when}`);
  return found;
};

const covers = (when: string, t: number, { origin, slotMinutes }: SlotClock): boolean => {
  const from = origin / 60 + t * slotMinutes;
  const clock = /^(\d{1,2}):(\d{2})$/.exec(when);
  if (clock) {
    const minute = Number(clock[1]) * 60 + Number(clock[2]);
    return (((minute - from) % 1440) + 1440) % 1440 < slotMinutes;
  }
  const at = Date.parse(when) / 60_000;
  return at >= from && at < from + slotMinutes;
};

const laterDeadline = (problem: Problem, text: string, id: string, value: string, clock: SlotClock): Problem => {
  const j = problem.jobs.ids.indexOf(id);
  if (j < 0) throw refuse(text, `there is no job ${id}`);
  const slot = /^\d+$/.test(value)
    ? Number(value)
    : (Date.parse(value) / 1000 - clock.origin) / (clock.slotMinutes * 60);
  if (!Number.isFinite(slot)) throw refuse(text, `"${value}" is no moment`);
  const deadline = problem.jobs.deadline.slice();
  deadline[j] = Math.max(deadline[j]!, slot);
  return { ...problem, jobs: { ...problem.jobs, deadline } };
};
