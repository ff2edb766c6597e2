/** What a model reads in a policy, held to the text by code. */
import type { PolicyReading } from '../../domain/policy.js';
import type { Model } from '../../domain/world.js';
import type { PolicyDocument } from './documents.js';

export const askModel = async (
  _model: Model,
  _document: PolicyDocument,
  ruled: PolicyReading,
  _signal: AbortSignal,
): Promise<{ reading: PolicyReading; note: string | null; used: boolean }> => ({
  reading: ruled,
  note: null,
  used: false,
});
