/** The copilot: sentences as they come, every figure a link to its source, and what it drafts as a card that leads to a person. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { oneLine } from '../../domain/text.js';
import type { Status } from '../answers.js';
import { eventsOf, request, Trouble } from '../client.js';
import { linkOfId, linkTo, type Route } from '../route.js';
import { Command } from '../states.js';

interface Figure {
  readonly text: string;
  readonly source: string;
}
interface Answer {
  readonly threadId: string;
  readonly answer: string;
  readonly figures: readonly Figure[];
  readonly sources: readonly string[];
  readonly usedModel: boolean;
  readonly model: string | null;
  readonly answered: boolean;
  readonly notice: string | null;
  readonly proposals: readonly {
    readonly what: string;
    readonly tool: string;
    readonly input: Readonly<Record<string, unknown>>;
    readonly command: string;
  }[];
}
interface Turn {
  readonly question: string;
  readonly sentences: readonly string[];
  readonly answer: Answer | null;
  readonly failure: string | null;
}

/** `plan P-1, job x` to the place that shows it; null where no view does. */
export const linkOfSource = (source: string): string | null => {
  const [, plan, job] = /(P-[0-9A-Z]{8})(?:, job (.+))?$/.exec(source) ?? [];
  if (plan !== undefined) return linkTo('plan', plan, { job });
  const id = /[A-Z]-[0-9A-Z]{8}/.exec(source)?.[0];
  const link = id === undefined ? null : linkOfId(id);
  if (link !== null) return link;
  return /signal|forecast|intensity|tariff/i.test(source)
    ? linkTo('now')
    : /polic/i.test(source)
      ? linkTo('policy')
      : null;
};

/** The text with each figure linked to where it comes from; the longest that fits at a place counts. */
const linked = (text: string, figures: readonly Figure[]): ComponentChildren[] => {
  const known = [...figures].filter((f) => f.text !== '').sort((a, b) => b.text.length - a.text.length);
  const parts: ComponentChildren[] = [];
  let plain = '';
  for (let at = 0; at < text.length; ) {
    const found = known.find((f) => text.startsWith(f.text, at) && !/[\w.]/.test(text[at - 1] ?? ' '));
    if (found === undefined) {
      plain += text[at];
      at += 1;
      continue;
    }
    const href = linkOfSource(found.source);
    parts.push(
      plain,
      href === null ? (
        <b title={found.source}>{found.text}</b>
      ) : (
        <a href={href} title={found.source}>
          {found.text}
        </a>
      ),
    );
    plain = '';
    at += found.text.length;
  }
  return [...parts, plain];
};

const Drafted = ({ answer }: { answer: Answer }) => (
  <>
    {answer.proposals.map((p) => (
      <div class="draft" key={p.command}>
        <p>
          <strong>Draft: {oneLine(p.what, 120)}</strong> <span class="badge waiting">nothing was done</span>
        </p>
        <Command text={p.command} />
        <p>
          <a href={linkTo('approvals', typeof p.input.planId === 'string' ? p.input.planId : '')}>To the approval</a>
        </p>
      </div>
    ))}
  </>
);

const Said = ({ turn }: { turn: Turn }) => (
  <li>
    <p class="asked">{turn.question}</p>
    <div class="told" aria-live="polite" aria-busy={turn.answer === null && turn.failure === null}>
      {turn.answer === null
        ? turn.sentences.map((s) => <p key={s}>{s}</p>)
        : turn.answer.answer.split('\n').map((line, i) => (
            <p key={`${i} ${line}`} class={/^\s|[│┤╭]/.test(line) ? 'pre' : ''}>
              {linked(line, turn.answer!.figures)}
            </p>
          ))}
      {turn.answer === null && turn.failure === null && turn.sentences.length === 0 ? (
        <p class="quiet">Looking it up …</p>
      ) : null}
      {turn.failure === null ? null : (
        <p class="wrong" role="alert">
          {turn.failure}
        </p>
      )}
      {turn.answer === null ? null : (
        <>
          <Drafted answer={turn.answer} />
          <p class="row sources">
            {turn.answer.sources.map((source) => {
              const href = linkOfSource(source);
              return href === null ? null : (
                <a key={source} href={href}>
                  {oneLine(source, 80)}
                </a>
              );
            })}
          </p>
        </>
      )}
    </div>
  </li>
);

const EXAMPLES = [
  'What waits for me?',
  'What is the grid doing?',
  'How much did we save?',
  'Which team saved most?',
  'Which limits bind?',
];

/** The conversation outlives a look at another view. */
let kept: readonly Turn[] = [];
let thread: string | undefined;

export const Chat = ({ route, status }: { route: Route; status: Status }) => {
  const [turns, setTurns] = useState(kept);
  const [text, setText] = useState(route.query.ask ?? '');
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    kept = turns;
  }, [turns]);
  const last = (change: (turn: Turn) => Turn) => setTurns((before) => [...before.slice(0, -1), change(before.at(-1)!)]);
  const ask = async (question: string) => {
    if (question.trim() === '' || busy) return;
    setBusy(true);
    setText('');
    setTurns((before) => [...before, { question, sentences: [], answer: null, failure: null }]);
    try {
      const response = await request('chat', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Accept: 'text/event-stream' },
        body: JSON.stringify({ message: question, ...(thread === undefined ? {} : { threadId: thread }) }),
      });
      for await (const { event, data } of eventsOf(response)) {
        const told = JSON.parse(data) as { text: string; answer: Answer; error: { message: string; remedy: string } };
        if (event === 'sentence') last((turn) => ({ ...turn, sentences: [...turn.sentences, told.text] }));
        else if (event === 'done' || event === 'replaced') {
          thread = told.answer.threadId;
          last((turn) => ({ ...turn, answer: told.answer }));
        } else if (event === 'failed')
          last((turn) => ({ ...turn, failure: `${told.error.message} ${told.error.remedy}` }));
      }
      last((turn) =>
        turn.answer === null && turn.failure === null ? { ...turn, failure: 'The answer broke off. Ask again.' } : turn,
      );
    } catch (error) {
      last((turn) => ({
        ...turn,
        failure: error instanceof Trouble ? `${error.message} ${error.remedy}` : 'The answer broke off. Ask again.',
      }));
    } finally {
      setBusy(false);
      field.current?.focus();
    }
  };
  return (
    <div class="view chat">
      <h1>Chat</h1>
      <p class="quiet">
        {status.model === null
          ? 'No model is configured: answers are made of facts by templates.'
          : `Words by ${status.model}; every figure is checked against the facts.`}{' '}
        It reads and drafts; it changes nothing.
      </p>
      {turns.length === 0 ? (
        <p class="row">
          {EXAMPLES.map((example) => (
            <button type="button" key={example} onClick={() => void ask(example)}>
              {example}
            </button>
          ))}
        </p>
      ) : null}
      <ol class="turns">
        {turns.map((turn, i) => (
          <Said key={`${i} ${turn.question}`} turn={turn} />
        ))}
      </ol>
      <form
        class="row ask"
        onSubmit={(event) => {
          event.preventDefault();
          void ask(text);
        }}
      >
        <label class="unseen" for="ask">
          Question
        </label>
        <input
          id="ask"
          ref={field}
          value={text}
          maxLength={4000}
          placeholder="Ask about jobs, plans, the grid, savings, policies"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="primary" disabled={busy}>
          Ask
        </button>
      </form>
    </div>
  );
};
