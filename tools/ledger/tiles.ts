/** A ledger's entries as C2SP tlog-tiles: what stands in each file, wherever it is written to or compared with. */
import { fold, type Hash, leafHash, TILE_WIDTH } from '../../domain/evidence/merkle.js';

/** `x001/x234/067`: three digits a step, all but the last marked (tlog-tiles). A width names a partial tile. */
export const tilePath = (index: number, width: number): string => {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g)!;
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return width < TILE_WIDTH ? `${path}.p/${width}` : path;
};

/** 16 bits of length, then the bytes, for each entry. */
export const bundleOf = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );

/** Takes a file below the folder of tiles; `from` is the first entry that it speaks of. */
export type PutTile = (path: string, bytes: Buffer, from: number) => void;

/** Collects entries and hands every full tile out, level by level. */
export class Tiles {
  readonly #levels: Hash[][] = [];
  readonly #done: number[] = [];
  readonly #put: PutTile;
  constructor(put: PutTile) {
    this.#put = put;
  }

  /** The entries of one bundle: as many as a tile is wide, or the last ones. `from` is a multiple of that width. */
  push(from: number, texts: readonly string[]): void {
    for (const text of texts) this.#add(leafHash(text), 0);
    this.#put(`tile/entries/${tilePath(from / TILE_WIDTH, texts.length)}`, bundleOf(texts), from);
  }

  /** Hands out what is left as partial tiles. */
  end(): void {
    for (let level = 0; level < this.#levels.length; level++) if (this.#levels[level]!.length > 0) this.#close(level);
  }

  #add(hash: Hash, level: number): void {
    this.#levels[level] ??= [];
    const tile = this.#levels[level];
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    this.#close(level);
    this.#levels[level] = [];
    this.#add(fold(tile), level + 1);
  }

  #close(level: number): void {
    const tile = this.#levels[level]!;
    const index = this.#done[level] ?? 0;
    this.#done[level] = index + 1;
    const path = `tile/${level}/${tilePath(index, tile.length)}`;
    this.#put(path, Buffer.concat(tile), index * TILE_WIDTH ** (level + 1));
  }
}
