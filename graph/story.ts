/** The run in plain words, from documents and rows of the store alone: numbers with units, what was moved and why, what was left and why. */
import { DECISIONS, type Decision } from '../domain/decision.js';
import { scale } from '../domain/estimate.js';
import {
  BOOKED,
  type BookedPiece,
  costText,
  VERIFICATIONS,
  type Verification,
} from '../domain/evidence/verification.js';
import {
  change,
  dayText,
  energyText,
  gapText,
  isNothing,
  massEstimateText,
  massText,
  moneyText,
  percentText,
  powerText,
} from '../domain/figures.js';
import type { WorkloadOrigin } from '../domain/job.js';
import { PLANS, type Plan } from '../domain/plan.js';
import { noteOf, originOf } from '../domain/provenance.js';
import { RUNS } from '../domain/run.js';
import { saleBehind, saleText } from '../domain/sale.js';
import { importedSites, type Site } from '../domain/site.js';
import { toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { leftOutText, rehearsedText } from '../tools/fleet/fleet.js';
import { loadPicture } from './picture.js';
import { restsUntil, resumeText } from './settlement.js';
import type { GraphState } from './state.js';

export interface StoryOf {
  readonly runId: string;
  readonly planId: string | null;
  readonly decisionId: string | null;
  readonly verificationId: string | null;
  readonly ticketCount: number;
  readonly waiting: Required<NonNullable<GraphState['waiting']>> | null;
  readonly placing: GraphState['placing'];
  /** The fleet took work of it. */
  readonly placed: boolean;
}

const hoursOf = (plan: Plan) => (toEpoch(plan.window.end) - toEpoch(plan.window.start)) / 3600;

/** 80 columns, no colour, nothing that moves. */
export const storyOf = async (world: World, of: StoryOf): Promise<string> => {
  if (of.planId === null) return nothingText(world, of);
  const plan = (await world.store.collection(PLANS).get(of.planId))!.value;
  const decision =
    of.decisionId === null ? undefined : (await world.store.collection(DECISIONS).get(of.decisionId))?.value;
  const verification =
    of.verificationId === null
      ? undefined
      : (await world.store.collection(VERIFICATIONS).get(of.verificationId))?.value;
  const [ran] = verification ? (await world.store.rows(BOOKED).page(verification.id, { limit: 1 })).items : [];
  const settleAfter = of.placed && verification === undefined ? await restsUntil(world, plan, of.runId) : null;
  const origin = await originOf(world.store, plan);
  const sold = await saleBehind(world.store, plan.id);
  const model = world.model === null ? 'no model' : world.model.name;
  const paragraphs = [
    `CACO · ${hoursOf(plan)} h from ${dayText(plan.window.start)} · ${world.setting.name} · ${model}\n${indent(noteOf(world.provenance, origin))}`,
    indent(`${waitingText(plan, of.waiting, await world.fleet.sites())}${await standInText(world, plan, origin)}`),
    await loadPicture(world, plan),
    table(plan),
    indent(boundText(plan)),
    ...(plan.unseen.length > 0 ? [indent(`Not seen: ${plan.unseen.join('; ')}.`)] : []),
    ...(plan.bindingLimits.length > 0 ? [indent(limitsText(plan))] : []),
    ...(sold === null ? [] : [indent(`Made for a sale, ${saleText(sold)}.`)]),
    indent(decisionText(plan, decision)),
    ...(decision && decision.status !== 'refused'
      ? [indent(deedsText(plan, decision, of.ticketCount, of.placing))]
      : []),
    ...(verification ? [indent(verificationText(verification, plan, ran))] : []),
    ...(settleAfter === null
      ? []
      : [indent(`Nothing of it has run yet, so nothing is verified. ${resumeText(world, of.runId, settleAfter)}`)]),
    indent(`Next: caco show ${of.runId}   caco tickets   caco chat`),
  ];
  return paragraphs.join('\n\n');
};

/** A job is handed over once, so a second launch of the same window has nothing to do. */
const nothingText = async (world: World, { runId, waiting }: StoryOf): Promise<string> => {
  const run = (await world.store.collection(RUNS).get(runId))?.value;
  if (waiting === null || waiting.placed === 0) return `Run ${runId} made no plan.`;
  const [first] = waiting.placedBy;
  const from = run?.from === undefined ? '' : ` from ${dayText(run.from)}`;
  return [
    `CACO · ${run?.horizonHours ?? ''} h${from} · ${world.setting.name}`,
    indent(
      `Nothing is left to place: ${waiting.placed === 1 ? 'the 1 job' : `all ${waiting.placed} jobs`} of this window ${waiting.placed === 1 ? 'is' : 'are'} with the fleet already, or ${waiting.placed === 1 ? 'has' : 'have'} run, under ${waiting.placedBy.join(', ')}. A job is placed once.`,
    ),
    `  Next: caco show ${first}   caco replan --from ${first}   caco ingest FILE`,
  ].join('\n\n');
};

const indent = (text: string) =>
  wrap(text, 77)
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n');

const wrap = (text: string, width: number): string =>
  text
    .split('\n')
    .map((line) => {
      const lines = [''];
      for (const word of line.split(' ')) {
        const last = lines.at(-1)!;
        if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
        else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
      }
      return lines.join('\n');
    })
    .join('\n');

const jobs = (n: number) => (n === 1 ? '1 job' : `${n} jobs`);

const waitingText = (plan: Plan, waiting: StoryOf['waiting'], sites: readonly Site[]) => {
  const only = sites.length === 1 ? (sites[0]!.clusterId ?? sites[0]!.id) : `${sites.length} sites`;
  const place = plan.clusterId ?? plan.region ?? only;
  const energy = waiting === null ? plan.baseline.energyKwh : waiting.energyKwh;
  const { total, urgent, movable, moved } = plan.jobs;
  const stay = movable - moved;
  const before = waiting === null || waiting.placed === 0 ? '' : ` ${leftBefore(waiting)}`;
  const price = moneyText(plan.carbonPricePerTonne, plan.planned.cost.currency);
  const nothingBetter = (n: number) =>
    `nothing better was found for ${n === 1 ? 'it' : 'them'} within ${n === 1 ? 'its window' : 'their windows'} and the limits`;
  const movedText =
    moved === 0
      ? movable === 0
        ? 'None was moved.'
        : `None was moved: ${nothingBetter(movable)}, carbon priced at ${price}/t.`
      : `${moved} ${moved === 1 ? 'was' : 'were'} moved because a later or cleaner place costs less, its carbon priced at ${price}/t${stay === 0 ? '.' : `; ${stay} ${stay === 1 ? 'stays' : 'stay'}: ${nothingBetter(stay)}.`}`;
  return (
    `${jobs(total)} ${total === 1 ? 'waits' : 'wait'} at ${place}, ${energyText(energy)} of computing; ${urgent} ${urgent === 1 ? 'is' : 'are'} urgent and left alone, ${movable} may move within ${movable === 1 ? 'its window' : 'their windows'}. ` +
    `${movedText}${before}`
  );
};

/** Sites of a scenario, where somebody's own work was planned on them: their power, overhead and prices are not that person's. */
const standInText = async (
  { provenance, fleet, store }: World,
  plan: Plan,
  origin: WorkloadOrigin,
): Promise<string> => {
  if (provenance.standIn === null || (origin === 'queue' && provenance.queue.simulated)) return '';
  const own = new Set((await importedSites(store)).map((site) => site.id));
  const used = new Set(plan.signals.map((signal) => signal.region));
  const lent = (await fleet.sites()).filter((site) => used.has(site.region) && !own.has(site.id));
  if (lent.length === 0) return '';
  const names = lent
    .slice(0, 3)
    .map((site) => site.clusterId ?? site.id)
    .join(', ');
  const [verb, yours] = lent.length === 1 ? ['is a site', 'yours is'] : ['are sites', 'yours are'];
  return ` ${names}${lent.length > 3 ? ' and others' : ''} ${verb} of the scenario ${provenance.standIn}; ${yours} brought by caco site import FILE.`;
};

const leftBefore = ({ placed, placedBy }: { placed: number; placedBy: string[] }) =>
  `${jobs(placed)} more ${placed === 1 ? 'is' : 'are'} with the fleet already, or ${placed === 1 ? 'has' : 'have'} run, under ${placedBy.join(', ')}.`;

const pad = (cells: readonly string[], widths: readonly number[]) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('');

const table = (plan: Plan): string => {
  const { baseline, planned } = plan;
  const currency = planned.cost.currency;
  const ratio = (saved: number, of: number) =>
    of === 0 || isNothing(saved) ? '' : ` (${change(percentText(-saved / of))})`;
  const savedKg = plan.savings.emissionsKg.value;
  const row = (name: string, before: string, after: string, diff: string) =>
    pad([`  ${name}`, before, after, `  ${diff}`], [21, 15, 15, 26]);
  const money = (name: string, key: 'total' | 'energy' | 'instance' | 'egress' | 'tardiness') =>
    row(
      name,
      moneyText(baseline.cost[key], currency),
      moneyText(planned.cost[key], currency),
      difference(planned.cost[key] - baseline.cost[key], (v) => moneyText(v, currency)),
    );
  const unpriced = plan.unpriced !== undefined && plan.unpriced.length > 0;
  const parts = (['energy', 'instance', 'egress', 'tardiness'] as const).filter(
    (k) => baseline.cost[k] !== 0 || planned.cost[k] !== 0,
  );
  const names = { energy: 'electricity', instance: 'instances', egress: 'egress', tardiness: 'late, restarts' };
  return [
    row('', 'run now', 'planned', 'change'),
    row(
      'carbon (CO2e)',
      massText(baseline.emissionsKg.value),
      massText(planned.emissionsKg.value),
      `${difference(-savedKg, massText)}${ratio(savedKg, baseline.emissionsKg.value)}`,
    ),
    ...(unpriced ? [row('electricity', 'not known', 'not known', '')] : []),
    ...parts.map((k) => money(names[k], k)),
    ...(parts.length > 1 ? [money('cost in all', 'total')] : []),
    row(
      'peak',
      powerText(baseline.peakKw),
      powerText(planned.peakKw),
      difference(planned.peakKw - baseline.peakKw, powerText),
    ),
    row(
      'late jobs',
      String(baseline.lateJobs),
      String(planned.lateJobs),
      difference(planned.lateJobs - baseline.lateJobs, String),
    ),
  ].join('\n');
};

const difference = (value: number, say: (value: number) => string) =>
  isNothing(value) ? 'none' : change(say(value).replace(/^-/, '−'));

const boundText = (plan: Plan) => {
  if (plan.gap === null) return 'How far this is from the best schedule is not known.';
  if (plan.gap <= 1e-9) return 'No schedule can beat this one (proved; certificate in the plan).';
  const of = plan.savingsGap === null ? '' : `, or ${gapText(plan.savingsGap)} of the saving that is possible at most`;
  return `No schedule can beat this one by more than ${gapText(plan.gap)} of its cost${of} (proved; certificate in the plan).`;
};

const limitsText = (plan: Plan) => {
  const worth = (b: Plan['bindingLimits'][number]) =>
    b.shadowPrice === null
      ? ''
      : `; one ${b.unit} more would save ${moneyText(b.shadowPrice, plan.planned.cost.currency)}`;
  return `At the limit: ${plan.bindingLimits
    .slice(0, 3)
    .map((b) => `${b.limit} in ${b.slots} slots${worth(b)}`)
    .join(' · ')}.`;
};

const decisionText = (plan: Plan, decision: Decision | undefined): string => {
  if (!decision) return 'Nothing was decided yet.';
  const by = decision.by.map((b) => (b.startsWith('rule:') ? `rule \`${b.slice(5)}\`` : b)).join(' and ');
  const why = decision.reasons.length === 0 ? '' : ` (${decision.reasons.join('; ')})`;
  if (decision.status === 'refused')
    return `Refused by ${by}${why}. Nothing was placed; the ${jobs(plan.jobs.total)} run as they would have.`;
  const part =
    decision.status === 'partly-approved' ? ` for ${jobs(decision.jobs?.length ?? 0)} of ${plan.jobs.moved}` : '';
  return `Approved${part} by ${by}${why}.`;
};

const deedsText = (plan: Plan, decision: Decision, tickets: number, placing: StoryOf['placing']) => {
  const leftOut = placing?.leftOut ?? 0;
  const all = plan.jobs.total - plan.jobs.unplaced;
  if (placing !== null && leftOut > 0 && leftOut >= all) return `Placed nothing:${leftOutText(placing)}`;
  if (placing?.rehearsed !== undefined) return `${rehearsedText(placing)}${leftOutText(placing)}`;
  const left = placing?.left ?? 0;
  const moved = placing?.moved ?? decision.jobs?.length ?? plan.jobs.moved;
  const others = placing === null ? '' : leftOutText(placing);
  return `Placed ${jobs(all - leftOut - left)}, ${moved} of them moved${others === '' ? '' : `;${others.replace(/\.$/, '')}`} · ${tickets} ${tickets === 1 ? 'ticket' : 'tickets'} written (caco tickets).`;
};

const RAN = {
  simulated: 'simulated fleet, actual signals',
  modelled: 'as placed, nothing measured; actual signals',
  measured: 'measured, actual signals',
} as const;

const verificationText = (v: Verification, plan: Plan, ran: BookedPiece | undefined) => {
  const closed = ran === undefined ? 'Window closed' : `Window closed (${RAN[ran.source]})`;
  // Nothing counted is another matter than a saving whose interval holds zero: a kilogram is claimed once.
  const [first] = v.unverified;
  if (v.jobs === 0 && first !== undefined)
    return `${closed}: nothing more is claimed, none of the ${jobs(v.unverifiedCount)} that moved could be counted (${first.jobId}: ${first.why}); ${claimedText(v.claimed.emissionsKg)} had been planned.`;
  if (v.jobs === 0) return `${closed}: no job was moved, so nothing was saved and none was promised.`;
  const kg = v.verified.emissionsKg;
  const interval = `${percentText(kg.confidence)} interval`;
  const planned = `${claimedText(v.claimed.emissionsKg)} had been planned`;
  // What nobody measured is reckoned, not verified.
  const verb = ran?.source === 'modelled' ? 'reckoned' : 'verified';
  const finding = v.demonstrated
    ? `${verb} ${massEstimateText(kg)} CO2e saved, ${interval}; ${planned}`
    : kg.high < 0
      ? `it emitted more than running at once would have, ${massEstimateText(scale(kg, -1))} CO2e, ${interval}; ${planned}`
      : `a saving of CO2e is not demonstrated, ${massEstimateText(kg)}: the ${interval} includes zero; ${planned}`;
  const currency = plan.planned.cost.currency;
  const money = `Cost: ${costText(v.verified, currency)}; ${costText(v.claimed, currency)} had been planned.`;
  return `${closed}: ${finding}${causeText(v)}. ${money}`;
};

/** What a plan had promised, said of what came of it: never a negative saving. */
const claimedText = (kg: number): string =>
  isNothing(kg) ? 'no change' : kg > 0 ? `a saving of ${massText(kg)}` : `${massText(-kg)} more`;

/** What made most of the difference between planned and verified. */
const causeText = (v: Verification): string => {
  const [main] = [...v.difference].sort((a, b) => Math.abs(b.emissionsKg) - Math.abs(a.emissionsKg));
  if (!main || isNothing(main.emissionsKg)) return '';
  return `, and most of the difference is ${main.cause} (${change(massText(main.emissionsKg))})`;
};
