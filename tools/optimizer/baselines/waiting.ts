/**
 * Policies that let each job wait on its own, at home, by carbon alone; none looks at caps, prices or other jobs.
 * Let's Wait Awhile: Wiesner et al., Middleware 2021. Lowest-Slot, Lowest-Window, Carbon-Time and the forms of Ecovisor and
 * WaitAwhile used here: Hanafy et al., GAIA, ASPLOS 2024. All ties go to the earliest.
 */
import { joined } from './curve.js';
import type { Policy, View } from './policy.js';

const fallback = (view: View, j: number) => view.model.release[j]!;

/** Slots of the deadline, exclusive. */
const windowEnd = (view: View, j: number) => view.lastStart(j) + view.model.problem.jobs.slots[j]!;

export const letsWaitAwhile: Policy = {
  name: 'lets-wait-awhile',
  title: 'Let’s Wait Awhile',
  what: 'starts each job where the mean intensity until its end is lowest before its deadline; ignores caps, price and due times',
  run: (view) =>
    view.each((j) => {
      const start = view
        .home(j)
        .cheapestStart(view.model.release[j]!, view.lastStart(j), view.model.problem.jobs.slots[j]!);
      return start < 0 ? fallback(view, j) : start;
    }),
};

export const letsWaitAwhileInterrupting: Policy = {
  name: 'lets-wait-awhile-interrupting',
  title: 'Let’s Wait Awhile, interrupting',
  what: 'runs each job in the cleanest slots before its deadline, whether it may be interrupted or not; ignores caps, price and due times',
  run: (view) =>
    view.each(
      (j) =>
        view.home(j).cheapestSlots(view.model.release[j]!, windowEnd(view, j), view.model.problem.jobs.slots[j]!) ??
        fallback(view, j),
    ),
};

export const lowestSlot: Policy = {
  name: 'lowest-slot',
  title: 'Lowest-Slot',
  what: 'starts each job in the cleanest moment of its longest wait, not knowing its length; ignores caps and price',
  run: (view) =>
    view.each((j) => {
      const release = view.model.release[j]!;
      const last = Math.min(release + view.waitSlots(j), view.model.T - view.model.problem.jobs.slots[j]!);
      const start = view.home(j).cheapestSlot(release, last);
      return start < 0 ? release : start;
    }),
};

/** Offsets in whole hours up to the longest wait whose estimated run stays within it. */
const offsets = (view: View, j: number): number[] => {
  const { problem, release, T } = view.model;
  const [length, estimate, wait] = [problem.jobs.slots[j]!, view.estimateSlots(j), view.waitSlots(j)];
  const end = Math.max(length, estimate) + wait;
  const out: number[] = [];
  for (let offset = 0; offset <= wait; offset += view.hour) {
    const start = release[j]! + offset;
    if (offset + estimate > end || start + Math.max(length, estimate) > T) break;
    out.push(offset);
  }
  return out;
};

export const lowestWindow: Policy = {
  name: 'lowest-window',
  title: 'Lowest-Window',
  what: 'starts each job, taken to be as long as its class on average, in the cleanest hour-by-hour window of its longest wait; ignores caps and price',
  run: (view) =>
    view.each((j) => {
      const release = view.model.release[j]!;
      const estimate = view.estimateSlots(j);
      const list = offsets(view, j);
      if (list.length === 0) return release;
      const start = view.home(j).cheapestStart(release, release + list.at(-1)!, estimate, view.hour);
      return start < 0 ? release : start;
    }),
};

export const carbonTime: Policy = {
  name: 'carbon-time',
  title: 'Carbon-Time',
  what: 'starts each job where it saves most carbon per hour until it would be done; ignores caps and price',
  run: (view) =>
    view.each((j) => {
      const release = view.model.release[j]!;
      const estimate = view.estimateSlots(j);
      const curve = view.home(j);
      const now = curve.sum(release, release + estimate);
      let best = release;
      let most = Number.NEGATIVE_INFINITY;
      for (const offset of offsets(view, j)) {
        const rate = (now - curve.sum(release + offset, release + offset + estimate)) / (offset + estimate);
        if (!(rate > most)) continue;
        most = rate;
        best = release + offset;
      }
      return best;
    }),
};

export const waitAwhile: Policy = {
  name: 'wait-awhile',
  title: 'WaitAwhile',
  what: 'suspends and resumes each job so that it runs in the cleanest slots of its length plus its longest wait; ignores caps, price and whether it may be interrupted',
  run: (view) =>
    view.each((j) => {
      const release = view.model.release[j]!;
      const length = view.model.problem.jobs.slots[j]!;
      return view.home(j).cheapestSlots(release, release + length + view.waitSlots(j), length) ?? release;
    }),
};

/** Share of the next day below which the grid counts as clean. */
export const CLEAN_QUANTILE = 0.3;

export const ecovisor: Policy = {
  name: 'ecovisor',
  title: 'Ecovisor',
  what: 'runs each job while the grid is cleaner than the 30 % quantile of the day after its arrival, until its waiting time is used up, and then without a break; ignores caps, price and whether it may be interrupted',
  run: (view) =>
    view.each((j) => {
      const release = view.model.release[j]!;
      const { T, problem } = view.model;
      const length = problem.jobs.slots[j]!;
      const curve = view.home(j);
      const threshold = curve.quantile(release, release + 24 * view.hour, CLEAN_QUANTILE);
      const pieces: [number, number][] = [];
      let done = 0;
      let waited = 0;
      let at = release;
      const wait = view.waitSlots(j);
      for (const [from, to] of curve.stretchesBelow(release, T, threshold)) {
        const pause = from - at;
        if (waited + pause >= wait) break;
        waited += pause;
        const run = Math.min(to - from, length - done);
        pieces.push([from, from + run]);
        done += run;
        at = from + run;
        if (done === length) return joined(pieces);
      }
      const start = at + (wait - waited);
      const from = Math.max(release, Math.min(start, T - (length - done)));
      pieces.push([from, from + length - done]);
      return joined(pieces);
    }),
};
