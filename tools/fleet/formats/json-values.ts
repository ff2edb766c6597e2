/** The jobs of a JSON document as it arrives: the elements of its list one by one, whatever its size, and the members around the list. */
import { invalid } from '../../../domain/fault.js';

/** `key` null: an element of the list. Else a member of the document beside the list. */
export interface JsonValue {
  readonly key: string | null;
  readonly text: string;
  readonly line: number;
}

/** Longest single value that is kept as text. */
const LONGEST = 1 << 26;

const SPACE = new Set([32, 9, 10, 13]);
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;

type Where = 'top' | 'list' | 'members';

/**
 * Splits `[…]` or `{"jobs": […], …}`. `lists` names the members whose elements are jobs.
 * Throws Fault `invalid-input` with the line when the text breaks off or is not JSON at a place where that cannot be passed over.
 */
export class JsonSplitter {
  #text = '';
  #at = 0;
  #line = 1;
  readonly #inside: Where[] = ['top'];
  #key: string | null = null;
  #awaiting: 'value' | 'key' | 'colon' = 'value';
  // The value that is being collected.
  #start = -1;
  #startLine = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(private readonly lists: readonly string[]) {}

  push(piece: string): JsonValue[] {
    this.#text += piece;
    const found: JsonValue[] = [];
    while (this.#at < this.#text.length) if (!this.#step(found)) break;
    const keep = this.#start >= 0 ? this.#start : this.#at;
    this.#text = this.#text.slice(keep);
    this.#at -= keep;
    if (this.#start >= 0) this.#start = 0;
    if (this.#text.length > LONGEST)
      throw invalid(`the value that begins in line ${this.#startLine} is longer than 64 MiB`, 'Give jobs as a list.');
    return found;
  }

  end(): JsonValue[] {
    const found = this.push('\n');
    if (this.#inside.length > 1 || this.#start >= 0)
      throw invalid(
        `the JSON breaks off in line ${Math.max(1, this.#line - 1)}`,
        'Give the whole file; nothing was taken in.',
      );
    return found;
  }

  /** Reads one token or goes on with the value at hand; false when more text is needed. */
  #step(found: JsonValue[]): boolean {
    if (this.#start >= 0) return this.#collect(found);
    const code = this.#text.charCodeAt(this.#at);
    if (SPACE.has(code) || code === COMMA || (code === COLON && this.#awaiting === 'colon')) {
      if (code === 10) this.#line++;
      if (code === COLON) this.#awaiting = 'value';
      this.#at++;
      return true;
    }
    const c = this.#text[this.#at]!;
    const where = this.#inside.at(-1)!;
    if ((c === ']' && where === 'list') || (c === '}' && where === 'members')) {
      this.#inside.pop();
      this.#awaiting = this.#inside.at(-1) === 'members' ? 'key' : 'value';
      this.#key = null;
      this.#at++;
      return true;
    }
    if (where === 'top' && c === '[') return this.#enter('list');
    if (where === 'top' && c === '{') return this.#enter('members');
    if (where === 'members' && this.#awaiting === 'value' && c === '[' && this.lists.includes(this.#key ?? ''))
      return this.#enter('list');
    if (this.#awaiting === 'colon' || c === ']' || c === '}' || (this.#awaiting === 'key' && code !== QUOTE))
      throw invalid(
        `line ${this.#line} is not JSON near '${this.#text.slice(this.#at, this.#at + 20)}'`,
        'Mend the file.',
      );
    this.#start = this.#at;
    this.#startLine = this.#line;
    return true;
  }

  #enter(where: Where): true {
    this.#inside.push(where);
    this.#awaiting = where === 'members' ? 'key' : 'value';
    this.#at++;
    return true;
  }

  #collect(found: JsonValue[]): boolean {
    const text = this.#text;
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at);
      if (code === 10) this.#line++;
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (code === BACKSLASH) this.#escaped = true;
        else if (code === QUOTE) {
          this.#inString = false;
          if (this.#depth === 0) return this.#finish(this.#at + 1, found);
        }
        continue;
      }
      if (code === QUOTE) this.#inString = true;
      else if (code === 123 || code === 91) this.#depth++;
      else if (code === 125 || code === 93) {
        // A bare word ends before the bracket that closes what it stands in.
        if (this.#depth === 0) return this.#finish(this.#at, found);
        this.#depth--;
        if (this.#depth === 0) return this.#finish(this.#at + 1, found);
      } else if (this.#depth === 0 && (code === COMMA || code === COLON || SPACE.has(code))) {
        if (code === 10) this.#line--;
        return this.#finish(this.#at, found);
      }
    }
    return false;
  }

  #finish(end: number, found: JsonValue[]): true {
    const value = this.#text.slice(this.#start, end);
    this.#at = end;
    this.#start = -1;
    const where = this.#inside.at(-1)!;
    if (where === 'members' && this.#awaiting === 'key') {
      this.#key = String(parsed(value, this.#startLine));
      this.#awaiting = 'colon';
    } else {
      found.push({ key: where === 'members' ? this.#key : null, text: value, line: this.#startLine });
      if (where === 'members') this.#awaiting = 'key';
    }
    return true;
  }
}

const parsed = (text: string, line: number): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(`line ${line} is not JSON near '${text.slice(0, 20)}'`, 'Mend the file.');
  }
};
