/** GitHub issues. The key is a comment in the body's last line: GitHub's search lags and splits it into words. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Instant } from '../../domain/time.js';
import type { FoundTicket, TicketDraft, TicketTracker } from '../../domain/world.js';
import { retryAfterS, type Timer, trouble } from '../../wire/wire.js';
import { type Answer, type Remote, request } from './remote.js';
import { cut, label, oneLine } from './text.js';

export interface GithubSettings {
  readonly apiBase: string;
  /** owner/name */
  readonly repo: string;
  readonly token: string;
  readonly deployment: string;
  readonly now: () => Instant;
  /** between two writes; GitHub asks for a second */
  readonly paceMs?: number;
  /** by which calls are timed; the machine's when left out */
  readonly timer?: Timer;
  /** pages of 100 that a look-up reads before it gives up */
  readonly mostPages?: number;
}

const TITLE_CHARS = 256;
const BODY_CHARS = 65_536;
const PAGE = 100;
/** 50 000 issues: ten minutes of GitHub's patience. */
const MOST_PAGES = 500;
const KEY_LABEL = /^caco-[0-9a-f]{16}$/;

const Issue = z.object({
  number: z.number().int(),
  html_url: z.string(),
  state: z.string(),
  state_reason: z.string().nullish(),
  body: z.string().nullish(),
  assignees: z.array(z.unknown()).nullish(),
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])).nullish(),
  pull_request: z.unknown().optional(),
});
const Comment = z.object({ body: z.string().nullish() });
const Problem = z.object({ message: z.string().optional(), errors: z.array(z.unknown()).optional() });

const ok = (answer: Answer) => answer.status >= 200 && answer.status < 300;
const marker = (key: string) => `<!-- caco:key=${key} -->`;
const commentMarker = (id: string) => `<!-- caco:comment=${id} -->`;
const carries = (body: string | null | undefined, line: string) =>
  (body ?? '').split(/\r?\n/).some((row) => row.trim() === line);
const marked = (markdown: string, line: string): string => {
  const room = BODY_CHARS - line.length - 2;
  return `${cut(markdown.trimEnd(), room)}\n\n${line}`;
};

export const githubTracker = (settings: GithubSettings): TicketTracker => {
  const remote: Remote = {
    name: 'GitHub',
    base: settings.apiBase,
    headers: {
      Accept: 'application/vnd.github+json',
      Authorization: `Bearer ${settings.token}`,
      'X-GitHub-Api-Version': '2022-11-28',
    },
    timer: settings.timer,
  };
  const repo = `/repos/${settings.repo.split('/').map(encodeURIComponent).join('/')}`;
  const pace = settings.paceMs ?? 1000;
  let lastWrite = 0;
  const read = (path: string) => request(remote, 'GET', `${repo}${path}`);
  const write = async (method: string, path: string, body: unknown) => {
    const wait = lastWrite + pace - performance.now();
    if (lastWrite > 0 && wait > 0) await sleep(wait);
    lastWrite = performance.now();
    return request(remote, method, `${repo}${path}`, body);
  };

  const limited = (answer: Answer): number | null => {
    const said = Problem.safeParse(answer.json).data?.message ?? '';
    const nowMs = Date.parse(settings.now());
    const after = retryAfterS(answer.headers);
    const spent = answer.headers['x-ratelimit-remaining'] === '0';
    if (answer.status !== 429 && after === null && !spent && !/rate limit|abuse/i.test(said)) return null;
    const reset = Number(answer.headers['x-ratelimit-reset'] ?? Number.NaN);
    const untilReset = spent && Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - nowMs / 1000)) : null;
    return after ?? untilReset ?? 60;
  };
  const fail = (answer: Answer, doing: string): never => {
    const { status } = answer;
    const { message, errors } = Problem.safeParse(answer.json).data ?? {};
    const detail = errors === undefined ? '' : ` ${JSON.stringify(errors)}`;
    const said = `GitHub answered ${status} to ${doing}: ${oneLine(`${message ?? 'no message'}${detail}`, 400)}`;
    const wait = status === 403 || status === 429 ? limited(answer) : null;
    if (wait !== null)
      throw trouble('throttled', said, 'It is sent again when GitHub allows it.', { retryAfterS: wait });
    if (status === 401 || status === 403)
      throw trouble(
        'not-allowed',
        said,
        'Check CACO_GITHUB_TOKEN: it needs to read and write issues of the repository.',
      );
    if (status === 408 || status >= 500)
      throw trouble('unknown', said, 'It is looked up before it is sent again.', {
        retryAfterS: retryAfterS(answer.headers),
      });
    if (status < 300) throw trouble('unknown', said, 'The answer was not GitHub’s; check CACO_GITHUB_API_URL.');
    throw trouble(
      'refused',
      said,
      status === 410
        ? 'Switch issues on for the repository, or name another in CACO_GITHUB_REPO.'
        : 'Check CACO_GITHUB_REPO and that the token may see it.',
    );
  };

  const mostPages = settings.mostPages ?? MOST_PAGES;
  /** Every item of a list, page by page: page 1 of comments is the oldest. A list that was not read to its end answers nothing. */
  const pages = async function* <S extends z.ZodType>(
    schema: S,
    path: string,
    doing: string,
  ): AsyncGenerator<z.output<S>> {
    for (let page = 1; page <= mostPages; page++) {
      const answer = await read(`${path}${path.includes('?') ? '&' : '?'}per_page=${PAGE}&page=${page}`);
      const parsed = ok(answer) ? z.array(schema).safeParse(answer.json) : undefined;
      const items = parsed?.success ? parsed.data : fail(answer, doing);
      yield* items;
      if (items.length < PAGE) return;
    }
    throw trouble(
      'refused',
      `${doing} goes on after ${mostPages * PAGE} entries, so that what was filed before cannot be looked up`,
      'Let the token create labels, so that only the issues labelled caco are read, or name a smaller repository in CACO_GITHUB_REPO.',
    );
  };

  const labelled = new Map<string, boolean>();
  /** Labels are created first; where that is not allowed nothing depends on them. */
  const labelsFor = async (wanted: readonly string[]): Promise<string[]> => {
    const usable: string[] = [];
    for (const name of new Set(wanted.filter((l) => !KEY_LABEL.test(l)).map(label))) {
      let there = labelled.get(name);
      if (there === undefined) {
        const answer = await write('POST', '/labels', { name, color: '2e7d32' });
        if (!ok(answer) && ![403, 404, 422].includes(answer.status)) fail(answer, `the label ${name}`);
        if (answer.status === 403 && limited(answer) !== null) fail(answer, `the label ${name}`);
        there = ok(answer) || answer.status === 422;
        labelled.set(name, there);
      }
      if (there) usable.push(name);
    }
    return usable;
  };

  const bodyOf = (ticket: TicketDraft) => ({
    title: cut(oneLine(ticket.title, TITLE_CHARS), TITLE_CHARS),
    body: marked(ticket.markdown, marker(ticket.key)),
  });
  const patch = async (ref: string, body: unknown, doing: string) => {
    const answer = await write('PATCH', `/issues/${encodeURIComponent(ref)}`, body);
    if (!ok(answer)) fail(answer, doing);
  };

  return {
    name: 'github',
    project: settings.repo.toLowerCase(),
    deployment: settings.deployment,
    lookupDelaysS: [60, 300, 900],
    now: settings.now,
    file: async (ticket) => {
      const labels = await labelsFor(ticket.labels);
      const answer = await write('POST', '/issues', { ...bodyOf(ticket), labels });
      const created = ok(answer) ? Issue.safeParse(answer.json) : undefined;
      if (!created?.success) return fail(answer, 'the creation of an issue');
      const { number, html_url, labels: given } = created.data;
      const names = (given ?? []).map((l) => (typeof l === 'string' ? l : l.name));
      const kept = names.includes('caco');
      if (!kept) labelled.set('caco', false);
      return { ref: String(number), url: html_url, dropped: kept ? [] : ['labels'] };
    },
    find: async (key) => {
      const filter = (await labelsFor(['caco'])).length > 0 ? '&labels=caco' : '';
      const found: { number: number; ticket: FoundTicket }[] = [];
      const path = `/issues?state=all${filter}&sort=created&direction=desc`;
      for await (const issue of pages(Issue, path, 'the list of issues')) {
        if (issue.pull_request !== undefined || !carries(issue.body, marker(key))) continue;
        const open = issue.state === 'open';
        const declined = !open && (issue.state_reason === 'not_planned' || issue.state_reason === 'duplicate');
        const assigned = (issue.assignees ?? []).length > 0;
        const ref = String(issue.number);
        found.push({ number: issue.number, ticket: { ref, url: issue.html_url, open, declined, assigned } });
      }
      return found.sort((a, b) => a.number - b.number).map((one) => one.ticket);
    },
    update: (ref, ticket) => patch(ref, bodyOf(ticket), `the update of #${ref}`),
    comment: async (ref, { id, markdown }) => {
      const line = commentMarker(id);
      for await (const comment of pages(Comment, `/issues/${encodeURIComponent(ref)}/comments`, 'the list of comments'))
        if (carries(comment.body, line)) return;
      const answer = await write('POST', `/issues/${encodeURIComponent(ref)}/comments`, {
        body: marked(markdown, line),
      });
      if (!ok(answer)) fail(answer, `a comment on #${ref}`);
    },
    close: async (ref, as) => {
      const state_reason = as === 'done' ? 'completed' : 'not_planned';
      await patch(ref, { state: 'closed', state_reason }, `the closing of #${ref}`);
      return true;
    },
    reopen: async (ref) => {
      await patch(ref, { state: 'open', state_reason: 'reopened' }, `the reopening of #${ref}`);
      return true;
    },
  };
};
