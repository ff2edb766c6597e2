/** Which reader reads a text: by what stands at its beginning, never by its name. */
import { readCsv, readJson, readJsonLines } from './generic.js';
import { readKubernetes } from './kubernetes-yaml.js';
import type { Format, Reader } from './reading.js';
import { readSacct } from './sacct.js';
import { readScontrol } from './scontrol.js';
import { readSlurmJson } from './slurm-json.js';
import { readSwf } from './swf.js';
import { ALIBABA_HEADER, GAIA_HEADER, LWA_HEADER, readAlibaba, readGaia, readLwa } from './traces.js';

export const READERS: Readonly<Record<Format, Reader>> = {
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
};

/** `head` is the text's beginning. A text that nothing else claims is read as CSV, which says what its header lacks. */
export const formatOf = (head: string): Format => {
  const text = head.trimStart();
  const firstLine = text.slice(0, lineEnd(text)).trim();
  if (text.startsWith('{') || text.startsWith('[')) return jsonFormat(text, firstLine);
  if (firstLine === GAIA_HEADER) return 'gaia';
  if (firstLine === ALIBABA_HEADER) return 'alibaba-gpu-2023';
  if (firstLine === LWA_HEADER) return 'lwa';
  if (/^JobId=\d/.test(text)) return 'scontrol';
  if (/(^|\|)JobID(Raw)?(\||$)/.test(firstLine)) return 'sacct';
  if (looksLikeSwf(text)) return 'swf';
  return 'csv';
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
  const rest = text.slice(lineEnd(text)).trimStart();
  if (firstLine.startsWith('{') && firstLine.endsWith('}') && rest.startsWith('{')) return 'jsonl';
  return 'json';
};

/** A comment that names a header of the format, or 18 numbers. */
const looksLikeSwf = (text: string): boolean => {
  for (const line of text.split('\n', 400)) {
    const content = line.trim();
    if (/^;\s*(Version|Computer|UnixStartTime|MaxProcs|MaxJobs|MaxNodes|Note)\b/i.test(content)) return true;
    if (content === '' || content.startsWith(';')) continue;
    const cells = content.split(/\s+/);
    return cells.length === 18 && cells.every((cell) => /^-?\d+(\.\d+)?$/.test(cell));
  }
  return false;
};
