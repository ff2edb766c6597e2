/** Words with the copilot: chat, and the weekly summary. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { ChatAnswer, ChatEvent } from '../../app.js';
import { Fault } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';

const write = (text: string) => new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));

/** What is left of an answer once its beginning was shown sentence by sentence; blanks may differ. */
export const restOf = (answer: string, shown: string): string => {
  let at = 0;
  for (const c of shown.replace(/\s+/g, '')) {
    while (at < answer.length && /\s/.test(answer[at]!)) at += 1;
    if (answer[at] !== c) return answer;
    at += 1;
  }
  return answer.slice(at).replace(/^[^\S\n]*\n/, '');
};

/** Shows sentences as they come, and says openly when they are taken back. */
const printer = () => {
  let shown = '';
  const show = async (event: ChatEvent): Promise<void> => {
    if (event.type === 'sentence') {
      await write(`${shown === '' ? '' : ' '}${event.text}`);
      shown += `${event.text} `;
    } else if (event.type === 'done') {
      const rest = restOf(event.answer.answer, shown);
      await write(`${shown === '' ? '' : '\n'}${rest}\n`);
    } else if (event.type === 'replaced')
      await write(
        `${shown === '' ? '' : `\n(Withdrawn: ${event.why}. This stands instead:)\n`}${event.answer.answer}\n`,
      );
  };
  return show;
};

const ask = async (context: Context, message: string, threadId: string | undefined): Promise<ChatAnswer> => {
  const app = await context.app();
  const show = context.json ? undefined : printer();
  let printed = Promise.resolve();
  const answer = await app.chat(message, threadId, {
    actor: await context.actor('read'),
    signal: context.signal,
    onEvent: (event) => {
      if (show) printed = printed.then(() => show(event));
    },
  });
  await printed;
  return answer;
};

const LEAVE = /^(?:exit|quit|bye|:q|\/exit|\/quit)$/i;

/** One line, one question. A fault is said and the conversation goes on. */
const converse = async (context: Context, first: string | undefined): Promise<void> => {
  const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true && !context.json;
  const lines = createInterface({ input: process.stdin, terminal, ...(terminal ? { output: process.stdout } : {}) });
  const close = () => lines.close();
  context.signal.addEventListener('abort', close, { once: true });
  lines.on('SIGINT', close);
  let threadId = first;
  if (terminal) {
    await write('Ask about plans, savings, the grid, approvals, policy; `help` shows examples, `exit` leaves.\n');
    lines.setPrompt('\n> ');
    lines.prompt();
  }
  for await (const line of lines) {
    const message = line.trim();
    if (LEAVE.test(message)) break;
    if (message !== '') {
      try {
        const answer = await ask(context, message, threadId);
        threadId = answer.threadId;
        if (context.json) await write(`${JSON.stringify(answer)}\n`);
        else if (!terminal) await write('\n');
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        if (context.json) await write(`${JSON.stringify({ error: error.toJSON() })}\n`);
        else await write(`${error.message}\n  ${error.remedy}\n`);
      }
    }
    if (terminal) lines.prompt();
  }
  lines.close();
};

const chat = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer | undefined> => {
  const threadId = options.thread === undefined ? undefined : String(options.thread);
  if (options.once === undefined) {
    await converse(context, threadId);
    return undefined;
  }
  const answer = await ask(context, String(options.once), threadId);
  return context.json ? { json: answer, text: '' } : undefined;
};

const summary = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const app = await context.app();
  const answer = await app.summary(
    {
      ...(options.team === undefined ? {} : { team: String(options.team) }),
      ...(options.week === undefined ? {} : { week: String(options.week) }),
    },
    { actor: await context.actor('read'), signal: context.signal },
  );
  return { json: answer, text: answer.answer };
};

const EXAMPLES = `
Examples:
  caco chat --once "what did we save and how sure are we?"
  caco chat --once "which team has the highest emissions per kWh?"
  caco chat --once "the five largest savings"
  caco chat --once "price tomorrow at 17:00"
  caco chat --once "energy of the urgent jobs" --thread monday
  caco chat --once "and of team nlp?" --thread monday`;

export const register = (program: Command) => {
  addCommand(
    program,
    'chat',
    'ask the copilot; every figure in its answers has a source',
    (c) =>
      c
        .option('--once <question>', 'ask one question and leave')
        .option('--thread <id>', 'go on with this conversation')
        .addHelpText('after', EXAMPLES),
    chat,
  );
  addCommand(
    program,
    'summary',
    'what was saved in a week, what was missed, and who saved most per kWh',
    (c) =>
      c
        .option('--team <team>', 'of one team')
        .option('--week <week>', 'an ISO week such as 2026-W47; the last 7 days when left out'),
    summary,
  );
};
