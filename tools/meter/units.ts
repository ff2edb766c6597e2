/** Units of meters: energy or power, and how many kWh or kW one of them is. */

export interface Unit {
  readonly name: string;
  readonly of: 'energy' | 'power';
  /** kWh, or kW */
  readonly factor: number;
}

const energy = (name: string, factor: number): Unit => ({ name, of: 'energy', factor });
const power = (name: string, factor: number): Unit => ({ name, of: 'power', factor });

const KNOWN: Readonly<Record<string, Unit>> = {
  wh: energy('Wh', 1e-3),
  kwh: energy('kWh', 1),
  mwh: energy('MWh', 1e3),
  gwh: energy('GWh', 1e6),
  j: energy('J', 1 / 3.6e6),
  joules: energy('J', 1 / 3.6e6),
  kj: energy('kJ', 1 / 3600),
  mj: energy('MJ', 1 / 3.6),
  gj: energy('GJ', 1000 / 3.6),
  w: power('W', 1e-3),
  watts: power('W', 1e-3),
  watt: power('W', 1e-3),
  kw: power('kW', 1),
  mw: power('MW', 1e3),
  gw: power('GW', 1e6),
};

/** Names of units, for people. */
export const UNITS = [...new Set(Object.values(KNOWN).map(({ name }) => name))];

/** `kWh`, `kwh`, `MW`. A small m before a capital letter is milli, which no meter of a building writes: null. */
export const unitOf = (text: string): Unit | null => (/^m[WJ]/.test(text) ? null : (KNOWN[text.toLowerCase()] ?? null));

/** The unit that a header names as a word of its own: `active_power_kw`, `Energy (kWh)`, `kWh`. */
export const unitIn = (header: string): Unit | null => {
  for (const word of header.split(/[^A-Za-z]+/).reverse()) {
    const unit = word === '' ? null : unitOf(word);
    if (unit !== null) return unit;
  }
  return null;
};
