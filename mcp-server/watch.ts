/** Subscriptions: whoever watches a resource is told when the books have grown since, and reads it again. */
import type { Server } from '@modelcontextprotocol/sdk/server/index.js';

const LOOK_MS = 1000;
/** What never changes once it stands: nothing is told of it. */
const FINAL = /^caco:\/\/(ledger|plans|answers|docs)\//;

export interface Watch {
  add(uri: string): void;
  remove(uri: string): void;
  close(): void;
}

/** `state` names the state of the books; a new name means that something was written, by whichever process. */
export const watchOf = (server: Server, state: () => Promise<string>): Watch => {
  const uris = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let before: Promise<string> | undefined;
  const look = async () => {
    const now = state();
    const [last, current] = await Promise.all([before, now]);
    before = now;
    if (last === current) return;
    for (const uri of uris) if (!FINAL.test(uri)) await server.sendResourceUpdated({ uri });
  };
  const rest = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    add(uri) {
      uris.add(uri);
      before ??= state();
      // A store that is busy for a moment is asked again a second later.
      timer ??= setInterval(() => void look().catch(() => {}), LOOK_MS).unref();
    },
    remove(uri) {
      uris.delete(uri);
      if (uris.size === 0) rest();
    },
    close: rest,
  };
};
