/** Rules that read a question as a query. Every content word is used, neutral, or named as left over. */

import { Asked } from './asked.js';
import { isJobState } from './evaluate.js';
import { MEASURES, type MeasureName } from './measures.js';
import { basesIn, besideCount, besideOrder, dimensionFits, hoursOfWork, periodOf, twoOf } from './parts.js';
import { narrows, type Query, queryOf, type Subject } from './query.js';
import type { Parts, Reading } from './reading.js';
import type { Signs } from './signs.js';
import { unusedIn } from './unused.js';

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

class Reader extends Asked {
  read(): Reading {
    this.counting();
    this.about();
    this.ranking();
    this.listing();
    this.naming();
    const { unit, of, filters, event } = this;
    const period = periodOf(of.time, this.timed ? null : event);
    this.sharing(period !== null);
    const bases = this.stat === 'total' && this.parted ? PARTED : basesIn(of, this.measures, this.question);
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
    const told =
      this.subject === 'jobs' &&
      this.by !== 'job' &&
      this.by !== 'plan' &&
      against === null &&
      (bases ?? []).length < 2;
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
      left: this.named(),
      unclear: of.time?.unclear ?? null,
      guessed: this.guessed,
    };
  }

  /** What is left over, in order, a phrase of the lexicon as one. */
  named(): string[] {
    const { tokens, signs } = this.of;
    const parts = signs.flatMap((s) =>
      this.left.has(s.at) ? s.words.split(' ').map((_, i): [number, number] => [s.at + i, s.at]) : [],
    );
    const phrase = new Map(parts);
    const said = new Map<number, string[]>();
    for (const at of [...new Set([...this.left, ...phrase.keys()])].sort((a, b) => a - b)) {
      const begin = phrase.get(at) ?? at;
      said.set(begin, [...(said.get(begin) ?? []), tokens[at]!.said]);
    }
    return [...said.values()].map((words) => words.join(' '));
  }

  /** A share of everybody's is of some, or of some time: "what part of the saving is verified" asks for the planned and the verified. */
  sharing(within: boolean) {
    if (this.stat !== 'share' || this.by !== null || narrows(this.filters) || within) return;
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
    else if (asks && jobs && (!unit || jobs.at < unit.at) && !this.is('gpu-hours') && !this.is('core-hours')) {
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
    // "When is electricity cheapest", "where is it cheapest now": the grid's price, where no work is named.
    const cheap = this.has((s) => s.sign.measure === 'cost' && s.sign.order !== undefined);
    const isCurrent = (m: MeasureName) =>
      cheap &&
      (m === 'energy' || m === 'power') &&
      this.has((s) => s.sign.measure === m && /^(?:electricity|energy|power)$/.test(s.words));
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
      measures.every(
        (m) => OF_THE_GRID.has(m) || isCurrent(m) || (m === 'cost' && (hourly || (cheap && by === 'place'))),
      )
    ) {
      this.subject = 'grid';
      this.measures = [...new Set(measures.filter((m) => !isCurrent(m)).map((m) => (m === 'cost' ? 'price' : m)))];
      if (by === 'place') this.by = null;
    }
  }

  ranking() {
    const { of, filters, subject } = this;
    // "The team with the fewest jobs", "who has the most jobs": groups are ranked by how many they have.
    const jobs = of.signs.find((s) => s.sign.subject === 'jobs');
    const most = of.signs.find((s) => /^(?:most|fewest|least|more|fewer)$/.test(s.words) && s.at + 1 === jobs?.at);
    if (most && this.by !== null && this.by !== 'job' && this.measures.length === 0) this.measures = ['count'];
    const sized = this.has((s) => s.sign.size === true);
    if (sized && this.measures.length === 0) this.measures = ['energy'];
    if (this.unit?.name === '%' && this.stat === 'total')
      this.stat =
        this.is('saving') || this.is('cost-saving') || basesIn(of, this.measures, this.question)?.length === 2
          ? 'change'
          : 'share';
    if (this.stat === 'share' && this.measures.length === 0) {
      this.guessed = !this.subjects.includes('jobs');
      this.measures = [this.guessed ? 'emissions' : 'count'];
    }
    const counts = of.numbers.filter(
      (n) => !this.limited.has(n.at) && !(subject === 'grid' && hoursOfWork(this.of) === n.value),
    );
    const count = counts.find(
      (n) => Number.isInteger(n.value) && n.value >= 1 && n.value <= MOST_COUNT && besideOrder(of, n.at),
    );
    for (const n of counts) if (n !== count) this.left.add(n.at);
    // "The biggest job of each team" is one job a group, which groups do not tell.
    for (const s of of.signs)
      if (
        s.sign.order !== undefined &&
        this.low[s.at + s.words.split(' ').length] === 'job' &&
        this.by !== null &&
        this.by !== 'job'
      )
        this.left.add(s.at);
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
      } else if (filters.places.length < 2) this.stat = order;
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
      if (this.by !== null) {
        const place = this.nth();
        this.rank = {
          order,
          count: count?.value ?? (which || singular || place > 1 ? 1 : this.by === 'job' ? 5 : 10),
          skip: place - 1,
        };
      } else if (this.stat === 'total' && this.measures.every((m) => MEASURES[m].sums === 'each')) this.stat = order;
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

  /** "The second largest job": its place; of several places, or beside a number of jobs, none is meant for certain. */
  nth(): number {
    const places = this.of.signs.filter((s) => s.sign.nth !== undefined);
    return places.length === 1 ? places[0]!.sign.nth! : 1;
  }

  /** "sorted by start time", "in order of their emissions" */
  sortKey(): MeasureName | null {
    const key = this.of.signs.find(
      ({ at, sign }) =>
        (sign.measure !== undefined || sign.event === 'starts' || sign.event === 'ends') &&
        SORTS.test(this.low.slice(0, at).join(' ')),
    );
    if (key === undefined) return null;
    return key.sign.measure ?? (key.sign.event === 'starts' ? 'start' : 'end');
  }

  /** "show me …", "which jobs …", "what runs …" */
  listing() {
    if (this.subject !== 'jobs') return;
    const list = this.has((s) => s.sign.list === true);
    const whatRuns = this.low[0] === 'what' && this.event === 'runs' && this.measures.length === 0;
    const whichJobs =
      this.subjects.includes('jobs') && /^(?:what jobs|which (?:\S+ ){0,3}jobs)\b/.test(this.low.join(' '));
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
    const key = list && this.by === 'job' ? this.sortKey() : null;
    if (this.measures.length === 0 && this.by === 'job') {
      // At a moment a job has a power, and no energy.
      const { from = null, to = null } = this.of.time ?? {};
      const atMoment = from !== null && from === to && this.event === 'runs';
      this.measures = atMoment ? ['power', 'start', 'end'] : ['energy', 'emissions', 'start'];
      this.guessed = key === null;
    }
    if (key !== null && this.rank !== null) {
      this.measures = [key, ...this.measures.filter((m) => m !== key)];
      const order = this.order ?? (MEASURES[key].dimension === 'time' ? 'least' : 'most');
      this.rank = { ...this.rank, order };
      this.timed = true;
    }
    const narrowed = this.filters.limits.length > 0 || this.states.some(isJobState);
    if (this.measures.length === 0 && this.by === null && narrowed) this.measures = ['count'];
  }

  /** "List the teams", "which regions are there": each, with how many jobs it has. */
  naming() {
    const named = NAMES_ALL.exec(this.low.join(' '))?.[1] as keyof typeof GROUPED | undefined;
    if (named === undefined) return;
    this.by = GROUPED[named];
    this.measures = ['count'];
    this.rank = null;
    this.guessed = false;
  }
}

/** What is asked for by name alone. */
const NAMES_ALL =
  /^(?:please )?(?:list|name|show|show me|tell me|give me|which|what|what are|which are)(?: all)?(?: of)?(?: the| our)? (teams|regions|places|kinds|categories)(?: of (?:jobs?|work))?(?: (?:are|is) (?:there|known)| do we have| exist| we have)?(?: please)?$/;
const GROUPED = { teams: 'team', regions: 'place', places: 'place', kinds: 'kind', categories: 'category' } as const;

/** What stands directly before the word that a list is sorted by. */
const SORTS = /\b(?:by|in order of|ordered on|sorted on)(?: the| their| its)?$/;
const PARTED: Query['bases'] = ['planned', 'verified'];
