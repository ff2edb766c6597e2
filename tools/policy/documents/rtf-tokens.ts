/** RTF cut into groups, control words and bytes, and its bytes as characters. */

export type RtfToken =
  | { readonly kind: 'open' }
  | { readonly kind: 'close' }
  | { readonly kind: 'word'; readonly word: string; readonly value: number | undefined }
  | { readonly kind: 'symbol'; readonly symbol: string }
  | { readonly kind: 'byte'; readonly byte: number };

const DEEPEST = 1000;

/** Iterates the tokens; throws Error where groups are nested too deeply. */
export class RtfTokens implements Iterable<RtfToken> {
  constructor(private readonly bytes: Buffer) {}

  *[Symbol.iterator](): Generator<RtfToken> {
    const { bytes } = this;
    const source = bytes.toString('latin1');
    const word = /\\([a-z]{1,32})(-?\d{1,10})? ?/gy;
    let depth = 0;
    for (let at = 0; at < source.length; ) {
      const character = source[at]!;
      if (character === '{') {
        if (++depth > DEEPEST) throw new Error('its groups are nested too deeply');
        yield { kind: 'open' };
        at++;
      } else if (character === '}') {
        depth--;
        yield { kind: 'close' };
        at++;
        // What follows the last group is no part of the document.
        if (depth === 0) return;
      } else if (character === '\\') {
        word.lastIndex = at;
        const found = word.exec(source);
        if (found !== null) {
          const value = found[2] === undefined ? undefined : Number(found[2]);
          at = word.lastIndex;
          if (found[1] === 'bin') at += Math.max(0, value ?? 0);
          else yield { kind: 'word', word: found[1]!, value };
        } else if (source[at + 1] === "'") {
          const byte = Number.parseInt(source.slice(at + 2, at + 4), 16);
          if (!Number.isNaN(byte)) yield { kind: 'byte', byte };
          at += 4;
        } else {
          yield { kind: 'symbol', symbol: source[at + 1] ?? '' };
          at += 2;
        }
      } else {
        if (character !== '\n' && character !== '\r') yield { kind: 'byte', byte: bytes[at]! };
        at++;
      }
    }
  }
}

/** Code pages of the charsets of fonts (\fcharset). */
const CHARSETS: Readonly<Record<number, number>> = {
  77: 10000,
  128: 932,
  129: 949,
  134: 936,
  136: 950,
  161: 1253,
  162: 1254,
  163: 1258,
  177: 1255,
  178: 1256,
  186: 1257,
  204: 1251,
  222: 874,
  238: 1250,
};
const NAMES: Readonly<Record<number, string>> = {
  10000: 'macintosh',
  932: 'shift_jis',
  949: 'euc-kr',
  936: 'gbk',
  950: 'big5',
  65001: 'utf-8',
  874: 'windows-874',
};

/** Bytes of text until something else comes: a character may take two of them. */
export class RtfBytes {
  codePage = 1252;
  #bytes: number[] = [];

  add(byte: number): void {
    this.#bytes.push(byte);
  }

  /** The characters so far, by the font's charset where it has one of its own. */
  take(charset: number | undefined): string {
    if (this.#bytes.length === 0) return '';
    const bytes = Uint8Array.from(this.#bytes);
    this.#bytes = [];
    // The codes of a font of signs are kept as they are.
    if (charset === 2) return String.fromCharCode(...bytes);
    const page = CHARSETS[charset ?? -1] ?? this.codePage;
    try {
      return new TextDecoder(NAMES[page] ?? `windows-${page}`).decode(bytes);
    } catch {
      return new TextDecoder('windows-1252').decode(bytes);
    }
  }
}
