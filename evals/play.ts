/** Plays one scenario: a fresh world, a scripted or real model, the deeds in order, and a record of everything that could be seen. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, ChatAnswer, ChatEvent, Config, Summary } from '../app.js';
import { APPROVALS, DECISIONS } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { ACTIVE_POLICIES, ACTIVE_POLICY, inForce, POLICY_SETS, type PolicyReading } from '../domain/policy/policy.js';
import { ledgerKinds } from './ledger-kinds.js';
import type { Scenario } from './scenario.js';
import { type Asked, type ScriptedModel, startScriptedModel } from './scripted-model.js';
import { PERSON, type Program, stage } from './stage.js';

/** Opens the program with these settings instead of the defaults. */
export type Open = (settings: Partial<Config>) => Promise<Program & Pick<App, 'world'>>;

/** Seconds that a model gets which is meant to hang; one that answers gets more, so that a busy machine is no failure. */
const TIMEOUT_S = 0.6;
const PATIENT_S = 600;
const hangs = ({ model }: Scenario) => model !== 'off' && model.some((s) => s.mode === 'hang' || s.mode === 'hang-mid');

/** What a person, a client and an auditor could see. */
export interface Seen {
  answers: (ChatAnswer | Summary)[];
  events: ChatEvent[];
  fault: Fault | null;
  /** every text that reached a reader */
  texts: string[];
  seconds: number;
  log: string[];
  asked: readonly Asked[];
  openSockets: number;
  approvals: string[];
  decisions: number;
  inForce: number;
  reading: PolicyReading | null;
  /** kinds of ledger entries that the deeds under examination added */
  entries: string[];
}

export interface Setting {
  readonly open: Open;
  /** a real model to be used instead of the script; undefined: as the scenario says */
  readonly model?: Partial<Config> | undefined;
}

export const play = async (scenario: Scenario, { open, model }: Setting): Promise<Seen> => {
  const home = mkdtempSync(join(tmpdir(), 'caco-eval-'));
  let server: ScriptedModel | undefined;
  let program: Awaited<ReturnType<Open>> | undefined;
  const log: string[] = [];
  const listening = listen(log);
  try {
    if (model === undefined && scenario.model !== 'off')
      server = await startScriptedModel({
        script: scenario.model,
        ...(scenario.afterwards ? { fallback: scenario.afterwards } : {}),
      });
    program = await open({
      home,
      scenario: 'five-regions',
      grid: 'sim',
      fleet: 'sim',
      tickets: 'files',
      ...(model ??
        (server
          ? { model: 'ollama/scripted', ollamaHost: server.url, modelTimeoutS: hangs(scenario) ? TIMEOUT_S : PATIENT_S }
          : { model: 'none' })),
    });
    await stage(program, scenario.world);
    const seen = await deeds(scenario, program, log);
    // A socket that was aborted closes a moment later.
    for (let i = 0; i < 3000 && (server?.open.size ?? 0) > 0; i++) await new Promise((go) => setTimeout(go, 10));
    return { ...seen, asked: server?.asked ?? [], openSockets: server?.open.size ?? 0 };
  } finally {
    listening.stop();
    await program?.close();
    await server?.close();
    rmSync(home, { recursive: true, force: true });
  }
};

/** Standard error is part of what can be seen; lines of the model's port are kept, the rest goes through. */
const listen = (log: string[]) => {
  const { write } = process.stderr;
  process.stderr.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    if (/^model \S+: |^model \S+ answers again/.test(text)) {
      log.push(text.trim());
      return true;
    }
    return (write as (...all: unknown[]) => boolean).call(process.stderr, chunk, ...rest);
  }) as typeof write;
  return {
    stop: () => {
      process.stderr.write = write;
    },
  };
};

const deeds = async (scenario: Scenario, program: Program, log: string[]) => {
  const { world } = program;
  const { store } = world;
  const seen: Omit<Seen, 'asked' | 'openSockets'> = {
    answers: [],
    events: [],
    fault: null,
    texts: [],
    seconds: 0,
    log,
    approvals: [],
    decisions: 0,
    inForce: 0,
    reading: null,
    entries: [],
  };
  const before = await store.entries.size();
  const began = performance.now();
  for (const deed of scenario.do) {
    seen.fault = null;
    try {
      if ('ask' in deed) {
        const actor = { ...PERSON, id: deed.as ?? PERSON.id };
        const answer = await program.chat(deed.ask, deed.thread ?? 'evaluation', {
          actor,
          onEvent: (e) => seen.events.push(e),
        });
        seen.answers.push(answer);
        seen.texts.push(answer.answer, answer.notice ?? '');
      } else if ('summary' in deed) {
        const summary = await program.summary(deed.summary, { actor: PERSON });
        seen.answers.push(summary);
        seen.texts.push(summary.answer);
      } else if ('ingest' in deed) {
        const { ingest: text, name, tz } = deed;
        seen.reading = await program.call(
          'ingest_policy',
          { text, ...(name === undefined ? {} : { name }), ...(tz === undefined ? {} : { tz }) },
          { actor: PERSON },
        );
      } else if ('confirm' in deed) {
        const [draft] = (await store.collection(POLICY_SETS).list({ limit: 50 })).filter(
          (s) => s.value.status === 'draft',
        );
        await program.call('confirm_policy', { setId: draft?.id ?? 'none', why: 'checked' }, { actor: PERSON });
      } else if ('tool' in deed) {
        const actor = { ...PERSON, via: deed.via ?? PERSON.via };
        const answer = await program.call(deed.tool, deed.input, { actor });
        seen.texts.push(JSON.stringify(answer));
      } else {
        const waiting = (await store.collection(APPROVALS).list({ limit: 50 })).find(
          (a) => a.value.status === 'waiting',
        );
        await program.orchestrator.answer(
          { id: waiting?.id ?? 'none', decision: deed.answer, why: deed.why, only: deed.only ?? null },
          { actor: { id: deed.as, via: 'cli' } },
        );
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      seen.fault = error;
      seen.texts.push(error.message);
    }
  }
  seen.seconds = (performance.now() - began) / 1000;
  for (const event of seen.events) if (event.type === 'sentence') seen.texts.push(event.text);
  seen.approvals = (await store.collection(APPROVALS).list({ limit: 50 })).map((a) => a.value.status);
  seen.decisions = (await store.collection(DECISIONS).list({ limit: 50 })).length;
  const active = (await store.collection(ACTIVE_POLICIES).get(ACTIVE_POLICY))?.value;
  const set = active && (await store.collection(POLICY_SETS).get(active.setId))?.value;
  seen.inForce = set ? inForce(set).length : 0;
  seen.entries = await ledgerKinds(store, before);
  return seen;
};
