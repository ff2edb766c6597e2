/** Checked steps as people read them. */
import { type Check, verdictOf } from './checks.js';

const SIGNS = { good: '✓', bad: '✗', open: '?' } as const;
const lookOf = ({ ok }: Check) => (ok === null ? 'open' : ok ? 'good' : 'bad');

export const Verdict = ({ checks }: { checks: readonly Check[] }) => {
  const { look, text } = verdictOf(checks);
  return (
    <div class={`verdict ${look}`} role="status" data-verdict={look}>
      <p>
        <strong>{look === 'good' ? 'Verified.' : look === 'bad' ? 'Refused.' : 'Not fully checked.'}</strong> {text}
      </p>
    </div>
  );
};

export const Steps = ({ checks, from = 1 }: { checks: readonly Check[]; from?: number }) => (
  <ol class="list steps" start={from}>
    {checks.map((check) => (
      <li key={check.what} class={`check ${lookOf(check)}`}>
        <span class="sign">
          <span aria-hidden="true">{SIGNS[lookOf(check)]}</span>
          <span class="unseen">{check.ok === null ? 'not checked' : check.ok ? 'holds' : 'does not hold'}</span>
        </span>
        <div>
          <strong>{check.what}</strong>
          <br />
          {check.detail}
          {check.values === undefined || check.values.length === 0 ? null : (
            <details>
              <summary>Hashes</summary>
              {check.values.map((value) => (
                <div class="hash" key={value}>
                  {value}
                </div>
              ))}
            </details>
          )}
        </div>
      </li>
    ))}
  </ol>
);
