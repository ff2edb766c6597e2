/** Whether the model's server runs and holds the model. */
import { machineTimer, type Timer } from '../wire/wire.js';
import { ModelError } from './protocol.js';
import { type ModelSettings, nameOf, protocolOf } from './settings.js';
import { troubleOf, withNames } from './troubles.js';

export interface ModelHealth {
  readonly model: string;
  readonly ok: boolean;
  /** names that the server holds; null when it was not reached */
  readonly models: string[] | null;
  readonly message: string;
  readonly remedy: string | null;
}

/** Asks the server, within three seconds, whether it runs and holds the model. */
export const modelHealth = async (settings: ModelSettings, timer: Timer = machineTimer): Promise<ModelHealth> => {
  const { model } = settings;
  const protocol = protocolOf(settings);
  if (protocol === null)
    return { model, ok: true, models: null, message: 'no model is configured; templates speak', remedy: null };
  try {
    const models = await protocol.models({ ms: 3000, timer });
    if (models.some((have) => sameModel(have, nameOf(model))))
      return { model, ok: true, models, message: `the server runs and holds ${nameOf(model)}`, remedy: null };
    const trouble = troubleOf(
      new ModelError('model-missing', `the server runs and does not hold ${nameOf(model)}`),
      settings,
    );
    return { model, ok: false, models, message: trouble.message, remedy: withNames(trouble, models).remedy };
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    const trouble = troubleOf(error, settings);
    return { model, ok: false, models: null, message: trouble.message, remedy: trouble.remedy };
  }
};

const sameModel = (have: string, want: string) => have === want || have === `${want}:latest`;
