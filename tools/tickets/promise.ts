/** What a plan promises, in the words of a ticket: amounts with a verb, none of them negative, and no cost where no price is known. */
import { type Estimate, scale } from '../../domain/estimate.js';
import { isNothing, massEstimateText, savedMassText, savedMoneyText } from '../../domain/figures.js';
import type { Plan } from '../../domain/plan.js';

export interface Priced {
  readonly plan: Pick<Plan, 'unpriced'>;
  readonly currency: string;
}

/** One unit for value and bounds, so that they can be compared at a glance. */
export const saving = (kg: Estimate): string => {
  const [value, bounds] = massEstimateText(kg).split(' (') as [string, string];
  return `${value} CO2e (${bounds.slice(0, -1)} ${value.split(' ').at(-1)}, ${Number((kg.confidence * 100).toFixed(1))} % interval)`;
};

/** What a change promises; one that emits or costs more says so instead of saving a negative amount. */
export const promise = (kg: Estimate, cost: number, setting: Priced): [carbon: string, money: string] => [
  isNothing(kg.value)
    ? 'Emits as much CO2e'
    : kg.value < 0
      ? `Emits ${saving(scale(kg, -1))} more`
      : `Saves ${saving(kg)}`,
  isPriced(setting) ? ` and ${savedMoneyText(cost, setting.currency)}` : '',
];
export const NO_PRICE = 'What the electricity costs is not known.';

/** A plan that knows no price of electricity knows no cost: unknown is not nothing. */
export const isPriced = ({ plan: { unpriced = [] } }: Priced): boolean => unpriced.length === 0;

/** The cell of a table: each amount with its verb, since what saves carbon may cost money. */
export const effect = (kg: number, cost: number, setting: Priced): string =>
  isPriced(setting) ? `${savedMassText(kg)}, ${savedMoneyText(cost, setting.currency)}` : savedMassText(kg);

/** What is planned instead of what would have been; that they are the same is said as such. */
export const besideText = (planned: number, without: number, say: (value: number) => string): string =>
  say(planned) === say(without) ? `${say(planned)} as without the plan` : `${say(planned)} instead of ${say(without)}`;
