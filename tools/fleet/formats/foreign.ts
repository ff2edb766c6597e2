/** Outputs of schedulers and services that are not read, known by how they begin: refused by their name, with what to do. */
import { Fault, invalid } from '../../../domain/fault.js';
import { SLURM_ERROR } from './sacct-table.js';

interface Foreign {
  readonly name: string;
  readonly begins: (firstLine: string, head: string) => boolean;
  readonly remedy: string;
}

const OWN = 'or write CSV with id, duration_hours and vcpus, gpus or power_kw (`caco ingest --help` lists all columns)';

export const FOREIGN: readonly Foreign[] = [
  {
    name: 'accounting of Grid Engine',
    begins: (line) => /^[^:\s"{[]+(:[^:"]*){40,}$/.test(line),
    remedy: `Its columns differ between versions: take jobs from \`qstat -xml\` or qacct by a script, ${OWN}.`,
  },
  {
    name: 'jobs of AWS Batch',
    begins: (_, head) => /"jobArn"\s*:|"jobSummaryList"\s*:/.test(head),
    remedy: `Its times count milliseconds and its sizes stand in the job definition: ${OWN.slice(3)}.`,
  },
  {
    name: 'tasks of Azure Batch',
    begins: (_, head) => /"executionInfo"\s*:/.test(head),
    remedy: `A task does not say the size of its machine: ${OWN.slice(3)}.`,
  },
  {
    name: 'the table of squeue',
    begins: (line) => /^\s*JOBID\s+PARTITION\s+NAME\b/.test(line),
    remedy: 'It cuts names and leaves out sizes: take the queue from `squeue --json`.',
  },
  {
    name: 'a report of reportseff or seff',
    begins: (line) => /^\s*JobID\s+State\s+Elapsed\b|^Job ID: \d+/.test(line),
    remedy: 'It gives efficiencies, not sizes: ask `sacct -P` or `sacct --json` for the same jobs.',
  },
  {
    name: 'the table of sacct',
    begins: (line) => /^ *JobID {2,}\S/.test(line) && !line.includes('|'),
    remedy: 'It cuts what is longer than its column: ask `sacct -P` or `sacct --json`.',
  },
  {
    name: 'a report of sreport',
    begins: (line) => /^-{20,}$|^Cluster\|Account\|Login\|/.test(line),
    remedy: 'It adds jobs up: ask `sacct -P` or `sacct --json` for the jobs themselves.',
  },
  {
    name: 'the table of qstat',
    begins: (line) => /^Job id\s+Name\s+User\b|^job-ID\s+prior\s+name\b/.test(line),
    remedy: 'Give the accounting file of PBS (server_priv/accounting/DATE), which tells what ran.',
  },
  {
    name: 'the table of condor_q or condor_history',
    begins: (line) => /^\s*ID\s+OWNER\s+SUBMITTED\b|^-- Schedd: /.test(line),
    remedy: 'Ask `condor_history -json`.',
  },
  {
    name: 'the table of bjobs or bhist',
    begins: (line) => /^JOBID\s+USER\s+STAT\s+QUEUE\b|^Summary of time in seconds spent/.test(line),
    remedy: 'Give LSF’s lsb.acct, which tells what ran.',
  },
  {
    name: 'the table of kubectl',
    begins: (line) => /^(NAMESPACE\s+)?NAME\s+(STATUS\s+)?COMPLETIONS\s+DURATION\b/.test(line),
    remedy: 'Ask `kubectl get jobs -o json`.',
  },
];

/** Throws Fault where the text is one of these, or nothing but an error of Slurm’s (`unavailable`). */
export const refuseForeign = (head: string): void => {
  const text = head.trimStart();
  const [firstLine = ''] = text.split('\n', 1);
  const first = firstLine.trimEnd();
  if (SLURM_ERROR.test(first) && text.split('\n').every((line) => line.trim() === '' || SLURM_ERROR.test(line)))
    throw new Fault(
      'unavailable',
      `Slurm reported: ${first.slice(0, 200)}, and no row`,
      'Nothing was taken in. Ask again when slurmdbd answers (`sacctmgr ping`).',
    );
  const known = FOREIGN.find(({ begins }) => begins(first, text));
  if (known) throw invalid(`this is ${known.name}, which is not read`, known.remedy);
};
