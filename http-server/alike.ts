/**
 * Look-ups that ask the same at the same time, as fifty open pages do at each change: one is answered, and all get its text. It begins
 * after all who share it have asked, so that whoever asks once a deed is done sees the deed. Of each question one is worked on at a time.
 */

interface Asked {
  readonly text: Promise<string>;
  readers: number;
  readonly gone: AbortController;
}

export interface Alike {
  /** `signal`: this reader has gone; the work stops once all of its readers have. */
  ask(question: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<string>): Promise<string>;
}

export const alike = (): Alike => {
  const worked = new Map<string, Promise<unknown>>();
  const waiting = new Map<string, Asked>();

  const takeOff = (question: string, asked: Asked) => {
    if (waiting.get(question) === asked) waiting.delete(question);
  };

  const begin = (question: string, work: (signal: AbortSignal) => Promise<string>): Asked => {
    const gone = new AbortController();
    // Requests that have arrived already are read before an immediate runs.
    const before = worked.get(question) ?? new Promise((resolve) => setImmediate(resolve));
    const text = before.then(async () => {
      takeOff(question, asked);
      const working = work(gone.signal);
      const over = working
        .catch(() => {})
        .then(() => {
          if (worked.get(question) === over) worked.delete(question);
        });
      worked.set(question, over);
      return working;
    });
    const asked: Asked = { text, readers: 0, gone };
    return asked;
  };

  return {
    ask(question, signal, work) {
      const asked = waiting.get(question) ?? begin(question, work);
      waiting.set(question, asked);
      asked.readers += 1;
      signal.addEventListener('abort', () => {
        asked.readers -= 1;
        if (asked.readers > 0) return;
        takeOff(question, asked);
        asked.gone.abort(signal.reason);
      });
      return asked.text;
    },
  };
};
