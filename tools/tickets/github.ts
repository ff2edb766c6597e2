/** GitHub issues. The key is a comment in the body's last line: GitHub's search lags and splits it into words. */
import { z } from 'zod';
import { cut, label, oneLine } from '../../domain/text.js';
import type { FoundTicket, TicketDraft, TicketTracker } from '../../domain/world.js';
import { type GithubApi, type GithubSettings, githubApi } from './github-api.js';
import { ok } from './remote.js';

export type { GithubSettings } from './github-api.js';

const TITLE_CHARS = 256;
const BODY_CHARS = 65_536;
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

const marker = (key: string) => `<!-- caco:key=${key} -->`;
const commentMarker = (id: string) => `<!-- caco:comment=${id} -->`;
const carries = (body: string | null | undefined, line: string) =>
  (body ?? '').split(/\r?\n/).some((row) => row.trim() === line);
const marked = (markdown: string, line: string): string => {
  const room = BODY_CHARS - line.length - 2;
  return `${cut(markdown.trimEnd(), room)}\n\n${line}`;
};

export const githubTracker = (settings: GithubSettings): TicketTracker => {
  const api: GithubApi = githubApi(settings);
  const labelled = new Map<string, boolean>();
  /** Labels are created first; where that is not allowed nothing depends on them. */
  const labelsFor = async (wanted: readonly string[]): Promise<string[]> => {
    const usable: string[] = [];
    for (const name of new Set(wanted.filter((l) => !KEY_LABEL.test(l)).map(label))) {
      let there = labelled.get(name);
      if (there === undefined) {
        const answer = await api.write('POST', '/labels', { name, color: '2e7d32' });
        if (!ok(answer) && ![403, 404, 422].includes(answer.status)) api.fail(answer, `the label ${name}`);
        if (answer.status === 403 && api.limited(answer) !== null) api.fail(answer, `the label ${name}`);
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
    const answer = await api.write('PATCH', `/issues/${encodeURIComponent(ref)}`, body);
    if (!ok(answer)) api.fail(answer, doing);
  };

  return {
    name: 'github',
    project: settings.repo.toLowerCase(),
    deployment: settings.deployment,
    lookupDelaysS: [60, 300, 900],
    now: settings.now,
    file: async (ticket) => {
      const labels = await labelsFor(ticket.labels);
      const answer = await api.write('POST', '/issues', { ...bodyOf(ticket), labels });
      const created = ok(answer) ? Issue.safeParse(answer.json) : undefined;
      if (!created?.success) return api.fail(answer, 'the creation of an issue');
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
      for await (const issue of api.pages(Issue, path, 'the list of issues')) {
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
      for await (const comment of api.pages(
        Comment,
        `/issues/${encodeURIComponent(ref)}/comments`,
        'the list of comments',
      ))
        if (carries(comment.body, line)) return;
      const answer = await api.write('POST', `/issues/${encodeURIComponent(ref)}/comments`, {
        body: marked(markdown, line),
      });
      if (!ok(answer)) api.fail(answer, `a comment on #${ref}`);
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
