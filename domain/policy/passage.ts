/** Parts of a policy document that became no constraint. */
import { z } from 'zod';

/** A passage that yielded no constraint, with the reason. Its span is empty where it stands beside the document's text. */
export const Passage = z.strictObject({
  quote: z.string(),
  span: z.tuple([z.number().int().min(0), z.number().int().min(0)]),
  doc: z.string(),
  line: z.number().int().min(1),
  page: z.number().int().min(1).optional(),
  why: z.string(),
});
export type Passage = z.infer<typeof Passage>;

/** An item of the model's that code refused. */
export const DroppedItem = z.strictObject({ item: z.json(), why: z.string() });
export type DroppedItem = z.infer<typeof DroppedItem>;
