/** LangGraph's own savers, in the same database and on a connection of their own. */
import type { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint';
import { openSqlite } from './dialect.js';

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
  const { SqliteSaver } = await import('@langchain/langgraph-checkpoint-sqlite');
  const database = openSqlite(where);
  return {
    saver: new SqliteSaver(database),
    close: async () => {
      database.close();
    },
  };
};
