/** What a job is taken to be where nobody says it. */
import type { Category } from '../../domain/job.js';

/** What a category means for a job that does not say it itself; the numbers are those of the shipped cluster scenario. */
export interface CategoryDefaults {
  readonly slackHours: number;
  /** in the site's currency */
  readonly tardinessCostPerHour: number;
}

export interface Defaults {
  readonly category: Category;
  readonly categories: Readonly<Record<Category, CategoryDefaults>>;
}

export const DEFAULTS: Defaults = {
  category: 'balanced',
  categories: {
    urgent: { slackHours: 0.5, tardinessCostPerHour: 500 },
    balanced: { slackHours: 8, tardinessCostPerHour: 40 },
    sustainable: { slackHours: 24, tardinessCostPerHour: 10 },
  },
};
