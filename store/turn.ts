/**
 * Within one process the connections to one SQLite file take turns. better-sqlite3 waits for a lock with the whole thread, so
 * a connection that waits for a transaction of the same process would wait for what it keeps from ending.
 */
export interface Turn {
  /** Resolves when nobody else in this process uses the file; call the answer to let the next one in. */
  take(): Promise<() => void>;
}

const newTurn = (): Turn => {
  let last: Promise<void> = Promise.resolve();
  return {
    take() {
      const before = last;
      let leave: () => void = () => {};
      last = new Promise((resolve) => {
        leave = resolve;
      });
      return before.then(() => leave);
    },
  };
};

const turns = new Map<string, Turn>();

/** The turn of a file; each database in memory has one of its own. */
export const turnOf = (path: string): Turn => {
  if (path === ':memory:' || path === '') return newTurn();
  let turn = turns.get(path);
  if (turn === undefined) {
    turn = newTurn();
    turns.set(path, turn);
  }
  return turn;
};
