/** Answers about what was saved and what was emitted. Only verified records are called saved; plans are called plans. */
import { type Estimate, scale, sumCorrelated } from '../../domain/estimate.js';
import { isReckoned, type Verification } from '../../domain/evidence/verification.js';
import { isNothing } from '../../domain/figures.js';
import { type Desk, dataOf, dataOfRecords, planOf, presentOf, sumsOf, verifications } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import { periodOf } from '../question/period.js';
import { effectOf, planSource } from './of-plan.js';

/** Savings of several records add with their bounds: their errors share grid data, so the cautious sum is taken. */
const together = (parts: readonly Estimate[]): Estimate =>
  sumCorrelated(parts, Math.min(...parts.map((p) => p.confidence)));

const partOf = (v: Verification, team: string | undefined) =>
  team === undefined ? v.verified : v.byTeam.find((t) => t.team === team)?.saved;

/** A record, and what of its saving is asked about. */
interface Part {
  readonly v: Verification;
  readonly saved: Verification['verified'];
}
interface Cited {
  readonly source: string;
  readonly about: readonly string[];
}

const MOST_IDS = 5;

const savings = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const { team, period, planId } = slots;
  const named = period === undefined ? stretchOf(slots) : undefined;
  // "What have we saved by now" asks for all of it.
  const stretch = named !== undefined && named.from < named.to ? named : undefined;
  const span = period === undefined ? stretch : periodOf(period, await presentOf(desk));
  const of = (records: readonly Verification[]) => records.filter((v) => planId === undefined || v.planId === planId);
  const all = of(await verifications(desk, span?.from, span?.to));
  const parts = all.flatMap((v) => {
    const saved = partOf(v, team);
    return saved ? [{ v, saved }] : [];
  });
  const draft = new Draft();
  const who = team === undefined ? '' : `team ${draft.name(team, { label: 'the team', source: 'your question' })}`;
  const when =
    stretch !== undefined
      ? ` between ${draft.time(stretch.from, { label: 'from', source: 'your question' })} and ${draft.time(stretch.to, { label: 'until', source: 'your question' })}`
      : period === undefined || period === 'all'
        ? ''
        : ` ${period}`;
  const elsewhere = when === '' ? [] : of(await verifications(desk)).flatMap((v) => partOf(v, team) ?? []);
  if (parts.length === 0 && elsewhere.length > 0) {
    draft.answered = false;
    const source = 'verifications';
    const kg = draft.mass(together(elsewhere.map((s) => s.emissionsKg)), {
      label: 'verified saving of CO2e at other times',
      source,
      about: team === undefined ? [] : [team],
      verified: true,
      saving: true,
    });
    return draft
      .say(
        `Nothing was verified${who === '' ? '' : ` for ${who}`}${when}.`,
        `At other times ${draft.count(elsewhere.length, 'record', { label: 'records at other times', source })} ${elsewhere.length === 1 ? 'was' : 'were'}: ${kg} of CO2e.`,
      )
      .cite(source);
  }
  if (parts.length === 0)
    return planned(
      draft,
      { team, planId },
      desk,
      `Nothing is verified${who === '' ? '' : ` for ${who}`}${when} yet, so I can't say that anything was saved.`,
    );

  const source = `verification ${parts
    .slice(0, MOST_IDS)
    .map((r) => r.v.id)
    .join(', ')}${parts.length > MOST_IDS ? ', …' : ''}`;
  const about = team === undefined ? [] : [team];
  const fact = { source, about };
  const nothing = uncountable(draft, all, fact);
  if (nothing !== null) {
    draft.answered = false;
    draft.say(nothing).cite(source);
    return draft.from(...(await dataOfRecords(desk, all)));
  }
  const kg = together(parts.map((r) => r.saved.emissionsKg));
  const confidence = draft.ratio(kg.confidence, { ...fact, label: 'coverage of the interval' });
  const n = draft.count(parts.length, 'verified record', { ...fact, label: 'verified records counted' });
  const subject = team === undefined ? 'We' : `Team ${draft.name(team, { label: 'the team', source, about })}`;
  draft.say(`${foundText(draft, subject, kg, when, fact)}, ${confidence} interval, over ${n}.`);
  sayReckoned(draft, parts, fact);
  sayCost(draft, parts, desk.world.setting.currency, fact);
  if (team === undefined) {
    sayPromised(draft, parts, kg, fact);
    sayUnverified(draft, parts, fact, desk);
  } else {
    const energy = parts.reduce((sum, r) => sum + (r.v.byTeam.find((t) => t.team === team)?.energyKwh ?? 0), 0);
    draft.say(
      `It used ${draft.energy(energy, { ...fact, label: 'energy of the verified jobs' })} for the jobs in question.`,
    );
  }
  draft.table(
    ['record', 'plan', 'verified', 'on'],
    parts.slice(0, 10).map(({ v, saved }) => {
      const mine = { source: `verification ${v.id}`, about: team === undefined ? [v.id] : [v.id, team] };
      return [
        draft.name(v.id, { ...mine, label: 'record' }),
        draft.name(v.planId, { ...mine, label: 'its plan' }),
        draft.saved(saved.emissionsKg, { ...mine, label: 'verified saving of this record', verified: true }),
        draft.time(v.at, { ...mine, label: 'verified on' }, 'day'),
      ];
    }),
  );
  if (parts.length > 10)
    draft.lines(`and ${draft.count(parts.length - 10, 'more record', { ...fact, label: 'records not shown' })}`);
  const first = parts[0]!.v;
  if (first.runId !== null)
    draft.lines(
      `Evidence: caco verify ${first.runId}${first.evidenceId === null ? '' : `, ledger record ${first.evidenceId}`}`,
    );
  draft.cite(...parts.slice(0, MOST_IDS).map((r) => `verification ${r.v.id} (${r.v.method})`));
  return draft.from(
    ...(await dataOfRecords(
      desk,
      parts.map((r) => r.v),
    )),
  );
};

/** A bill of which nothing is known is not one that stayed the same. */
const sayReckoned = (draft: Draft, parts: readonly Part[], fact: Cited) => {
  const reckoned = parts.filter((r) => isReckoned(r.v)).length;
  if (reckoned > 0)
    draft.say(
      `Of ${draft.count(reckoned, 'record', { ...fact, label: 'records that nothing measured' })} nothing was measured: what ran is taken to have run as placed.`,
    );
};

const sayCost = (draft: Draft, parts: readonly Part[], currency: string, fact: Cited) => {
  const known = parts.filter((p) => p.saved.cost !== null);
  const without = parts.reduce((n, p) => n + (p.saved.withoutPrice ?? 0), 0);
  if (known.length === 0) {
    draft.say('What that did to the bill is not known: no price that came true is known.');
    return;
  }
  // Records of two worlds may be in two currencies, which do not add.
  const sums = new Map<string, number>();
  for (const { v, saved } of known) {
    const in_ = v.currency ?? currency;
    sums.set(in_, (sums.get(in_) ?? 0) + saved.cost!);
  }
  const bills = [...sums].map(([in_, cost]) => {
    if (isNothing(cost)) return sums.size === 1 ? 'as high as without the plan' : `as high in ${in_}`;
    const money = draft.money(Math.abs(cost), in_, {
      ...fact,
      label: cost >= 0 ? 'verified saving of cost' : 'verified additional cost',
      verified: true,
      saving: cost >= 0,
    });
    return `${money} ${cost >= 0 ? 'lower' : 'higher'}`;
  });
  draft.say(`The bill was ${bills.join(', and ')}.`);
  if (without > 0)
    draft.say(
      `The price of ${draft.count(without, 'job', { ...fact, label: 'verified jobs without a known price' })} is not known, and not in it.`,
    );
};

/** Where no moved job of any record could be counted its figure of 0 is unknown, not nothing. null: some could. */
export const uncountable = (draft: Draft, records: readonly Verification[], fact: Cited): string | null => {
  if (records.some((v) => v.jobs > 0 || v.unverifiedCount === 0)) return null;
  const all = records.reduce((sum, v) => sum + v.unverifiedCount, 0);
  const why = records[0]?.unverified[0]?.why;
  return `Nothing could be verified: none of ${draft.count(all, 'moved job', { ...fact, label: 'moved jobs that could not be counted' })} could be counted${why === undefined ? '' : ` (${why})`}.`;
};

/** What the records together show: a saving, more than without, or neither. */
export const foundText = (draft: Draft, subject: string, kg: Estimate, when: string, fact: Cited): string => {
  const about = { ...fact, verified: true, key: true };
  if (kg.high < 0) {
    const more = draft.mass(scale(kg, -1), { ...about, label: 'verified additional CO2e' });
    return `${subject} emitted ${more} of CO2e more than without the plans${when}`;
  }
  const saving = draft.mass(kg, { ...about, label: 'verified saving of CO2e', saving: true });
  return kg.low > 0
    ? `${subject} saved ${saving} of CO2e${when}`
    : `${subject} cannot be shown to have saved anything${when}: the verified figure, ${saving} of CO2e, cannot be told from zero`;
};

/** What the plans had promised, beside what was verified: never a negative amount. */
export const promisedText = (draft: Draft, claimedKg: number, verifiedKg: number, fact: Cited): string => {
  const off = verifiedKg - claimedKg;
  const mass = (kg: number, label: string, saving = true) => draft.mass(Math.abs(kg), { ...fact, label, saving });
  const promised = isNothing(claimedKg)
    ? 'no change'
    : claimedKg > 0
      ? mass(claimedKg, 'what the plans promised')
      : `${mass(claimedKg, 'additional CO2e as planned', false)} more than without them`;
  if (isNothing(off)) return `The plans had promised ${isNothing(claimedKg) ? promised : 'the same'}.`;
  if (claimedKg > 0 && off < 0 && -off <= claimedKg)
    return `The plans had promised ${promised}; ${mass(off, 'promised and not verified')} of it was not verified.`;
  if (claimedKg > 0 && off > 0)
    return `The plans had promised ${promised}; ${mass(off, 'verified beyond the promise')} more was verified.`;
  const beside =
    off > 0 ? `${mass(off, 'verified beyond the promise')} better` : `${mass(off, 'promised and not verified')} worse`;
  return `The plans had promised ${promised}; what was verified is ${beside}.`;
};

/** What the plans had promised, how much of it was verified, and the largest reason for the difference. */
const sayPromised = (draft: Draft, parts: readonly Part[], kg: Estimate, fact: Cited) => {
  const claimed = parts.reduce((sum, r) => sum + r.v.claimed.emissionsKg, 0);
  draft.say(promisedText(draft, claimed, kg.value, fact));
  const causes = new Map<string, number>();
  for (const { v } of parts)
    for (const d of v.difference) causes.set(d.cause, (causes.get(d.cause) ?? 0) + d.emissionsKg);
  const most = [...causes.entries()].sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]))[0];
  if (most && Math.abs(most[1]) > 1e-9)
    draft.say(
      `The largest cause of the difference is ${draft.name(most[0], { ...fact, label: 'largest cause' }, most[0])}.`,
    );
};

/** Jobs that could not be verified; that there are none is said to who asks for them. */
const sayUnverified = (draft: Draft, parts: readonly Part[], fact: Cited, desk: Desk) => {
  const unverified = parts.reduce((sum, r) => sum + r.v.unverifiedCount, 0);
  if (unverified === 0 && /\bunverified\b|\bnot (?:be |yet )*verified\b/i.test(desk.question))
    draft.say('Every moved job could be verified.');
  if (unverified > 0)
    draft.say(
      `${draft.count(unverified, 'job', { ...fact, label: 'jobs that could not be verified' })} could not be verified and count for nothing.`,
    );
};

/** Nothing is verified: say so, and say what is planned as planned. */
const planned = async (draft: Draft, { team, planId }: Slots, desk: Desk, opening: string): Promise<Draft> => {
  draft.answered = false;
  draft.say(opening);
  const plan = await planOf(desk, planId);
  if (!plan) return draft.say('Nothing has been planned either: `caco launch --horizon-hours 24` makes a plan.');
  const sums = team === undefined ? undefined : (await sumsOf(desk, plan)).teams.get(team);
  const source = planSource(plan);
  const value = team === undefined ? plan.savings.emissionsKg : (sums?.plannedKg ?? null);
  if (value !== null) {
    const effect =
      team === undefined
        ? effectOf(draft, plan)
        : `would save ${draft.mass(value, { label: 'planned saving of CO2e', source, about: [team], saving: true })}`;
    draft.say(
      `Plan ${draft.name(plan.id, { label: 'the plan', source })} ${effect} CO2e; that is verified once its window has closed.`,
    );
  } else draft.say(`Plan ${draft.name(plan.id, { label: 'the plan', source })} moves nothing of that team.`);
  return draft.cite(source).from(...(await dataOf(desk, plan)));
};

export const savingLookups: readonly Lookup[] = [
  {
    name: 'savings',
    description: 'What was verified as saved, with its interval, for everybody or one team',
    uses: ['team', 'period', 'planId', 'from', 'to'],
    answer: savings,
  },
];
