/** What a tool is, and the one way to call it. */
import type { z } from 'zod';
import { type Actor, leaveFor } from '../domain/decision.js';
import { digest } from '../domain/digest.js';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { PLANS } from '../domain/plan.js';
import { prunedFault } from '../domain/retention.js';
import type { Store, Tx } from '../domain/store.js';
import { traced } from '../domain/trace.js';
import type { World } from '../domain/world.js';

/**
 * reads: looks. records: adds to our own books. acts: changes the world, and needs a recorded decision.
 * decides: a person's answer; never listed to an agent.
 */
export type Effect = 'reads' | 'records' | 'acts' | 'decides';

/** Toolsets group tools for a reader; a door can be opened on some of them only. */
export type Toolset = 'plan' | 'grid' | 'fleet' | 'policy' | 'proof' | 'tickets' | 'status';

export interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly note?: string;
}

export interface Call {
  readonly signal: AbortSignal;
  readonly progress: (step: Progress) => void;
  readonly actor: Actor;
  /** The run, approval or request that this call belongs to. */
  readonly cause: string | null;
  /** The decision that gives leave to an `acts` tool. */
  readonly decisionId?: string | undefined;
  /** Makes the call a deed: with the same key it happens once. */
  readonly idempotencyKey?: string | undefined;
}

/** What a running tool gets beside its input and the world. */
export interface Running extends Call {
  /** Writes that must stand or fall with the deed and its journal entry: they run in one transaction after `run` returned. */
  commit(work: (tx: Tx) => Promise<void>): void;
}

export interface Tool<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType, N extends string = string> {
  readonly name: N;
  readonly title: string;
  readonly description: string;
  readonly toolset: Toolset;
  readonly effect: Effect;
  readonly input: I;
  readonly output: O;
  /** Of a tool that `acts` on something else than a plan: throws Fault `forbidden` without a recorded leave for it. */
  leave?(input: z.output<I>, world: World, call: Call): Promise<void>;
  // Methods, not members that hold functions: only so is a tool of some schema also a Tool in a list.
  run(input: z.output<I>, world: World, call: Running): Promise<z.input<O>>;
  /** A deed that a crash left behind: what the peer knows of it, or undefined when it never arrived there. */
  reconcile?(input: z.output<I>, world: World, call: Running): Promise<z.input<O> | undefined>;
  /** The answer in one or two short sentences. */
  tell(output: z.output<O>): string;
}

/** Keeps name and schemas as types, so that whoever calls the tool by its name gets the type of its answer. */
export const defineTool = <I extends z.ZodType, O extends z.ZodType, const N extends string>(
  tool: Tool<I, O, N>,
): Tool<I, O, N> => tool;

/**
 * Parses, checks leave, runs, parses the answer, journals. Doors and graph have no other way in.
 * Throws Fault: `invalid-input` for arguments, `forbidden` without leave, `conflict` for a deed whose fate is not known.
 */
export const callTool = async <I extends z.ZodType, O extends z.ZodType>(
  tool: Tool<I, O>,
  input: unknown,
  world: World,
  call: Call,
): Promise<z.output<O>> => {
  const about = {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.name': tool.name,
    'caco.tool.effect': tool.effect,
    'caco.via': call.actor.via,
    'caco.cause': call.cause,
  };
  return traced(`execute_tool ${tool.name}`, about, async (step) => {
    step.contents(() => ({ 'gen_ai.tool.call.arguments': JSON.stringify(input ?? null) }));
    const output = await checked(tool, input, world, call);
    step.contents(() => ({ 'gen_ai.tool.call.result': JSON.stringify(output ?? null) }));
    return output;
  });
};

const checked = async <I extends z.ZodType, O extends z.ZodType>(
  tool: Tool<I, O>,
  input: unknown,
  world: World,
  call: Call,
): Promise<z.output<O>> => {
  const parsed = tool.input.safeParse(input);
  if (!parsed.success) throw inputFault(tool.name, parsed.error);
  call.signal.throwIfAborted();
  if (tool.effect === 'decides') requirePerson(tool.name, call.actor);
  try {
    if (tool.effect === 'acts')
      await (tool.leave?.(parsed.data, world, call) ?? requireDecision(tool.name, parsed.data, world, call));
    const key = tool.effect === 'reads' ? undefined : call.idempotencyKey;
    const work = () => perform(tool, input, parsed.data, key, world, call);
    return await (key === undefined ? work() : oneAfterAnother(world.store, key, work));
  } catch (error) {
    throw (await whatWasPruned(error, parsed.data, world)) ?? error;
  }
};

/** Whoever asks for something that is there no more hears that it was, and what is left of it. */
const whatWasPruned = async (error: unknown, input: unknown, { store }: World): Promise<Fault | undefined> => {
  if (!(error instanceof Fault) || error.code !== 'not-found') return undefined;
  for (const id of Object.values(input ?? {}).flat())
    if (typeof id === 'string' && error.message.includes(id)) {
      const pruned = await prunedFault(store, id);
      if (pruned) return pruned;
    }
  return undefined;
};

/** Deeds that this process has under way, so that a caller who asks again meanwhile waits for the first answer. */
const underWay = new WeakMap<Store, Map<string, Promise<unknown>>>();

const oneAfterAnother = async <R>(store: Store, key: string, work: () => Promise<R>): Promise<R> => {
  const keys = underWay.get(store) ?? new Map<string, Promise<unknown>>();
  underWay.set(store, keys);
  const before = keys.get(key) ?? Promise.resolve();
  const mine = before.then(work, work);
  keys.set(key, mine);
  try {
    return await mine;
  } finally {
    if (keys.get(key) === mine) keys.delete(key);
  }
};

const perform = async <I extends z.ZodType, O extends z.ZodType>(
  tool: Tool<I, O>,
  input: unknown,
  parsed: z.output<I>,
  key: string | undefined,
  world: World,
  call: Call,
): Promise<z.output<O>> => {
  // The caller may have gone while another call of this deed was under way.
  call.signal.throwIfAborted();
  // Looking is not written down, so it needs no digest.
  const inputDigest = tool.effect === 'reads' ? '' : digest(input ?? null);
  const commits: ((tx: Tx) => Promise<void>)[] = [];
  const running: Running = { ...call, commit: (work) => commits.push(work) };

  let answer: z.input<O> | undefined;
  if (key !== undefined) {
    const before = await intend(tool, key, inputDigest, world, call);
    if (before?.state === 'done') return tool.output.parse(before.output);
    if (before?.state === 'intended' && tool.reconcile) answer = await tool.reconcile(parsed, world, running);
    else if (before?.state === 'intended' && tool.effect === 'acts')
      throw new Fault(
        'conflict',
        `${tool.name} was begun before and its outcome is not known`,
        'Look at the peer, then use a new idempotency key.',
      );
  }

  try {
    answer ??= await tool.run(parsed, world, running);
  } catch (error) {
    // A deed that surely did not happen may be tried again; anything else stays unknown until the peer was asked.
    if (key !== undefined && error instanceof Fault && error.code !== 'unavailable')
      await world.store.deeds.finish(key, 'failed', error.toJSON());
    throw error;
  }
  const output = tool.output.parse(answer);
  if (tool.effect !== 'reads') {
    const first = await world.store.transaction(async (tx) => {
      // Another process may have done the same deed meanwhile; its answer counts and nothing of this one is kept.
      if (key !== undefined && !(await tx.deeds.finish(key, 'done', output))) return false;
      for (const work of commits) await work(tx);
      await tx.entries.append([
        {
          kind: tool.name,
          at: world.clock.now(),
          actor: actorText(call.actor),
          cause: call.cause,
          subject: key ?? null,
          data: { effect: tool.effect, input: inputDigest, output: digest(output) },
        },
      ]);
      return true;
    });
    if (!first && key !== undefined) return tool.output.parse((await world.store.deeds.get(key))?.output);
  }
  return output;
};

/** As the ledger names who did it. */
const actorText = ({ via, id, client }: Actor): string => `${via}:${id}${client === undefined ? '' : ` (${client})`}`;

const intend = async (tool: Tool, key: string, inputDigest: string, world: World, call: Call) => {
  const fresh = await world.store.deeds.intend({
    key,
    tool: tool.name,
    actor: call.actor.id,
    inputDigest,
    at: world.clock.now(),
  });
  if (fresh) return undefined;
  const before = await world.store.deeds.get(key);
  if (before && (before.inputDigest !== inputDigest || before.tool !== tool.name))
    throw new Fault(
      'conflict',
      `the key "${key}" was used for another call of ${before.tool}`,
      'Use a new idempotency key for another tool or a different input.',
    );
  return before;
};

const requireDecision = async (name: string, input: unknown, world: World, call: Call) => {
  if (call.decisionId === undefined)
    throw new Fault(
      'forbidden',
      `${name} changes the world and has no decision`,
      'Ask for leave: `caco approvals` lists what waits, `caco approve ID` gives it; agents use request_approval.',
    );
  const { planId } = input as { planId?: unknown };
  if (typeof planId !== 'string') return void (await leaveFor(world.store, call.decisionId));
  const plan = (await world.store.collection(PLANS).get(planId))?.value;
  if (!plan) throw notFound(`there is no plan ${planId}`, '`caco plan` makes one; `caco runs` lists what was planned.');
  await leaveFor(world.store, call.decisionId, plan);
};

const requirePerson = (name: string, actor: Actor) => {
  if (actor.via !== 'cli' && actor.via !== 'http' && actor.via !== 'dialog')
    throw new Fault(
      'forbidden',
      `${name} is a person's answer; ${actor.via} cannot give it`,
      'A person approves with `caco approve ID` or over authenticated HTTP.',
    );
};

const inputFault = (name: string, error: z.ZodError) => {
  const problems = error.issues.map((issue) => ({ field: issue.path.join('.') || '(input)', message: issue.message }));
  return invalid(
    `${name}: ${problems.map((p) => `${p.field}: ${p.message}`).join('; ')}`,
    'Mend the named arguments; the tool’s input schema says what each may be.',
    problems,
  );
};
