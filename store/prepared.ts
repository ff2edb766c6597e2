/** Queries that run for every letter: Kysely would build and print each anew at every call, which costs more than running it. */
import type { Compilable, CompiledQuery, Kysely, QueryResult } from 'kysely';
import type { Flavour } from './dialect.js';
import type { Tables } from './tables.js';

/** Stands for a value until the query is run. */
class Slot {
  constructor(readonly name: string) {}
}

/**
 * `build` makes the query once for each kind of database, with slots where values will stand. A slot takes the place of a value and
 * of nothing else; every name of `Values` has one.
 */
export const prepared = <Values extends object, Row>(
  build: (db: Kysely<Tables>, slot: <K extends keyof Values & string>(name: K) => Values[K]) => Compilable<Row>,
) => {
  const texts = new Map<Flavour, CompiledQuery<Row>>();
  return (on: Kysely<Tables>, flavour: Flavour, values: Values): Promise<QueryResult<Row>> => {
    let text = texts.get(flavour);
    if (text === undefined) {
      text = build(on, (name) => new Slot(name) as never).compile();
      texts.set(flavour, text);
    }
    const parameters = text.parameters.map((one) => (one instanceof Slot ? values[one.name as keyof Values] : one));
    return on.executeQuery({ ...text, parameters });
  };
};
