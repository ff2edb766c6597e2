/** The views, in the order of the navigation; one without a title is reached from others. */
import type { ComponentType } from 'preact';
import type { Session, Status } from './answers.js';
import type { Route } from './route.js';
import { Approvals } from './views/approvals.js';
import { Chat } from './views/chat.js';
import { Compare } from './views/compare.js';
import { Energy } from './views/energy.js';
import { Fleet } from './views/fleet.js';
import { Flexibility } from './views/flexibility.js';
import { Market } from './views/market.js';
import { Now } from './views/now.js';
import { PlanView } from './views/plan.js';
import { Policy } from './views/policy.js';
import { Price } from './views/price.js';
import { Proof } from './views/proof.js';
import { Savings } from './views/savings.js';
import { Settlement } from './views/settlement.js';
import { Token } from './views/token.js';

export interface ViewProps {
  readonly route: Route;
  readonly status: Status;
  readonly session: Session | undefined;
}

interface View {
  readonly name: string;
  readonly title: string | null;
  /** in the navigation once the server has something of it (`rooms` of the status) */
  readonly room?: string;
  readonly View: ComponentType<ViewProps>;
}

export const VIEWS: readonly View[] = [
  { name: 'now', title: 'Now', View: Now },
  { name: 'plan', title: 'Plan', View: PlanView },
  { name: 'approvals', title: 'Approvals', View: Approvals },
  { name: 'price', title: 'Carbon price', View: Price },
  { name: 'proof', title: 'Proof', View: Proof },
  { name: 'savings', title: 'Savings', View: Savings },
  { name: 'flexibility', title: 'Flexibility', View: Flexibility },
  { name: 'policy', title: 'Policy', View: Policy },
  { name: 'energy', title: 'Energy', room: 'energy', View: Energy },
  { name: 'fleet', title: 'Fleet', room: 'fleet', View: Fleet },
  { name: 'market', title: 'Market', room: 'market', View: Market },
  { name: 'settlement', title: 'Settlement', room: 'settlement', View: Settlement },
  { name: 'token', title: 'Savings token', room: 'token', View: Token },
  { name: 'chat', title: 'Chat', View: Chat },
  { name: 'compare', title: null, View: Compare },
];
