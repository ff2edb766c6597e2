/** The answer to a query over the jobs of a plan: the query said back, then figures with unit, interval, source and age. */

import type { Plan } from '../../domain/plan.js';
import type { TableJob } from '../../domain/plan-table.js';
import { fromEpoch, secondsBetween, toEpoch } from '../../domain/time.js';
import { type Desk, dataOf } from '../desk.js';
import { Draft, spanText } from '../facts.js';
import { type Cell, type Evaluated, evaluate, type Group } from './evaluate.js';
import { MEASURES } from './measures.js';
import { isWithin, narrows, type Query } from './query.js';
import { BASIS_WORDS, periodText, titleOf, valueText, whoseOf } from './say.js';
import { waysOf } from './ways.js';
import { isOutside, nothingThen, widened } from './within-plan.js';

const MOST_ROWS = 12;

/** Lengths and delays of many jobs do not add up: it is said that their mean is told. */
const usualStat = ({ stat, measures, by, filters }: Query): Query['stat'] =>
  stat === 'total' && by === null && filters.jobs.length !== 1 && measures.every((m) => MEASURES[m].usually === 'mean')
    ? 'mean'
    : stat;

export interface Told {
  readonly draft: Draft;
  readonly found: Evaluated;
}

export const tellJobs = async (desk: Desk, plan: Plan, rows: readonly TableJob[], asked: Query): Promise<Draft> => {
  const query: Query = {
    ...asked,
    stat: usualStat(asked),
    period: widened(asked.period, asked),
    against: widened(asked.against, asked),
  };
  const draft = new Draft().cite(sourceOf(plan, desk));
  draft.from(...(await dataOf(desk, plan)));
  const outside = [query.period, query.against].find((p) => p !== null && isOutside(p, plan));
  if (outside) return nothingThen(draft, plan, outside);
  const ways = await waysOf(desk, plan, query, rows);
  // Who is asked for by rank is shown beside the others.
  const wide =
    query.rank !== null && query.by !== 'job'
      ? { ...query, rank: { ...query.rank, count: Math.max(query.rank.count, MOST_ROWS) } }
      : query;
  const found = evaluate(rows, wide, ways);
  const telling = new Telling(draft, query, plan, found);
  if (found.selected.length === 0 && (found.against?.jobs ?? 0) === 0) return telling.none();
  telling.say();
  draft.top = query.by === null ? null : (found.groups[0]?.key ?? null);
  return draft;
};

export const sourceOf = (plan: Plan, desk: Desk) =>
  `plan ${plan.id} (made ${plan.madeAt}, ${spanText(Math.max(0, secondsBetween(plan.madeAt, desk.now)) / 3600)} ago)`;

class Telling {
  readonly #source: string;
  constructor(
    readonly draft: Draft,
    readonly query: Query,
    readonly plan: Plan,
    readonly found: Evaluated,
  ) {
    this.#source = `plan ${plan.id}`;
  }

  /** "Energy by team of the urgent jobs, as planned, Wed 25 May 00:00 to …" */
  header(): string {
    const { draft, query, plan } = this;
    const { period, against, bases, by } = query;
    const span = { from: plan.window.start, to: plan.finishesAt };
    const of = period?.of === 'starts' ? 'starting ' : period?.of === 'ends' ? 'ending ' : '';
    const when = period === null ? periodText(draft, span) : `${of}${periodText(draft, period)}`;
    const versus = against === null ? '' : ` against ${periodText(draft, against)}`;
    const whom = `${titleOf(query)}${whoseOf(draft, query.filters)}`.replace(/^Number of jobs of the /, 'Number of ');
    const { than } = query;
    const limit =
      than === null || by === null
        ? ''
        : `, ${than.is} ${this.limitText({ measure: than.measure, basis: bases[0]!, value: than.value })}`;
    return `${whom}${by === null ? '' : ` by ${by}`}${limit}, ${bases.map((b) => BASIS_WORDS[b]).join(' and ')}, ${when}${versus}`;
  }

  none(): Draft {
    const { draft, query } = this;
    const header = this.header();
    if (query.measures[0] === 'count' && query.by === null) {
      const zero = draft.count(0, 'job', { label: 'jobs', source: this.#source, key: true });
      return draft.say(`${header}: ${zero}.`);
    }
    // That there is none is an answer, where only a state or a limit was looked for.
    draft.answered = query.filters.states.length + query.filters.limits.length > 0;
    return draft.say(
      `${header}: there is no such job in plan ${draft.name(this.plan.id, { label: 'the plan', source: this.#source })}.`,
    );
  }

  say() {
    const { query, found } = this;
    if (query.by === null) this.single();
    else if (query.rank === null && query.than === null && found.of === 2) this.two(found.groups[0]!, found.groups[1]!);
    else this.many();
    this.notes();
  }

  figure(cell: Cell, key: string, isKey = false): string {
    const { draft, query, plan } = this;
    if (cell.value === null) return 'not known';
    const own = cell.who === undefined && query.by !== 'job' ? '' : `, job ${cell.who ?? key}`;
    const saving = MEASURES[cell.measure].saving === true;
    const whole = key === '' ? this.asWhole(cell) : cell;
    return valueText(
      draft,
      cell.measure,
      { value: whole.value!, estimate: whole.estimate },
      { unit: query.unit, currency: plan.planned.cost.currency, stat: query.stat },
      {
        label: `${titleOf({ measures: [cell.measure], stat: query.stat }).toLowerCase()} ${BASIS_WORDS[cell.basis]}${key === '' ? '' : `, ${key}`}`,
        source: `${this.#source}${own}`,
        about: key === '' ? this.about() : [key],
        ...(saving ? { saving: cell.value > 0 } : {}),
        key: isKey,
      },
    );
  }

  about(): string[] {
    const { jobs, teams } = this.query.filters;
    return jobs.length === 1 ? [...jobs] : teams.length === 1 && jobs.length === 0 ? [...teams] : [];
  }

  /** Of all of the plan and all of its time the figure is the plan's own, with what belongs to no single job. */
  asWhole(cell: Cell): Cell {
    const whole = this.isWhole() ? wholeOf(this.plan, cell) : undefined;
    return whole === undefined ? cell : { ...cell, ...whole };
  }

  /** All of the plan and all of its time. */
  isWhole(): boolean {
    const { filters, period, stat } = this.query;
    return period === null && stat === 'total' && !narrows(filters);
  }

  single() {
    const { draft, query, found } = this;
    const header = this.header();
    const parts = found.whole.cells.map((cell, i) => {
      const who =
        cell.who === undefined || query.filters.jobs.length === 1
          ? ''
          : ` (${draft.name(cell.who, { label: 'the job', source: this.#source })})`;
      const at =
        cell.at === undefined || (query.period?.from === query.period?.to && query.period !== null)
          ? ''
          : `, first reached at ${draft.time(fromEpoch(cell.at), { label: 'when the peak is reached', source: this.#source }, 'short')} UTC`;
      const basis = query.bases.length > 1 ? ` ${BASIS_WORDS[cell.basis]}` : '';
      const what =
        query.measures.length > 1 && i % query.bases.length === 0
          ? `${MEASURES[cell.measure].dimension === 'count' ? '' : `${MEASURES[cell.measure].title.toLowerCase()} `}`
          : '';
      return `${what}${this.figure(cell, '', true)}${who}${at}${basis}`;
    });
    const counted = query.measures.includes('count');
    const one = query.filters.jobs.length === 1;
    const over =
      counted || one
        ? ''
        : ` over ${draft.count(found.whole.jobs, 'job', { label: 'jobs counted', source: this.#source, about: this.about() })}`;
    draft.say(`${this.verdict(this.asWhole(found.whole.cells[0]!))}${header}: ${parts.join('; ')}${over}.`);
    if (found.against) this.versus(found.whole, found.against);
    else if (query.bases.length === 2)
      for (let i = 0; i < found.whole.cells.length; i += 2)
        this.change(this.asWhole(found.whole.cells[i]!), this.asWhole(found.whole.cells[i + 1]!));
  }

  /** "Is vision over 300 kg?": yes or no, and by how much. */
  verdict({ measure, basis, value }: Cell): string {
    const { than } = this.query;
    if (than === null || value === null) return '';
    const limit = this.limitText({ measure, basis, value: than.value });
    const off = Math.abs(value - than.value);
    const by =
      off < 1e-9
        ? 'exactly that'
        : `${this.differenceText({ measure, basis, value: off })} ${value > than.value ? 'above' : 'below'} that`;
    return `${isWithin(value, than) ? 'Yes' : 'No'}: asked was ${than.is} ${limit}, and it is ${by}. `;
  }

  limitText({ measure, value }: Cell): string {
    const { draft, query, plan } = this;
    return valueText(
      draft,
      measure,
      { value: value! },
      { unit: query.unit, currency: plan.planned.cost.currency, stat: query.stat },
      { label: 'the limit that was asked about', source: 'your question' },
    );
  }

  versus(a: Group, b: Group) {
    const { draft, query } = this;
    draft.say(
      `In the second stretch of time, ${periodText(draft, query.against!)}: ${b.cells.map((c) => this.figure(c, '')).join('; ')}.`,
    );
    a.cells.forEach((cell, i) => void this.change(b.cells[i]!, cell, ['the first', 'the second']));
  }

  /** How the second figure differs from the first. */
  change(from: Cell, to: Cell, names: readonly [string, string] = [BASIS_WORDS[to.basis], BASIS_WORDS[from.basis]]) {
    if (from.value === null || to.value === null || MEASURES[to.measure].dimension === 'time') return;
    const diff = to.value - from.value;
    if (Math.abs(diff) < 1e-9) return void this.draft.say(`${capital(names[0])} it is the same as ${names[1]}.`);
    const { measure, basis } = to;
    const text = this.differenceText({ measure, basis, value: Math.abs(diff) });
    const ratio =
      from.value === 0
        ? ''
        : ` (${this.draft.ratio(Math.abs(diff / from.value), { label: 'relative difference', source: this.#source })})`;
    this.draft.say(`${capital(names[0])} it is ${text}${ratio} ${diff > 0 ? 'more' : 'less'} than ${names[1]}.`);
  }

  differenceText(cell: Cell): string {
    const { draft, query, plan } = this;
    return valueText(
      draft,
      cell.measure,
      { value: cell.value! },
      { unit: query.unit, currency: plan.planned.cost.currency, stat: query.stat },
      { label: 'difference', source: this.#source },
    );
  }

  keyName(key: string): string {
    const { draft, query } = this;
    const fact = { label: query.by!, source: this.#source, about: [key] };
    if (query.by === 'hour' || query.by === 'day')
      return draft.time(fromEpoch(toEpoch(key as never)), fact, query.by === 'day' ? 'day' : 'short');
    return query.by === 'team'
      ? `team ${draft.name(key, fact)}`
      : query.by === 'category'
        ? `${key} jobs`
        : draft.name(key, fact);
  }

  two(a: Group, b: Group) {
    const { draft } = this;
    const header = this.header();
    draft.say(
      `${header}: ${[a, b].map((g) => `${this.keyName(g.key)} ${g.cells.map((c) => this.figure(c, g.key, true)).join(', ')}`).join('; ')}.`,
    );
    a.cells.forEach((cell, i) => {
      const other = b.cells[i]!;
      if (cell.value === null || other.value === null || MEASURES[cell.measure].dimension === 'time') return;
      const [high, low] = cell.value >= other.value ? [a, b] : [b, a];
      const diff = Math.abs(cell.value - other.value);
      if (diff < 1e-9) draft.say('They are the same.');
      else
        draft.say(
          `That of ${this.keyName(high.key)} is ${this.differenceText({ ...cell, value: diff })} higher than that of ${this.keyName(low.key)}.`,
        );
    });
  }

  many() {
    const { draft, query, found } = this;
    const { rank } = query;
    const header = this.header();
    const shown = found.groups;
    const first = shown[0];
    if (first === undefined && query.than !== null) return void draft.say(`${header}: there is no such ${query.by}.`);
    if (first === undefined || first.cells[0]!.value === null)
      return void draft.say(`${header}: none has such a figure.`);
    const size = `${draft.count(found.whole.jobs, 'job', { label: 'jobs counted', source: this.#source })}`;
    const order = rank === null ? 'most' : rank.order;
    const word = orderWord(first.cells[0]!.measure, order);
    if (query.by === 'hour' && rank === null) draft.say(`${header}, ${size}:`);
    else if (rank?.count === 1)
      draft.say(
        `${header}: the ${word}${rank.skip > 0 ? ' of the rest' : ''} is that of ${this.keyName(first.key)}, ${this.figure(first.cells[0]!, first.key, true)}, among ${size}.`,
      );
    else {
      const value = first.cells[0]!.value;
      const level = found.groups.filter((g) => g.cells[0]!.value === value).length - 1;
      // Where all that are shown stand level, so may some that are not.
      const isCut = level === found.groups.length - 1 && found.of > (rank?.skip ?? 0) + found.groups.length;
      const others = () => draft.count(level, 'other', { label: 'level with it', source: this.#source });
      const has = level === 0 ? 'has' : `and ${isCut ? 'others' : others()} have`;
      draft.say(
        `${header}, ${rank === null ? '' : `${rank.skip > 0 ? `from number ${rank.skip + 1} on, ` : ''}the ${word} first, `}among ${size}: ${this.keyName(first.key)} ${rank !== null && rank.skip > 0 ? '' : `${has} the ${word}, `}${this.figure(first.cells[0]!, first.key, true)}.`,
      );
    }
    const rows =
      rank?.count === 1 && query.by === 'job'
        ? []
        : shown.slice(0, rank === null || rank.count === 1 ? MOST_ROWS : rank.count);
    draft.table(
      [
        query.by!,
        ...query.measures.flatMap((m) =>
          query.bases.map(
            (b) => `${MEASURES[m].title.toLowerCase()}${query.bases.length > 1 ? ` ${BASIS_WORDS[b]}` : ''}`,
          ),
        ),
        ...(query.by === 'job' || query.measures.includes('count') ? [] : ['jobs']),
      ],
      rows.map((g) => [
        query.by === 'team'
          ? draft.name(g.key, { label: 'team', source: this.#source, about: [g.key] })
          : this.keyName(g.key),
        ...g.cells.map((c) => this.figure(c, g.key)),
        ...(query.by === 'job' || query.measures.includes('count')
          ? []
          : [draft.count(g.jobs, 'job', { label: 'its jobs', source: this.#source, about: [g.key] })]),
      ]),
    );
    const rest = found.of - (rank?.skip ?? 0) - rows.length;
    if (rest > 0 && rows.length > 0)
      draft.lines(
        `and ${draft.count(rest, query.by === 'job' ? 'other job' : 'other', { label: 'not shown', source: this.#source }, query.by === 'job' ? 'other jobs' : 'others')}`,
      );
  }

  /** What the figures leave out or take for granted. */
  notes() {
    const { draft, query, plan, found } = this;
    const { measures } = query;
    const fact = { source: this.#source, about: [plan.id] };
    const { tardiness, currency } = plan.planned.cost;
    if (measures.includes('cost') && !this.isWhole() && tardiness > 0)
      draft.say(
        `Lateness and restarts, ${draft.money(tardiness, currency, { ...fact, label: 'cost of lateness and restarts' })} in the plan, belong to no single job and are not in it.`,
      );
    if (measures.some((m) => MEASURES[m].saving) && query.bases.includes('planned'))
      draft.say('It is planned; what is saved is known once the work has run and is verified.');
    if (measures.some((m) => MEASURES[m].saving) && query.period !== null && query.period.of === 'runs')
      draft.say('It is that of the jobs that run then, each with its whole saving.');
    if (measures.includes('embodied'))
      draft.say('It is reckoned by vCPU-hours; embodied emissions of GPUs are not known and not in it.');
    if (measures.includes('slack') && found.selected.some((job) => job.deadline === null))
      draft.say('Jobs without a deadline have none.');
    if ([...found.groups, found.whole].some((g) => g.cells.some((c) => c.spread)))
      draft.say(
        'Work that lies partly in that time counts by its share of the time: the signal of the plan is not known any more.',
      );
    if (
      (measures.includes('cost') || measures.includes('price') || measures.includes('electricity-cost')) &&
      query.period?.of === 'runs'
    )
      draft.say('The cost of work that lies partly in that time counts by its share of the time.');
    if (
      plan.unpriced !== undefined &&
      plan.unpriced.length > 0 &&
      measures.some((m) => ['money', 'rate'].includes(MEASURES[m].dimension))
    )
      draft.say(`No cost holds the electricity of ${plan.unpriced.join(', ')}: its price is not known.`);
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

const orderWord = (measure: Cell['measure'], order: 'most' | 'least'): string => {
  const { dimension } = MEASURES[measure];
  if (dimension === 'time') return order === 'most' ? 'latest' : 'earliest';
  if (dimension === 'hours') return order === 'most' ? 'longest' : 'shortest';
  if (MEASURES[measure].saving) return order === 'most' ? 'largest saving' : 'smallest saving';
  return order === 'most' ? 'highest' : 'lowest';
};

/** What the plan itself says of all its work: with charges that belong to no job, and the interval of the whole. */
const wholeOf = (plan: Plan, { measure, basis }: Cell) => {
  const totals = basis === 'baseline' ? plan.baseline : plan.planned;
  switch (measure) {
    case 'emissions':
      return { value: totals.emissionsKg.value, estimate: totals.emissionsKg };
    case 'cost':
      return { value: totals.cost.total };
    case 'electricity-cost':
      return { value: totals.cost.energy };
    case 'saving':
      return { value: plan.savings.emissionsKg.value, estimate: plan.savings.emissionsKg };
    case 'cost-saving':
      return { value: plan.savings.cost };
    default:
      return undefined;
  }
};
