/** The formats of signal files as tables for docs/signal-files.md. */
import { KNOWN } from './formats.js';
import { REFUSED } from './refused.js';

const cell = (text: string): string => (text === '' ? '–' : text.replaceAll('|', '\\|'));
const row = (...cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

/** Two tables in Markdown: what is read, and what is refused. */
export const formatTables = (): string =>
  [
    row('Format', 'Unit', 'Zone', 'A time is', 'Kind', 'Said', 'Not read'),
    '|---|---|---|---|---|---|---|',
    ...KNOWN.map((f) => row(f.name, f.unit, f.zone, f.times, f.kind, f.said, f.refused)),
    '',
    row('Refused by name', 'It holds', 'What to do'),
    '|---|---|---|',
    ...REFUSED.map((f) => row(f.name, f.why, f.remedy)),
  ].join('\n');
