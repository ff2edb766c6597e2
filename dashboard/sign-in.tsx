/** Who answers: a person shows their token once; the browser keeps it where no script of this page can read it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Session } from './answers.js';
import { postJson, request, Trouble } from './client.js';
import { refresh } from './facts.js';
import { hurryUp } from './feed.js';
import { Command } from './states.js';

const renew = () => {
  hurryUp();
  refresh();
};

const Form = ({ onDone }: { onDone: () => void }) => {
  const [wrong, setWrong] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      await postJson('session', { token: field.current!.value.trim() });
      onDone();
      renew();
    } catch (error) {
      setWrong(error instanceof Trouble ? `${error.message} ${error.remedy}` : String(error));
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} aria-label="Sign in">
      <label for="token">Token</label>
      <input
        id="token"
        ref={field}
        type="password"
        autocomplete="off"
        spellcheck={false}
        required
        placeholder="caco_…"
        aria-describedby="token-help"
      />
      <button type="submit">Sign in</button>
      {wrong === null ? null : (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
      <div id="token-help">
        <p>An answer to an approval is a named person’s. A token that may approve is made at the command line:</p>
        <Command text="caco token create --scope approve --for NAME" />
      </div>
    </form>
  );
};

/** `open`: nothing can be seen without a token. */
export const SignIn = ({ session, open }: { session: Session | undefined; open: boolean }) => {
  const [asked, setAsked] = useState(false);
  if (session?.signedIn && !open)
    return (
      <span class="who">
        <b>{session.id}</b> <small>may {session.scopes.at(-1)}</small>
        <button type="button" onClick={() => void request('session', { method: 'DELETE' }).then(renew)}>
          Sign out
        </button>
      </span>
    );
  return (
    <span class="who">
      <button type="button" aria-expanded={asked || open} onClick={() => setAsked(!asked)}>
        Sign in
      </button>
      {asked || open ? (
        <div class="sheet">
          <Form onDone={() => setAsked(false)} />
          {open ? (
            <button type="button" onClick={() => void request('session', { method: 'DELETE' }).then(renew)}>
              Forget the old token
            </button>
          ) : null}
        </div>
      ) : null}
    </span>
  );
};
