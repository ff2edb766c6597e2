/** The contract as this program speaks to it: calls encoded, answers and events decoded, refusals by their name. */
import { readFileSync } from 'node:fs';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { createContract, decodeError, deployContract, events } from 'micro-eth-signer/abi.js';
import { ChainRefusal, type Eip1193 } from '../../domain/chain.js';
import { Fault, type FaultCode } from '../../domain/fault.js';

interface Artefact {
  readonly compiler: string;
  readonly sources: Readonly<Record<string, string>>;
  readonly abi: Parameters<typeof createContract>[0];
  readonly bytecode: string;
}

export const ARTEFACT = JSON.parse(
  readFileSync(new URL('../../contracts/KWhSave.json', import.meta.url), 'utf8'),
) as Artefact;

const methods = createContract(ARTEFACT.abi) as Record<
  string,
  { encodeInput(v?: unknown): Uint8Array; decodeOutput(b: Uint8Array): unknown }
>;
const eventsByName = events(ARTEFACT.abi) as unknown as Record<
  string,
  { decode(topics: string[], data: string): unknown; topics(values: unknown): (string | null)[] }
>;

export const MINT = 'mint(address,uint64,bytes32,bytes32[],uint40,uint40)';
const hexOf = (bytes: Uint8Array) => `0x${bytesToHex(bytes)}`;
export const bytesOf = (hex: string): Uint8Array => hexToBytes(hex.replace(/^0x/, ''));

/** How a meter is named on the chain. */
export const meterKey = (meterId: string): Uint8Array => sha256(utf8ToBytes(meterId));

/** Arguments by name; a single one stands by itself, as the library has it. */
export const encode = (method: string, args?: unknown): string => hexOf(methods[method]!.encodeInput(args));

const NOBODY = `0x${'00'.repeat(20)}`;

/** Who has no address is appointed later. */
export const creation = (roles: {
  admin: string;
  minter?: string | null;
  pauser?: string | null;
  voider?: string | null;
}) =>
  deployContract(ARTEFACT.abi, ARTEFACT.bytecode, {
    admin: roles.admin,
    ...{ minter: roles.minter ?? NOBODY, pauser: roles.pauser ?? NOBODY, voider: roles.voider ?? NOBODY },
  });

/** Asks the contract. Throws ChainRefusal for a call that reverts, and Fault `not-found` where no contract is. */
export const ask = async <T>(
  rpc: Eip1193,
  address: string,
  method: string,
  args?: unknown,
  signal?: AbortSignal,
): Promise<T> => {
  const data = encode(method, args);
  const answer = String(await rpc.request({ method: 'eth_call', params: [{ to: address, data }, 'latest'] }, signal));
  if (answer === '0x')
    throw new Fault(
      'not-found',
      `there is no kWhSave contract at ${address}`,
      'Deploy one: caco kwhsave deploy --send.',
    );
  return methods[method]!.decodeOutput(bytesOf(answer)) as T;
};

export interface RecordOnChain {
  readonly holder: string;
  readonly start: bigint;
  readonly end: bigint;
  readonly voided: boolean;
  readonly kWh: bigint;
}

/** What was minted for an evidence digest; null: nothing was. */
export const recordOf = async (
  rpc: Eip1193,
  address: string,
  evidence: string,
  signal?: AbortSignal,
): Promise<RecordOnChain | null> => {
  const found = await ask<RecordOnChain>(rpc, address, 'recordOf', bytesOf(evidence), signal);
  return found.end === 0n ? null : found;
};

export interface ContractEvent {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly blockNumber: number;
  readonly blockHash: string;
  readonly txHash: string;
}

interface RawLog {
  readonly topics: readonly string[];
  readonly data: string;
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly transactionHash: string;
}

const nameByTopic = new Map(
  Object.entries(eventsByName).map(([name, event]) => {
    const inputs = ARTEFACT.abi.find((one) => one.type === 'event' && one.name === name)?.inputs ?? [];
    const open = Object.fromEntries(Array.from(inputs, (input) => [input.name, null]));
    return [event.topics(open)[0]!, name] as const;
  }),
);

/** Events of the contract that this program knows, in order of the chain. */
export const eventsIn = (logs: readonly RawLog[]): ContractEvent[] =>
  logs.flatMap(({ topics, data, blockNumber, blockHash, transactionHash }) => {
    const name = nameByTopic.get(topics[0] ?? '');
    if (name === undefined) return [];
    const args = eventsByName[name]!.decode([...topics], data) as Record<string, unknown>;
    return [{ name, args, blockNumber: Number(blockNumber), blockHash, txHash: transactionHash }];
  });

/** Blocks that are asked for at once: nodes refuse more. */
const SPAN = 10_000;

/** All events of the contract from a block on. */
export const allEvents = async (
  rpc: Eip1193,
  address: string,
  fromBlock: number,
  signal?: AbortSignal,
): Promise<ContractEvent[]> => {
  const last = Number(await rpc.request({ method: 'eth_blockNumber' }, signal));
  const found: ContractEvent[] = [];
  for (let from = fromBlock; from <= last; from += SPAN) {
    const to = Math.min(last, from + SPAN - 1);
    const range = { address, fromBlock: `0x${from.toString(16)}`, toBlock: `0x${to.toString(16)}` };
    const logs = (await rpc.request({ method: 'eth_getLogs', params: [range] }, signal)) as RawLog[];
    found.push(...eventsIn(logs));
  }
  return found;
};

/** What a refusal of the contract is for a person, and what to do. */
const REFUSALS: Readonly<Record<string, readonly [FaultCode, string, string]>> = {
  EvidenceUsed: ['conflict', 'this evidence was minted before', 'Look: caco kwhsave audit.'],
  AlreadyMinted: [
    'conflict',
    'a half-hour of this meter was minted before',
    'Each is minted once; look: caco kwhsave audit.',
  ],
  AboveRating: [
    'invalid-input',
    'it is more than the meters can count in that time',
    'Check the claim, or rate the meter: caco kwhsave rate METER KW.',
  ],
  UnknownMeter: [
    'not-found',
    'a meter is not registered at the contract',
    'Say what it can count at most: caco kwhsave rate METER KW --send.',
  ],
  InTheFuture: ['invalid-input', 'the window has not ended by the chain’s clock', 'Mint when it has.'],
  BadWindow: [
    'invalid-input',
    'the window is not of whole half-hours, or longer than seven days',
    'Claim a shorter window.',
  ],
  EnforcedPause: ['forbidden', 'the contract is paused', 'Its pauser ends the pause.'],
  AccessControlUnauthorizedAccount: [
    'forbidden',
    'this account has no such right at the contract',
    'Use the key of the account that has it.',
  ],
  ERC20InsufficientBalance: ['conflict', 'the account holds fewer tokens', 'Look: caco kwhsave balance.'],
};

/** Name of the contract's error in a refusal; null where it is none of its. */
export const refusalName = (error: unknown): string | null => {
  if (!(error instanceof ChainRefusal) || error.data === null || error.data === '0x') return null;
  return decodeError(error.data, ARTEFACT.abi as Parameters<typeof decodeError>[1])?.name ?? null;
};

/** A refusal of the contract as a Fault; anything else as it is. */
export const faultOf = (error: unknown): unknown => {
  if (!(error instanceof ChainRefusal)) return error;
  const name = refusalName(error);
  if (name === null)
    return new Fault('conflict', `the chain refused: ${error.message}`, 'Look at the node, then try again.', {
      details: { code: error.code },
    });
  const [code, words, remedy] = REFUSALS[name] ?? [
    'conflict',
    `the contract refused with ${name}`,
    'See contracts/KWhSave.sol.',
  ];
  return new Fault(code, words, remedy, { details: { refusal: name } });
};
