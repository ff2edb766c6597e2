/** What a reader of a verification has to know beside its figures: assumptions, gaps, the age and kind of what it rests on. */
import type { Constants } from '../../domain/evidence/record.js';
import { counted, figure, percentText } from '../../domain/figures.js';
import { toEpoch } from '../../domain/time.js';
import type { Loaded } from './load.js';
import type { Verified } from './verify.js';

export const notesOf = (loaded: Loaded, verified: Verified, constants: Constants): string[] => {
  const notes: string[] = [];
  const { kind, places, frozen } = loaded;
  if (frozen.seq === null)
    notes.push('The baseline was not frozen in the ledger before the plan, so no saving is called demonstrated.');
  notes.push(
    kind.accounting === 'average'
      ? 'Average intensity on both sides: an attributional figure, not what power stations did differently because of the shift.'
      : 'Marginal intensity on both sides: what power stations did differently, not a share of an inventory.',
  );
  const estimated = places.filter((p) => p.carbon?.status === 'estimate').map((p) => p.region);
  if (estimated.length > 0) notes.push(`The source calls its values for ${estimated.join(', ')} estimates.`);
  const sources = new Set(loaded.ran.map((r) => r.source));
  if (sources.has('simulated')) notes.push('What ran is simulated.');
  if (sources.has('measured')) {
    const kwh = (rows: typeof loaded.ran) => rows.reduce((sum, { energyKwh }) => sum + energyKwh, 0);
    const share = kwh(loaded.ran.filter(({ source }) => source === 'measured')) / kwh(loaded.ran);
    notes.push(
      `${percentText(share)} of the energy is measured, to ±${percentText(Number(constants.measuredHalfWidthRatio))}.`,
    );
  }
  const foretold = foretoldNote(loaded);
  if (foretold !== null) notes.push(foretold);
  if (sources.has('modelled'))
    notes.push(
      `Energy is modelled where no meter saw it, to ±${percentText(Number(constants.modelledHalfWidthRatio))}.`,
    );
  const { withoutPrice = 0 } = verified.output.verified.cost;
  if (withoutPrice > 0)
    notes.push(
      `The cost of ${withoutPrice} of ${verified.output.jobs} jobs is not verified: a price that came true is not known.`,
    );
  for (const part of verified.output.verified.cost.outside)
    if (part.startsWith('the demand charge')) notes.push(`Not in the verified cost: ${part}.`);
  if (verified.withoutRoadmap > 0)
    notes.push(
      `The variant with the original region at the actual time leaves out ${verified.withoutRoadmap} jobs for want of a signal.`,
    );
  if (verified.output.rebound.found)
    notes.push('Work was added beyond the tolerance; a saving is called demonstrated only beyond its emissions.');
  if (loaded.decision === null) notes.push('No decision on this plan is recorded; all that it moved is verified.');
  return notes;
};

/** How durations that were foretold came true, of jobs whose run somebody watched: one that is modelled ran as it was planned. */
const foretoldNote = ({ ran, foretold }: Loaded): string | null => {
  const took = new Map<string, number>();
  for (const { jobId, start, end, source } of ran)
    if (source !== 'modelled' && foretold.has(jobId))
      took.set(jobId, (took.get(jobId) ?? 0) + (toEpoch(end) - toEpoch(start)) / 3600);
  if (took.size === 0) return null;
  const sums = { ran: 0, expected: 0, asked: 0, held: 0 };
  for (const [jobId, hours] of took) {
    const { expectedHours, highHours, askedHours } = foretold.get(jobId)!;
    sums.ran += hours;
    sums.expected += expectedHours;
    sums.asked += askedHours;
    // Times are whole seconds.
    if (hours <= highHours + 1 / 3600) sums.held++;
  }
  return `The duration of ${counted(took.size, 'job')} was foretold: ${took.size === 1 ? 'it' : 'they'} ran ${figure(sums.ran)} h, ${figure(sums.expected)} h were expected and ${figure(sums.asked)} h asked for; ${percentText(sums.held / took.size)} ran no longer than their 90 % quantile.`;
};
