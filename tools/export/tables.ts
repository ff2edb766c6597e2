/** The books as tables that other tools read: the emissions.csv of CodeCarbon, and FOCUS 1.2 rows of FinOps. */
import { decimal } from '../../domain/decimal.js';
import { secondsBetween } from '../../domain/time.js';
import type { Books, Entry } from './books.js';

const cell = (value: string) => (/[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
/** A spreadsheet takes a text that begins so for a formula. */
const text = (value: string) => cell(/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);

type Column = readonly [name: string, of: (entry: Entry) => string];

const table = (columns: readonly Column[], entries: readonly Entry[]): string => {
  const lines = [columns.map(([name]) => name).join(',')];
  for (const entry of entries) lines.push(columns.map(([, of]) => of(entry)).join(','));
  return `${lines.join('\n')}\n`;
};

const none = () => '';
const power = (e: Entry) => {
  const seconds = secondsBetween(e.start, e.end);
  return seconds > 0 ? decimal(e.energyKwh / (seconds / 3600)) : '';
};

/**
 * The columns of CodeCarbon 2 and 3, one row per piece. What CACO does not know (power by component, machine, country) stays
 * empty; energy_consumed is the facility's kWh, so pue is 1: it is in there already.
 */
const codecarbonColumns = (software: string): Column[] => [
  ['timestamp', (e) => e.end.slice(0, 19)],
  ['project_name', (e) => text(e.team)],
  ['run_id', (e) => text(e.jobId)],
  ['experiment_id', (e) => text(e.planId)],
  ['duration', (e) => String(secondsBetween(e.start, e.end))],
  ['emissions', (e) => decimal(e.emissionsKg!)],
  [
    'emissions_rate',
    (e) => {
      const seconds = secondsBetween(e.start, e.end);
      return seconds > 0 ? decimal(e.emissionsKg! / seconds) : '';
    },
  ],
  ['cpu_power', none],
  ['gpu_power', none],
  ['ram_power', none],
  ['cpu_energy', none],
  ['gpu_energy', none],
  ['ram_energy', none],
  ['energy_consumed', (e) => decimal(e.energyKwh)],
  ['country_name', none],
  ['country_iso_code', none],
  ['region', (e) => text(e.region)],
  ['cloud_provider', none],
  ['cloud_region', (e) => text(e.region)],
  ['os', none],
  ['python_version', none],
  ['codecarbon_version', () => text(software)],
  ['cpu_count', none],
  ['cpu_model', none],
  ['gpu_count', none],
  ['gpu_model', none],
  ['longitude', none],
  ['latitude', none],
  ['ram_total_size', none],
  ['tracking_mode', (e) => e.source],
  ['on_cloud', none],
  ['pue', () => '1'],
];

export const codecarbonOf = (books: Books, software: string): string =>
  table(codecarbonColumns(software), books.entries);

const FAR = 'T00:00:00Z';
const monthOf = (at: string) => `${at.slice(0, 7)}-01${FAR}`;
const monthAfter = (at: string) => {
  const [year, month] = [Number(at.slice(0, 4)), Number(at.slice(5, 7))];
  return month === 12
    ? `${String(year + 1).padStart(4, '0')}-01-01${FAR}`
    : `${at.slice(0, 4)}-${String(month + 1).padStart(2, '0')}-01${FAR}`;
};
const costOf = (e: Entry) =>
  e.energyCost === null || e.instanceCost === null ? '' : decimal(e.energyCost + e.instanceCost);

/**
 * One usage row per piece: electricity and machine time as charged to the team. Prices are what the site pays; no discount
 * is known, so the four costs are one. Energy and carbon ride in x_ columns, as the specification's extension rule says.
 */
const FOCUS: Column[] = [
  ['AvailabilityZone', none],
  ['BilledCost', costOf],
  ['BillingAccountId', (e) => text(e.team)],
  ['BillingAccountName', (e) => text(e.team)],
  ['BillingAccountType', () => 'Team'],
  ['BillingCurrency', (e) => e.currency],
  ['BillingPeriodEnd', (e) => monthAfter(e.start)],
  ['BillingPeriodStart', (e) => monthOf(e.start)],
  ['ChargeCategory', () => 'Usage'],
  ['ChargeClass', none],
  ['ChargeDescription', (e) => text(`Electricity and machine time of job ${e.jobId}`)],
  ['ChargeFrequency', () => 'Usage-Based'],
  ['ChargePeriodEnd', (e) => e.end],
  ['ChargePeriodStart', (e) => e.start],
  ['ConsumedQuantity', (e) => decimal(e.energyKwh)],
  ['ConsumedUnit', () => 'kWh'],
  ['ContractedCost', costOf],
  ['EffectiveCost', costOf],
  ['InvoiceIssuerName', (e) => text(e.region)],
  ['ListCost', costOf],
  ['PricingCategory', () => 'Dynamic'],
  ['PricingQuantity', (e) => decimal(e.energyKwh)],
  ['PricingUnit', () => 'kWh'],
  ['ProviderName', (e) => text(e.region)],
  ['PublisherName', (e) => text(e.region)],
  ['RegionId', (e) => text(e.region)],
  ['RegionName', (e) => text(e.region)],
  ['ResourceId', (e) => text(e.jobId)],
  ['ResourceName', (e) => text(e.jobId)],
  ['ResourceType', () => 'Job'],
  ['ServiceCategory', () => 'Compute'],
  ['ServiceName', () => 'Batch computing'],
  ['ServiceSubcategory', () => 'Other (Compute)'],
  ['SubAccountId', (e) => text(e.team)],
  ['SubAccountName', (e) => text(e.team)],
  ['Tags', (e) => cell(JSON.stringify({ plan: e.planId, team: e.team, verification: e.verificationId }))],
  ['x_EmissionsKgCO2e', (e) => decimal(e.emissionsKg!)],
  ['x_EnergyKwh', (e) => decimal(e.energyKwh)],
  ['x_IntensityGramsPerKwh', (e) => decimal(e.intensityGPerKwh!)],
  ['x_MeanPowerKw', power],
];

export const focusOf = (books: Books): string => table(FOCUS, books.entries);
