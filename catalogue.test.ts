/** The list of names that rooms are loaded by. */
import { expect, it } from 'vitest';
import { everyTool, TOOL_NAMES, toolNamed } from './catalogue.js';

it('names every tool that the rooms bring, in their order, each once', async () => {
  const brought = (await everyTool()).map((tool) => tool.name);
  expect(TOOL_NAMES).toEqual(brought);
  expect(new Set(brought).size).toBe(brought.length);
});

it('answers nothing for a name that no room brings', async () => {
  expect(await toolNamed('place_jobs')).toBeUndefined();
  expect((await toolNamed('list_runs'))?.name).toBe('list_runs');
});
