/** Facts and the draft made of them: a template answer whose every figure, date and name is a fact with a value, a unit and a source. */
import { type Estimate, scale } from '../domain/estimate.js';
import {
  energyText,
  figure,
  massEstimateText,
  massText,
  moneyText,
  percentText,
  powerText,
} from '../domain/figures.js';
import { type Instant, wallClock } from '../domain/time.js';
import { quoted } from '../model/model.js';

export type Dimension = 'mass' | 'energy' | 'power' | 'intensity' | 'money' | 'duration' | 'ratio' | 'count';

export interface Fact {
  /** `f1`, `f2`, … within one answer */
  readonly id: string;
  readonly kind: 'quantity' | 'time' | 'name';
  /** as the reader sees it */
  readonly text: string;
  /** in `unit`; null for times and names */
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** kg, kWh, kW, g/kWh, h, ratio, count, a currency, or currency per MWh or t; `time` and `name` */
  readonly unit: string;
  readonly source: string;
  /** what it is, for whoever puts it into words */
  readonly label: string;
  /** ids and names that it is about; empty: everything in question */
  readonly about: readonly string[];
  /** a saving of a verified record: only these may be called saved */
  readonly verified: boolean;
  /** a positive value means less than before */
  readonly saving: boolean;
  /** what is counted, in the singular */
  readonly noun: string | null;
  readonly at: Instant | null;
  /** an answer without it leaves out the finding */
  readonly key: boolean;
}

export interface About {
  readonly label: string;
  readonly source: string;
  readonly about?: readonly string[];
  readonly verified?: boolean;
  readonly saving?: boolean;
  readonly key?: boolean;
}

/** A figure as doors show it; `text` occurs in the answer. */
export interface Figure {
  readonly text: string;
  readonly value: number;
  readonly unit: string;
  readonly source: string;
  readonly low?: number;
  readonly high?: number;
}

/** A deed that a person may want to do: never done here. */
export interface Proposal {
  readonly what: string;
  readonly tool: string;
  readonly input: Record<string, unknown>;
  readonly command: string;
}

const PLACE = /\{\{\s*(f\d+)\s*\}\}/g;
const isEstimate = (value: number | Estimate): value is Estimate => typeof value !== 'number';

/** Prose, tables and lists whose figures stand as `{{f1}}`; the facts themselves; where they come from. */
export class Draft {
  readonly facts: Fact[] = [];
  readonly prose: string[] = [];
  readonly tail: string[] = [];
  readonly sources: string[] = [];
  /** what is real and what is simulated in it, for people */
  readonly data: string[] = [];
  readonly proposals: Proposal[] = [];
  /** False when the question could not be answered from what is known. */
  answered = true;
  /** words of the question that a lookup which reads them itself did not use, as typed */
  readonly left: string[] = [];
  /** who stands first in what was ranked */
  top: string | null = null;
  /** what of the question was not used, in a sentence that an answer begins with */
  opening: string | null = null;

  private add(
    fact: Omit<Fact, 'id' | 'about' | 'verified' | 'saving' | 'key' | 'label' | 'source'>,
    about: About,
  ): string {
    const same = this.facts.find(
      (f) =>
        f.text === fact.text &&
        f.unit === fact.unit &&
        f.value === fact.value &&
        f.label === about.label &&
        f.source === about.source,
    );
    if (same) return `{{${same.id}}}`;
    const id = `f${this.facts.length + 1}`;
    this.facts.push({
      id,
      ...fact,
      label: about.label,
      source: about.source,
      about: about.about ?? [],
      verified: about.verified ?? false,
      saving: about.saving ?? false,
      key: about.key ?? false,
    });
    return `{{${id}}}`;
  }

  private quantity(
    value: number | Estimate,
    unit: string,
    text: string,
    about: About,
    noun: string | null = null,
  ): string {
    const [middle, low, high] = isEstimate(value) ? [value.value, value.low, value.high] : [value, null, null];
    return this.add({ kind: 'quantity', text, value: middle, low, high, unit, noun, at: null }, about);
  }

  /** kg CO2e. */
  mass(kg: number | Estimate, about: About): string {
    return this.quantity(kg, 'kg', isEstimate(kg) ? massEstimateText(kg) : massText(kg), about);
  }
  /** A saving in a table of savings; what is none is `5.00 kg more`, never negative. */
  saved(kg: number | Estimate, about: About): string {
    const value = isEstimate(kg) ? kg.value : kg;
    if (value >= 0) return this.mass(kg, { ...about, saving: true });
    const more = isEstimate(kg) ? scale(kg, -1) : -kg;
    return `${this.mass(more, { ...about, label: `${about.label}: an increase` })} more`;
  }
  energy(kwh: number, about: About): string {
    return this.quantity(kwh, 'kWh', energyText(kwh), about);
  }
  power(kw: number, about: About): string {
    return this.quantity(kw, 'kW', powerText(kw), about);
  }
  money(amount: number, currency: string, about: About): string {
    return this.quantity(amount, currency, moneyText(amount, currency), about);
  }
  intensity(gPerKwh: number, about: About): string {
    return this.quantity(gPerKwh, 'g/kWh', `${figure(gPerKwh)} g/kWh`, about);
  }
  /** A price per `per`, which is MWh or t. */
  rate(amount: number, currency: string, per: 'MWh' | 't', about: About): string {
    return this.quantity(amount, `${currency}/${per}`, `${moneyText(amount, currency)}/${per}`, about);
  }
  ratio(value: number, about: About): string {
    return this.quantity(value, 'ratio', percentText(value), about);
  }
  hours(hours: number, about: About): string {
    return this.quantity(hours, 'h', spanText(hours), about);
  }
  /** In a unit that was asked for: `factor` of the base unit `unit` make one of it. */
  inUnit(
    value: number | Estimate,
    unit: string,
    as: { readonly name: string; readonly factor: number },
    about: About,
  ): string {
    const said = (v: number) => figure(v / as.factor);
    const text = isEstimate(value)
      ? `${said(value.value)} ${as.name} (${said(value.low)} to ${said(value.high)})`
      : `${said(value)} ${as.name}`;
    return this.quantity(value, unit, text, about);
  }
  /** With its noun in the right number: `3 jobs`. */
  count(n: number, noun: string, about: About, plural = `${noun}s`): string {
    return this.quantity(n, 'count', `${n === 0 ? 'no' : grouped(n)} ${n === 1 ? noun : plural}`, about, noun);
  }
  /** `Wed 1 Jun 2022 11:00 UTC`, or without what `since` has in common. */
  time(at: Instant, about: About, form: 'full' | 'short' | 'day' = 'full'): string {
    return this.add(
      { kind: 'time', text: timeText(at, form), value: null, low: null, high: null, unit: 'time', noun: null, at },
      about,
    );
  }
  /** A name that somebody chose, quoted as data. */
  name(text: string, about: About, shown = quoted(text)): string {
    return this.add(
      { kind: 'name', text: shown, value: null, low: null, high: null, unit: 'name', noun: null, at: null },
      { ...about, about: [...(about.about ?? []), text] },
    );
  }

  /** Why there is no figure: the data ends before that time, or has a gap there. Neither is a zero. */
  unknown(known: Instant | null, end: Instant, about: About): string {
    return known !== null && known < end
      ? `nothing is known from ${this.time(known, about)} on`
      : 'a gap in the data, not a zero';
  }

  say(...sentences: string[]): this {
    this.prose.push(sentences.join(' '));
    return this;
  }
  table(head: readonly string[], rows: readonly (readonly string[])[]): this {
    if (rows.length > 0) this.tail.push(tableText([head, ...rows].map((row) => row.map((cell) => this.fill(cell)))));
    return this;
  }
  /** Lines of their own below the prose. */
  lines(...lines: string[]): this {
    this.tail.push(...lines.map((line) => this.fill(line)));
    return this;
  }
  cite(...sources: string[]): this {
    for (const source of sources) if (!this.sources.includes(source)) this.sources.push(source);
    return this;
  }
  /** Whose data it is; said once, below the sources. */
  from(...notes: string[]): this {
    for (const note of notes) if (!this.data.includes(note)) this.data.push(note);
    return this;
  }
  propose(proposal: Proposal): this {
    this.proposals.push(proposal);
    return this;
  }

  fill(text: string): string {
    return text.replace(PLACE, (whole, id: string) => this.facts.find((f) => f.id === id)?.text ?? whole);
  }

  /** Facts whose placeholders stand in a text. */
  factsIn(text: string): Fact[] {
    const ids = new Set([...text.matchAll(PLACE)].map((m) => m[1]));
    return this.facts.filter((f) => ids.has(f.id));
  }

  /** Key facts of the prose; the first quantity where none is marked. */
  keys(): Fact[] {
    const inProse = this.factsIn(this.prose.join('\n'));
    const marked = inProse.filter((f) => f.key);
    return marked.length > 0 ? marked : inProse.filter((f) => f.kind === 'quantity').slice(0, 1);
  }

  /** The facts of another draft under new ids; its texts are rewritten to match. */
  absorb(other: Draft): { prose: string[]; facts: Fact[] } {
    const renamed = new Map<string, string>();
    const facts = other.facts.map((fact) => {
      const id = `f${this.facts.length + 1}`;
      renamed.set(fact.id, id);
      const moved = { ...fact, id };
      this.facts.push(moved);
      return moved;
    });
    this.cite(...other.sources).from(...other.data);
    this.proposals.push(...other.proposals);
    const prose = other.prose.map((text) =>
      text.replace(PLACE, (whole, id: string) => (renamed.has(id) ? `{{${renamed.get(id)}}}` : whole)),
    );
    return { prose, facts };
  }
}

export const figuresOf = (facts: readonly Fact[], answer: string): Figure[] => {
  const figures: Figure[] = [];
  for (const { kind, text, value, unit, source, low, high } of facts) {
    if (kind !== 'quantity' || value === null || !answer.includes(text)) continue;
    if (figures.some((f) => f.text === text && f.source === source && f.unit === unit)) continue;
    figures.push({ text, value, unit, source, ...(low === null ? {} : { low }), ...(high === null ? {} : { high }) });
  }
  return figures;
};

const grouped = (n: number) => String(n).replace(/\B(?=(\d{3})+$)/g, ' ');

/** `45 min`, `2 h 40 min`, `3 days`. */
export const spanText = (hours: number): string => {
  const minutes = Math.round(Math.abs(hours) * 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 72 * 60)
    return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  const days = Math.round(minutes / 1440);
  if (days < 1000) return `${days} days`;
  return `${figure(minutes / 1440 / 365.25, 2)} years`;
};

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const timeText = (at: Instant, form: 'full' | 'short' | 'day') => {
  const { weekday, day, month } = wallClock(at, 'UTC');
  const date = `${WEEKDAYS[weekday - 1]} ${day} ${MONTHS[month - 1]}`;
  if (form === 'day') return `${date} ${at.slice(0, 4)}`;
  return form === 'short' ? `${date} ${at.slice(11, 16)}` : `${date} ${at.slice(0, 4)} ${at.slice(11, 16)} UTC`;
};

const tableText = (rows: readonly (readonly string[])[]): string => {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => [...(row[i] ?? '')].length)));
  const numeric = rows[0]!.map((_, i) =>
    rows.slice(1).every((row) => /^[−+£$€]?[\d–]/.test(row[i] ?? '') || row[i] === 'none'),
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => {
          const gap = ' '.repeat(widths[i]! - [...cell].length);
          return numeric[i] ? gap + cell : cell + gap;
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `  ${line}`)
    .join('\n');
};
