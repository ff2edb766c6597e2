/** GitHub's REST interface as the tracker uses it: calls to one repository at the pace that GitHub asks for, and its refusals. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { oneLine } from '../../domain/text.js';
import type { Instant } from '../../domain/time.js';
import { retryAfterS, type Timer, trouble } from '../../wire/wire.js';
import { type Answer, ok, type Remote, request } from './remote.js';

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

export interface GithubApi {
  /** A call that changes something, at the earliest `paceMs` after the last one. */
  write(method: string, path: string, body: unknown): Promise<Answer>;
  /** Every item of a list, page by page: page 1 of comments is the oldest. A list that was not read to its end answers nothing. */
  pages<S extends z.ZodType>(schema: S, path: string, doing: string): AsyncGenerator<z.output<S>>;
  /** Seconds to wait when the answer is a limit of GitHub's; null when it is another refusal. */
  limited(answer: Answer): number | null;
  /** Throws the Fault that an answer other than success stands for. */
  fail(answer: Answer, doing: string): never;
}

const PAGE = 100;
/** 50 000 issues: ten minutes of GitHub's patience. */
const MOST_PAGES = 500;
const Problem = z.object({ message: z.string().optional(), errors: z.array(z.unknown()).optional() });

export const githubApi = (settings: GithubSettings): GithubApi => {
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
  const mostPages = settings.mostPages ?? MOST_PAGES;
  let lastWrite = 0;

  const limited = (answer: Answer) => limitOf(answer, Date.parse(settings.now()));
  const fail = (answer: Answer, doing: string): never => refusal(answer, doing, limited);
  return {
    limited,
    fail,
    async write(method, path, body) {
      const wait = lastWrite + pace - performance.now();
      if (lastWrite > 0 && wait > 0) await sleep(wait);
      lastWrite = performance.now();
      return request(remote, method, `${repo}${path}`, body);
    },
    async *pages(schema, path, doing) {
      for (let page = 1; page <= mostPages; page++) {
        const from = `${repo}${path}${path.includes('?') ? '&' : '?'}per_page=${PAGE}&page=${page}`;
        const answer = await request(remote, 'GET', from);
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
    },
  };
};

const limitOf = (answer: Answer, nowMs: number): number | null => {
  const said = Problem.safeParse(answer.json).data?.message ?? '';
  const after = retryAfterS(answer.headers);
  const spent = answer.headers['x-ratelimit-remaining'] === '0';
  if (answer.status !== 429 && after === null && !spent && !/rate limit|abuse/i.test(said)) return null;
  const reset = Number(answer.headers['x-ratelimit-reset'] ?? Number.NaN);
  const untilReset = spent && Number.isFinite(reset) ? Math.max(1, Math.ceil(reset - nowMs / 1000)) : null;
  return after ?? untilReset ?? 60;
};

const refusal = (answer: Answer, doing: string, limited: (answer: Answer) => number | null): never => {
  const { status } = answer;
  const { message, errors } = Problem.safeParse(answer.json).data ?? {};
  const detail = errors === undefined ? '' : ` ${JSON.stringify(errors)}`;
  const said = `GitHub answered ${status} to ${doing}: ${oneLine(`${message ?? 'no message'}${detail}`, 400)}`;
  const wait = status === 403 || status === 429 ? limited(answer) : null;
  if (wait !== null) throw trouble('throttled', said, 'It is sent again when GitHub allows it.', { retryAfterS: wait });
  if (status === 401 || status === 403)
    throw trouble('not-allowed', said, 'Check CACO_GITHUB_TOKEN: it needs to read and write issues of the repository.');
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
