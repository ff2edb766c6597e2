/** The books for other programs: Impact Framework, CodeCarbon, FOCUS; a plan's moves for Slurm; evidence with its rows. */
import type { Command } from 'commander';
import { invalid, notFound } from '../../domain/fault.js';
import { energyText, massText, moneyText } from '../../domain/figures.js';
import { RUNS } from '../../domain/run.js';
import { instant } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { write } from '../output-file.js';

const FORMS = ['if', 'codecarbon', 'focus', 'sbatch', 'evidence'] as const;

/** The plan of a run, or of the newest run that has one. */
const planOf = async (context: Context, options: Record<string, unknown>): Promise<string | undefined> => {
  if (options.plan !== undefined) return String(options.plan);
  if (options.run === undefined) return undefined;
  const id = String(options.run);
  const run = (await (await context.app()).world.store.collection(RUNS).get(id))?.value;
  if (!run) throw notFound(`there is no run ${id}`, '`caco runs` lists them.');
  if (run.planId === null) throw notFound(`run ${id} has no plan`, `caco show ${id}`);
  return run.planId;
};

const slurm = async (
  context: Context,
  options: Record<string, unknown>,
): Promise<{ text: string; jobs: number; skipped: number }> => {
  const runs = (await (await context.app()).world.store.collection(RUNS).list({ limit: 200 })).map((r) => r.value);
  const planId = (await planOf(context, options)) ?? runs.find((r) => r.planId !== null)?.planId;
  if (!planId)
    throw notFound('there is no plan whose moves could be written', 'caco launch makes one; or give --plan ID.');
  let [text, jobs, skipped] = ['', 0, 0];
  for (let after: string | null | undefined; after !== null; ) {
    const page = await context.call('draft_slurm_commands', {
      planId,
      limit: 5000,
      ...(after === undefined ? {} : { after }),
    });
    text += page.script;
    jobs += page.jobs;
    skipped += page.skipped;
    after = page.next;
  }
  return { text, jobs, skipped };
};

const exportTo = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const forms = FORMS.filter((form) => options[form] !== undefined && options[form] !== false);
  const [form] = forms;
  if (form === undefined || forms.length > 1)
    throw invalid(
      forms.length > 1
        ? `${forms.map((f) => `--${f}`).join(' and ')} cannot be written into one file`
        : 'no form is given',
      'Give one of --if, --codecarbon, --focus, --sbatch, --evidence ID, and --out FILE.',
    );
  const out = options.out === undefined ? undefined : String(options.out);
  const done = (text: string, json: Record<string, unknown>, told: string): Answer => {
    if (out === undefined) return { json: { format: form, ...json, text }, text };
    write(out, text);
    return { json: { format: form, out, ...json }, text: `${told} Written to ${out}.` };
  };
  if (form === 'sbatch') {
    const { text, jobs, skipped } = await slurm(context, options);
    return done(text, { jobs, skipped }, `${jobs} jobs${skipped > 0 ? `; ${skipped} are left where they are` : ''}.`);
  }
  if (form === 'evidence') {
    const { record } = await context.call('export_evidence', {
      evidenceId: String(options.evidence),
    });
    const again = out === undefined ? '' : ` Check it: caco verify ${out} --recompute.`;
    return done(`${JSON.stringify(record)}\n`, { evidenceId: record.id }, `Evidence ${record.id}.${again}`);
  }
  const planId = await planOf(context, options);
  const books = await context.call('export_books', {
    format: form,
    ...(options.from === undefined ? {} : { from: instant(String(options.from)) }),
    ...(options.to === undefined ? {} : { to: instant(String(options.to)) }),
    ...(planId === undefined ? {} : { planId }),
    ...(options.region === undefined ? {} : { region: String(options.region) }),
    ...(options.team === undefined ? {} : { team: String(options.team) }),
  });
  const { text, rows, omitted, from, to, totals } = books;
  const cost = totals.cost === null ? '' : `, ${moneyText(Number(totals.cost), totals.currency)}`;
  const left = omitted === 0 ? '' : ` ${omitted} pieces without a known intensity are left out.`;
  const check =
    form === 'if' && out !== undefined
      ? ` Check it: if-run -m ${out} -o again && if-diff -s again.yaml -t ${out}.`
      : '';
  return done(
    text,
    { rows, omitted, from, to, totals },
    `${rows} pieces of work from ${from} to ${to}: ${energyText(Number(totals.energyKwh))}, ${massText(Number(totals.emissionsKg))} CO2e${cost}.${left}${check}`,
  );
};

export const register = (program: Command) => {
  addCommand(
    program,
    'export',
    'write the books of what ran for other programs',
    (c) =>
      c
        .option('--if', 'Impact Framework manifest that if-run and if-diff recompute')
        .option('--codecarbon', 'rows as CodeCarbon writes them (CSV)')
        .option('--focus', 'FOCUS 1.2 rows for FinOps (CSV)')
        .option('--sbatch', 'the moves of a plan as commands for Slurm')
        .option('--evidence <id>', 'an evidence record with all its rows')
        .option('--out <file>', 'where to write; standard output when left out')
        .option('--from <time>', 'start of the period')
        .option('--to <time>', 'end of the period, exclusive')
        .option('--run <id>', 'the plan of this run only')
        .option('--plan <id>', 'this plan only')
        .option('--region <region>', 'this region only')
        .option('--team <team>', 'this team only'),
    exportTo,
  );
};
