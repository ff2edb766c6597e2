/** Cuts a stream of words into sentences, each as soon as its end is sure. */

/** How long a full stop at the end of what came so far waits for what may follow it: `caco.yaml`, `e.g.`. */
const SURE_MS = 20;
const SHORT = /(?:^|[\s(“"'])(?:e\.g|i\.e|approx|ca|cf|vs|no|st|etc|incl|max|min|avg|resp|\p{L})\.$/iu;
const END = /[.!?…]["”’)\]]*$/u;
const BOUNDARY = /(?<=[.!?…]["”’)\]]*)\s+(?=[\p{Lu}“"({[\d−£$€])|\n+/u;

export interface Splitter {
  push(piece: string): void;
  /** Hands over what is left, whole or not. */
  end(): void;
  /** Drops what is left. */
  stop(): void;
}

export const splitter = (onSentence: (sentence: string) => void): Splitter => {
  let held = '';
  let timer: NodeJS.Timeout | undefined;
  const give = (text: string) => {
    const sentence = text.trim();
    if (sentence !== '') onSentence(sentence);
  };
  const flush = () => {
    const text = held;
    held = '';
    give(text);
  };
  return {
    push(piece) {
      clearTimeout(timer);
      held += piece;
      for (let from = 0; ; ) {
        const match = BOUNDARY.exec(held.slice(from));
        if (!match) break;
        const at = from + match.index;
        const next = at + match[0].length;
        if (!match[0].includes('\n') && SHORT.test(held.slice(0, at))) {
          from = next;
          continue;
        }
        const sentence = held.slice(0, at);
        held = held.slice(next);
        from = 0;
        give(sentence);
      }
      if (END.test(held.trimEnd()) && !SHORT.test(held.trimEnd())) timer = setTimeout(flush, SURE_MS);
    },
    end() {
      clearTimeout(timer);
      flush();
    },
    stop() {
      clearTimeout(timer);
      held = '';
    },
  };
};
