import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, digest, SHORT_ID, shortId } from './digest.js';
import { parseStrictJson } from './strict-json.js';

const OWN = new URL('./fixtures/jcs/', import.meta.url);
const read = (folder: URL, name: string) => readFileSync(new URL(name, folder), 'utf8');

interface Odd {
  readonly id: string;
  readonly text?: string;
  readonly js?: string;
  readonly out?: string;
}
const odd = JSON.parse(read(OWN, 'reject.json')) as { reject: Odd[]; accept: Odd[] };
const canonicalOf = ({ text, js }: Odd): string =>
  canonicalJson(text === undefined ? new Function(`return ${js}`)() : parseStrictJson(text));

describe('canonical JSON', () => {
  it.each(readdirSync(new URL('rfc8785/input/', OWN)))('writes the RFC 8785 sample %s byte for byte', (name) => {
    const expected = read(OWN, `rfc8785/output/${name}`).replace(/\n$/, '');
    expect(canonicalJson(parseStrictJson(read(OWN, `rfc8785/input/${name}`)))).toBe(expected);
  });

  it('writes numbers as ECMAScript does', () => {
    const packed = readFileSync(new URL('es6-numbers-10000.txt.gz', OWN));
    const lines = gunzipSync(packed).toString('utf8').trim().split('\n');
    expect(lines).toHaveLength(10_000);
    const written = lines.map((line) => {
      const hex = line.split(',')[0]!;
      const bits = Buffer.alloc(8);
      bits.writeBigUInt64BE(BigInt(`0x${hex}`));
      return `${hex},${canonicalJson(bits.readDoubleBE())}`;
    });
    expect(written).toEqual(lines);
  });

  it.each(odd.reject)('refuses $id', (value) => {
    expect(() => canonicalOf(value)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });

  it.each(odd.accept)('accepts $id', (value) => {
    expect(canonicalOf(value)).toBe(value.out);
  });

  it('says the same again when it is read back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it('reads strings of any length and any number of escapes, and says what is wrong in them shortly', () => {
    const text = JSON.stringify({ 'a\\"': `${'\\"'.repeat(2_250_000)}\\`, b: ['"', '\\'] });
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
    const shortly = { code: 'invalid-input', message: expect.stringMatching(/^.{20,200}$/s) };
    for (const wrong of [
      `"${'\\n'.repeat(4_500_000)}\\ud800"`,
      `{"${'\\n'.repeat(1_000_000)}":1,"${'\\n'.repeat(1_000_000)}":2}`,
      '7'.repeat(1_000_000),
    ])
      expect(() => parseStrictJson(wrong)).toThrow(expect.objectContaining(shortly));
  });

  it('reads back whatever JSON.stringify writes, with and without white space', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 2), (value, indent) => {
        // An integer beyond 2^53 would rightly be refused.
        const small = (_: string, v: unknown) => (typeof v === 'number' ? v % 2 ** 53 : v);
        const text = JSON.stringify(value, small, indent);
        expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('refuses what is circular or too deep instead of failing', () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    expect(() => canonicalJson(circle)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
  });
});

describe('a digest', () => {
  it('does not depend on the order of members and leaves out undefined ones', () => {
    expect(digest({ a: 1, b: [{ c: 2, d: undefined }] })).toBe(digest({ b: [{ c: 2 }], a: 1 }));
    expect(digest({ a: 1 })).not.toBe(digest({ a: '1' }));
    expect(digest('')).toBe('12ae32cb1ec02d01eda3581b127c1fee3b0dc53572ed6baf239721a03d82e126');
  });

  it('names a value shortly and always alike', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(shortId('P', value)).toMatch(/^P-[0-9A-HJKMNP-TV-Z]{8}$/);
        expect(shortId('P', value)).toMatch(SHORT_ID);
        expect(shortId('P', value)).toBe(shortId('P', structuredClone(value)));
      }),
    );
  });
});
