/** The newest values of a stream, in the order of their size. */
export class Recent {
  readonly #ring: number[] = [];
  readonly #sorted: number[] = [];

  constructor(readonly most: number) {}

  get count(): number {
    return this.#ring.length;
  }

  add(value: number): void {
    this.#ring.push(value);
    this.#sorted.splice(this.#placeOf(value), 0, value);
    if (this.#ring.length > this.most) this.#sorted.splice(this.#placeOf(this.#ring.shift()!), 1);
  }

  /** The least value that a next one does not pass with this probability, as conformal prediction counts: the ⌈(n + 1)·share⌉-th. */
  atMost(share: number): number {
    const n = this.#sorted.length;
    return this.#sorted[Math.max(0, Math.min(n - 1, Math.ceil((n + 1) * share) - 1))]!;
  }

  /** Between order statistics, weighted as numpy does. */
  quantile(share: number): number {
    const at = share * (this.#sorted.length - 1);
    const below = this.#sorted[Math.floor(at)]!;
    return below + ((this.#sorted[Math.floor(at) + 1] ?? below) - below) * (at - Math.floor(at));
  }

  /** Where the value stands, or would stand. */
  #placeOf(value: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
