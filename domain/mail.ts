/**
 * Letters to and from peers that must neither be lost nor take effect twice. A letter that came in is durable before its sender
 * hears so, and is worked on afterwards; one that goes out is written together with what it tells of, and is sent until it
 * arrived. Letters of one thread keep their order, whichever process works on them.
 */

/** `in`: what peers sent us. `out`: what we send them. */
export type Box = 'in' | 'out';

/** waiting: to be worked on or sent. done: it took effect, or arrived. dead: a person has to look at it. */
export type LetterState = 'waiting' | 'done' | 'dead';

export interface NewLetter {
  /** Names it within its box for good. */
  readonly id: string;
  /** Letters of a thread are taken one after the other, in the order in which they were put. */
  readonly thread: string;
  /** Who sent it, or whom it is for. */
  readonly peer: string;
  readonly action: string;
  /** Where it goes, or where it came in; null where that is looked up when it is sent. */
  readonly url: string | null;
  /** as it is on the wire */
  readonly body: string;
  /** Of what must be the same when it comes twice; null: nothing is compared. */
  readonly digest: string | null;
  /** What passed on the wire beside the body, as JSON; null where nothing has. */
  readonly exchange: string | null;
  /** Milliseconds of the machines' clock: it is about processes and peers, not about the world. */
  readonly atMs: number;
}

export interface Letter extends NewLetter {
  readonly seq: number;
  readonly box: Box;
  readonly state: LetterState;
  readonly attempts: number;
  readonly nextAtMs: number;
  /** Why it waits or is dead. */
  readonly reason: string | null;
  readonly settledAtMs: number | null;
}

/** `new`: it was kept now; `claimed` is it, where whoever kept it has claimed it with that. `same`: it was there before. `other`: its id was used for something else, which `before` names. */
export type Received =
  | { readonly is: 'new'; readonly claimed: Letter | null }
  | { readonly is: 'same' | 'other'; readonly before: Letter };

/** What became of a letter that was claimed. */
export interface Settled {
  readonly state: LetterState;
  readonly atMs: number;
  /** A peer took note of it and said no: nobody tries again by himself. */
  readonly refused?: boolean;
  /** When it may be taken again, where it still waits. */
  readonly nextAtMs?: number;
  readonly reason?: string | null;
  readonly exchange?: string | null;
  readonly body?: string;
}

export interface Claimant {
  /** Names the process and what in it claims. */
  readonly holder: string;
  readonly atMs: number;
  /** After that long another process may take it: the holder is taken for dead. */
  readonly leaseMs: number;
}

export interface Claim extends Claimant {
  readonly limit: number;
}

export interface Letters {
  readonly box?: Box | undefined;
  readonly state?: LetterState | undefined;
  readonly thread?: string | undefined;
  /** Only letters before this number. */
  readonly before?: number | undefined;
  readonly limit: number;
  /** The newest first when left out. */
  readonly order?: 'newest' | 'oldest';
}

export interface Mail {
  /** Keeps what is new and tells what was there: of two at the same moment, one is new. `by` claims it where nothing of its thread waits. */
  receive(letter: NewLetter, by?: Claimant): Promise<Received>;
  /** Answers those that `by` has claimed, up to its limit: none where earlier ones of their thread wait. */
  put(letters: readonly NewLetter[], by?: Claim): Promise<Letter[]>;
  /** Of each thread the first letter that waits, if it is due and nobody holds it. Each is answered to one caller until its lease ends. */
  claim(box: Box, by: Claim): Promise<Letter[]>;
  /** False when it was claimed again or settled meanwhile, by whomever: each claim counts as an attempt, and only the newest settles. */
  settle(letter: Pick<Letter, 'box' | 'id' | 'attempts'>, holder: string, as: Settled): Promise<boolean>;
  /** One that still waits has arrived, whoever holds it: what answers it is here. */
  arrived(letter: Pick<Letter, 'box' | 'id'>, atMs: number): Promise<void>;
  get(box: Box, id: string): Promise<Letter | undefined>;
  list(of: Letters): Promise<Letter[]>;
  /** Dead letters wait again from now on; all of a thread, or one; `unreachable`: those only that nobody refused. Answers how many. */
  revive(
    of: { readonly box: Box; readonly thread?: string; readonly id?: string; readonly unreachable?: true },
    atMs: number,
  ): Promise<number>;
  count(box: Box): Promise<Record<LetterState, number>>;
  /** When the next letter of the box is due; null: none waits. */
  nextDueMs(box: Box): Promise<number | null>;
  /** Those who hold letters at the moment. */
  holders(): Promise<string[]>;
  /** Takes from a holder who has died what it held. */
  release(holder: string): Promise<void>;
  /** Removes what was settled before a moment. */
  forget(beforeMs: number): Promise<number>;
}
