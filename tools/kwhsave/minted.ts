/** Where on the chain an evidence digest was minted. */
import { allEvents, bytesOf, type ContractEvent } from './contract.js';
import type { Place } from './place.js';

export const hexOf = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value).replace(/^0x/, '');

/** The digest that an event of the contract names, 64 hex digits. */
export const evidenceIn = ({ args }: ContractEvent): string => hexOf(args.evidence);

export const metersIn = ({ args }: ContractEvent): string[] => (args.meters as unknown[]).map(hexOf);

export const mintedIn = async (
  { rpc, address, fromBlock }: Place,
  evidence: string,
  signal?: AbortSignal,
): Promise<ContractEvent | undefined> => {
  const wanted = hexOf(bytesOf(evidence));
  const events = await allEvents(rpc, address, fromBlock, signal);
  return events.find((event) => event.name === 'Minted' && evidenceIn(event) === wanted);
};
