/**
 * A model's words for a draft: it may look things up with the same reading tools, and every sentence is checked against the
 * facts before it is shown. One second chance; after that what cannot be traced is left out, or the template speaks.
 */
import type { ModelBudget, ModelMessage, ModelTrouble } from '../../domain/world.js';
import { dataJson } from '../../model/model.js';
import type { Desk } from '../desk.js';
import type { Draft, Fact } from '../facts.js';
import type { Turn } from '../memory.js';
import { checkSentence, filled, type Grounds, type Rejected, type Spoken } from './check.js';
import { factFor, modelTools, type Toolbox } from './model-tools.js';
import { splitter } from './stream.js';

export interface Words {
  /** the checked text with its figures; null when the template has to speak */
  readonly prose: string | null;
  /** figures in the model's own spelling */
  readonly spoken: readonly Spoken[];
  readonly rejected: readonly Rejected[];
  readonly lookups: readonly string[];
  /** why there are no words of the model, for people */
  readonly notice: string | null;
  /** why what was shown, or was arriving, does not stand; null when nothing has to be taken back */
  readonly withdrawn: string | null;
  /** true when sentences of this text were shown already */
  readonly shown: boolean;
}

export interface Wanted {
  readonly draft: Draft;
  readonly lookup: string | null;
  readonly turns: readonly Turn[];
  readonly onStart: () => void;
  readonly onLooked: (facts: readonly Fact[]) => void;
  readonly onSentence: (text: string) => void;
}

const ROUNDS = 6;
const MOST_WORDS = { chat: 260, summary: 179 } as const;
const TOKENS = 24_000;
const MOST_FACTS = 60;
const MOST_LINES = 12;
/** What a model says before it looks something up. */
const PREAMBLE =
  /^(?:(?:sure|okay|ok|certainly|of course|right|well|yes)[,.!]?\s*)?(?:let me|one moment|i(?:['’]ll| will) (?:look|check|see))\b[^{]*$/i;
const DATA = /[{}\\]|"\s*:|\[\s*"/;

/** The prompt that speaks for a lookup. */
export const promptOf = ({ lookup }: { readonly lookup: string | null }): 'chat' | 'summary' =>
  lookup === 'weekly_summary' ? 'summary' : 'chat';

interface Line {
  readonly said: string;
  readonly shown: string;
  readonly rejected: readonly Rejected[];
  readonly used: readonly Fact[];
  readonly spoken: readonly Spoken[];
}

export const inWords = async (desk: Desk, wanted: Wanted): Promise<Words> => {
  const { draft, turns } = wanted;
  const model = desk.world.model!;
  const prompt = promptOf(wanted);
  const box = await modelTools(desk, draft);
  const grounds = (): Grounds => ({
    facts: draft.facts,
    draft: [...draft.prose.map((p) => draft.fill(p)), ...draft.tail, ...box.prose.map((p) => draft.fill(p))].join('\n'),
    question: desk.question,
    names: [desk.world.setting.name],
  });
  const budget: ModelBudget = {
    secondsLeft: model.secondsPerAnswer ?? 30,
    tokensLeft: TOKENS,
    retriesLeft: 1,
  };
  const all: Rejected[] = [];
  let arrived = false;
  let shown = 0;
  const shownText: string[] = [];

  const show = (line: Line) => {
    shown += 1;
    shownText.push(line.shown);
    wanted.onSentence(line.shown);
  };

  /** One reply: its sentences as they come, shown while all of them can be traced. */
  const ask = async (prompt: string, messages: readonly ModelMessage[], withTools: boolean) => {
    const lines: Line[] = [];
    // An answer to a question that no rule knows is held back until it rests on something that was looked up.
    const held: Line[] = [];
    let before: readonly string[] = [];
    let clean = shown === 0;
    const split = splitter((said) => {
      if (PREAMBLE.test(said)) return;
      const { rejected, spokeOf, used, spoken } = checkSentence(said, grounds(), before);
      const text = filled(said, draft.facts);
      const data = DATA.test(text) ? [{ text: said.slice(0, 80), why: 'data, not words', sentence: said }] : [];
      const line = { said, shown: text, rejected: [...rejected, ...data], used, spoken };
      before = spokeOf;
      lines.push(line);
      all.push(...line.rejected);
      clean &&= line.rejected.length === 0 && lines.length <= MOST_LINES;
      if (!clean) return;
      held.push(line);
      if (wanted.lookup !== null || shown > 0 || held.some((l) => rests(l, box)))
        for (const l of held.splice(0)) show(l);
    });
    const reply = await model.converse!(prompt, messages, {
      ...(withTools ? { tools: box.tools } : {}),
      budget,
      signal: desk.signal,
      onText: (piece) => {
        arrived = true;
        split.push(piece);
      },
    });
    if (reply.ok) split.end();
    else split.stop();
    desk.signal.throwIfAborted();
    return { reply, lines };
  };

  const messages: ModelMessage[] = [{ role: 'user', content: dataJson(told(desk, draft, turns)) }];
  wanted.onStart();
  let given = await ask(prompt, messages, prompt === 'chat');
  for (let round = 1; given.reply.ok && given.reply.calls.length > 0; round++) {
    const { text, calls } = given.reply;
    messages.push({ role: 'assistant', content: text, calls });
    for (const call of calls) {
      const { content, facts } = await box.call(call);
      wanted.onLooked(facts);
      messages.push({ role: 'tool', toolName: call.name, content });
    }
    given = await ask(prompt, messages, prompt === 'chat' && round < ROUNDS && box.callsLeft() > 0);
    if (round >= ROUNDS) break;
  }

  const failed = (trouble: ModelTrouble): Words => ({
    ...none(all, box),
    notice: `The model gave nothing usable (${trouble.message}).`,
    withdrawn: arrived || shown > 0 ? trouble.message : null,
  });
  if (!given.reply.ok) return failed(given.reply.trouble);
  const first = verdict(given.lines, wanted, box);
  if (first.ok) return kept(given.lines, all, box, true, null);

  // One second chance, which names what was wrong.
  if (budget.retriesLeft > 0) {
    budget.retriesLeft -= 1;
    const refused = given.lines.flatMap((l) => l.rejected).map(({ text, why }) => ({ text, why }));
    const again = await ask(
      'repair',
      [
        ...messages,
        { role: 'assistant', content: given.reply.text.slice(0, 4000) },
        { role: 'user', content: dataJson({ REFUSED: refused, KEEP: keep(draft), PROBLEM: first.why }) },
      ],
      false,
    );
    if (again.reply.ok && again.reply.calls.length === 0 && verdict(again.lines, wanted, box).ok) {
      const took = shownText.length > 0 && !same(shownText, again.lines);
      return kept(again.lines, all, box, !took, took ? 'parts of the first words could not be traced' : null);
    }
  }
  // Without the sentences that cannot be traced, if what is left still says what matters.
  const rest = given.lines.filter((l) => l.rejected.length === 0);
  if (rest.length >= 2 && rest.length >= given.lines.length / 2 && verdict(rest, wanted, box).ok) {
    const took = !same(shownText, rest);
    return kept(rest, all, box, !took, took ? 'parts of the words could not be traced' : null);
  }
  return {
    ...none(all, box),
    notice: `The model’s words were not let through: ${first.why}.`,
    withdrawn: arrived || shown > 0 ? first.why : null,
  };
};

/** Whether a sentence says a figure or time that was looked up. */
const rests = ({ used, shown }: Line, box: Toolbox): boolean =>
  box.facts.some((f) => f.kind !== 'name' && (used.some((u) => u.id === f.id) || shown.includes(f.text)));

const same = (shown: readonly string[], lines: readonly Line[]) =>
  shown.length === lines.length && lines.every((l, i) => l.shown === shown[i]);

const none = (rejected: readonly Rejected[], box: Toolbox) => ({
  prose: null,
  spoken: [],
  rejected,
  lookups: box.looked,
  shown: false,
});

const kept = (
  lines: readonly Line[],
  rejected: readonly Rejected[],
  box: Toolbox,
  shown: boolean,
  withdrawn: string | null,
): Words => ({
  prose: lines.map((l) => l.shown).join(' '),
  spoken: lines.flatMap((l) => l.spoken),
  rejected,
  lookups: box.looked,
  notice: null,
  withdrawn,
  shown,
});

const keep = (draft: Draft): string[] => draft.keys().map((f) => `{{${f.id}}}`);

/** Whether a text may stand: every sentence traced, the finding in it, and not longer than a screen. */
const verdict = (lines: readonly Line[], wanted: Wanted, box: Toolbox): { ok: true } | { ok: false; why: string } => {
  const { draft, lookup } = wanted;
  const no = (why: string) => ({ ok: false as const, why });
  if (lines.length === 0) return no('there were no words');
  const wrong = lines.flatMap((l) => l.rejected)[0];
  // What was refused is in `rejected`; a reader never sees it, not even as what was refused.
  if (wrong) return no('a figure, date, name or claim in them cannot be traced');
  const text = lines.map((l) => l.said).join('\n');
  const shown = lines.map((l) => l.shown).join('\n');
  if (shown.split(/\s+/).length > MOST_WORDS[promptOf(wanted)]) return no('they were too long');
  const used = lines.flatMap((l) => l.used);
  const says = (f: Fact) =>
    text.includes(`{{${f.id}}}`) ||
    shown.includes(f.text) ||
    used.some((u) => f.value !== null && u.value === f.value && u.unit === f.unit);
  if (lookup === null) {
    // Nothing was known before: words without a fact that was looked up are an opinion.
    return lines.some((l) => rests(l, box)) ? { ok: true } : no('they rest on nothing that was looked up');
  }
  const missing = draft.keys().find((f) => !says(f));
  return missing ? no(`they left out ${missing.label}`) : { ok: true };
};

/** What the model is told, all of it data in the user's message. */
const told = (desk: Desk, draft: Draft, turns: readonly Turn[]) => {
  const inProse = draft.factsIn(draft.prose.join('\n'));
  const facts = [...inProse, ...draft.facts.filter((f) => !inProse.includes(f))].slice(0, MOST_FACTS);
  return {
    QUESTION: desk.question,
    HISTORY: turns.slice(-3).map(({ question, answer }) => ({ question, answer: answer.slice(0, 400) })),
    DRAFT: draft.prose,
    FACTS: facts.map(factFor),
    KEEP: keep(draft),
    ...(draft.facts.length > facts.length ? { LEFT_OUT: `${draft.facts.length - facts.length} more facts` } : {}),
  };
};
