/** Which tracker stands behind the port. */
import { join } from 'node:path';
import { invalid } from '../../domain/fault.js';
import type { Instant } from '../../domain/time.js';
import type { TicketTracker } from '../../domain/world.js';
import { alsoInFiles, filesTracker } from './files.js';

/** As the program's settings name them. */
export interface TrackerSettings {
  readonly tickets: 'files' | 'jira' | 'github';
  readonly home: string;
  /** which installation this is; two that file into one project must differ */
  readonly deployment: string;
  readonly jiraUrl?: string | undefined;
  readonly jiraApiUrl?: string | undefined;
  readonly jiraEmail?: string | undefined;
  readonly jiraToken?: string | undefined;
  readonly jiraProject?: string | undefined;
  readonly jiraIssueType: string;
  readonly githubApiUrl: string;
  readonly githubRepo?: string | undefined;
  readonly githubToken?: string | undefined;
}

const demand = (value: string | undefined, setting: string, env: string): string => {
  if (value !== undefined && value !== '') return value;
  throw invalid(`${setting} is not set`, `Set ${env}, or use CACO_TICKETS=files, which needs nothing.`);
};

/**
 * The tracker that the settings name. Files are always written; a remote tracker comes on top, and is loaded where it is chosen. `worldNow` counts the days of
 * the files tracker, `systemNow` those of a remote one. Fault `invalid-input` for a setting that is missing.
 */
export const openTracker = async (
  settings: TrackerSettings,
  worldNow: () => Instant,
  systemNow: () => Instant,
): Promise<TicketTracker> => {
  const { deployment } = settings;
  const files = filesTracker({ folder: join(settings.home, 'tickets'), now: worldNow });
  if (settings.tickets === 'jira') {
    const site = demand(settings.jiraUrl, 'jiraUrl', 'CACO_JIRA_URL');
    const { jiraTracker } = await import('./jira.js');
    return alsoInFiles(
      jiraTracker({
        site,
        apiBase: settings.jiraApiUrl ?? site,
        email: demand(settings.jiraEmail, 'jiraEmail', 'CACO_JIRA_EMAIL'),
        token: demand(settings.jiraToken, 'jiraToken', 'CACO_JIRA_TOKEN'),
        project: demand(settings.jiraProject, 'jiraProject', 'CACO_JIRA_PROJECT'),
        issueType: settings.jiraIssueType,
        deployment,
        now: systemNow,
      }),
      files,
    );
  }
  if (settings.tickets === 'github') {
    const { githubTracker } = await import('./github.js');
    return alsoInFiles(
      githubTracker({
        apiBase: settings.githubApiUrl,
        repo: demand(settings.githubRepo, 'githubRepo', 'CACO_GITHUB_REPO'),
        token: demand(settings.githubToken, 'githubToken', 'CACO_GITHUB_TOKEN'),
        deployment,
        now: systemNow,
      }),
      files,
    );
  }
  return files;
};
