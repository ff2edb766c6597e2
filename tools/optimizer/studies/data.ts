/** The public data sets that the studies used, from a folder; docs/methods/studies.md says what must lie where. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { invalid, notFound } from '../../../domain/fault.js';

export class StudyData {
  constructor(readonly folder: string) {}

  /** Throws Fault `not-found` that names the missing file. */
  bytes(path: string): Buffer {
    try {
      const bytes = readFileSync(join(this.folder, path));
      return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    } catch (error) {
      throw notFound(
        `${join(this.folder, path)} cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`,
        'Give with --data the folder that holds the public data sets; docs/methods/studies.md lists its files.',
      );
    }
  }

  /** Rows as text, by named column. Throws Fault `invalid-input` where a column is missing. */
  table(path: string, columns: readonly string[]): string[][] {
    const lines = this.bytes(path).toString('utf8').split('\n');
    const heads = lines[0]!.trim().split(',');
    const at = columns.map((column) => {
      const index = heads.indexOf(column);
      if (index < 0) throw invalid(`${path} has no column ${column}`, `It has ${heads.slice(0, 10).join(', ')}.`);
      return index;
    });
    const rows: string[][] = [];
    for (const line of lines.slice(1)) {
      if (line.trim() === '') continue;
      const cells = line.trimEnd().split(',');
      rows.push(at.map((index) => cells[index] ?? ''));
    }
    return rows;
  }

  /** A column of numbers; an empty or unreadable cell is NaN, a gap. */
  column(path: string, name: string): Float64Array {
    return Float64Array.from(this.table(path, [name]), ([cell]) => numberOf(cell!));
  }
}

export const numberOf = (cell: string): number => (cell.trim() === '' ? Number.NaN : Number(cell));
