/** Which ids came before, and in which line, in a few bytes each: a set of a million ids as text would weigh more than all else. */
export class SeenIds {
  #first = new Uint32Array(1 << 12);
  #second = new Uint32Array(1 << 12);
  #line = new Int32Array(1 << 12);
  #count = 0;

  /** The line in which an id with the same 64-bit hash stood, or null. */
  find(id: string): number | null {
    const at = this.#slot(hash(id));
    return this.#line[at] === 0 ? null : this.#line[at]!;
  }

  /** Keeps an id with its line, counted from 1; the first line of an id stays. */
  add(id: string, line: number): void {
    if (this.#count * 10 > this.#line.length * 6) this.#grow();
    const both = hash(id);
    const at = this.#slot(both);
    if (this.#line[at] !== 0) return;
    [this.#first[at], this.#second[at]] = both;
    this.#line[at] = line;
    this.#count++;
  }

  #slot([a, b]: readonly [number, number]): number {
    const mask = this.#line.length - 1;
    let at = a & mask;
    while (this.#line[at] !== 0 && (this.#first[at] !== a || this.#second[at] !== b)) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const [first, second, line] = [this.#first, this.#second, this.#line];
    const size = line.length * 2;
    this.#first = new Uint32Array(size);
    this.#second = new Uint32Array(size);
    this.#line = new Int32Array(size);
    for (let i = 0; i < line.length; i++) {
      if (line[i] === 0) continue;
      let at = first[i]! & (size - 1);
      while (this.#line[at] !== 0) at = (at + 1) & (size - 1);
      this.#first[at] = first[i]!;
      this.#second[at] = second[i]!;
      this.#line[at] = line[i]!;
    }
  }
}

/** FNV-1a and a multiplicative hash of the same UTF-16 units, both mixed at the end. */
const hash = (text: string): [number, number] => {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    a = Math.imul(a ^ c, 0x01000193);
    b = Math.imul(b + c, 0x85ebca6b) ^ (b >>> 13);
  }
  a ^= a >>> 16;
  a = Math.imul(a, 0x7feb352d);
  b ^= b >>> 15;
  b = Math.imul(b, 0x2c1b3c6d);
  return [(a ^ (a >>> 15)) >>> 0, (b ^ (b >>> 12)) >>> 0];
};
