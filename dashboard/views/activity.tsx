/** Ledger entries as people read them: what happened, to what, by whom. */
import type { LedgerLine } from '../answers.js';
import { apartText, Moment } from '../figures.js';
import { linkOfEntry, linkTo } from '../route.js';
import { Empty } from '../states.js';

const WORDS: Readonly<Record<string, string>> = {
  gather_jobs: 'jobs that wait were gathered',
  ingest_jobs: 'jobs were taken in',
  make_plan: 'a plan was made',
  baseline: 'the schedule without the plan was frozen',
  record_decision: 'a decision was recorded',
  open_approval: 'a person was asked',
  answer_approval: 'a person answered',
  place_jobs: 'the fleet was told',
  file_tickets: 'tickets were filed',
  settle_tickets: 'tickets were settled',
  verification: 'a saving was verified',
  verify_savings: 'verification ran',
  ingest_policy: 'a policy was read',
  confirm_policy: 'a policy came into force',
  token_created: 'a token was made',
  token_revoked: 'a token was revoked',
  replan: 'a plan was made anew',
  settlement: 'an event was settled',
  settle_event: 'an event was settled',
  'savings-model': 'a model of what a site uses was written down',
  train_savings_model: 'a model of what a site uses was made',
  'savings-claim': 'a saving of kWh was claimed',
  claim_savings: 'a saving of kWh was claimed',
  'kwhsave-retire': 'tokens were retired',
  retire_kwhsave: 'tokens were retired',
  mint_kwhsave: 'tokens were minted',
  approve_mint: 'leave to mint was given',
  deploy_kwhsave: 'the contract was put on the chain',
  rate_meter: 'what a meter can count was said at the contract',
  import_meter: 'readings of a meter were taken in',
  import_covariate: 'what goes with the energy was taken in',
  energy_run: 'what a command used was written down',
  record_energy_run: 'what a command used was written down',
  answer_policy: 'open questions of a policy were answered',
  market_order: 'flexibility was sold',
  market_refusal: 'an order was refused',
  undo_run: 'changes were taken back',
};

export const happened = (kind: string): string => WORDS[kind] ?? kind.replaceAll('_', ' ');

/** `cli:ann` is Ann at the command line; `graph:node:x` the program itself. */
const whoText = (actor: string): string => {
  const [via = '', ...rest] = actor.split(':');
  return via === 'graph' ? 'CACO' : `${rest.join(':')} (${via})`;
};

export const Activity = ({ entries, now }: { entries: readonly LedgerLine[]; now: string }) =>
  entries.length === 0 ? (
    <Empty title="The ledger is empty: nothing has happened yet." />
  ) : (
    <ol class="activity" aria-label="Newest entries of the ledger">
      {entries.map((entry) => {
        const about = entry.subject?.match(/[A-Z]-[0-9A-Z]{8}/)?.[0] ?? entry.cause?.match(/[A-Z]-[0-9A-Z]{8}/)?.[0];
        const link = about === undefined ? null : linkOfEntry(entry.kind, about);
        return (
          <li key={entry.seq}>
            <a
              class="seq"
              href={linkTo('proof', '', { seq: String(entry.seq) })}
              aria-label={`Proof of entry ${entry.seq}`}
            >
              {entry.seq}
            </a>
            <span>
              {happened(entry.kind)}
              {link === null ? null : (
                <>
                  {' '}
                  · <a href={link}>{about}</a>
                </>
              )}
            </span>
            <small>
              {whoText(entry.actor)} · {apartText(entry.at, now)} · <Moment at={entry.at} short />
            </small>
          </li>
        );
      })}
    </ol>
  );
