/** What the words of a question come to, before it is known what it is about: measures that say one thing together, filters, limits, order. */
import { LIGHT, linksOf } from './links.js';
import { MEASURES, type MeasureName } from './measures.js';
import { type AskedUnit, boundOf, byIn, filtersIn, limitsIn, measureOfUnit, unitIn, WHEN } from './parts.js';
import type { By, Filters, Query, Subject } from './query.js';
import type { Found, Signs } from './signs.js';
import { whensIn } from './whens.js';

export class Asked {
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
    this.by = byIn(of, this.filters) ?? (than?.measure === 'power' && WHEN.test(question) ? 'hour' : null);
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

  /** "Who uses the most GPUs": what is used is told in GPU hours; "jobs that use GPUs" are jobs. */
  gpus() {
    const { signs } = this.of;
    const used = signs.find(
      (s) => s.sign.state === 'gpu' && s.sign.subject === undefined && !/^jobs?$/.test(this.low[s.at + 1] ?? ''),
    );
    const verbs = signs.filter((s) => s.sign.measure === 'energy');
    if (used === undefined || verbs.length === 0) return;
    if (!verbs.every((s) => LIGHT.test(s.words) && !/^(?:that|which)$/.test(this.low[s.at - 1] ?? ''))) return;
    this.measures = this.measures.map((m) => (m === 'energy' ? 'gpu-hours' : m));
    this.states.splice(this.states.indexOf('gpu'), 1);
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
      // A plan has no length of its own; that of its jobs is another thing.
      if (
        event === null &&
        this.low.includes('plan') &&
        !this.subjects.includes('jobs') &&
        this.of.names.every((n) => n.kind === 'plan')
      )
        for (const s of this.of.signs) if (s.sign.howLong === true) this.left.add(s.at);
      if (!this.is('delay') && !this.is('slack')) this.measures = [states.includes('moved') ? 'delay' : 'duration'];
    }
    if (per && per.sign.per !== 'job') {
      if (this.is('emissions')) this.measures = ['intensity'];
      else if (this.is('cost') || this.is('electricity-cost')) this.measures = ['price'];
      else if (!this.is('intensity') && !this.is('price')) this.left.add(per.at);
    }
    this.gpus();
    if (unit?.dimension === 'intensity' && this.is('emissions')) this.measures = ['intensity'];
    if (per?.sign.per === 'job' && this.stat !== 'median') this.stat = 'mean';
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
}

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];
