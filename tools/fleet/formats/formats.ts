/**
 * The front door of what reads jobs from text: every format by its name, and which of them a text is, told by what stands at its
 * beginning, never by its file's name. A reader makes drafts; it knows no sites, no defaults and no store.
 */
import { refuseForeign } from './foreign.js';
import { readCsv, readJson, readJsonLines } from './generic.js';
import { looksLikeCondor, readCondor } from './htcondor.js';
import { readKubernetes } from './kubernetes-json.js';
import { looksLikeLsf, readLsf } from './lsf.js';
import { looksLikePbs, readPbs } from './pbs.js';
import type { Reader } from './reading.js';
import { readSacct } from './sacct.js';
import { SLURM_ERROR } from './sacct-table.js';
import { readScontrol } from './scontrol.js';
import { readSlurmJson } from './slurm-json.js';
import { looksLikeSwf, readSwf } from './swf.js';
import { ALIBABA_HEADER, GAIA_HEADER, LWA_HEADER, readAlibaba, readGaia, readLwa } from './traces.js';

export { csvRows, separatorOf } from './csv.js';
export { beyondCalendar, type Draft, isRejected, nearest, type Rejected, rejected } from './draft.js';
export { decimal } from './fields.js';
export { jobFormatTables } from './formats-page.js';
export { objectReader } from './generic.js';
export { containerSize, draftOfJob } from './kubernetes-json.js';
export { type ReaderOptions, Reading, type Rows } from './reading.js';
export { givesLeave } from './slurm-comment.js';
export { draftsOf, type PendingJob } from './slurm-fields.js';
export { readQueue } from './slurm-json.js';

export const READERS = {
  json: readJson,
  jsonl: readJsonLines,
  csv: readCsv,
  swf: readSwf,
  'slurm-json': readSlurmJson,
  sacct: readSacct,
  scontrol: readScontrol,
  gaia: readGaia,
  'alibaba-gpu-2023': readAlibaba,
  lwa: readLwa,
  k8s: readKubernetes,
  lsf: readLsf,
  pbs: readPbs,
  htcondor: readCondor,
} satisfies Readonly<Record<string, Reader>>;

export type Format = keyof typeof READERS;
export const FORMATS = Object.keys(READERS) as [Format, ...Format[]];

/**
 * `head` is the text's beginning. A text that nothing else claims is read as CSV, which says what its header lacks. Throws Fault
 * for outputs that are known and not read.
 */
export const formatOf = (head: string): Format => {
  refuseForeign(head);
  const text = withoutErrors(head.trimStart());
  const firstLine = text.slice(0, lineEnd(text)).trim();
  if (text.startsWith('{') || text.startsWith('[')) return jsonFormat(text, firstLine);
  if (firstLine === GAIA_HEADER) return 'gaia';
  if (firstLine === ALIBABA_HEADER) return 'alibaba-gpu-2023';
  if (firstLine === LWA_HEADER) return 'lwa';
  if (/^JobId=\d/.test(text)) return 'scontrol';
  if (/(^|\|)JobID(Raw)?(\||$)/.test(firstLine)) return 'sacct';
  if (looksLikePbs(firstLine)) return 'pbs';
  if (looksLikeLsf(firstLine)) return 'lsf';
  if (looksLikeSwf(text)) return 'swf';
  return 'csv';
};

/** What Slurm wrote to standard error may stand before what it wrote. */
const withoutErrors = (text: string): string => {
  let rest = text;
  while (SLURM_ERROR.test(rest)) rest = rest.slice(lineEnd(rest)).trimStart();
  return rest;
};

const lineEnd = (text: string): number => {
  const at = text.indexOf('\n');
  return at < 0 ? text.length : at;
};

const jsonFormat = (text: string, firstLine: string): Format => {
  if (/"(apiVersion)"\s*:/.test(text) && /"kind"\s*:/.test(text)) return 'k8s';
  if (/"job_id"\s*:/.test(text) && /"(job_state|state_reason|allocation_nodes|association)"\s*:/.test(text))
    return 'slurm-json';
  if (/"(slurm|Slurm)"\s*:/.test(text) && /"jobs"\s*:/.test(text)) return 'slurm-json';
  if (looksLikeCondor(text)) return 'htcondor';
  const rest = text.slice(lineEnd(text)).trimStart();
  if (firstLine.startsWith('{') && firstLine.endsWith('}') && rest.startsWith('{')) return 'jsonl';
  return 'json';
};
