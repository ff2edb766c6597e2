/** How tools list the documents of a collection: by their ids, or page by page. */
import { z } from 'zod';
import { invalid } from './fault.js';
import type { CollectionOf, Store, Tx, Versioned } from './store.js';

/** The members of such a tool's input; further ones narrow what is listed. */
export const Listing = {
  ids: z.array(z.string()).max(200).optional().describe('only those of these ids that there are'),
  limit: z.number().int().min(1).max(1000).default(50).describe('at most this many, newest first'),
  cursor: z.string().optional().describe('the next cursor of the answer before'),
};

export const Next = z.string().nullable().describe('cursor for the next page; null at the end');

export interface Listed<T> {
  readonly found: T[];
  /** null at the end */
  readonly next: string | null;
}

const PAGE = 200;

/** Every document of a collection, newest first, read page by page. */
export async function* everyDocument<T>(
  books: Pick<Tx, 'collection'>,
  of: CollectionOf<T>,
): AsyncGenerator<Versioned<T>> {
  for (let after: string | undefined; ; ) {
    const page = await books.collection(of).list({ after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/**
 * Documents that `wanted` takes, newest first, until `limit` of them are found: the collection is read to its end before
 * an answer says that there is no more. Fault `invalid-input` for a cursor that names no document.
 */
export const listing = async <T>(
  store: Store,
  of: CollectionOf<T>,
  { ids, limit, cursor }: { ids?: readonly string[] | undefined; limit: number; cursor?: string | undefined },
  wanted?: (value: T) => boolean,
): Promise<Listed<T>> => {
  const collection = store.collection(of);
  if (ids !== undefined) {
    const known = await Promise.all([...new Set(ids)].map((id) => collection.get(id)));
    return { found: known.flatMap((k) => (k && (wanted?.(k.value) ?? true) ? [k.value] : [])), next: null };
  }
  if (cursor !== undefined && !(await collection.get(cursor)))
    throw invalid('the cursor is not one of ours', 'Use the member next of the answer before.');
  const found: T[] = [];
  // One more is asked for, so that a page which is just full does not promise another.
  const size = wanted === undefined ? limit + 1 : PAGE;
  for (let last = cursor; ; ) {
    const page = await collection.list({ after: last, limit: size });
    for (const { id, value } of page) {
      if (wanted?.(value) ?? true) {
        if (found.length === limit) return { found, next: last ?? null };
        found.push(value);
      }
      last = id;
    }
    if (page.length < size) return { found, next: null };
  }
};
