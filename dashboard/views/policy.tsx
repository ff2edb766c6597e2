/** Policy texts and what was understood of them: sentence by sentence, with what is open, what conflicts, and what binds. */
import { useState } from 'preact/hooks';
import { oneLine } from '../../domain/text.js';
import type { Session } from '../answers.js';
import { callTool, Trouble } from '../client.js';
import { refresh, useFact } from '../facts.js';
import { Moment } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Shown } from '../states.js';

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
  readonly conflictsWith?: readonly string[];
  readonly source: { readonly doc: string; readonly line: number };
}
interface Aside {
  readonly quote: string;
  readonly doc: string;
  readonly line?: number;
  readonly why?: string;
}
interface PolicySet {
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
interface Listed {
  readonly id: string;
  readonly status: string;
  readonly version: number | null;
  readonly documents: readonly string[];
  readonly constraints: number;
  readonly binding: number;
  readonly questions: number;
  readonly ingestedAt: string;
}

const words = (value: unknown): string =>
  Array.isArray(value)
    ? value.map(words).join(', ')
    : value !== null && typeof value === 'object'
      ? Object.entries(value)
          .map(([k, v]) => `${k} ${words(v)}`)
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
}: {
  constraint: Constraint;
  rejected: boolean;
  onReject?: (() => void) | undefined;
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
    {c.questions.map((question) => (
      <p key={question} class="question">
        Open: {oneLine(question, 300)}
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

const Sentences = ({
  set,
  rejected,
  onReject,
}: {
  set: PolicySet;
  rejected: ReadonlySet<string>;
  onReject: ((id: string) => void) | undefined;
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
              />
            ))
          )}
        </div>
      </div>
    ))}
  </div>
);

const Confirm = ({
  set,
  rejected,
  session,
}: {
  set: PolicySet;
  rejected: ReadonlySet<string>;
  session: Session | undefined;
}) => {
  const [why, setWhy] = useState('');
  const [said, setSaid] = useState<{ text: string; bad: boolean } | null>(null);
  if (!session?.signedIn || !session.scopes.includes('approve'))
    return (
      <p class="state">
        Nothing of this binds before a person confirms it: sign in above with a token that may approve.
      </p>
    );
  const binding = set.constraints.filter((c) => c.status === 'clear' && !rejected.has(c.id)).length;
  const confirm = async () => {
    try {
      await callTool('confirm_policy', { setId: set.id, reject: [...rejected], why });
      setSaid({ text: 'In force.', bad: false });
      refresh();
    } catch (error) {
      setSaid({ text: error instanceof Trouble ? `${error.message} ${error.remedy}` : String(error), bad: true });
    }
  };
  return (
    <form
      class="answer"
      aria-label="Confirm the policy"
      onSubmit={(event) => {
        event.preventDefault();
        void confirm();
      }}
    >
      <label>
        Why <input value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
      </label>
      <button type="submit" class="primary">
        Put {binding} of {set.constraints.length} constraints in force as {session.id}
      </button>
      {said === null ? null : (
        <p role="status" class={said.bad ? 'wrong' : ''}>
          {said.text}
        </p>
      )}
    </form>
  );
};

/** Texts that were read here, by document: an answer to a question reads the text again. */
const texts = new Map<string, string>();

const Read = ({ name: given = '', zone: givenZone = '' }: { name?: string; zone?: string }) => {
  const [name, setName] = useState(given);
  const [zone, setZone] = useState(givenZone);
  const [text, setText] = useState(texts.get(given) ?? '');
  const [wrong, setWrong] = useState<string | null>(null);
  const read = async () => {
    try {
      const { setId } = await callTool<{ setId: string }>('ingest_policy', {
        text,
        ...(name === '' ? {} : { name }),
        ...(zone === '' ? {} : { tz: zone }),
      });
      texts.set(name, text);
      refresh();
      goTo(linkTo('policy', setId));
    } catch (error) {
      setWrong(error instanceof Trouble ? `${error.message} ${error.remedy}` : String(error));
    }
  };
  return (
    <form
      class="answer"
      aria-label="Read a policy"
      onSubmit={(event) => {
        event.preventDefault();
        void read();
      }}
    >
      <label>
        Name of the document{' '}
        <input value={name} onInput={(event) => setName(event.currentTarget.value)} placeholder="Data residency" />
      </label>
      <label>
        Time zone of its times{' '}
        <input
          value={zone}
          onInput={(event) => setZone(event.currentTarget.value)}
          placeholder="Europe/London"
          list="zones"
        />
      </label>
      <datalist id="zones">
        {['UTC', 'Europe/London', 'Europe/Berlin', Intl.DateTimeFormat().resolvedOptions().timeZone].map((z) => (
          <option key={z} value={z} />
        ))}
      </datalist>
      <label>
        Text
        <textarea rows={7} required value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <button type="submit">Read it as a draft</button>
      {wrong === null ? null : (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </form>
  );
};

const Whole = ({ set, session }: { set: PolicySet; session: Session | undefined }) => {
  const [rejected, setRejected] = useState<ReadonlySet<string>>(new Set(set.rejected));
  const toggle = (id: string) =>
    setRejected((before) => new Set(before.has(id) ? [...before].filter((r) => r !== id) : [...before, id]));
  const isDraft = set.status === 'draft';
  return (
    <Card
      title={isDraft ? `Draft ${set.id}` : `Policy in force, version ${set.version ?? '?'}`}
      aside={
        <span class={`badge ${isDraft ? 'waiting' : set.status === 'confirmed' ? 'good' : ''}`}>
          {isDraft ? 'nothing of it binds yet' : set.status}
        </span>
      }
    >
      <p class="quiet">
        {set.documents.map((d) => oneLine(d.doc, 60)).join(', ')} · read <Moment at={set.ingestedAt} /> ·{' '}
        <span class="hash">digest {set.digest.slice(0, 16)}…</span>
      </p>
      {set.flags.map((flag) => (
        <p key={flag} class="wrong">
          {oneLine(flag, 300)}
        </p>
      ))}
      <Sentences set={set} rejected={rejected} onReject={isDraft ? toggle : undefined} />
      {isDraft && set.questions.length > 0 ? (
        <section>
          <h3>Open questions</h3>
          <ul>
            {set.questions.map((q) => (
              <li key={q}>{oneLine(q, 300)}</li>
            ))}
          </ul>
          <details>
            <summary>Answer by reading the text again, with its time zone or clearer words</summary>
            <Read name={set.documents.at(-1)?.doc ?? ''} />
          </details>
        </section>
      ) : null}
      {isDraft ? <Confirm set={set} rejected={rejected} session={session} /> : null}
    </Card>
  );
};

export const Policy = ({ route, session }: { route: Route; session: Session | undefined }) => {
  const list = useFact('policies', () =>
    callTool<{ active: string | null; sets: Listed[] }>('list_policies', { limit: 50 }),
  );
  const draft = list.value?.sets.find((s) => s.status === 'draft');
  const id = route.id !== '' ? route.id : (draft?.id ?? list.value?.sets.find((s) => s.status === 'confirmed')?.id);
  const set = useFact(id === undefined ? null : `policy ${id}`, () =>
    callTool<{ set: PolicySet }>('show_policy', { setId: id! }),
  );
  return (
    <div class="view">
      <h1>Policy</h1>
      <Shown fact={list} what="the policies">
        {({ sets }) => (
          <>
            {sets.length === 0 ? (
              <Empty title="No policy was read yet: only the thresholds of the scenario ask for approval.">
                <Command text="caco policy parse policy.md" />
              </Empty>
            ) : (
              <Shown fact={set} what="the policy">
                {({ set: shown }) => <Whole key={`${shown.id} ${shown.status}`} set={shown} session={session} />}
              </Shown>
            )}
            <div class="two">
              <Card title="All versions">
                <ul class="list">
                  {sets.map((s) => (
                    <li key={s.id}>
                      <a href={linkTo('policy', s.id)}>{s.documents.map((d) => oneLine(d, 40)).join(', ')}</a>{' '}
                      <span
                        class={`badge ${s.status === 'confirmed' ? 'good' : s.status === 'draft' ? 'waiting' : ''}`}
                      >
                        {s.status === 'confirmed' ? 'in force' : s.status}
                      </span>
                      <br />
                      <small>
                        {s.id}: {s.binding} of {s.constraints} bind, {s.questions} open{' '}
                        {s.questions === 1 ? 'question' : 'questions'}, read <Moment at={s.ingestedAt} />
                      </small>
                    </li>
                  ))}
                </ul>
              </Card>
              <Card title="Read another text">
                <Read />
              </Card>
            </div>
          </>
        )}
      </Shown>
    </div>
  );
};
