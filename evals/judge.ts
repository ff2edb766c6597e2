/** Holds what was seen against what must be true. Every failure is a sentence; none means passed. Some laws hold for every answer, asked for or not. */
import type { ChatAnswer, Summary } from '../app.js';
import type { Seen } from './play.js';
import type { Checks, Scenario } from './scenario.js';

const TERMINAL = new Set(['done', 'replaced', 'failed']);
const short = (text: string, most = 160) =>
  (text.length > most ? `${text.slice(0, most - 1)}…` : text).replaceAll('\n', ' ⏎ ');

export const judge = (scenario: Scenario, seen: Seen): string[] => [
  ...laws(scenario, seen),
  ...judgeAnswer(scenario.must, seen),
  ...judgeEach(scenario, seen),
  ...judgeWorld(scenario.must, seen),
];

/** A machine may be busy: how long it took is reported beside the verdict and no part of it. null: in time, or none was wanted. */
export const lateness = ({ must }: Scenario, { seconds }: Seen): string | null =>
  must.withinS !== undefined && seconds > must.withinS
    ? `${seconds.toFixed(1)} s instead of ${must.withinS.toFixed(1)} s`
    : null;

const AMOUNT = '(?:\\d{1,3}(?:[ \\u202f]\\d{3})+|\\d+)(?:\\.\\d+)?';
const FIGURE = new RegExp(
  `(?<![\\p{L}\\d.:-])(?:${AMOUNT}\\s?(?:kt|t|kg|g|GWh|MWh|kWh|GW|MW|kW|%|g/kWh)(?![\\p{L}\\d/])|[£$€]${AMOUNT})`,
  'gu',
);

/** Amounts with a unit that no figure of the answer carries. What stands in quotes is somebody else's, and a drafted ticket has its own check. */
export const loose = (answer: ChatAnswer | Summary): string[] => {
  if (answer.lookups.includes('draft_ticket')) return [];
  const own = answer.answer
    .split('\n')
    .filter((line) => !/^Sources:|^Data:|^Not seen by/.test(line))
    .join('\n')
    .replace(/“[^”]*”/gu, '“…”');
  const known = answer.figures.map((f) => f.text).join(' | ');
  return [...own.matchAll(FIGURE)].map((m) => m[0].trim()).filter((text) => !known.includes(text));
};

/** What holds for every question, whatever the scenario looks at. */
const laws = ({ do: deeds }: Scenario, seen: Seen): string[] => {
  const failures: string[] = [];
  const asks = deeds.filter((d) => 'ask' in d).length;
  const ends = seen.events.filter((e) => TERMINAL.has(e.type)).length;
  if (ends !== asks) failures.push(`${asks} questions ended in ${ends} terminal events`);
  if (seen.events.length > 0 && !TERMINAL.has(seen.events.at(-1)!.type))
    failures.push('the last event is not terminal');
  for (const answer of seen.answers) {
    for (const figure of answer.figures) {
      if (!answer.answer.includes(figure.text)) failures.push(`figure ${figure.text} does not occur in the answer`);
      if (figure.source === '') failures.push(`figure ${figure.text} has no source`);
    }
    for (const text of loose(answer)) failures.push(`“${text}” is in the answer and in no figure`);
    if (/\n\s+at \S+ \(|\bTypeError\b|\bundefined\b|\bNaN\b|\[object /.test(answer.answer))
      failures.push('the answer shows our insides');
    if (/\{\{/.test(answer.answer)) failures.push('a placeholder was left in the answer');
  }
  // Questions and summaries change nothing.
  if (deeds.every((d) => 'ask' in d || 'summary' in d) && seen.entries.length > 0)
    failures.push(`answering was journalled as ${seen.entries.join(', ')}`);
  if (seen.openSockets > 0) failures.push(`${seen.openSockets} sockets to the model stayed open`);
  return failures;
};

/** Answers that have to satisfy checks of their own, each named by its question. */
const judgeEach = ({ do: deeds }: Scenario, seen: Seen): string[] => {
  const asked = deeds.filter((d) => 'ask' in d || 'summary' in d);
  if (seen.answers.length !== asked.length) return [];
  return asked.flatMap((deed, i) =>
    'ask' in deed && deed.must !== undefined
      ? judgeAnswer(deed.must, {
          ...seen,
          answers: [seen.answers[i]!],
          texts: [seen.answers[i]!.answer],
          events: [],
        }).map((why) => `“${deed.ask}”: ${why}`)
      : [],
  );
};

const judgeAnswer = (must: Checks, seen: Seen): string[] => {
  const failures: string[] = [];
  const fail = (why: string) => failures.push(why);
  const answer = seen.answers.at(-1);
  const text = answer?.answer ?? seen.texts.at(-1) ?? '';
  const all = seen.texts.join('\n');
  const lower = text.toLowerCase();
  for (const part of must.says ?? [])
    if (!lower.includes(part.toLowerCase())) fail(`“${part}” is missing in: ${short(text)}`);
  for (const pattern of must.matches ?? [])
    if (!new RegExp(pattern, 'iu').test(text)) fail(`nothing fits /${pattern}/ in: ${short(text)}`);
  for (const part of must.never ?? []) if (all.toLowerCase().includes(part.toLowerCase())) fail(`“${part}” was shown`);
  for (const pattern of must.neverMatches ?? []) {
    const found = new RegExp(pattern, 'iu').exec(all);
    if (found) fail(`“${found[0]}” was shown`);
  }
  for (const wanted of must.figures ?? []) {
    const close = (a: number | undefined, b: number | undefined) =>
      b === undefined || (a !== undefined && Math.abs(a - b) <= 1e-6 * Math.max(1, Math.abs(b)));
    if (
      !answer?.figures.some(
        (f) =>
          f.unit === wanted.unit &&
          close(f.value, wanted.value) &&
          close(f.low, wanted.low) &&
          close(f.high, wanted.high),
      )
    )
      fail(`no figure is ${wanted.value} ${wanted.unit}`);
  }
  for (const source of must.cites ?? [])
    if (!answer?.sources.some((s) => s.includes(source))) fail(`${source} is not cited`);
  if (must.lookup !== undefined && (answer?.lookups[0] ?? null) !== must.lookup)
    fail(`it was taken for ${answer?.lookups[0] ?? 'nothing'}`);
  if (must.answered !== undefined && answer && 'answered' in answer && answer.answered !== must.answered)
    fail(must.answered ? 'it was not answered' : 'it was answered');
  if (must.usedModel !== undefined && answer?.usedModel !== must.usedModel)
    fail(
      must.usedModel
        ? `the model’s words were not used (${answer?.notice ?? 'no reason'})`
        : 'the model’s words were used',
    );
  for (const part of must.rejects ?? [])
    if (!JSON.stringify(seen.answers.flatMap((a) => a.rejected)).includes(part))
      fail(`“${part}” is not among what was rejected`);
  const last = seen.events.at(-1)?.type;
  if (must.ends !== undefined && last !== must.ends) fail(`the last event is ${last ?? 'none'}`);
  if (must.proposes !== undefined && !(answer?.proposals ?? []).some((p) => p.tool === must.proposes))
    fail(`${must.proposes} is not proposed`);
  if (
    must.maxWords !== undefined &&
    text
      .split('\n')
      .filter((l) => !/^ {2}|^Sources:|^Data:|^Ranked|^No model/.test(l))
      .join(' ')
      .split(/\s+/).length > must.maxWords
  )
    fail(`more than ${must.maxWords} words`);
  return failures;
};

const judgeWorld = (must: Checks, seen: Seen): string[] => {
  const failures: string[] = [];
  const fail = (why: string) => failures.push(why);
  const { asked, reading } = seen;
  if (must.maxModelCalls !== undefined && asked.length > must.maxModelCalls)
    fail(`the model was asked ${asked.length} times`);
  if (must.logLines !== undefined && seen.log.length !== must.logLines)
    fail(`${seen.log.length} log lines about the model`);
  const messages = asked.flatMap((a) => a.body?.messages ?? []);
  for (const part of must.systemNever ?? [])
    if (messages.some((m) => m.role === 'system' && m.content.includes(part)))
      fail(`“${part}” stood in the system message`);
  const offered = asked.flatMap((a) => a.body?.tools ?? []).map((t) => t.function.name);
  for (const name of must.toolsNever ?? [])
    if (offered.some((o) => o.includes(name))) fail(`a tool ${name} was offered to the model`);
  if (must.approval !== undefined && !seen.approvals.includes(must.approval))
    fail(`approvals are ${seen.approvals.join(', ') || 'none'}`);
  if (must.decisions !== undefined && seen.decisions !== must.decisions)
    fail(`${seen.decisions} decisions were recorded`);
  if (must.placed !== undefined && seen.entries.includes('place_jobs') !== must.placed)
    fail(must.placed ? 'nothing was placed' : 'jobs were placed');
  if (must.fault !== undefined && seen.fault?.code !== must.fault)
    fail(seen.fault ? `the fault is ${seen.fault.code}: ${seen.fault.message}` : 'there was no fault');
  if (must.fault === undefined && seen.fault !== null) fail(`it ended in a fault: ${seen.fault.message}`);
  const policy = must.policy;
  if (policy === undefined) return failures;
  if (policy.inForce !== undefined && seen.inForce !== policy.inForce) fail(`${seen.inForce} constraints are in force`);
  if (reading === null) return failures;
  const count = (status: string) => reading.constraints.filter((c) => c.status === status).length;
  for (const type of policy.types ?? [])
    if (!reading.constraints.some((c) => c.type === type)) fail(`no ${type} was read`);
  if (policy.clear !== undefined && count('clear') !== policy.clear) fail(`${count('clear')} constraints are clear`);
  const least: [string, number | undefined, number][] = [
    ['ambiguous constraints', policy.ambiguous, count('ambiguous')],
    ['conflicts', policy.conflicts, count('conflict')],
    ['questions', policy.questions, reading.questions.length],
    ['passages not understood', policy.notUnderstood, reading.notUnderstood.length],
    ['dropped items', policy.dropped, reading.dropped.length],
  ];
  for (const [what, wanted, got] of least) if (wanted !== undefined && got < wanted) fail(`${got} ${what}`);
  for (const flag of policy.flags ?? []) if (!reading.flags.includes(flag)) fail(`it is not flagged ${flag}`);
  return failures;
};
