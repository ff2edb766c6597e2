/** Policies: read a text, see what it came to, put it in force. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { invalid } from '../../domain/fault.js';
import type { Passage } from '../../domain/policy/passage.js';
import type { Constraint, Meaning } from '../../domain/policy/policy.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Ingested = ToolAnswer<'ingest_policy'>;

const quoted = (text: string) => `“${plain(text.replace(/\s+/g, ' '))}”`;

const scopeText = (c: Constraint): string => {
  const { except, labels, ...lists } = c.scope;
  const parts = Object.entries(lists).map(
    ([key, value]) => `${key} ${Array.isArray(value) ? value.join(', ') : value}`,
  );
  if (labels) parts.push(...Object.entries(labels).map(([key, value]) => `${key}=${value}`));
  if (except) parts.push(`except ${JSON.stringify(except)}`);
  return parts.length === 0 ? 'everybody' : parts.join('; ');
};

const paramsText = (c: Constraint): string =>
  Object.entries(c.params)
    .map(
      ([key, value]) =>
        `${key} ${Array.isArray(value) ? value.join(', ') : typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)}`,
    )
    .join(', ');

const constraintText = (c: Constraint): string => {
  const head = `  ${c.id}  ${c.type} (${c.strength}${c.status === 'clear' ? '' : `, ${c.status}`})  ${plain(scopeText(c))}${paramsText(c) === '' ? '' : `: ${plain(paramsText(c))}`}`;
  const against = c.conflictsWith?.map((n) => `c${n + 1}`).join(', ');
  return [
    head,
    `      ${quoted(c.quote)} ${c.source.page === undefined ? '' : `page ${c.source.page}, `}line ${c.source.line}`,
    ...(against ? [`      contradicts ${against}`] : []),
    ...(c.overrides === undefined ? [] : [`      takes the place of c${c.overrides + 1} for those it names`]),
  ].join('\n');
};

const passages = (title: string, list: readonly Passage[]) =>
  list.length === 0
    ? []
    : ['', `  ${title}`, ...list.map((p) => `    line ${p.line}: ${quoted(p.quote)}\n      ${p.why}`)];

/** What the document holds beside its sentences, by the reason: headings and page numbers only by their count. */
const asides = (list: readonly Passage[]): string[] => {
  const reasons = new Map<string, Passage[]>();
  for (const p of list) reasons.set(p.why, [...(reasons.get(p.why) ?? []), p]);
  if (reasons.size === 0) return [];
  const shown = (why: string, of: readonly Passage[]) =>
    /^(?:a heading|the head of a table|a page number|the mark of a note)/.test(why)
      ? [`    ${of.length} × ${why}`]
      : [
          `    ${why}:`,
          ...of
            .slice(0, MOST_ASIDES)
            .map((p) => `      ${p.page === undefined ? '' : `page ${p.page}: `}${quoted(p.quote)}`),
          ...(of.length > MOST_ASIDES ? [`      and ${of.length - MOST_ASIDES} more (--json lists all)`] : []),
        ];
  return ['', '  Set aside', ...[...reasons].flatMap(([why, of]) => shown(why, of))];
};
const MOST_ASIDES = 12;

const readingText = (o: Ingested): string => {
  const clear = o.constraints.filter((c) => c.status === 'clear').length;
  return [
    `${plain(o.doc)}: ${o.constraints.length} constraints, ${clear} of them clear; nothing is in force before a person confirms it.`,
    '',
    ...o.constraints.map((c) => constraintText(c)),
    ...(o.questions.length === 0
      ? []
      : ['', '  To be answered in the text', ...o.questions.map((q) => `    ${plain(q)}`)]),
    ...passages('Not understood', o.notUnderstood),
    ...asides(o.asides),
    ...(o.dropped.length === 0
      ? []
      : [
          '',
          `  ${o.dropped.length} items of the model were refused`,
          ...o.dropped.map((d) => `    ${plain(JSON.stringify(d.item)).slice(0, 120)}: ${d.why}`),
        ]),
    ...(o.flags.includes('embedded_instruction')
      ? ['', '  The text speaks to a machine that reads it. That was quoted and did nothing.']
      : []),
    ...(o.modelNote === null ? [] : ['', `  ${plain(o.modelNote)}.`]),
    '',
    o.status === 'draft'
      ? `  Next: caco policy confirm ${o.setId}`
      : `  This text is set ${o.setId} already, ${o.status}.`,
  ].join('\n');
};

const PARSE = flagsOf('ingest_policy', {
  text: false,
  path: false,
  name: { about: 'name of the document; one of the same name is replaced' },
  tz: { flag: '--tz <zone>' },
  useModel: false,
});

const parse = async (context: Context, [file]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const o = await context.call('ingest_policy', { ...(await PARSE.input(options)), path: file });
  return { json: o, text: readingText(o) };
};

/** `environment:production=team:web,kind:batch,name:crm-*,cluster:hpc-1` */
const meaningOf = (text: string): Meaning => {
  const match = /^((?:environment|class|label|resource|kind):.+?)=((?:team|kind|name|cluster):.+)$/.exec(text);
  if (!match)
    throw invalid(
      `--meaning "${text}" cannot be read`,
      'Write WORD=team:NAME,kind:NAME,name:PATTERN,cluster:NAME, for example --meaning environment:production=team:web.',
    );
  const lists: Record<'teams' | 'kinds' | 'names' | 'clusters', string[]> = {
    teams: [],
    kinds: [],
    names: [],
    clusters: [],
  };
  for (const part of match[2]!.split(',')) {
    const [key, value] = [part.slice(0, part.indexOf(':')).trim(), part.slice(part.indexOf(':') + 1).trim()];
    const list = lists[`${key}s` as keyof typeof lists];
    if (list === undefined || value === '')
      throw invalid(`--meaning: "${part}" says neither team, kind, name nor cluster`, 'Write for example team:web.');
    list.push(value);
  }
  const filled = Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0));
  return { term: match[1]!, ...filled };
};

const CONFIRM = flagsOf('confirm_policy', {
  setId: false,
  reject: { flag: '--reject <ids>', about: 'constraints that shall not bind, for example c2,c5', repeated: true },
  meanings: {
    flag: '--meaning <word=jobs>',
    about: 'which jobs a word means: environment:production=team:web,name:crm-*',
    repeated: true,
    read: meaningOf,
  },
});

const confirm = async (context: Context, [id]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const o = await context.call('confirm_policy', { ...(await CONFIRM.input(options)), setId: id! });
  const left = o.set.constraints.length - o.inForce;
  return {
    json: { setId: o.set.id, version: o.set.version, ...o },
    text: [
      `Policy set ${o.set.id}, version ${o.set.version}, is in force with ${o.inForce} constraints, confirmed by ${plain(o.set.confirmedBy?.id ?? '')}.`,
      ...(left === 0
        ? []
        : [`  ${left} do not bind: ambiguous, contradictory, unsupported or refused (caco policy show ${o.set.id}).`]),
      ...(o.unexplained.length === 0
        ? []
        : [
            '  Nothing says yet which jobs these words mean, so a plan that they may concern asks a person:',
            ...o.unexplained.map((term) => `    ${plain(term)}`),
            '  Read the text again and confirm it with --meaning, for example',
            `    --meaning ${plain(o.unexplained[0]!)}=team:NAME`,
          ]),
    ].join('\n'),
  };
};

const list = async (context: Context): Promise<Answer> => {
  const o = await context.call('list_policies', {});
  const rows = o.sets.map((s) => [
    s.id,
    s.id === o.active ? 'in force' : s.status,
    s.version === null ? '' : String(s.version),
    plain(s.documents.join(', ')),
    `${s.binding} of ${s.constraints}`,
    String(s.questions),
    String(s.notUnderstood),
  ]);
  return {
    json: o,
    text:
      o.sets.length === 0
        ? 'There is no policy yet: caco policy parse FILE'
        : tableText(['set', 'state', 'version', 'documents', 'binding', 'questions', 'not understood'], rows),
  };
};

const show = async (context: Context, [id]: string[]): Promise<Answer> => {
  const o = await context.call('show_policy', { setId: id });
  const { set } = o;
  const state = o.active ? `in force, version ${set.version}` : set.status;
  return {
    json: o,
    text: [
      `Policy set ${set.id} (${state}): ${plain(set.documents.map((d) => d.doc).join(', '))}`,
      ...(set.confirmedBy === null
        ? []
        : [
            `  confirmed by ${plain(set.confirmedBy.id)} at ${set.confirmedAt}${set.reason === null ? '' : `: ${plain(set.reason)}`}`,
          ]),
      '',
      ...set.constraints.map(
        (c) =>
          `${constraintText(c)}${set.rejected.includes(c.id) ? '\n      refused on confirmation; does not bind' : ''}`,
      ),
      ...(set.questions.length === 0
        ? []
        : ['', '  To be answered in the text', ...set.questions.map((q) => `    ${plain(q)}`)]),
      ...passages('Not understood', set.notUnderstood),
      ...asides(set.asides),
      ...(o.unexplained.length === 0
        ? []
        : ['', `  Nothing says which jobs these words mean: ${plain(o.unexplained.join(', '))}`]),
      ...(set.status === 'draft' ? ['', `  Next: caco policy confirm ${set.id}`] : []),
    ].join('\n'),
  };
};

export const register = (program: Command) => {
  const policy = program.command('policy').description('policy texts: read, confirm, list and show them');
  addCommand(
    policy,
    'parse <file>',
    'read a policy (text, Markdown, HTML, PDF, DOCX, ODT or RTF) into constraints; a draft, nothing is in force yet',
    PARSE.shape,
    parse,
  );
  addCommand(policy, 'confirm <set>', 'put a draft in force', CONFIRM.shape, confirm);
  addCommand(policy, 'list', 'policy sets, the newest first', () => {}, list);
  addCommand(policy, 'show [set]', 'one policy set, the one in force when none is named', () => {}, show);
};
