/** The ledger: what was written, whether it still stands, and what a stranger needs to check it. */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { systemNow } from '../../clock.js';
import type { Checkpoint } from '../../domain/evidence/evidence.js';
import { invalid, notFound } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { write } from '../output-file.js';
import { plain, tableText } from '../terminal.js';

const FLAGS = flagsOf('list_ledger', {
  before: { about: 'only entries below this number' },
  cause: { about: 'of one run, approval or request' },
  subject: { about: 'about one plan, record …' },
  kind: { about: 'of one tool or record' },
  actor: { about: 'by one actor, for example cli:ann' },
});

const seqOf = (text: string): number => {
  const seq = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seq))
    throw invalid(`"${text}" is not a sequence number`, 'Give a whole number from 0: `caco ledger tail` shows them.');
  return seq;
};

const read = (path: string): string => {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (cause) {
    throw notFound(`${path} cannot be read: ${(cause as Error).message}`, 'Give the path of a file that is there.');
  }
};

const keyLines = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

const signatureText = (checkpoint: Checkpoint | null): string => {
  if (!checkpoint) return 'Nothing is signed yet.';
  const by = checkpoint.witnesses.length > 0 ? `witnessed by ${checkpoint.witnesses.join(', ')}` : 'unwitnessed';
  return `Signed at ${checkpoint.size} entries, root ${checkpoint.root}, ${by}.`;
};

const tail = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const listed = await context.call('list_ledger', await FLAGS.input(options));
  const checkpoint = await (await context.app()).ledger.head();
  const rows = listed.entries.map((e) => [
    String(e.seq),
    e.at,
    plain(e.kind),
    plain(e.actor),
    plain(e.cause ?? '–'),
    plain(e.subject ?? '–'),
  ]);
  return {
    json: { ...listed, checkpoint },
    text:
      listed.size === 0
        ? 'The ledger is empty: caco launch'
        : `${tableText(['entry', 'at', 'kind', 'by', 'for', 'about'], rows)}\n\n${listed.size === 1 ? '1 entry' : `${listed.size} entries`}. ${signatureText(checkpoint)}${listed.next === null ? '' : `\nMore: caco ledger tail --before ${listed.next}`}`,
  };
};

const show = async (context: Context, [seq]: string[]): Promise<Answer> => {
  const { entries, signed, checkpoint } = await context.call('get_evidence', { seq: seqOf(seq!) });
  const entry = entries[0]!;
  const { body } = entry;
  const lines = [
    `Entry ${entry.seq}: ${plain(body.kind)} by ${plain(body.actor)} at ${body.at}`,
    `  for ${plain(body.cause ?? '–')}, about ${plain(body.subject ?? '–')}`,
    `  hash ${entry.hash}`,
    `  prev ${entry.prevHash}`,
    JSON.stringify(body.data, null, 2),
    signed ? signatureText(checkpoint) : 'Not signed yet: only the chain protects it.',
    `Proof: caco ledger prove ${entry.seq} --out entry-${entry.seq}.tlog-proof`,
  ];
  return { json: { ...entry, signed, checkpoint }, text: lines.join('\n') };
};

const existing = (given: string): string => {
  const file = resolve(given);
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw notFound(`there is no file ${file}`, 'Give the path of a ledger in JSON Lines.');
  return file;
};

const audit = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  if (options.vkeys !== undefined && options.file === undefined)
    throw invalid(
      '--vkeys goes with --file',
      'Give the file to audit, or leave --vkeys out: the store’s keys are known.',
    );
  const since = options.since === undefined ? {} : { since: read(String(options.since)) };
  const found =
    options.file === undefined
      ? await context.call('audit_ledger', since)
      : await (await import('../../offline.js')).auditFile({
          file: existing(String(options.file)),
          ...since,
          ...(options.vkeys === undefined ? {} : { vkeys: keyLines(read(String(options.vkeys))) }),
          now: systemNow,
          signal: context.signal,
        });
  const { firstBad } = found;
  const text = firstBad
    ? [
        `The ledger is broken at entry ${firstBad.seq}: ${firstBad.what}.`,
        `  ${found.size} entries were read. What stands before entry ${firstBad.seq} is as it was written.`,
        options.file === undefined
          ? '  Put the newest copy of the store back (caco backup makes them) and audit again.'
          : '  Get a whole copy of the files from where they came, and audit that.',
      ]
    : [
        `The ledger is sound: ${found.size} entries, ${found.checkpointsChecked} checkpoints hold.`,
        `  ${signatureText(found.checkpoint)}`,
        ...(found.unsignedEntries > 0
          ? [`  The last ${found.unsignedEntries} entries are not signed yet: only the chain protects them.`]
          : []),
        ...(found.witnessed ? [] : ['  Nobody else has seen this state: caco ledger witness --folder DIR']),
      ];
  return { json: found, text: text.join('\n'), exitCode: firstBad ? EXIT.defect : EXIT.done };
};

const prove = async (context: Context, [given]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const seq = seqOf(given!);
  const out = String(options.out);
  const proof = await context.call('prove_ledger', { seq });
  const leaf = `${out.replace(/\.tlog-proof$/, '')}.leaf`;
  const keys = `${out.replace(/\.tlog-proof$/, '')}.vkeys`;
  const { ledger } = await context.app();
  write(out, proof.bundle);
  write(leaf, proof.leaf);
  write(keys, `${ledger.vkeys().join('\n')}\n`);
  return {
    json: { seq, proof: out, leaf, vkeys: keys, checkpoint: proof.checkpoint },
    text: [
      `Entry ${seq} is in this ledger. ${signatureText(proof.checkpoint)}`,
      `  proof ${out}`,
      `  entry ${leaf}`,
      `  keys  ${keys} (whoever checks should have them from elsewhere)`,
      'How to check it with nothing of ours: docs/methods/ledger.md',
    ].join('\n'),
  };
};

/** The page that checks an export with every server switched off, where the build has put it beside this program. */
const checkingPage = (folder: string): string[] => {
  const page = fileURLToPath(new URL('../../dashboard/proof.html', import.meta.url));
  // Among the sources it is a template that holds no script yet.
  if (!existsSync(page) || !existsSync(join(dirname(page), 'page.js'))) return [];
  const file = join(folder, 'check.html');
  copyFileSync(page, file);
  return [file];
};

const exportTo = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const folder = resolve(String(options.out));
  const { files, ...written } = await context.call('export_ledger', { folder });
  const all = [...files, ...checkingPage(folder)];
  return {
    json: { ...written, files: all },
    text: `${written.checkpoint.size} entries written.\n${all.map((f) => `  ${f}`).join('\n')}\n${signatureText(written.checkpoint)}`,
  };
};

/** The signed state itself on standard output, so that it can be kept: `caco ledger checkpoint > kept`. */
const checkpoint = async (context: Context): Promise<Answer> => {
  const state = await context.call('get_ledger_checkpoint', {});
  return { json: state, text: state.note };
};

const rotate = async (context: Context): Promise<Answer> => {
  const { id, via } = await context.actor('operate');
  const { ledger } = await context.app();
  const state = await ledger.rotateKey({ actor: `${via}:${id}` });
  return {
    json: { checkpoint: state, vkeys: ledger.vkeys() },
    text: `A new key signs from now on; the old one signed beside it once, so that its holders can follow.\n${signatureText(state)}\n${ledger.vkeys().join('\n')}`,
  };
};

const witness = async (
  context: Context,
  _: string[],
  options: Record<string, unknown>,
): Promise<Answer | undefined> => {
  const folder = resolve(String(options.folder ?? join(context.config.home, 'witness')));
  const name = options.name === undefined ? undefined : String(options.name);
  if (options.listen !== undefined) {
    const { openWitness, serveWitness } = await import('../../offline.js');
    const own = openWitness({ folder, now: systemNow, name });
    if (options.follow !== undefined) own.follow(keyLines(read(String(options.follow))));
    const server = await serveWitness(own, { port: numberOf('--listen', options.listen) });
    context.warn(`Witness ${own.vkey}\nlistens at ${server.url} (POST /add-checkpoint)`);
    await untilAborted(context.signal);
    await server.close();
    return undefined;
  }
  const { ledger } = await context.app();
  const { askWitness, runWitness } = await import('../../offline.js');
  const round = async (): Promise<Answer> => {
    if (options.url !== undefined) {
      if (options.vkey === undefined)
        throw invalid('--url needs --vkey', 'Give the verifier key that the witness’ operator publishes.');
      const { url, vkey } = { url: String(options.url), vkey: String(options.vkey) };
      const state = await askWitness({ url, vkey, source: ledger.witnessed, signal: context.signal });
      return { json: state, text: signatureText(state) };
    }
    const done = await runWitness({ folder, source: ledger.witnessed, now: systemNow, name });
    return {
      json: done,
      text: `${done.witness} has cosigned ${done.origin} at ${done.size} entries.\n  Its key, for whoever checks: ${done.vkey}\n  What it has seen stays in ${folder}.`,
    };
  };
  if (options.every === undefined) return round();
  const seconds = numberOf('--every', options.every);
  if (seconds < 1) throw invalid(`--every is ${seconds}`, 'Give a number of seconds, at least 1.');
  while (!context.signal.aborted) {
    const { json, text } = await round();
    process.stdout.write(`${context.json ? JSON.stringify(json) : text}\n`);
    await sleep(seconds * 1000, undefined, { signal: context.signal }).catch(() => {});
  }
  return undefined;
};

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

export const register = (program: Command) => {
  const ledger = program.command('ledger').description('what was done, measured and claimed, signed and provable');
  addCommand(ledger, 'tail', 'the newest entries, newest first', FLAGS.shape, tail);
  addCommand(ledger, 'show <seq>', 'one entry in full', () => {}, show);
  addCommand(
    ledger,
    'audit',
    'check chain, tree, signatures and consistency; exit 1 when the ledger is broken',
    (c) =>
      c
        .option('--since <file>', 'a checkpoint that was kept elsewhere, which the ledger must continue; - reads it')
        .option('--file <file>', 'a plain-file ledger or records.ndjson of an export instead of the store’s')
        .option('--vkeys <file>', 'with --file: the ledger’s verifier keys, from its owner and not from the export'),
    audit,
  );
  addCommand(
    ledger,
    'prove <seq>',
    'write an inclusion proof of one entry, and the entry beside it',
    (c) => c.requiredOption('--out <file>', 'the .tlog-proof file'),
    prove,
  );
  addCommand(
    ledger,
    'export',
    'write the ledger out: records.ndjson, tiles/ and vkeys.txt',
    (c) => c.requiredOption('--out <folder>', 'folder for the files'),
    exportTo,
  );
  addCommand(ledger, 'checkpoint', 'sign the state and print it, to be kept elsewhere', () => {}, checkpoint);
  addCommand(ledger, 'rotate', 'make a new signing key; old signatures stay valid', () => {}, rotate);
  addCommand(
    ledger,
    'witness',
    'cosign the ledger’s newest state as a party of its own, when it continues the last one',
    (c) =>
      c
        .option('--folder <folder>', 'the witness’ key and memory; best where the ledger’s owner cannot write')
        .option('--name <name>', 'the witness’ name, such as witness.example/w1; counts when its key is made')
        .option('--every <seconds>', 'go on until interrupted, one line a round')
        .option('--url <url>', 'ask a witness elsewhere instead (C2SP tlog-witness)')
        .option('--vkey <key>', 'that witness’ verifier key')
        .option('--listen <port>', 'be a witness for ledgers elsewhere, on 127.0.0.1')
        .option('--follow <file>', 'with --listen: verifier keys of the ledgers to consider'),
    witness,
  );
};
