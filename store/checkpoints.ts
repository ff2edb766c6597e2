/** LangGraph's own savers, in the same database and on a connection of their own. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { openSqlite } from './dialect.js';
import { type Turn, turnOf } from './turn.js';

export interface Checkpoints {
  readonly saver: BaseCheckpointSaver;
  close(): Promise<void>;
}

/** `where` as openStore takes it. */
export const openSaver = async (where: string): Promise<Checkpoints> => {
  if (/^postgres(ql)?:/.test(where)) {
    const { PostgresSaver } = await import('@langchain/langgraph-checkpoint-postgres');
    const saver = PostgresSaver.fromConnString(where);
    await saver.setup();
    return { saver, close: () => saver.end() };
  }
  const database = openSqlite(where);
  const saver = await sqliteSaver(database, turnOf(database.name));
  return {
    saver,
    close: async () => {
      database.close();
    },
  };
};

/** Parallel nodes write checkpoints while another one's transaction is open, so every write waits its turn. */
const sqliteSaver = async (database: ReturnType<typeof openSqlite>, turn: Turn): Promise<BaseCheckpointSaver> => {
  const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite');
  const inTurn = async <R>(work: () => R | Promise<R>): Promise<R> => {
    const leave = await turn.take();
    try {
      return await work();
    } finally {
      leave();
    }
  };
  class TurnTakingSaver extends SqliteSaver {
    override put(...given: Parameters<InstanceType<typeof SqliteSaver>['put']>) {
      return inTurn(() => super.put(...given));
    }
    override putWrites(...given: Parameters<InstanceType<typeof SqliteSaver>['putWrites']>) {
      return inTurn(() => super.putWrites(...given));
    }
    override deleteThread(threadId: string) {
      return inTurn(() => super.deleteThread(threadId));
    }
    makeTables() {
      return inTurn(() => this.setup());
    }
  }
  const saver = new TurnTakingSaver(database);
  await saver.makeTables();
  return saver;
};
