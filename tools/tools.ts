/** Every tool, once: the list that doors translate and the graph calls from. */
import { accountantTools } from './accountant/accountant.js';
import { approvalTools } from './approval/approval.js';
import { becknTools } from './beckn/beckn.js';
import { exportTools } from './export/export.js';
import { fleetTools } from './fleet/fleet.js';
import { gridTools } from './grid/grid.js';
import { ledgerTools } from './ledger/ledger.js';
import { meterTools } from './meter/meter.js';
import { optimizerTools } from './optimizer/optimizer.js';
import { policyTools } from './policy/policy.js';
import { ticketsTools } from './tickets/tickets.js';
import type { Tool } from './tool.js';
import { verifierTools } from './verifier/verifier.js';

export const TOOLS = [
  ...gridTools,
  ...fleetTools,
  ...optimizerTools,
  ...policyTools,
  ...approvalTools,
  ...ticketsTools,
  ...becknTools,
  ...accountantTools,
  ...verifierTools,
  ...meterTools,
  ...exportTools,
  ...ledgerTools,
] as const satisfies readonly Tool[];
