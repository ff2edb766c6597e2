/** Few calls at once for each host, where a caller asks for that: who comes later waits, in order. */
interface Line {
  running: number;
  readonly waiting: { readonly atOnce: number; go(): void }[];
}
const lines = new Map<string, Line>();

/** Waits until fewer than `atOnce` calls to the host run; the function that is answered must be called at the end. */
export const takeTurn = async (host: string, atOnce: number, stop: AbortSignal): Promise<() => void> => {
  const line = lines.get(host) ?? { running: 0, waiting: [] };
  lines.set(host, line);
  const admit = () => {
    for (let next = line.waiting[0]; next !== undefined && line.running < next.atOnce; next = line.waiting[0]) {
      line.running += 1;
      line.waiting.shift();
      next.go();
    }
    if (line.running === 0 && line.waiting.length === 0) lines.delete(host);
  };
  await new Promise<void>((settle, reject) => {
    const give = () => {
      line.waiting.splice(line.waiting.indexOf(entry), 1);
      admit();
      reject(stop.reason);
    };
    const entry = {
      atOnce,
      go: () => {
        stop.removeEventListener('abort', give);
        settle();
      },
    };
    line.waiting.push(entry);
    if (stop.aborted) return give();
    stop.addEventListener('abort', give, { once: true });
    admit();
  });
  let left = false;
  return () => {
    if (left) return;
    left = true;
    line.running -= 1;
    admit();
  };
};
