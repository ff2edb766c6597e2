/** A long answer, cut and read on: nothing is left out without a word. */
import { expect, test } from 'vitest';
import { openStore } from '../store/store.js';
import { resultOf } from './answer.js';

test('what is cut is named with how much there is, at the top and within a row, and where the whole of it is read', async () => {
  const store = await openStore(':memory:');
  const days = Array.from({ length: 30 }, (_, day) => ({ day, hours: Array.from({ length: 24 }, (_, hour) => hour) }));
  const { structuredContent, content } = await resultOf('look', { total: 30, days }, 'Thirty days.', store);
  const { more, days: shown } = structuredContent as {
    more: { field: string; total: number; shown: number; uri: string }[];
    days: { hours: number[] }[];
  };
  expect([shown.length, shown[3]!.hours.length]).toEqual([20, 20]);
  expect(more.find((m) => m.field === 'days')).toMatchObject({
    total: 30,
    shown: 20,
    uri: expect.stringMatching(/\/days\?from=20$/),
  });
  expect(more.find((m) => m.field === 'days[3].hours')).toMatchObject({
    total: 24,
    shown: 20,
    uri: expect.stringMatching(/\/days\?from=3$/),
  });
  expect(more).toHaveLength(21);
  const links = content.filter((block) => block.type === 'resource_link');
  expect(links.map((link) => link.uri)).toEqual(more.map((m) => m.uri));
  expect(JSON.parse((content[0] as { text: string }).text)).toEqual(structuredContent);
  await store.close();
});
