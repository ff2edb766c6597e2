/** Sums by group, site and hour. Memory follows the hours in which something ran, not the length of the calendar. */

/** What is added up in a cell. `unit…` columns count only jobs that carry work units. */
export const SUMS = [
  'jobs',
  'energyKwh',
  'coveredKwh',
  'emissionsKg',
  'energyCost',
  'pricedKwh',
  'instanceCost',
  'egressCost',
  'tardinessCost',
  'vcpuHours',
  'gpuHours',
  'workUnits',
  'unitKg',
  'unitCost',
  'unitVcpuHours',
  'unitUnseenKwh',
  'unitUnpricedKwh',
] as const;
export type Sum = (typeof SUMS)[number];
export type Sums = Record<Sum, number>;

const WIDTH = SUMS.length;
const BLOCK_HOURS = 64;
/** More than all blocks of hours from the epoch to the year 9999. */
const BLOCKS = 2 ** 21;

export const at = Object.fromEntries(SUMS.map((name, i) => [name, i])) as Record<Sum, number>;

export class Books {
  readonly #blocks = new Map<number, Float64Array>();
  #lastKey = -1;
  #last: Float64Array | undefined;

  constructor(private readonly sites: number) {}

  /** The block that holds the cell, and the place of its first sum. Hours count from the epoch. */
  cell(group: number, site: number, hour: number): { block: Float64Array; offset: number } {
    const number = Math.floor(hour / BLOCK_HOURS);
    const key = (group * this.sites + site) * BLOCKS + number;
    if (key !== this.#lastKey || this.#last === undefined) {
      let block = this.#blocks.get(key);
      if (!block) {
        block = new Float64Array(BLOCK_HOURS * WIDTH);
        this.#blocks.set(key, block);
      }
      this.#lastKey = key;
      this.#last = block;
    }
    return { block: this.#last, offset: (hour - number * BLOCK_HOURS) * WIDTH };
  }

  /** Every cell in which something was booked. */
  each(visit: (group: number, site: number, hour: number, block: Float64Array, offset: number) => void): void {
    for (const [key, block] of this.#blocks) {
      const number = key % BLOCKS;
      const cell = Math.floor(key / BLOCKS);
      const site = cell % this.sites;
      const group = Math.floor(cell / this.sites);
      for (let i = 0; i < BLOCK_HOURS; i++) {
        const offset = i * WIDTH;
        if (!this.#empty(block, offset)) visit(group, site, number * BLOCK_HOURS + i, block, offset);
      }
    }
  }

  #empty(block: Float64Array, offset: number): boolean {
    for (let i = 0; i < WIDTH; i++) if (block[offset + i] !== 0) return false;
    return true;
  }
}

export const noSums = (): Sums => Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums;
