/** The views, in the order of the navigation; one without a title is reached from others. */
import type { ComponentType } from 'preact';
import type { Session, Status } from './answers.js';
import type { Route } from './route.js';
import { Approvals } from './views/approvals.js';
import { Chat } from './views/chat.js';
import { Compare } from './views/compare.js';
import { Market } from './views/market.js';
import { Now } from './views/now.js';
import { PlanView } from './views/plan.js';
import { Policy } from './views/policy.js';
import { Price } from './views/price.js';
import { Proof } from './views/proof.js';
import { Savings } from './views/savings.js';

export interface ViewProps {
  readonly route: Route;
  readonly status: Status;
  readonly session: Session | undefined;
}

interface View {
  readonly name: string;
  readonly title: string | null;
  readonly View: ComponentType<ViewProps>;
}

export const VIEWS: readonly View[] = [
  { name: 'now', title: 'Now', View: Now },
  { name: 'plan', title: 'Plan', View: PlanView },
  { name: 'approvals', title: 'Approvals', View: Approvals },
  { name: 'price', title: 'Carbon price', View: Price },
  { name: 'proof', title: 'Proof', View: Proof },
  { name: 'savings', title: 'Savings', View: Savings },
  { name: 'policy', title: 'Policy', View: Policy },
  { name: 'market', title: 'Market', View: Market },
  { name: 'chat', title: 'Chat', View: Chat },
  { name: 'compare', title: null, View: Compare },
];
