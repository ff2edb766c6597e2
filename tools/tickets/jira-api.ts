/** Jira's REST interface, version 3, as the tracker uses it: calls with the account's credentials, and Jira's refusals. */
import { z } from 'zod';
import { oneLine } from '../../domain/text.js';
import type { Instant } from '../../domain/time.js';
import { retryAfterS, type Timer, trouble } from '../../wire/wire.js';
import { type Answer, ok, type Remote, request } from './remote.js';

export interface JiraSettings {
  /** https://SITE.atlassian.net, for links */
  readonly site: string;
  /** for calls; a scoped token works only at https://api.atlassian.com/ex/jira/CLOUD-ID */
  readonly apiBase: string;
  readonly email: string;
  readonly token: string;
  readonly project: string;
  /** name within the project, or its numeric id */
  readonly issueType: string;
  readonly deployment: string;
  readonly now: () => Instant;
  readonly priority?: string;
  /** name of the status that means finished, where a project has several */
  readonly doneStatus?: string;
  /** by which calls are timed; the machine's when left out */
  readonly timer?: Timer;
}

export interface JiraApi {
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The answer's body; throws the Fault that any other answer stands for. */
  read<S extends z.ZodType>(schema: S, answer: Answer, doing: string): z.output<S>;
  /** Throws the Fault that an answer other than success stands for. */
  fail(answer: Answer, doing: string): never;
}

export const jiraApi = (settings: JiraSettings): JiraApi => {
  const remote = remoteOf(settings);
  return {
    call: (method, path, body) => request(remote, method, `/rest/api/3${path}`, body),
    read(schema, answer, doing) {
      const parsed = ok(answer) ? schema.safeParse(answer.json) : undefined;
      return parsed?.success ? parsed.data : fail(answer, doing, settings);
    },
    fail: (answer, doing) => fail(answer, doing, settings),
  };
};

const Problem = z.object({
  errorMessages: z.array(z.string()).optional(),
  errors: z.record(z.string(), z.string()).optional(),
});

const remoteOf = (settings: JiraSettings): Remote => ({
  name: 'Jira',
  base: settings.apiBase,
  headers: {
    Accept: 'application/json',
    Authorization: `Basic ${Buffer.from(`${settings.email}:${settings.token}`).toString('base64')}`,
  },
  timer: settings.timer,
});

/** What Jira says was wrong, also by field. */
export const problemOf = (answer: Answer) => {
  const { errorMessages = [], errors = {} } = Problem.safeParse(answer.json).data ?? {};
  const parts = [...errorMessages, ...Object.entries(errors).map(([field, text]) => `${field}: ${text}`)];
  return { errorMessages, errors, text: oneLine(parts.join('; ') || `status ${answer.status}`, 400) };
};

/** Throws the Fault that an answer other than success stands for. */
const fail = (answer: Answer, doing: string, settings: JiraSettings): never => {
  const { status } = answer;
  const said = `Jira answered ${status} to ${doing}: ${problemOf(answer).text}`;
  const wait = { retryAfterS: retryAfterS(answer.headers) };
  if (status === 401)
    throw trouble(
      'not-allowed',
      said,
      'Check CACO_JIRA_EMAIL and whether CACO_JIRA_TOKEN has expired; a scoped token needs CACO_JIRA_API_URL=https://api.atlassian.com/ex/jira/CLOUD-ID.',
    );
  if (status === 403)
    throw trouble('not-allowed', said, `Give the account leave to create and edit issues in ${settings.project}.`);
  if (status === 429) throw trouble('throttled', said, 'It is sent again when Jira allows it.', wait);
  if (status === 408 || status >= 500) throw trouble('unknown', said, 'It is looked up before it is sent again.', wait);
  if (status < 300) throw trouble('unknown', said, 'The answer was not Jira’s; check CACO_JIRA_API_URL.');
  if (status === 413)
    throw trouble(
      'refused',
      said,
      'This Jira, or a gateway before it, takes smaller requests only: raise its limit, or use CACO_TICKETS=files.',
    );
  throw trouble('refused', said, 'Check the project, its issue type and its screens: `caco doctor`.');
};
