/** `kwhsave`: one token for each proven kilowatt-hour. Nothing is sent without --send. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { digest } from '../../domain/digest.js';
import { invalid } from '../../domain/fault.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Options = Record<string, unknown>;
type Unsigned = NonNullable<ToolAnswer<'mint_kwhsave'>['unsigned']>;

const DEPLOY = flagsOf('deploy_kwhsave', { dryRun: false });
const RATE = flagsOf('rate_meter', { dryRun: false, meterId: false, ratedKw: false });
const MINT = flagsOf('mint_kwhsave', { dryRun: false, claimId: false });
const BALANCE = flagsOf('get_kwhsave_balance', { account: '--account <address>' });
const RETIRE = flagsOf('retire_kwhsave', { dryRun: false, kWh: false });
const VOID = flagsOf('void_kwhsave', { dryRun: false, claimId: false });
const PAUSE = flagsOf('pause_kwhsave', { dryRun: false, paused: false });

const send = (c: Command) => c.option('--send', 'sign and send it; without it nothing is sent');
const isDry = (options: Options) => options.send !== true;

const unsignedText = (u: Unsigned): string =>
  [
    'Dry run: it would go through, and nothing was sent. What would be signed:',
    `  from ${u.from}, number ${u.nonce}, on chain ${u.chainId}`,
    `  to ${u.to ?? '(a new contract)'}`,
    `  gas ${u.gasLimit} at most, at ${u.maxFeePerGas} wei at most`,
    `  data ${u.data.length > 140 ? `${u.data.slice(0, 138)}… (${u.data.length / 2 - 1} bytes; all of it with --json)` : u.data}`,
    '',
    '  Next: the same with --send',
  ].join('\n');

const wholeKw = (text: string | undefined): number => {
  if (/^[1-9]\d*$/.test(text ?? '')) return Number(text);
  throw invalid(`"${text}" is no whole number`, 'Give whole numbers above 0.');
};

const deploy = async (context: Context, _: string[], options: Options): Promise<Answer> => {
  const answer = await context.call('deploy_kwhsave', { ...(await DEPLOY.input(options)), dryRun: isDry(options) });
  const { unsigned, address, chainId, txHash, gasUsed } = answer;
  const made = txHash === null || gasUsed === null ? 'It was there before.' : `Made in ${txHash} for ${gasUsed} gas.`;
  const text =
    unsigned === null
      ? `kWhSave is at ${address} on chain ${chainId}. ${made}\n\n  Next: caco kwhsave rate METER KW --send`
      : unsignedText(unsigned);
  return { json: answer, text };
};

const rate = async (context: Context, [meterId = '', kw]: string[], options: Options): Promise<Answer> => {
  const answer = await context.call('rate_meter', { meterId, ratedKw: wholeKw(kw), dryRun: isDry(options) });
  const { unsigned, txHash } = answer;
  const text =
    unsigned !== null
      ? unsignedText(unsigned)
      : `${plain(meterId)} counts ${kw} kW at most${txHash === null ? ', as before' : `, by ${txHash}`}.`;
  return { json: answer, text };
};

const mint = async (context: Context, [claimId = '']: string[], options: Options): Promise<Answer> => {
  const { again, why } = options as { again?: string; why?: string };
  const given = await MINT.input(options);
  if (isDry(options)) {
    const answer = await context.call('mint_kwhsave', { ...given, claimId });
    return { json: answer, text: unsignedText(answer.unsigned!) };
  }
  if (given.decisionId === undefined && why === undefined)
    throw invalid('nobody has said why it is minted', 'Give your leave with --why WHY, or name one: --decision ID.');
  const decisionId = given.decisionId ?? (await context.call('approve_mint', { claimId, why: why! })).decisionId;
  // The claim is the key: whoever runs it again gets the first answer, or has the chain asked what became of it.
  const key = `kwhsave-mint/${claimId}${again === undefined ? '' : `/${again}`}`;
  const answer = await context.call(
    'mint_kwhsave',
    { ...given, claimId, decisionId, dryRun: false },
    { idempotencyKey: key },
  );
  const { kWh, to, txHash, blockNumber, evidence } = answer.mint!;
  const text = [
    `${kWh} kWhSave were minted for ${claimId}, to ${to}.`,
    `  Transaction ${txHash}, block ${blockNumber}${answer.gasUsed === null ? '' : `, ${answer.gasUsed} gas`}. Evidence ${evidence}`,
    '',
    '  Next: caco kwhsave audit   caco kwhsave retire KWH --beneficiary WHOM --reason WHY --send',
  ];
  return { json: answer, text: text.join('\n') };
};

const balanceText = (o: ToolAnswer<'get_kwhsave_balance'>): string =>
  [
    o.balance === null
      ? `${o.supply} kWhSave are in being on chain ${o.chainId}.`
      : `${o.account} holds ${o.balance} kWhSave${o.owed ? ` and owes ${o.owed} of voided records` : ''}.`,
    `  In all: ${o.minted} minted, ${o.retired} retired, ${o.voided} voided, ${o.supply} in being. Contract ${o.contract}${o.paused ? ', paused' : ''}.`,
    ...(o.certificates.length === 0
      ? []
      : [
          tableText(
            ['certificate', 'kWh', 'for', 'why', 'transaction'],
            o.certificates.map((c) => [
              ...[String(c.certificate), String(c.kWh), plain(c.beneficiary), plain(c.reason), c.txHash.slice(0, 18)],
            ]),
          ),
        ]),
  ].join('\n');

/** The words are the key: whoever runs it again gets the certificate that there is, or has the chain asked for it. */
const retire = async (context: Context, [kwh]: string[], options: Options): Promise<Answer> => {
  const { again } = options as { again?: string };
  const given = await RETIRE.input(options);
  const input = { ...given, kWh: wholeKw(kwh) };
  if (isDry(options)) {
    const answer = await context.call('retire_kwhsave', input);
    return { json: answer, text: unsignedText(answer.unsigned!) };
  }
  const key = `kwhsave-retire/${digest({ ...input, again: again ?? '1' })}`;
  const answer = await context.call('retire_kwhsave', { ...input, dryRun: false }, { idempotencyKey: key });
  const { certificate, txHash, gasUsed } = answer;
  const text = [
    `Certificate ${certificate}: ${kwh} kWh retired for ${plain(given.beneficiary)}, ${plain(given.reason)}.`,
    `  Transaction ${txHash}${gasUsed === null ? ', found on the chain' : `, ${gasUsed} gas`}.`,
    '  The same command tells the same certificate; to retire as many again for the same: --again 2',
  ];
  return { json: answer, text: text.join('\n') };
};

const voidMint = async (context: Context, [claimId = '']: string[], options: Options): Promise<Answer> => {
  const input = { ...(await VOID.input(options)), claimId };
  const answer = await context.call(
    'void_kwhsave',
    { ...input, dryRun: isDry(options) },
    ...(isDry(options) ? [] : [{ idempotencyKey: `kwhsave-void/${claimId}` }]),
  );
  const { unsigned, burnt, owed, txHash } = answer;
  const text =
    unsigned !== null
      ? unsignedText(unsigned)
      : `The mint of ${claimId} is void: ${burnt} kWh burnt${owed ? `, ${owed} kWh owed by its holder` : ''}.\n  Transaction ${txHash}. Its half-hours stay minted.`;
  return { json: answer, text };
};

const pausing =
  (paused: boolean) =>
  async (context: Context, _: string[], options: Options): Promise<Answer> => {
    const answer = await context.call('pause_kwhsave', {
      ...(await PAUSE.input(options)),
      paused,
      dryRun: isDry(options),
    });
    const { unsigned, txHash } = answer;
    const now = answer.paused ? 'Minting and retiring are stopped' : 'Minting and retiring go on';
    const text =
      unsigned !== null ? unsignedText(unsigned) : `${now}${txHash === null ? ', as before' : `, by ${txHash}`}.`;
    return { json: answer, text };
  };

const auditText = (o: ToolAnswer<'audit_kwhsave'>): string =>
  [
    o.ok
      ? `${o.mints} mints and ${o.records} records agree, both ways.`
      : `It breaks first here: ${plain(o.firstBreak ?? '')}.`,
    `  ${o.minted} kWh minted of ${o.proven} kWh proven; ${o.retired} retired, ${o.voided} voided, ${o.unminted} still to mint.`,
    `  Contract ${o.contract} on chain ${o.chainId}.`,
  ].join('\n');

export const register = (program: Command) => {
  const kwhsave = program.command('kwhsave').description('one token for each proven kilowatt-hour, minted once');
  addCommand(kwhsave, 'deploy', 'put the contract on the chain', async (c) => send(await DEPLOY.shape(c)), deploy);
  addCommand(
    kwhsave,
    'rate <meter> <kw>',
    'say at the contract what a meter can count at most',
    async (c) => send(await RATE.shape(c)),
    rate,
  );
  addCommand(
    kwhsave,
    'mint <claim>',
    'mint what a claim proves, once',
    async (c) =>
      send(await MINT.shape(c))
        .option('--why <text>', 'your leave, and why you give it')
        .option('--again <n>', 'a further try, where the chain dropped a mint that was done (audit says so)'),
    mint,
  );
  addCommand(
    kwhsave,
    'balance',
    'what an account holds, and what there is in all',
    (c) => BALANCE.shape(c),
    async (context, _, options) => {
      const answer = await context.call('get_kwhsave_balance', await BALANCE.input(options));
      return { json: answer, text: balanceText(answer) };
    },
  );
  addCommand(
    kwhsave,
    'retire <kwh>',
    'use tokens up, for somebody and a reason, for good',
    async (c) => send(await RETIRE.shape(c)).option('--again <n>', 'a further retirement in the same words'),
    retire,
  );
  addCommand(
    kwhsave,
    'void <claim>',
    'take a mint back whose evidence was wrong',
    async (c) => send(await VOID.shape(c)),
    voidMint,
  );
  const pauseShape = async (c: Command) => send(await PAUSE.shape(c));
  addCommand(kwhsave, 'pause', 'stop minting and retiring; transfers go on', pauseShape, pausing(true));
  addCommand(kwhsave, 'unpause', 'let minting and retiring go on', pauseShape, pausing(false));
  addCommand(
    kwhsave,
    'audit',
    'walk every mint to its record and every record to at most one mint',
    () => undefined,
    async (context) => {
      const answer = await context.call('audit_kwhsave', {});
      return { json: answer, text: auditText(answer), exitCode: answer.ok ? EXIT.done : EXIT.defect };
    },
  );
};
