/** Look-ups that ask the same at the same time are answered once, and never by what was looked up before they asked. */
import { expect, it } from 'vitest';
import { alike } from './alike.js';

const here = new AbortController().signal;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('answers all who ask at once by one look, and whoever asks while it works by the next', async () => {
  const { ask } = alike();
  let looks = 0;
  const finish: ((text: string) => void)[] = [];
  const work = () => {
    looks += 1;
    return new Promise<string>((resolve) => finish.push(resolve));
  };
  const first = [ask('q', here, work), ask('q', here, work), ask('other', here, work)];
  await turn();
  expect(looks).toBe(2);
  const later = [ask('q', here, work), ask('q', here, work)];
  await turn();
  expect(looks).toBe(2);
  for (const done of finish.splice(0)) done('before');
  expect(await Promise.all(first)).toEqual(['before', 'before', 'before']);
  await turn();
  expect(looks).toBe(3);
  finish[0]!('after');
  expect(await Promise.all(later)).toEqual(['after', 'after']);
});

it('stops once all who wait have gone, and whoever comes then begins anew; a failure is told to each', async () => {
  const { ask } = alike();
  const seen: boolean[] = [];
  const work = async (signal: AbortSignal) => {
    seen.push(signal.aborted);
    if (seen.length > 1) throw new Error('broken');
    return 'nobody reads it';
  };
  const one = new AbortController();
  void ask('q', one.signal, work).catch(() => {});
  one.abort();
  const two = [ask('q', here, work), ask('q', here, work)];
  expect((await Promise.allSettled(two)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(seen).toEqual([true, false]);
});
