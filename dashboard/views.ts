/** The views, in the order of the navigation; one without a title is reached from others. */
import type { ComponentType } from 'preact';
import type { Session, Status } from './answers.js';
import type { Route } from './route.js';
import { Now } from './views/now.js';

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

export const VIEWS: readonly View[] = [{ name: 'now', title: 'Now', View: Now }];
