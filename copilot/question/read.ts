/** Rules that read a question as a query. Every content word is used, neutral, or named as left over. */

import { isJobState } from './evaluate.js';
import { LIGHT, linksOf } from './links.js';
import { MEASURES, type MeasureName } from './measures.js';
import {
  type AskedUnit,
  basesIn,
  besideCount,
  besideOrder,
  boundOf,
  byIn,
  dimensionFits,
  filtersIn,
  hoursOfWork,
  limitsIn,
  measureOfUnit,
  periodOf,
  twoOf,
  unitIn,
} from './parts.js';
import { type By, type Filters, narrows, type Query, queryOf, type Subject } from './query.js';
import type { Parts, Reading } from './reading.js';
import type { Found, Signs } from './signs.js';
import { unusedIn } from './unused.js';
import { whensIn } from './whens.js';

/** What is counted and has no other figure here. */
export const COUNTED: ReadonlySet<Subject> = new Set([
  'records',
  'teams',
  'plans',
  'runs',
  'tickets',
  'approvals',
  'decisions',
  'policies',
  'ledger',
]);
const OF_THE_GRID: ReadonlySet<MeasureName> = new Set(['price', 'intensity']);
const MOST_COUNT = 50;

export const readQuestion = (question: string, signs: Signs): Reading => new Reader(question, signs).read();

class Reader {
  readonly left: Set<number>;
  readonly low: readonly string[];
  measures: MeasureName[];
  by: By | null;
  subject: Subject = 'jobs';
  stat: Query['stat'];
  rank: Query['rank'] = null;
  readonly filters: Filters;
  readonly unit: AskedUnit | undefined;
  readonly event: 'starts' | 'ends' | 'runs' | null;
  readonly subjects: readonly Subject[];
  readonly states: Filters['states'];
  order: 'most' | 'least' | null;
  /** start or end are what is asked for, not what the period is about */
  timed = false;
  /** nothing said what of the jobs is asked for */
  guessed = false;

  constructor(
    readonly question: string,
    readonly of: Signs,
  ) {
    const { signs } = of;
    this.left = new Set(of.left);
    this.low = of.tokens.map((t) => t.low);
    const each = <K extends keyof Found['sign']>(key: K) =>
      unique(signs.flatMap((s) => (s.sign[key] === undefined ? [] : [s.sign[key]!])));
    this.measures = each('measure');
    this.subjects = each('subject');
    this.states = each('state');
    this.unit = unitIn(of);
    this.order = each('order')[0] ?? null;
    this.event = each('event')[0] ?? null;
    this.stat = each('stat')[0] ?? 'total';
    this.joined();
    if (this.has((s) => s.words === 'worst') && this.measures.some((m) => MEASURES[m].saving)) this.order = 'least';
    const limits = limitsIn(of, this.measures);
    const { bound, used, measures, left, than } = boundOf(of, limits, this.measures, question);
    this.measures = measures;
    for (const at of left) this.left.add(at);
    this.filters = filtersIn(of, this.states, bound);
    this.by = byIn(of, this.filters);
    this.limited = used;
    this.than = than;
  }
  readonly limited: ReadonlySet<number>;
  readonly than: Query['than'];

  has(test: (f: Found) => boolean): boolean {
    return this.of.signs.some(test);
  }
  is(m: MeasureName): boolean {
    return this.measures.includes(m);
  }
  drop(...gone: readonly MeasureName[]) {
    this.measures = this.measures.filter((m) => !gone.includes(m));
  }

  /**
   * Measures whose words belong to another one: "price of power", "carbon saved". Two that are named beside each other are both
   * asked for, and a word that belongs to nothing is left over.
   */
  fold(gone: readonly MeasureName[], into: MeasureName) {
    const { signs } = this.of;
    const kept = new Set<MeasureName>();
    for (const s of signs) {
      const own = s.sign.measure;
      if (own === undefined || !gone.includes(own)) continue;
      const links = linksOf(this.low, signs, s, gone, into);
      if (links.includes('one')) continue;
      if (links.includes('both')) kept.add(own);
      else if (links.length > 0 && !LIGHT.test(s.words)) this.left.add(s.at);
    }
    this.drop(...gone.filter((m) => !kept.has(m)));
  }

  /** Words that say one thing together: "price of power", "how much carbon did we save", "emissions per kWh". */
  joined() {
    const { unit, states, event } = this;
    const per = this.of.signs.find((s) => s.sign.per !== undefined);
    if (this.is('price')) this.fold(['power', 'energy', 'cost', 'electricity-cost'], 'price');
    if (this.is('intensity')) {
      this.fold(['power', 'energy'], 'intensity');
      if (per || unit?.name === 'g/kWh') this.drop('emissions');
    }
    if (this.is('embodied')) this.fold(['emissions', 'power', 'energy'], 'embodied');
    if (this.is('cap')) this.fold(['emissions', 'power', 'energy'], 'cap');
    if (this.is('power')) this.fold(['energy'], 'power');
    if (this.is('saving')) {
      const one = (m: MeasureName) =>
        this.of.signs.some(
          (s) =>
            s.sign.measure === m &&
            linksOf(this.low, this.of.signs, s, ['emissions', 'cost'], 'saving').includes('one'),
        );
      const money = one('cost') || this.is('cost-saving') || unit?.dimension === 'money';
      for (const s of this.of.signs) if (s.sign.measure === 'energy') this.left.add(s.at);
      this.drop('energy');
      const mass = one('emissions');
      this.fold(['emissions', 'cost'], 'saving');
      if (money) {
        if (!this.is('cost-saving')) this.measures.push('cost-saving');
        if (!mass) this.drop('saving');
      }
    }
    if (this.has((s) => s.sign.howLong === true)) {
      this.drop('energy');
      if (states.includes('late')) states.splice(states.indexOf('late'), 1);
      if (!this.is('delay') && !this.is('slack')) this.measures = [states.includes('moved') ? 'delay' : 'duration'];
    }
    if (per && per.sign.per !== 'job') {
      if (this.is('emissions')) this.measures = ['intensity'];
      else if (this.is('cost') || this.is('electricity-cost')) this.measures = ['price'];
      else if (!this.is('intensity') && !this.is('price')) this.left.add(per.at);
    }
    if (per?.sign.per === 'job') this.stat = 'mean';
    if (this.is('duration') && this.has((s) => s.sign.stat === 'total'))
      this.measures = this.measures.map((m) => (m === 'duration' ? 'run-hours' : m));
    if (this.has((s) => s.words === 'how late') && event !== null && event !== 'runs') {
      this.measures = [event === 'ends' ? 'end' : 'start'];
      this.timed = true;
    }
    const whens = whensIn(this.of, event, this);
    this.measures = whens.measures;
    this.order = whens.order;
    this.timed ||= whens.timed;
    for (const at of whens.left) this.left.add(at);
    if (this.measures.length === 0 && unit) this.measures = measureOfUnit(unit.dimension);
    if (this.is('delay') && states[0] === 'waiting') states.splice(0);
  }

  read(): Reading {
    this.counting();
    this.about();
    this.ranking();
    this.listing();
    const { unit, of, filters, event } = this;
    this.sharing();
    const bases = this.stat === 'total' && this.parted ? PARTED : basesIn(of, this.measures, this.question);
    const period = periodOf(of.time, this.timed ? null : event);
    const named = filters.teams.length + filters.kinds.length + filters.categories.length > 0;
    if (this.measures.length === 0 && named && (period !== null || this.subjects.includes('jobs')))
      this.measures = ['count', 'energy', 'emissions'];
    if (unit && unit.name !== '%' && !this.measures.some((m) => dimensionFits(m, unit.dimension)))
      this.left.add(unit.at);
    const plans = of.names.filter((n) => n.kind === 'plan');
    for (const n of plans.slice(1)) this.left.add(n.at);
    const parts: Parts = {
      measures: this.measures,
      filters,
      period,
      by: this.by,
      rank: this.rank,
      unit: unit?.name ?? null,
      bases,
      stat: this.stat === 'total' ? null : this.stat,
      further: this.has((s) => s.sign.further === true),
      why: this.has((s) => s.sign.why === true),
    };
    const against = periodOf(of.against, this.timed ? null : event);
    const told = this.subject === 'jobs' && this.by === null && against === null && (bases ?? []).length < 2;
    const than = told && this.stat === 'total' && bases?.[0] !== 'verified' ? this.than : null;
    // A limit that nothing is held against is left over with its number.
    if (this.than !== null && than === null) for (const at of this.limited) this.left.add(at);
    const query =
      this.measures.length === 0 || parts.why
        ? null
        : queryOf({
            subject: this.subject,
            measures: this.measures.slice(0, 4),
            bases: bases ?? ['planned'],
            stat: this.stat,
            filters,
            plan: plans[0]?.name ?? null,
            period,
            against,
            by: this.by,
            rank: this.rank,
            unit: unit && !this.left.has(unit.at) && unit.name !== '%' ? unit.name : null,
            than,
            hours: this.subject === 'grid' ? hoursOfWork(this.of) : null,
          });
    if (query !== null) for (const at of unusedIn(query, of, parts)) this.left.add(at);
    return {
      query,
      parts,
      left: [...this.left].sort((a, b) => a - b).map((i) => of.tokens[i]!.said),
      unclear: of.time?.unclear ?? null,
      guessed: this.guessed,
    };
  }

  /** A share of everybody's is of some: "what part of the saving is verified" asks for the planned and the verified. */
  sharing() {
    if (this.stat !== 'share' || this.by !== null || narrows(this.filters)) return;
    const verified = this.has((s) => s.sign.basis === 'verified');
    this.stat = 'total';
    if (verified && this.measures.every((m) => MEASURES[m].saving)) this.parted = true;
    else for (const s of this.of.signs) if (s.sign.stat === 'share' || s.sign.unit === '%') this.left.add(s.at);
  }
  parted = false;

  /** "how many jobs", "how many teams"; "how many MWh" is no count. */
  counting() {
    const asks = /\bhow many\b|\bnumber of\b|\bcount (?:of|the)\b/i.test(this.low.join(' ')) && this.unit?.name !== '%';
    const counted = this.subjects.find((s) => COUNTED.has(s));
    const jobs = this.of.signs.find((s) => s.sign.subject === 'jobs');
    const unit = this.of.signs.find((s) => s.sign.unit !== undefined);
    const teams = /\bhow many teams\b/.test(this.low.join(' '));
    const other = this.filters.teams.length > 0 || this.measures.some((m) => m !== 'count' && m !== 'energy');
    if (teams) {
      this.subject = 'teams';
      this.by = null;
    } else if (counted && asks && (!other || counted !== 'records')) this.subject = counted;
    if (COUNTED.has(this.subject)) this.measures = ['count'];
    else if (asks && jobs && (!unit || jobs.at < unit.at)) {
      for (const at of besideCount(this.of, this.filters)) this.left.add(at);
      this.measures = ['count'];
    }
  }

  /** Whether it is about jobs, the grid or sites. */
  about() {
    if (COUNTED.has(this.subject)) return;
    const { filters: f, by, measures } = this;
    if (this.is('cap') || this.is('pue')) {
      this.subject = 'sites';
      return;
    }
    const named =
      f.jobs.length + f.teams.length + f.kinds.length + f.categories.length + f.states.length + f.limits.length > 0;
    const excluded = Object.values(f.except).some((list) => list.length > 0);
    const ofJobs =
      named ||
      excluded ||
      // What work pays for its energy, and not what the grid asks for it.
      (by === 'place' && this.has((s) => s.words.startsWith('cost per '))) ||
      this.subjects.includes('jobs') ||
      this.low.includes('plan') ||
      ['team', 'job', 'category', 'kind'].includes(by ?? '') ||
      this.has(
        (s) => /^(?:paid|pay|pays|spend|spent)$/.test(s.words) || s.sign.basis !== undefined || s.sign.both === true,
      );
    const hourly = by === 'hour' || this.low.includes('when') || this.low.includes('time');
    const starts = hoursOfWork(this.of) !== null && this.low.includes('when');
    if (
      starts &&
      !named &&
      measures.every((m) => m === 'start' || m === 'end' || OF_THE_GRID.has(m) || m === 'duration')
    ) {
      this.subject = 'grid';
      this.measures =
        measures.some((m) => m === 'price') || this.has((s) => s.words === 'cheapest') ? ['price'] : ['intensity'];
      this.by = null;
    } else if (
      !ofJobs &&
      measures.length > 0 &&
      measures.every((m) => OF_THE_GRID.has(m) || (m === 'cost' && hourly))
    ) {
      this.subject = 'grid';
      this.measures = measures.map((m) => (m === 'cost' ? 'price' : m));
      if (by === 'place') this.by = null;
    }
  }

  ranking() {
    const { of, filters, subject } = this;
    const sized = this.has((s) => s.sign.size === true);
    if (sized && this.measures.length === 0) this.measures = ['energy'];
    if (this.unit?.name === '%' && this.stat === 'total')
      this.stat = this.is('saving') || this.is('cost-saving') ? 'change' : 'share';
    if (this.stat === 'share' && this.measures.length === 0) {
      this.measures = ['emissions'];
      this.guessed = true;
    }
    const counts = of.numbers.filter(
      (n) => !this.limited.has(n.at) && !(subject === 'grid' && hoursOfWork(this.of) === n.value),
    );
    const count = counts.find(
      (n) => Number.isInteger(n.value) && n.value >= 1 && n.value <= MOST_COUNT && besideOrder(of, n.at),
    );
    for (const n of counts) if (n !== count) this.left.add(n.at);
    const which = this.has((s) => s.sign.which === true);
    const singular = this.low.includes('job') && !this.low.includes('jobs');
    const list = this.has((s) => s.sign.list === true);
    const versus = this.has((s) => s.sign.versus === true);
    const bothSides = basesIn(of, this.measures, this.question)?.length === 2;
    const compared =
      twoOf(filters) ||
      (bothSides && this.by === null) ||
      of.against !== undefined ||
      (versus && this.measures.length > 1);
    const { order } = this;
    if (order !== null && subject === 'grid' && of.against === undefined && hoursOfWork(this.of) === null) {
      if (this.by === 'hour' || this.low.includes('when') || this.low.includes('time')) {
        this.by = 'hour';
        this.rank = { order, count: count?.value ?? 1, skip: 0 };
      } else this.stat = order;
    } else if (order !== null && subject === 'jobs' && !compared) {
      if (
        this.by === null &&
        (sized || list || this.subjects.includes('jobs') || count !== undefined || which) &&
        !this.is('count')
      )
        this.by = 'job';
      if (
        this.by === null &&
        this.measures.length > 0 &&
        this.measures.every((m) => MEASURES[m].sums === 'sum' && m !== 'count')
      )
        this.by = 'job';
      if (this.by !== null)
        this.rank = { order, count: count?.value ?? (which || singular ? 1 : this.by === 'job' ? 5 : 10), skip: 0 };
      else if (this.stat === 'total' && this.measures.every((m) => MEASURES[m].sums === 'each')) this.stat = order;
    } else if (
      count !== undefined &&
      this.by === null &&
      subject === 'jobs' &&
      (list || this.subjects.includes('jobs'))
    ) {
      this.by = 'job';
      this.rank = { order: 'most', count: count.value, skip: 0 };
    } else if (count !== undefined && !this.has((s) => s.sign.further === true)) this.left.add(count.at);
  }

  /** "show me …", "which jobs …", "what runs …" */
  listing() {
    if (this.subject !== 'jobs') return;
    const list = this.has((s) => s.sign.list === true);
    const whatRuns = this.low[0] === 'what' && this.event === 'runs' && this.measures.length === 0;
    const whichJobs = this.subjects.includes('jobs') && /^(?:which|what) jobs\b/.test(this.low.join(' '));
    if (
      this.by === null &&
      (whatRuns || whichJobs || (list && (this.subjects.includes('jobs') || this.measures.length === 0)))
    )
      this.by = 'job';
    if (this.by === 'job' && this.rank === null) this.rank = { order: 'most', count: 10, skip: 0 };
    const ofRecords = this.subjects.includes('records');
    if (ofRecords && list) {
      this.measures = ['saving'];
      this.by = 'plan';
    }
    if (this.measures.length === 0 && this.by === 'job') {
      this.measures = ['energy', 'emissions', 'start'];
      this.guessed = true;
    }
    const narrowed = this.filters.limits.length > 0 || this.states.some(isJobState);
    if (this.measures.length === 0 && this.by === null && narrowed) this.measures = ['count'];
  }
}

const PARTED: Query['bases'] = ['planned', 'verified'];
const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];
