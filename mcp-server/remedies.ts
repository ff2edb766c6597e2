/** Remedies name the commands of a shell; at this door the same ways are tools, and what only a person may do is told as that. */
import { Fault } from '../domain/fault.js';

const TOOL_OF: Readonly<Record<string, string>> = {
  plan: 'make_plan',
  launch: 'make_plan',
  replan: 'make_plan',
  ingest: 'submit_job',
  runs: 'get_status',
  approvals: 'get_status',
  show: 'get_status',
  account: 'measure_emissions',
  flexibility: 'get_flexibility',
  tickets: 'list_tickets',
  when: 'find_green_window',
  verify: 'verify_savings',
  'policy parse': 'ingest_policy',
  'policy list': 'evaluate_policy',
  'policy show': 'evaluate_policy',
  'ledger audit': 'audit_ledger',
  'grid forecast': 'get_grid_forecast',
};

/** A command with its flags and capital placeholders or ids, quoted or bare; the words of the sentence after it stay. */
const COMMAND =
  /(`?)\bcaco ((?:policy|ledger|grid|site|token|config|role) [a-z]+|[a-z]+)((?: --[\w-]+| [A-Z0-9…][\w.@:/-]*| "[^"`]*")*)\1/g;

const inOurWays = (text: string): string =>
  text.replace(COMMAND, (whole, _quote, command: string, rest: string) => {
    const tool = rest.includes('--file') ? undefined : TOOL_OF[command];
    return tool ?? `\`${whole.replaceAll('`', '')}\` (at a terminal, by a person)`;
  });

/** The fault as an assistant can act on it. */
export const atThisDoor = (fault: Fault): Fault => {
  const [message, remedy] = [inOurWays(fault.message), inOurWays(fault.remedy)];
  if (message === fault.message && remedy === fault.remedy) return fault;
  return new Fault(fault.code, message, remedy, fault.details === undefined ? {} : { details: fault.details });
};
