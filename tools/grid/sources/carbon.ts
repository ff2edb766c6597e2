/** One column of carbon intensity: its unit and its kind, from whoever says them. */
import { invalid } from '../../../domain/fault.js';
import type { CarbonKind } from '../../../domain/signal.js';
import type { Facts } from './format.js';
import { kindIn, type Meaning, meaningOf } from './header.js';
import { columnsText, SERIES, type Sheet } from './sheet.js';

/** A zone of Electricity Maps, and no power. */
export const ZONE = /^(?![KMG]W$)[A-Z]{2}(-[A-Z0-9]+)*$/;
const UNIT = /^(unit|units)$/i;

/** A column of carbon intensity. */
export interface Carbon {
  readonly at: number;
  readonly header: string;
  readonly gPerKwh: number;
  /** Nobody says the unit: the values must at least be possible in g/kWh. */
  readonly isUnitAssumed: boolean;
  readonly kind: CarbonKind;
}

/** The unit from the person, the header, a column of units or the format's name, in this order; two that differ are refused. */
export const carbonOf = (sheet: Sheet, at: number, said: string, facts: Facts, assumed: Set<string>): Carbon => {
  const header = sheet.columns[at]!;
  const unit = unitBeside(sheet);
  if (unit === undefined) throw invalid(`${sheet.name} has rows in several units`, 'Give one file for each unit.');
  const own: Meaning = ZONE.test(header) ? { what: 'unstated' } : meaningOf(header);
  const stated = [said, unit].map(meaningOf).find((m) => m.what === 'intensity' || m.what === 'unclear');
  const meaning: Meaning =
    own.what === 'intensity' || own.what === 'other' || own.what === 'price' ? own : (stated ?? own);
  const ask = (why: string) =>
    invalid(
      `${sheet.name}: ${why}`,
      `Say the unit: --column '${header} (g/kWh)', or (kg/MWh), (lb/MWh), (t/MWh), (short tons/MWh), (kg/kWh); or write it into the header.`,
    );
  if (/\/|per/.test(said) && !/^(intensity|unclear)$/.test(meaningOf(said).what))
    throw ask(`"${said}" names no unit of CO2 per energy that is known`);
  if (meaning.what === 'other' || meaning.what === 'price')
    throw invalid(
      `${sheet.name}: column ${header} is ${meaning.what === 'price' ? 'a price' : meaning.as}, no carbon intensity`,
      `Name a column of carbon intensity with --column: ${columnsText(sheet.columns)}.`,
    );
  if (own.what === 'intensity' && stated?.what === 'intensity' && !near(own.gPerKwh, stated.gPerKwh))
    throw ask(`column ${header} says one unit in its header and "${said || unit}" says another`);
  const isKnown = facts.carbon === header || facts.forecast === header || facts.zones?.includes(header);
  const byName = isKnown ? facts.gPerKwh : undefined;
  const isStated = meaning.what === 'intensity';
  if (!isStated && byName === undefined) {
    if (meaning.what === 'unclear') throw ask(`the unit of column ${header} is not clear: ${meaning.why}`);
    if (meaning.what === 'silent' && sheet.path !== SERIES)
      throw ask(`column ${header} says neither its unit nor that it is carbon`);
    assumed.add('unit not stated, taken as g/kWh');
  }
  const kind = { ...facts.kind, ...kindIn(header), ...kindIn(said) };
  if (kind.accounting === undefined || kind.scope === undefined)
    assumed.add(
      kind.accounting === undefined && kind.scope === undefined
        ? 'kind not stated, taken as average operational'
        : kind.scope === undefined
          ? 'scope not stated, taken as operational'
          : 'accounting not stated, taken as average',
    );
  return {
    at,
    header,
    gPerKwh: isStated ? meaning.gPerKwh : (byName ?? 1),
    isUnitAssumed: !isStated && byName === undefined,
    kind: { accounting: kind.accounting ?? 'average', scope: kind.scope ?? 'operational' },
  };
};

const near = (a: number, b: number) => Math.abs(a / b - 1) < 1e-6;

/** What a column of units says; '' where there is none, undefined where rows differ. */
export const unitBeside = (sheet: Sheet): string | undefined => {
  const at = sheet.columns.findIndex((column) => UNIT.test(column));
  if (at < 0) return '';
  const units = new Set(sheet.rows.map(({ cells }) => cells[at] ?? ''));
  return units.size === 1 ? [...units][0] : undefined;
};
