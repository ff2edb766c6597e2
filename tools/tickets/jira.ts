/** Jira Cloud, REST v3. */
import { z } from 'zod';
import { cut, label, oneLine } from '../../domain/text.js';
import type { FoundTicket, TicketDraft, TicketTracker } from '../../domain/world.js';
import { trouble } from '../../wire/wire.js';
import { plainAdf } from './adf.js';
import { type JiraApi, type JiraSettings, jiraApi, problemOf } from './jira-api.js';
import { type Answer, ok } from './remote.js';

export type { JiraSettings } from './jira-api.js';

const PROPERTY = 'caco';
const SUMMARY_CHARS = 255;
/** What may fall away when a project's screen does not have it. */
const OPTIONAL = new Set(['labels', 'duedate', 'priority']);
const DECLINED = /^(won.?t (do|fix)|declined|rejected|duplicate|invalid|cannot reproduce|not a bug|obsolete)$/i;

const Created = z.object({ id: z.string(), key: z.string() });
const Found = z.object({
  issues: z.array(
    z.object({
      id: z.string(),
      key: z.string(),
      fields: z.object({
        status: z.object({ statusCategory: z.object({ key: z.string() }) }),
        resolution: z.object({ name: z.string() }).nullish(),
        assignee: z.object({ accountId: z.string() }).nullish(),
        creator: z.object({ accountId: z.string() }).nullish(),
      }),
      properties: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
  isLast: z.boolean().optional(),
  nextPageToken: z.string().nullish(),
});
const Comments = z.object({
  comments: z.array(z.object({ properties: z.array(z.object({ key: z.string(), value: z.unknown() })).optional() })),
  total: z.number(),
});
const Transitions = z.object({
  transitions: z.array(
    z.object({ id: z.string(), to: z.object({ name: z.string(), statusCategory: z.object({ key: z.string() }) }) }),
  ),
});
const IssueTypes = z.object({ issueTypes: z.array(z.object({ id: z.string(), name: z.string() })) });
const Fields = z.object({
  fields: z.array(
    z.object({ fieldId: z.string(), name: z.string(), required: z.boolean(), hasDefaultValue: z.boolean().optional() }),
  ),
});
const Status = z.object({ fields: z.object({ status: z.object({ statusCategory: z.object({ key: z.string() }) }) }) });

const CLOSED = 'done';

const issue = (ref: string) => `/issue/${encodeURIComponent(ref)}`;
const urlOf = (settings: JiraSettings, key: string) => `${settings.site.replace(/\/+$/, '')}/browse/${key}`;

export const jiraTracker = (settings: JiraSettings): TicketTracker => {
  const api = jiraApi(settings);
  let issueTypeId: string | undefined = /^\d+$/.test(settings.issueType) ? settings.issueType : undefined;
  const issueType = async (): Promise<string> => {
    issueTypeId ??= await issueTypeOf(api, settings);
    return issueTypeId;
  };
  const fieldsOf = (ticket: TicketDraft) => ({
    summary: cut(oneLine(ticket.title, SUMMARY_CHARS), SUMMARY_CHARS),
    description: ticket.adf,
    labels: [...new Set(ticket.labels.map(label))],
    ...(ticket.dueDate ? { duedate: ticket.dueDate } : {}),
    ...(settings.priority === undefined ? {} : { priority: { name: settings.priority } }),
  });

  return {
    name: 'jira',
    project: `${new URL(settings.site).host}/${settings.project}`,
    deployment: settings.deployment,
    lookupDelaysS: [60, 300, 900],
    now: settings.now,
    file: async (ticket) => {
      const fields = {
        project: { key: settings.project },
        issuetype: { id: await issueType() },
        ...fieldsOf(ticket),
      };
      const properties = [{ key: PROPERTY, value: { key: ticket.key, deployment: settings.deployment } }];
      const { answer, dropped } = await withLess(fields, ticket, (some) =>
        api.call('POST', '/issue', { fields: some, properties }),
      );
      const created = api.read(Created, answer, 'the creation of an issue');
      return { ref: created.key, url: urlOf(settings, created.key), dropped };
    },
    find: (key) => find(api, settings, key),
    update: async (ref, ticket) => {
      const { labels, ...fields } = fieldsOf(ticket);
      const update = { labels: labels.map((add) => ({ add })) };
      const { answer } = await withLess(fields, ticket, (some) =>
        api.call('PUT', issue(ref), { fields: some, update }),
      );
      if (!ok(answer)) api.fail(answer, `the update of ${ref}`);
    },
    comment: (ref, comment) => commentOnce(api, ref, comment),
    close: (ref) => moveTo(api, ref, [CLOSED], settings.doneStatus),
    reopen: (ref) => moveTo(api, ref, ['new', 'indeterminate'], undefined),
  };
};

// Names are unique within a project only, and team-managed projects have ids of their own.
const issueTypeOf = async (api: JiraApi, settings: JiraSettings): Promise<string> => {
  const doing = 'the list of issue types';
  const path = `/issue/createmeta/${encodeURIComponent(settings.project)}/issuetypes?maxResults=200`;
  const { issueTypes } = api.read(IssueTypes, await api.call('GET', path), doing);
  const found = issueTypes.find((type) => type.name.toLowerCase() === settings.issueType.toLowerCase());
  if (!found)
    throw trouble(
      'refused',
      `Jira project ${settings.project} has no issue type "${settings.issueType}"`,
      `Set CACO_JIRA_ISSUE_TYPE to one of ${issueTypes.map((type) => oneLine(type.name, 40)).join(', ')}.`,
    );
  return found.id;
};

/** Tickets with the key, the oldest first. */
const find = async (api: JiraApi, settings: JiraSettings, key: string): Promise<FoundTicket[]> => {
  const hits: { id: number; found: FoundTicket }[] = [];
  const jql = `project = "${settings.project.replace(/["\\\\]/g, '')}" AND labels = "${key}"`;
  for (let nextPageToken: string | undefined; ; ) {
    const page = api.read(
      Found,
      await api.call('POST', '/search/jql', {
        jql,
        fields: ['status', 'resolution', 'assignee', 'creator'],
        properties: [PROPERTY],
        maxResults: 100,
        ...(nextPageToken === undefined ? {} : { nextPageToken }),
      }),
      'the look-up of a ticket',
    );
    for (const { id, key: ref, fields, properties } of page.issues) {
      // A label can be copied by a person; the property says whose ticket it is.
      const property = properties?.[PROPERTY] as { key?: unknown } | undefined;
      if (property?.key !== undefined && property.key !== key) continue;
      const open = fields.status.statusCategory.key !== CLOSED;
      const declined = !open && DECLINED.test(fields.resolution?.name ?? '');
      const { assignee, creator } = fields;
      const assigned = assignee != null && assignee.accountId !== creator?.accountId;
      hits.push({ id: Number(id), found: { ref, url: urlOf(settings, ref), open, declined, assigned } });
    }
    if (page.isLast !== false || !page.nextPageToken) break;
    nextPageToken = page.nextPageToken;
  }
  return hits.sort((a, b) => a.id - b.id).map((hit) => hit.found);
};

/** One more attempt where Jira said what to leave out: fields that are not on the screen, or the rich description. */
const withLess = async (
  fields: Record<string, unknown>,
  ticket: TicketDraft,
  send: (fields: Record<string, unknown>) => Promise<Answer>,
): Promise<{ answer: Answer; dropped: string[] }> => {
  const answer = await send(fields);
  if (answer.status !== 400) return { answer, dropped: [] };
  const { errors, errorMessages } = problemOf(answer);
  const named = Object.keys(errors);
  const offScreen = named.filter(
    (field) => OPTIONAL.has(field) && /appropriate screen|cannot be set/i.test(errors[field]!),
  );
  if (named.length > 0 && offScreen.length === named.length) {
    const rest = Object.fromEntries(Object.entries(fields).filter(([field]) => !offScreen.includes(field)));
    return { answer: await send(rest), dropped: offScreen };
  }
  if (named.length === 0 && errorMessages.includes('INVALID_INPUT'))
    return {
      answer: await send({ ...fields, description: plainAdf(ticket.markdown) }),
      dropped: ['description formatting'],
    };
  return { answer, dropped: [] };
};

const commentOnce = async (api: JiraApi, ref: string, comment: { id: string; adf: unknown }) => {
  for (let startAt = 0; ; ) {
    const path = `${issue(ref)}/comment?expand=properties&maxResults=100&startAt=${startAt}`;
    const page = api.read(Comments, await api.call('GET', path), `reading the comments of ${ref}`);
    const mine = page.comments.some((c) =>
      c.properties?.some((p) => p.key === PROPERTY && (p.value as { id?: unknown } | null)?.id === comment.id),
    );
    if (mine) return;
    startAt += page.comments.length;
    if (page.comments.length === 0 || startAt >= page.total) break;
  }
  const body = { body: comment.adf, properties: [{ key: PROPERTY, value: { id: comment.id } }] };
  const answer = await api.call('POST', `${issue(ref)}/comment`, body);
  if (!ok(answer)) api.fail(answer, `a comment on ${ref}`);
};

/** Transition ids belong to a workflow's edges and names to its language: only the category is the same everywhere. */
const moveTo = async (
  api: JiraApi,
  ref: string,
  categories: readonly string[],
  name: string | undefined,
): Promise<boolean> => {
  const path = `${issue(ref)}?fields=status`;
  const now = api.read(Status, await api.call('GET', path), `reading ${ref}`);
  if (categories.includes(now.fields.status.statusCategory.key)) return true;
  const doing = `reading the transitions of ${ref}`;
  const { transitions } = api.read(Transitions, await api.call('GET', `${issue(ref)}/transitions`), doing);
  const named = transitions.filter((t) => name !== undefined && t.to.name === name);
  const fitting = categories
    .map((category) => transitions.filter((t) => t.to.statusCategory.key === category))
    .find((some) => some.length === 1);
  const chosen = named[0] ?? fitting?.[0];
  if (!chosen) return false;
  const answer = await api.call('POST', `${issue(ref)}/transitions`, { transition: { id: chosen.id } });
  // A transition whose screen demands fields is a person's to make.
  if (answer.status === 400) return false;
  if (!ok(answer)) api.fail(answer, `a transition of ${ref}`);
  return true;
};

/** What stands in the way of filing, one sentence each: asked before the first ticket is, by `caco doctor`. */
export const checkJira = async (settings: JiraSettings): Promise<string[]> => {
  const api = jiraApi(settings);
  const base = `/issue/createmeta/${encodeURIComponent(settings.project)}/issuetypes`;
  const types = await api.call('GET', `${base}?maxResults=200`);
  if (!ok(types)) api.fail(types, 'the list of issue types');
  const known = IssueTypes.safeParse(types.json).data?.issueTypes ?? [];
  const type = known.find(
    (t) => t.id === settings.issueType || t.name.toLowerCase() === settings.issueType.toLowerCase(),
  );
  if (!type) return [`project ${settings.project} has no issue type "${settings.issueType}"`];
  const answer = await api.call('GET', `${base}/${encodeURIComponent(type.id)}?maxResults=200`);
  if (!ok(answer)) api.fail(answer, 'the list of fields');
  const filled = new Set([
    'project',
    'issuetype',
    'summary',
    'description',
    'labels',
    'duedate',
    'priority',
    'reporter',
  ]);
  return (Fields.safeParse(answer.json).data?.fields ?? [])
    .filter((field) => field.required && field.hasDefaultValue !== true && !filled.has(field.fieldId))
    .map((field) => `the project demands ${field.fieldId} ("${oneLine(field.name, 60)}"), which CACO does not fill`);
};
