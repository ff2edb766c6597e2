/** One line of the adversary’s table, and the attack that shows it. */

/** Scopes of a token, each reaching what the one before it does; `none`: no token, on loopback. */
export type As = 'none' | 'read' | 'operate' | 'approve';

/** Words that begin with `$` stand for what the test has at hand: `$plan`, `$approved`, `$decision`, `$approval`, `$run`, `$draft`. */
export interface Attack {
  readonly as: As;
  readonly with?: unknown;
  /** sent as the decision that gives leave, where the tool’s input has no member for it */
  readonly decision?: string;
  /** HTTP status of the answer; at MCP and at the command line, below 400 is done and above it is refused */
  readonly status: number;
}

export interface Line {
  /** name of a tool, `METHOD /path` of a route, or `caco …` */
  readonly what: string;
  /** the least that reaches it; null: nobody, whatever they show */
  readonly scope: 'open' | 'read' | 'operate' | 'approve' | null;
  readonly can: string;
  readonly cannot: string;
  readonly attack: Attack;
}
