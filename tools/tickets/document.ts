/** A ticket's text as neutral typed blocks, so that Markdown and ADF are two renderings of one thing. */
import { z } from 'zod';

/** A run of text. `code` stands alone, as ADF demands; a link is http, https or mailto. */
export const Inline = z.strictObject({
  text: z.string(),
  mark: z.enum(['strong', 'em', 'code']).optional(),
  href: z.string().optional(),
});
export type Inline = z.infer<typeof Inline>;

const Line = z.array(Inline);

export const Block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('heading'), level: z.number().int().min(1).max(6), text: z.string() }),
  z.strictObject({ type: z.literal('paragraph'), content: Line }),
  z.strictObject({ type: z.literal('table'), head: z.array(z.string()).min(1), rows: z.array(z.array(Line)) }),
  z.strictObject({ type: z.literal('list'), ordered: z.boolean(), items: z.array(Line).min(1) }),
  z.strictObject({ type: z.literal('code'), language: z.string().regex(/^[a-z]*$/), text: z.string() }),
  z.strictObject({ type: z.literal('rule') }),
]);
export type Block = z.infer<typeof Block>;

export const TicketDoc = z.array(Block).min(1);
export type TicketDoc = z.infer<typeof TicketDoc>;

export const plain = (text: string): Inline => ({ text });
export const strong = (text: string): Inline => ({ text, mark: 'strong' });
export const em = (text: string): Inline => ({ text, mark: 'em' });
export const code = (text: string): Inline => ({ text, mark: 'code' });
export const link = (text: string, href: string): Inline => ({ text, href });

export const heading = (level: number, text: string): Block => ({ type: 'heading', level, text });
export const paragraph = (...content: (Inline | string)[]): Block => ({
  type: 'paragraph',
  content: content.map((part) => (typeof part === 'string' ? plain(part) : part)),
});
export const list = (items: (Inline | string)[][], ordered = false): Block => ({
  type: 'list',
  ordered,
  items: items.map((item) => item.map((part) => (typeof part === 'string' ? plain(part) : part))),
});
export const table = (head: string[], rows: (Inline | string)[][]): Block => ({
  type: 'table',
  head,
  rows: rows.map((row) => row.map((cell) => [typeof cell === 'string' ? plain(cell) : cell])),
});

/** Anything but http, https and mailto is dropped: a link is a way to run code in a reader's browser. */
export const safeHref = (href: string | undefined): string | undefined => {
  if (href === undefined) return undefined;
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
};
