/** Tags of Beckn 1.1: groups by the code of their descriptor. */

import type { z } from 'zod';
import type { TagGroup } from './shapes-1.1.js';

export type Tags11 = z.output<typeof TagGroup>[] | undefined;

export const group = (code: string, members: Record<string, string | undefined>) => ({
  descriptor: { code },
  list: Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [{ descriptor: { code: name }, value }],
  ),
});

export const groups = (...all: ReturnType<typeof group>[]) => all.filter(({ list }) => list.length > 0);

export const tagsIn = (tags: Tags11): ((group: string, name: string) => string | undefined) => {
  const found = new Map<string, string>();
  for (const of of tags ?? [])
    for (const tag of of.list ?? [])
      if (tag.value !== undefined) found.set(`${of.descriptor?.code}/${tag.descriptor?.code}`, tag.value);
  return (name, member) => found.get(`${name}/${member}`);
};

export const nonEmpty = <T>(all: readonly T[]): readonly T[] | undefined => (all.length === 0 ? undefined : all);
