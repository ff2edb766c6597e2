/** Who may speak to the model, and when: one call at a time, a short queue, a rest after repeated failures. */

export interface Queue {
  /** Answers the function that leaves again; null when the queue is full or the signal aborts while waiting. */
  enter(signal: AbortSignal): Promise<(() => void) | null>;
}

export const oneAtATime = (longest: number): Queue => {
  let busy = false;
  const waiting: (() => void)[] = [];
  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else busy = false;
  };
  return {
    async enter(signal) {
      if (signal.aborted) return null;
      if (busy) {
        if (waiting.length >= longest) return null;
        const admitted = await new Promise<boolean>((settle) => {
          const go = () => {
            signal.removeEventListener('abort', give);
            settle(true);
          };
          const give = () => {
            waiting.splice(waiting.indexOf(go), 1);
            settle(false);
          };
          waiting.push(go);
          signal.addEventListener('abort', give, { once: true });
        });
        if (!admitted) return null;
      }
      busy = true;
      let left = false;
      return () => {
        if (left) return;
        left = true;
        leave();
      };
    },
  };
};

export interface Circuit {
  resting(): boolean;
  failure(): void;
  success(): void;
}

/** After `failures` in a row nobody is let through for `restMs`; then one is, and another failure begins the rest anew. */
export const circuit = (options: { failures: number; restMs: number; ticks: () => number }): Circuit => {
  let inARow = 0;
  let until = 0;
  return {
    resting: () => options.ticks() < until,
    failure: () => {
      inARow += 1;
      if (inARow >= options.failures) until = options.ticks() + options.restMs;
    },
    success: () => {
      inARow = 0;
      until = 0;
    },
  };
};
