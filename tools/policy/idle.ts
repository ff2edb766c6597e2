/** Sentences that speak of rules and limit nothing: they lift, report, or would make approval easier. */
import { lifts } from './permits.js';
import { isReport } from './reports.js';
import { APPROVAL, loosens } from './rules-approval.js';

/** Why a stretch of text limits nothing; undefined where it may. */
export const idleBecause = (low: string): string | undefined =>
  APPROVAL.test(low) && loosens(low)
    ? 'would make approval easier; a policy can only ask for more of it'
    : lifts(low)
      ? 'lifts a limit or allows something; only limits are read'
      : isReport(low)
        ? 'tells what was, and limits nothing'
        : undefined;
