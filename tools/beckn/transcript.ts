/** A conversation as it passed on the wire, both directions, the oldest first: one line a message, as a checker reads it. */
import type { Letter } from '../../domain/mail.js';
import type { Store } from '../../domain/store.js';

const PAGE = 500;

export interface Line {
  /** when it was sent, or came in */
  readonly t: string;
  readonly direction: 'in' | 'out';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly status: number | null;
  readonly response: string | null;
  readonly response_headers: Readonly<Record<string, string>>;
}

const lineOf = (letter: Letter): Line => {
  const passed = JSON.parse(letter.exchange ?? '{}') as Partial<Line>;
  return {
    t: passed.t ?? new Date(letter.atMs).toISOString(),
    direction: letter.box,
    url: letter.url ?? '',
    headers: passed.headers ?? {},
    body: letter.body,
    status: passed.status ?? null,
    response: passed.response ?? null,
    response_headers: passed.response_headers ?? {},
  };
};

/** What was never answered on the wire is left out: nothing passed. */
export async function* transcript({ mail }: Pick<Store, 'mail'>, transactionId?: string): AsyncGenerator<Line> {
  for (let after: number | undefined; ; ) {
    const letters = await mail.list({ before: after, limit: PAGE, order: 'oldest' });
    for (const letter of letters)
      if (letter.exchange !== null && (transactionId === undefined || letter.thread.endsWith(`/${transactionId}`)))
        yield lineOf(letter);
    if (letters.length < PAGE) return;
    after = letters.at(-1)!.seq;
  }
}
