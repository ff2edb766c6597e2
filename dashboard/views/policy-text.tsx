/** A policy's sentences, each beside what was understood of it, and its open questions answered where they stand. */
import { useId } from 'preact/hooks';
import { oneLine } from '../../domain/text.js';
import { countText, massText, powerText } from '../figures.js';

interface Constraint {
  readonly id: string;
  readonly type: string;
  readonly effect: string;
  readonly strength: string;
  readonly scope: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, unknown>>;
  readonly quote: string;
  readonly status: string;
  readonly questions: readonly string[];
  readonly answered?: readonly { readonly question: string; readonly answer: string; readonly by: string }[];
  readonly conflictsWith?: readonly string[];
  readonly source: { readonly doc: string; readonly line: number };
}
interface Aside {
  readonly quote: string;
  readonly doc: string;
  readonly line?: number;
  readonly why?: string;
}
export interface PolicySet {
  readonly id: string;
  readonly status: string;
  readonly version: number | null;
  readonly digest: string;
  readonly timeZone: string | null;
  readonly documents: readonly { readonly doc: string; readonly sha256: string }[];
  readonly constraints: readonly Constraint[];
  readonly rejected: readonly string[];
  readonly questions: readonly string[];
  readonly notUnderstood: readonly Aside[];
  readonly asides: readonly Aside[];
  readonly flags: readonly string[];
  readonly ingestedAt: string;
  readonly confirmedAt: string | null;
  readonly confirmedBy: { readonly id: string } | string | null;
}
/** What a draft leaves open, with the answers that are offered to it. */
export interface OpenQuestion {
  readonly constraintId: string;
  readonly question: string;
  readonly answers: readonly string[];
  /** any IANA time zone is an answer */
  readonly zone: boolean;
}
/** A person's answers as they are typed, and what happens with a further one; undefined: nothing can be answered here. */
export interface Answering {
  readonly open: readonly OpenQuestion[];
  readonly given: ReadonlyMap<string, string>;
  readonly answer: (to: OpenQuestion, text: string) => void;
}
export const keyOf = ({ constraintId, question }: { constraintId: string; question: string }): string =>
  `${constraintId} ${question}`;

const ZONES = [...new Set(['UTC', 'Europe/London', 'Europe/Berlin', Intl.DateTimeFormat().resolvedOptions().timeZone])];

export const Zones = () => (
  <datalist id="zones">
    {ZONES.map((z) => (
      <option key={z} value={z} />
    ))}
  </datalist>
);

/** A question with its answers, where it was asked. */
const Ask = ({ of, answering }: { of: OpenQuestion; answering: Answering }) => {
  const given = answering.given.get(keyOf(of)) ?? '';
  const id = useId();
  const say = (text: string) => answering.answer(of, text);
  if (!of.zone && of.answers.length === 0)
    return (
      <p class="question">
        Open: {oneLine(of.question, 300)} <small>Put it in clearer words, and read the text again below.</small>
      </p>
    );
  return (
    <p class="question">
      <label for={id}>Open: {oneLine(of.question, 300)}</label>{' '}
      {of.zone ? (
        <input
          id={id}
          value={given}
          list="zones"
          placeholder="Europe/London"
          onInput={(event) => say(event.currentTarget.value)}
        />
      ) : (
        <select id={id} value={given} onChange={(event) => say(event.currentTarget.value)}>
          <option value="">choose …</option>
          {of.answers.map((a) => (
            <option key={a}>{a}</option>
          ))}
        </select>
      )}
    </p>
  );
};

/** A member of a constraint with its unit, as figures are said elsewhere. */
const member = (name: string, value: unknown): string => {
  if (typeof value === 'number') {
    if (name === 'kw') return powerText(value);
    if (name === 'kg') return massText(value);
    if (/minutes$/i.test(name)) return `${countText(value)} min`;
  }
  if (name === 'op') return value === '>' ? 'above' : 'from';
  const spoken = name.replace(/[A-Z]/g, (c) => ` ${c.toLowerCase()}`).replaceAll('_', ' ');
  return `${spoken} ${words(value)}`;
};

/** Members that say nothing are left out. */
const words = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(words).join(', ')
    : value !== null && typeof value === 'object'
      ? Object.entries(value)
          .filter(([, v]) => v !== null)
          .map(([k, v]) => member(k, v))
          .join(', ')
      : String(value);

const scopeText = (scope: Constraint['scope']): string => {
  const parts = Object.entries(scope).map(([name, value]) => `${name}: ${words(value)}`);
  return parts.length === 0 ? 'all work' : parts.join('; ');
};

const LOOK: Readonly<Record<string, string>> = {
  clear: 'good',
  ambiguous: 'warn',
  conflict: 'bad',
  unsupported: 'warn',
};

const Understood = ({
  constraint: c,
  rejected,
  onReject,
  answering,
}: {
  constraint: Constraint;
  rejected: boolean;
  onReject?: (() => void) | undefined;
  answering: Answering | undefined;
}) => (
  <div class={rejected ? 'understood rejected' : 'understood'} id={c.id}>
    <p class="row">
      <strong>{c.type.replaceAll('_', ' ')}</strong>{' '}
      <span class={`badge ${rejected ? '' : (LOOK[c.status] ?? '')}`}>
        {rejected ? 'shall not bind' : c.status === 'clear' ? 'clear: will bind' : `${c.status}: does not bind`}
      </span>
      {onReject === undefined ? null : (
        <button type="button" onClick={onReject}>
          {rejected ? 'Let it bind' : 'Leave out'}
        </button>
      )}
    </p>
    <p>
      {c.effect}, {c.strength} · {oneLine(words(c.params), 300)}
    </p>
    <p class="quiet">for {oneLine(scopeText(c.scope), 300)}</p>
    {c.conflictsWith && c.conflictsWith.length > 0 ? (
      <p class="wrong">Conflicts with {c.conflictsWith.join(', ')}.</p>
    ) : null}
    {c.questions.map((question) => {
      const of = answering?.open.find((o) => o.constraintId === c.id && o.question === question);
      return of === undefined || answering === undefined ? (
        <p key={question} class="question">
          Open: {oneLine(question, 300)}
        </p>
      ) : (
        <Ask key={question} of={of} answering={answering} />
      );
    })}
    {c.answered?.map(({ question, answer, by }) => (
      <p key={question} class="quiet">
        {oneLine(question, 300)} <b>{oneLine(answer, 100)}</b>, answered by {oneLine(by, 60)}
      </p>
    ))}
  </div>
);

interface Sentence {
  readonly doc: string;
  readonly line: number;
  readonly quote: string;
  readonly constraints: readonly Constraint[];
  readonly why: string | null;
}

/** Each quoted sentence once, in the order of its document, with what came of it. */
const sentencesOf = (set: PolicySet): Sentence[] => {
  const found = new Map<string, Sentence>();
  const add = (doc: string, line: number, quote: string, more: { constraint?: Constraint; why?: string | null }) => {
    const key = `${doc}\n${line}\n${quote}`;
    const before = found.get(key) ?? { doc, line, quote, constraints: [], why: null };
    found.set(key, {
      ...before,
      constraints: more.constraint ? [...before.constraints, more.constraint] : before.constraints,
      why: more.why ?? before.why,
    });
  };
  for (const c of set.constraints) add(c.source.doc, c.source.line, c.quote, { constraint: c });
  for (const n of set.notUnderstood)
    add(n.doc, n.line ?? 0, n.quote, { why: `not understood${n.why === undefined ? '' : `: ${n.why}`}` });
  for (const a of set.asides) add(a.doc, a.line ?? 0, a.quote, { why: a.why ?? 'says nothing that could bind' });
  return [...found.values()].sort((a, b) => (a.doc === b.doc ? a.line - b.line : a.doc < b.doc ? -1 : 1));
};

export const Sentences = ({
  set,
  rejected,
  onReject,
  answering,
}: {
  set: PolicySet;
  rejected: ReadonlySet<string>;
  onReject: ((id: string) => void) | undefined;
  answering: Answering | undefined;
}) => (
  <div class="sentences">
    <div class="heads quiet" aria-hidden="true">
      <span>the text</span>
      <span>what was understood</span>
    </div>
    {sentencesOf(set).map((s) => (
      <div class="sentence" key={`${s.doc} ${s.line} ${s.quote}`}>
        <blockquote>
          {s.quote}
          <br />
          <small>
            {oneLine(s.doc, 60)}
            {s.line > 0 ? `, line ${s.line}` : ''}
          </small>
        </blockquote>
        <div>
          {s.constraints.length === 0 ? (
            <p class="quiet">{oneLine(s.why ?? 'nothing', 300)}</p>
          ) : (
            s.constraints.map((c) => (
              <Understood
                key={c.id}
                constraint={c}
                rejected={rejected.has(c.id)}
                onReject={onReject === undefined ? undefined : () => onReject(c.id)}
                answering={answering}
              />
            ))
          )}
        </div>
      </div>
    ))}
  </div>
);
