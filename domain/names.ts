/** Numbers names in order of appearance, for rows kept as columns. */
export class Names {
  readonly names: string[] = [];
  readonly #index = new Map<string, number>();
  of(name: string): number {
    let i = this.#index.get(name);
    if (i === undefined) {
      i = this.names.length;
      this.#index.set(name, i);
      this.names.push(name);
    }
    return i;
  }
}
