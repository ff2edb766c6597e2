/**
 * Series out of the bytes of a server's answer. A year of scrapes is tens of millions of samples, and a JSON reader makes three objects of
 * each; here they go from the bytes into typed arrays, and only what stands around them is read as JSON.
 */

/** Ends a list of samples; inside a text its quotes would have backslashes before them. */
const LIST = Buffer.from('"values":[[');
const [OPEN, CLOSE, COMMA, QUOTE, POINT, ZERO, NINE] = [0x5b, 0x5d, 0x2c, 0x22, 0x2e, 0x30, 0x39];

/** So many digits are a whole number without loss, and so many powers of ten: a quotient of both is rounded once, as `Number` rounds. */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i);
const LONGEST_NUMBER = 64;

/** Values are text; Go spells infinity +Inf. */
export const numberIn = (text: string): number =>
  /^[+-]?Inf$/i.test(text) ? Number(text.replace(/Inf/i, 'Infinity')) : Number(text);

export interface Samples {
  readonly times: Float64Array;
  readonly values: Float64Array;
}

/** Reads lists of [seconds, "value"] one after the other; where one is spelt otherwise it says so, and somebody else reads it. */
class Scanner {
  at = 0;
  #times = new Float64Array(8192);
  #values = new Float64Array(8192);

  constructor(readonly bytes: Uint8Array) {}

  /** From the list's first bracket; `at` is then behind its last. Null: it is no list of such pairs without blanks. */
  list(from: number): Samples | null {
    const { bytes } = this;
    this.at = from;
    let count = 0;
    do {
      if (bytes[this.at + 1] !== OPEN) return null;
      this.at += 2;
      const time = this.#number(COMMA);
      if (!Number.isFinite(time) || bytes[this.at + 1] !== QUOTE) return null;
      this.at += 2;
      const value = this.#number(QUOTE);
      if (bytes[this.at + 1] !== CLOSE) return null;
      this.at += 2;
      if (count === this.#times.length) this.#grow();
      this.#times[count] = time;
      this.#values[count++] = value;
    } while (bytes[this.at] === COMMA);
    if (bytes[this.at++] !== CLOSE) return null;
    return { times: this.#times.slice(0, count), values: this.#values.slice(0, count) };
  }

  /** The number that ends before this byte; `at` is then at it, or nowhere where it never comes. */
  #number(end: number): number {
    const { bytes } = this;
    const from = this.at;
    let at = from;
    let whole = 0;
    let point = -1;
    for (; ; at++) {
      const byte = bytes[at]!;
      if (byte >= ZERO && byte <= NINE) whole = whole * 10 + (byte - ZERO);
      else if (byte === POINT && point < 0) point = at;
      else break;
    }
    const digits = at - from - (point < 0 ? 0 : 1);
    if (bytes[at] === end && digits > 0 && digits <= EXACT_DIGITS) {
      this.at = at;
      return point < 0 ? whole : whole / POWERS[at - point - 1]!;
    }
    // A sign, an exponent, NaN, an infinity, more digits.
    const last = bytes.subarray(0, from + LONGEST_NUMBER).indexOf(end, from);
    this.at = last < 0 ? bytes.length : last;
    return last < 0 ? Number.NaN : numberIn(Buffer.from(bytes.subarray(from, last)).toString('latin1'));
  }

  #grow(): void {
    const [times, values] = [this.#times, this.#values];
    this.#times = new Float64Array(2 * times.length);
    this.#values = new Float64Array(2 * values.length);
    this.#times.set(times);
    this.#values.set(values);
  }
}

/**
 * The answer's text with a number in place of each list, counted from 0, and the lists in that order. Null where one of them is spelt in
 * another way than Prometheus spells it.
 */
export const samplesIn = (body: Uint8Array): { readonly text: string; readonly lists: readonly Samples[] } | null => {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const scanner = new Scanner(bytes);
  const lists: Samples[] = [];
  let [text, from] = ['', 0];
  for (;;) {
    const mark = bytes.indexOf(LIST, from);
    if (mark < 0) return { text: text + bytes.toString('utf8', from), lists };
    const begin = mark + LIST.length - 2;
    const found = scanner.list(begin);
    if (found === null) return null;
    text += `${bytes.toString('utf8', from, begin)}${lists.push(found) - 1}`;
    from = scanner.at;
  }
};
