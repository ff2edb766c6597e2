/** Calls that come while a commit is under way share the next one, so that a crowd pays for one sync to disk. */

type Append<B, E> = (bodies: readonly B[]) => Promise<E[]>;

interface Waiting<B, E> {
  readonly bodies: readonly B[];
  readonly resolve: (entries: E[]) => void;
  readonly reject: (error: unknown) => void;
}

/** The same function for its callers: answers after the commit that holds their bodies, or with their own error. */
export const groupCommit = <B, E>(append: Append<B, E>): Append<B, E> => {
  let waiting: Waiting<B, E>[] = [];
  let running = false;

  const commit = async (group: readonly Waiting<B, E>[]): Promise<void> => {
    try {
      const entries = await append(group.flatMap((w) => w.bodies));
      let at = 0;
      for (const w of group) {
        w.resolve(entries.slice(at, at + w.bodies.length));
        at += w.bodies.length;
      }
    } catch (error) {
      // One bad body spoils a group, not its neighbours.
      if (group.length === 1) group[0]!.reject(error);
      else for (const w of group) await commit([w]);
    }
  };
  const drain = async (): Promise<void> => {
    running = true;
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await commit(group);
    }
    running = false;
  };

  return (bodies) =>
    new Promise((resolve, reject) => {
      waiting.push({ bodies, resolve, reject });
      if (!running) void drain();
    });
};
