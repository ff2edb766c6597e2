/** What the spellings of all dialects have in common, as closed objects whose members may be left out. */
import { z } from 'zod';

/** An object whose members may all be left out, and that has no others. */
export const loose = <S extends z.core.$ZodLooseShape>(shape: S) => z.strictObject(shape).partial();

export const text = z.string().max(10_000);
export const id = z.string().min(1).max(500);
export const dateTime = z.iso.datetime({ offset: true });
export const uri = z.url({ protocol: /^https?$/ });
export const uuid = z.guid();
export const decimalText = z.string().regex(/^[+-]?(\d*\.)?\d+$/, 'must be decimal text');
export const gps = z
  .string()
  .regex(
    /^[-+]?([1-8]?\d(\.\d+)?|90(\.0+)?),\s*[-+]?(180(\.0+)?|((1[0-7]\d)|([1-9]?\d))(\.\d+)?)$/,
    'must be "latitude,longitude"',
  );

/** Any list that a message may carry is bounded, whatever the size of its body. */
export const list = <T extends z.ZodType>(of: T) => z.array(of).max(2000);

export const Price = loose({
  currency: text,
  value: decimalText,
  estimated_value: decimalText,
  computed_value: decimalText,
  listed_value: decimalText,
  offered_value: decimalText,
  minimum_value: decimalText,
  maximum_value: decimalText,
});
const Range = loose({ start: dateTime, end: dateTime });
export const Time = loose({
  label: text,
  timestamp: dateTime,
  duration: text,
  range: Range,
  days: text,
  schedule: loose({ frequency: text, holidays: list(dateTime), times: list(dateTime) }),
});
export const CodeName = loose({ name: text, code: text });
export const Authorization = loose({ type: text, token: text, valid_from: dateTime, valid_to: dateTime, status: text });

/** What a seller answers with an order. */
export const repliesWith = <T extends z.ZodType>(order: T) => ({
  on_select: order,
  on_init: order,
  on_confirm: order,
  on_status: order,
  on_update: order,
  on_cancel: order,
});
