/** Policy texts and what was understood of them: sentence by sentence, with what is open, what conflicts, and what binds. */
import { useState } from 'preact/hooks';
import { oneLine } from '../../domain/text.js';
import type { Session } from '../answers.js';
import { callTool, Trouble } from '../client.js';
import { refresh, useFact } from '../facts.js';
import { Moment } from '../figures.js';
import { goTo, linkTo, type Route } from '../route.js';
import { Card, Command, Empty, Shown } from '../states.js';
import { keyOf, type OpenQuestion, type PolicySet, Sentences, Zones } from './policy-text.js';

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

/** Answers that are kept as another draft: nothing of it binds either. */
const useAnswers = (set: PolicySet, open: readonly OpenQuestion[]) => {
  const [given, setGiven] = useState<ReadonlyMap<string, string>>(new Map());
  const [wrong, setWrong] = useState<string | null>(null);
  const answer = (to: OpenQuestion, text: string) => {
    const next = new Map(given).set(keyOf(to), text);
    // Who says in which time zone one sentence speaks has mostly said it of the others.
    for (const other of open)
      if (to.zone && other.zone && [undefined, '', given.get(keyOf(to))].includes(given.get(keyOf(other))))
        next.set(keyOf(other), text);
    setGiven(next);
  };
  const answers = open.flatMap(({ constraintId, question }) => {
    const text = given.get(keyOf({ constraintId, question }))?.trim() ?? '';
    return text === '' ? [] : [{ constraintId, question, answer: text }];
  });
  const keep = async () => {
    try {
      const { setId } = await callTool<{ setId: string }>('answer_policy', { setId: set.id, answers });
      refresh();
      goTo(linkTo('policy', setId));
    } catch (error) {
      setWrong(error instanceof Trouble ? `${error.message} ${error.remedy}` : String(error));
    }
  };
  return { open, given, answer, answers, keep, wrong };
};

const Whole = ({
  set,
  open,
  session,
}: {
  set: PolicySet;
  open: readonly OpenQuestion[];
  session: Session | undefined;
}) => {
  const answering = useAnswers(set, open);
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
      <Zones />
      <Sentences
        set={set}
        rejected={rejected}
        onReject={isDraft ? toggle : undefined}
        answering={isDraft ? answering : undefined}
      />
      {isDraft && open.length > 0 ? (
        <form
          class="answer"
          aria-label="Answer what is open"
          onSubmit={(event) => {
            event.preventDefault();
            void answering.keep();
          }}
        >
          <p>
            {open.length} {open.length === 1 ? 'question is' : 'questions are'} open: what they leave open does not
            bind. Answers become another draft beside this one, which binds nobody either before it is confirmed.
          </p>
          <button type="submit" disabled={answering.answers.length === 0}>
            Keep {answering.answers.length} of {open.length} answers as a draft
          </button>
          {answering.wrong === null ? null : (
            <p class="wrong" role="alert">
              {answering.wrong}
            </p>
          )}
        </form>
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
    callTool<{ set: PolicySet; open: OpenQuestion[] }>('show_policy', { setId: id! }),
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
                {({ set: shown, open }) => (
                  <Whole key={`${shown.id} ${shown.status}`} set={shown} open={open} session={session} />
                )}
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
              <Card title="Read a text">
                <Read />
              </Card>
            </div>
          </>
        )}
      </Shown>
    </div>
  );
};
