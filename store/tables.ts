/** The tables by their columns, as queries see them. Which steps made them is in migrations.ts. */
/** Behind every instant in byte order. */
export const OPEN = '~';

export interface Tables {
  /** `open_until` is the instant from which on a document is over; OPEN while there is none. */
  documents: { collection: string; id: string; seq: number; version: number; body: string; open_until: string };
  row_sets: { key: number; kind: string; name: string };
  rows: { set_key: number; seq: number; id: string; body: string };
  deeds: {
    key: string;
    tool: string;
    actor: string;
    input_digest: string;
    state: string;
    output: string | null;
    at: string;
  };
  schema_steps: { step: number };
  grid_signals: { key: number; source: string; region: string; quantity: string; unit: string };
  /**
   * Times in seconds from 1970. `seen` is when the value was first had, `checked` when it was last said again; `foreseen` is 1 for
   * a forecast and 0 for what came true.
   */
  grid_values: {
    signal: number;
    at: number;
    foreseen: number;
    seen: number;
    minutes: number;
    value: number | null;
    status: string;
    published: number | null;
    checked: number;
  };
  ledger_entries: { seq: number; prev_hash: string; hash: string; body: string };
  ledger_nodes: { level: number; idx: number; hash: string };
  ledger_checkpoints: { size: number; root: string; note: string; at: string };
  /** One row a checkpoint, whole: `body` is the checkpoint, `meta` its metadata as JSON. */
  thread_checkpoints: {
    thread: string;
    ns: string;
    id: string;
    parent: string | null;
    type: string;
    body: Uint8Array;
    meta: string;
  };
  /** What tasks wrote after a checkpoint, before the next one; `idx` is negative for LangGraph's own channels. */
  thread_writes: {
    thread: string;
    ns: string;
    id: string;
    task: string;
    idx: number;
    channel: string;
    type: string;
    body: Uint8Array;
  };
  /** Who may do what one process does at a time; `token` grows for good, `until` is in milliseconds. */
  leases: { token: number; name: string; holder: string; until: number };
  /** Letters with peers; times are milliseconds of the machines. `seq` is their order. */
  mail: {
    seq: number;
    box: string;
    id: string;
    thread: string;
    peer: string;
    action: string;
    url: string | null;
    body: string;
    digest: string | null;
    exchange: string | null;
    state: string;
    attempts: number;
    next_at: number;
    lease_by: string | null;
    lease_until: number;
    reason: string | null;
    /** 1: a peer said no */
    refused: number;
    queued_at: number;
    settled_at: number | null;
  };
}
