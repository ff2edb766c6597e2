/** Prometheus’ text format 0.0.4, and what exporters say in it. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?\s+(\S+)(?:\s+-?\d+)?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"\s*,?\s*/gy;

const labelsIn = (text: string): Record<string, string> | null => {
  const labels: Record<string, string> = Object.create(null);
  LABEL.lastIndex = 0;
  let end = 0;
  for (let found = LABEL.exec(text); found !== null; found = LABEL.exec(text)) {
    labels[found[1]!] = found[2]!.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
    end = LABEL.lastIndex;
  }
  return end === text.trimEnd().length || text.trim() === '' ? labels : null;
};

/** Samples with a finite value; a line that is none of the format is passed over, as scrapers must not stumble over one. */
export const samplesIn = (text: string): Sample[] =>
  text.split('\n').flatMap((line): Sample[] => {
    if (line === '' || line.startsWith('#')) return [];
    const [, name, inner = '', number] = LINE.exec(line.trim()) ?? [];
    const labels = name === undefined ? null : labelsIn(inner);
    const value = Number(number);
    return name === undefined || labels === null || !Number.isFinite(value) ? [] : [{ name, labels, value }];
  });
