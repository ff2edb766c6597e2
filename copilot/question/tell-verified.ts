/** The answer to a query over verified work: of everybody, of teams, of some jobs, told apart by team, kind, category, place, job or record. */
import { sumCorrelated } from '../../domain/estimate.js';
import { isReckoned } from '../../domain/evidence/verification.js';
import { type Desk, dataOfRecords, verifications } from '../desk.js';
import { Draft } from '../facts.js';
import { type Basis, MEASURES, type MeasureName } from './measures.js';
import { type Query, queryOf } from './query.js';
import { periodText, titleOf, valueText, whoseOf } from './say.js';
import { sumKnown, type VerifiedLine, verifiedLines } from './verified-lines.js';

const MOST_ROWS = 12;

export const tellVerified = async (desk: Desk, query: Query): Promise<Draft> => {
  const draft = new Draft();
  const { filters: f, period } = query;
  const records = (await verifications(desk, period?.from ?? undefined, period?.to ?? undefined)).filter(
    (v) => query.plan === null || v.planId === query.plan,
  );
  const when = period === null ? '' : `, ${periodText(draft, period)}`;
  const header = `${titleOf(query)}${whoseOf(draft, f)}${query.by === null ? '' : ` by ${query.by}`}, as verified${when}`;
  const measure = query.measures[0]!;
  const refuse = (why: string) => {
    draft.answered = false;
    return draft.say(`${header}: ${why}`);
  };
  if (records.length === 0) {
    const others = period === null ? [] : await verifications(desk);
    return refuse(
      others.length === 0
        ? `nothing is verified${when === '' ? ' yet' : ' then'}, so I can't say that anything was saved.`
        : `nothing was verified then. ${draft.count(others.length, 'record', { label: 'records at other times', source: 'verifications' })} ${others.length === 1 ? 'was' : 'were'} at other times, the newest on ${draft.time(others[0]!.at, { label: 'verified on', source: `verification ${others[0]!.id}` })}; a record holds the work of a whole plan and is not split by hour.`,
    );
  }
  if (query.by === 'hour' || query.by === 'day' || query.against !== null)
    return refuse(
      'a record holds the work of a whole plan and is not split by hour. Ask for it as planned, or for one stretch of time.',
    );
  draft.from(...(await dataOfRecords(desk, records)));
  const source = `verification ${records
    .slice(0, 3)
    .map((v) => v.id)
    .join(', ')}${records.length > 3 ? ', …' : ''}`;
  draft.cite(...records.slice(0, 5).map((v) => `verification ${v.id} (${v.method}), ${v.at}`));
  const { lines: chosen, unknown } = await verifiedLines(desk, records, query);
  const untold =
    unknown === 0
      ? null
      : `${draft.count(unknown, 'verified job', { label: 'of plans that are not kept', source })} ${unknown === 1 ? 'is of a plan that is' : 'are of plans that are'} not kept, so I can't tell whether ${unknown === 1 ? 'it is' : 'they are'} meant.`;
  if (chosen.length === 0)
    return refuse(
      untold !== null
        ? untold
        : f.jobs.length > 0
          ? 'no verified record holds it: only jobs that were moved are verified, and one that stays saves nothing.'
          : 'no verified record holds such work.',
    );
  const everybody = query.stat === 'share' ? (await verifiedLines(desk, records, ofEverybody(query))).lines : [];
  const groups = new Map<string, VerifiedLine[]>();
  for (const line of chosen) {
    const key = keyOf(line, query.by);
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  const text = (of: readonly VerifiedLine[], m: MeasureName, key: string, isKey = true) =>
    verifiedText(draft, of, m, {
      query,
      key,
      source,
      isKey,
      currency: records[0]!.currency ?? desk.world.setting.currency,
      everybody,
    });
  const value = (of: readonly VerifiedLine[]) => statOf(of, measure, query.stat, everybody) ?? Number.NEGATIVE_INFINITY;
  if (query.by === null) {
    const n = draft.count(
      chosen.reduce((sum, r) => sum + r.jobs, 0),
      'moved job',
      { label: 'verified jobs', source },
    );
    draft.say(
      `${header}: ${query.measures.map((m) => text(chosen, m, f.jobs[0] ?? f.teams[0] ?? '')).join('; ')}${f.jobs.length === 1 ? '' : ` over ${n}`}.`,
    );
  } else {
    const sign = query.rank?.order === 'least' ? 1 : -1;
    const sorted = [...groups].sort(([a, x], [b, y]) => sign * (value(x) - value(y)) || (a < b ? -1 : 1));
    const shown = query.rank === null ? sorted : sorted.slice(query.rank.skip, query.rank.skip + query.rank.count);
    if (shown.length === 0) return refuse('there are no more.');
    const [key, of] = shown[0]!;
    const word = query.rank?.order === 'least' ? 'least' : 'most';
    draft.say(
      `${header}: ${query.by === 'team' ? 'team ' : ''}${draft.name(key, { label: query.by, source })} ${query.rank !== null && query.rank.skip > 0 ? '' : `has the ${word}, `}${text(of, measure, key)}.`,
    );
    if (shown.length > 1)
      draft.table(
        [query.by, ...query.measures.map((m) => MEASURES[m].title.toLowerCase())],
        shown
          .slice(0, MOST_ROWS)
          .map(([k, r]) => [
            draft.name(k, { label: query.by!, source }),
            ...query.measures.map((m) => text(r, m, k, false)),
          ]),
      );
    const more = sorted.length - (query.rank?.skip ?? 0) - Math.min(shown.length, MOST_ROWS);
    if (more > 0) draft.lines(`and ${draft.count(more, 'other', { label: 'not shown', source }, 'others')}`);
  }
  if (query.bases.includes('planned')) {
    const claimed = chosen.reduce((sum, r) => sum + (measure === 'cost-saving' ? r.claimedCost : r.claimedKg), 0);
    const promised = valueText(
      draft,
      measure,
      { value: claimed },
      { unit: query.unit, currency: desk.world.setting.currency, stat: 'total' },
      { label: 'what had been planned', source, saving: true },
    );
    const off = (sumOf(chosen, measure) ?? 0) - claimed;
    draft.say(
      `Planned had been ${promised}; verified is ${valueText(draft, measure, { value: Math.abs(off) }, { unit: query.unit, currency: desk.world.setting.currency, stat: 'total' }, { label: 'difference of verified and planned', source })} ${off >= 0 ? 'more' : 'less'}.`,
    );
  }
  if (untold !== null) draft.say(`Not in it: ${untold}`);
  if (records.some(isReckoned))
    draft.say('Nothing was measured in some of it: what ran is taken to have run as placed.');
  return draft;
};

/** What everybody has, by which a share is told. */
const ofEverybody = (query: Query): Query =>
  queryOf({ subject: 'jobs', measures: query.measures, bases: ['verified'] });

const keyOf = (line: VerifiedLine, by: Query['by']): string => {
  if (by === 'team') return line.team;
  if (by === 'job') return line.job;
  if (by === 'plan') return line.record;
  if (by === 'kind' || by === 'category') return line.row?.[by] ?? '';
  return by === 'place' ? (line.row?.planned[0]?.place ?? 'no place') : '';
};

const sumOf = (of: readonly VerifiedLine[], measure: MeasureName): number | null =>
  measure === 'saving'
    ? sumKnown(of.map((r) => r.kg.value))
    : measure === 'cost-saving'
      ? sumKnown(of.map((r) => r.cost))
      : measure === 'energy'
        ? sumKnown(of.map((r) => r.energyKwh))
        : measure === 'emissions'
          ? sumKnown(of.map((r) => r.actualKg))
          : of.reduce((sum, r) => sum + r.jobs, 0);

/** null: not known. A mean is told per job; a share of everybody's; a change against what would have been without the plan. */
const statOf = (
  of: readonly VerifiedLine[],
  measure: MeasureName,
  stat: Query['stat'],
  everybody: readonly VerifiedLine[],
): number | null => {
  const total = sumOf(of, measure);
  if (stat === 'total' || total === null) return total;
  if (stat === 'mean')
    return (
      total /
      Math.max(
        1,
        add(of, (l) => l.jobs),
      )
    );
  const per = (by: number | null) => (by === null || by === 0 ? null : total / by);
  if (stat === 'share') return per(sumOf(everybody, measure));
  // Without the plan: what ran and what was saved.
  if (stat === 'change') return measure === 'saving' ? per(sumKnown(of.map((l) => l.counterfactualKg))) : null;
  const each = of.flatMap((l) => sumOf([l], measure) ?? []).sort((a, b) => a - b);
  if (each.length === 0) return null;
  if (stat === 'least') return each[0]!;
  if (stat === 'most') return each.at(-1)!;
  const middle = (each.length - 1) / 2;
  return (each[Math.floor(middle)]! + each[Math.ceil(middle)]!) / 2;
};
const add = (of: readonly VerifiedLine[], value: (line: VerifiedLine) => number) =>
  of.reduce((sum, line) => sum + value(line), 0);

const verifiedText = (
  draft: Draft,
  of: readonly VerifiedLine[],
  measure: MeasureName,
  at: {
    query: Query;
    key: string;
    source: string;
    isKey: boolean;
    currency: string;
    everybody: readonly VerifiedLine[];
  },
): string => {
  const { stat } = at.query;
  const value = statOf(of, measure, stat, at.everybody);
  if (value === null) return 'not known';
  const saving = MEASURES[measure].saving === true;
  const estimate =
    measure === 'saving' && stat === 'total'
      ? sumCorrelated(
          of.map((r) => r.kg),
          Math.min(...of.map((r) => r.kg.confidence)),
        )
      : undefined;
  return valueText(
    draft,
    measure,
    { value, estimate },
    { unit: at.query.unit, currency: at.currency, stat },
    {
      label: `verified ${MEASURES[measure].title.toLowerCase()}`,
      source: at.source,
      about: at.key === '' ? [] : [at.key],
      verified: saving,
      saving: saving && value > 0,
      key: at.isKey,
    },
  );
};

/** Whether a query over verified work can be told: some measures are not verified. */
export const isVerifiable = (measures: readonly MeasureName[]) =>
  measures.every((m) => (MEASURES[m].bases as readonly Basis[]).includes('verified'));
