/**
 * What a program can make CACO do or its books say, by door and scope: one line per tool, route and command. docs/adversary.md is
 * written from it, and its test runs each attack through the real doors.
 */
import { COMMAND_LINES, ROUTE_LINES } from './doors.js';
import type { Line } from './line.js';
import { STEP_LINES } from './steps.js';
import { TOOL_LINES } from './tools.js';

export type { As, Line } from './line.js';
export { COMMAND_LINES, ROUTE_LINES, STEP_LINES, TOOL_LINES };

const SCOPE_WORDS: Record<string, string> = { open: 'anybody', null: 'nobody' };
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const table = (head: string, lines: readonly Line[], offered: ReadonlySet<string> | null): string[] => [
  `| ${head} | Reached with | ${offered ? 'MCP | ' : ''}Can | Cannot |`,
  `|---|---|${offered ? '---|' : ''}---|---|`,
  ...lines.map(
    ({ what, scope, can, cannot }) =>
      `| \`${cell(what)}\` | ${SCOPE_WORDS[String(scope)] ?? scope} | ${offered ? `${offered.has(what) ? 'yes' : ''} | ` : ''}${cell(can)} | ${cell(cannot)} |`,
  ),
  '',
];

/** `offered`: the tools that the MCP door lists. */
export const adversaryMarkdown = (offered: ReadonlySet<string>): string =>
  [
    '# Who could do what',
    '',
    'An agent may propose anything and approve nothing; what is said was really seen; a deed happens once. This page says for every',
    'tool, route and command what a program that means harm can make CACO do or its books say, and what it cannot. It is written by',
    '`npm run docs` from `mcp-server/adversary/`; a test runs the attack of each line through the real doors, looks at the books before',
    'and after, and fails for a tool or route that has no line.',
    '',
    '## Who they are',
    '',
    '| Adversary | Has | Is held by |',
    '|---|---|---|',
    '| A program on this machine | no token, at a loopback address | reaches `operate`; no person, so it answers nothing |',
    '| A program with a token | `read`, `operate` or `approve`, in somebody’s name | its scope; each yes is that name’s, and counts once |',
    '| An assistant over MCP | the tools that MCP offers, at its scope | no tool answers an approval |',
    '| An assistant’s client that answers its own dialogs | at stdio the user of the machine, at HTTP a token with `approve` | the answer is kept as `dialog` with the client’s name; `--no-dialog` or `CACO_MCP_DIALOG=off` ends it |',
    '| Whoever can edit a thread’s state | checkpoints, as LangGraph’s development server can | governance believes only which plan it is about, judges it anew, and knows a run by its thread |',
    '| Whoever writes names, reasons, policies and job files | text | it is data: one line, without hidden characters, in quotes, as its author’s |',
    '| One person at two doors | an account and a token | names are compared without case, width and blanks; “Ann” and “ann” are one |',
    '',
    'Who can write in `CACO_HOME` owns the books: they make tokens in any name and say who holds a role, and no rule of two people holds',
    'against them. Where it must, run `caco serve` under an account of its own and give people tokens. Many small plans may pass by rule',
    'where one large one would ask a person: thresholds count per plan, so put a policy in force that counts otherwise.',
    '',
    '## Tools',
    '',
    '`POST /tools/NAME`, `caco tool NAME`, and MCP where it says so. Without a token on loopback a caller reaches `operate`.',
    '',
    ...table('Tool', TOOL_LINES, offered),
    '## Steps of the program',
    '',
    'No door lists them; calling one by name is refused.',
    '',
    ...table('Step', STEP_LINES, null),
    '## Routes',
    '',
    ...table('Route', ROUTE_LINES, null),
    'Over MCP, prompts, resources and completions only look; a session belongs to the token that opened it.',
    '',
    '## Commands with a token',
    '',
    'With `CACO_TOKEN` set; without it they are the operating-system user’s.',
    '',
    ...table('Command', COMMAND_LINES, null),
  ].join('\n');
