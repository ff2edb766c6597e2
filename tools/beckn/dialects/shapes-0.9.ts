/** Beckn core 0.9.4, which some networks label 1.0.0 and 1.1.0, as closed objects. */
import { z } from 'zod';
import {
  Authorization,
  CodeName,
  dateTime,
  gps,
  id,
  list,
  loose,
  Price,
  repliesWith,
  Time,
  text,
  uri,
  uuid,
} from './shapes.js';

const tags = z.record(z.string().max(200), z.string().max(10_000));
const Descriptor = loose({
  name: text,
  code: text,
  symbol: text,
  short_desc: text,
  long_desc: text,
  images: list(text),
  audio: uri,
  '3d_render': uri,
});
const Scalar = z.strictObject({
  type: z.enum(['CONSTANT', 'VARIABLE']).optional(),
  value: z.number(),
  estimated_value: z.number().optional(),
  computed_value: z.number().optional(),
  range: loose({ min: z.number(), max: z.number() }).optional(),
  unit: text,
});
const Address = loose({
  door: text,
  name: text,
  building: text,
  street: text,
  locality: text,
  ward: text,
  city: text,
  state: text,
  country: text,
  area_code: text,
});
const Location = loose({
  id,
  descriptor: Descriptor,
  gps,
  address: Address,
  station_code: text,
  city: CodeName,
  country: CodeName,
  circle: z.strictObject({ gps, radius: Scalar }),
  polygon: text,
  '3dspace': text,
  time: Time,
});
const Contact = loose({ phone: text, email: text, tags });
const Person = loose({ name: text, image: text, dob: text, gender: text, cred: text, tags });
const Vehicle = loose({
  category: text,
  capacity: z.number().int(),
  make: text,
  model: text,
  size: text,
  variant: text,
  color: text,
  energy_type: text,
  registration: text,
});
const Stop = loose({
  location: Location,
  time: Time,
  instructions: Descriptor,
  contact: Contact,
  person: Person,
  authorization: Authorization,
});
const Fulfillment = loose({
  id,
  type: text,
  provider_id: id,
  rating: z.number(),
  state: loose({ descriptor: Descriptor, updated_at: dateTime, updated_by: text }),
  tracking: z.boolean(),
  customer: loose({ person: Person, contact: Contact }),
  agent: loose({ ...Person.shape, ...Contact.shape, rateable: z.boolean() }),
  person: Person,
  contact: Contact,
  vehicle: Vehicle,
  start: Stop,
  end: Stop,
  rateable: z.boolean(),
  tags,
});
const item = {
  id,
  parent_item_id: id,
  descriptor: Descriptor,
  price: Price,
  category_id: id,
  fulfillment_id: id,
  rating: z.number(),
  location_id: id,
  time: Time,
  rateable: z.boolean(),
  matched: z.boolean(),
  related: z.boolean(),
  recommended: z.boolean(),
  tags,
};
const Item = loose(item);
const Category = loose({ id, parent_category_id: id, descriptor: Descriptor, time: Time, tags });
const Payment = loose({
  uri,
  tl_method: z.enum(['http/get', 'http/post']),
  params: z.record(z.string().max(200), text),
  type: z.enum(['ON-ORDER', 'PRE-FULFILLMENT', 'ON-FULFILLMENT', 'POST-FULFILLMENT']),
  status: z.enum(['PAID', 'NOT-PAID']),
  time: Time,
});
const Offer = loose({
  id,
  descriptor: Descriptor,
  location_ids: list(id),
  category_ids: list(id),
  item_ids: list(id),
  time: Time,
});
const Provider = loose({
  id,
  descriptor: Descriptor,
  category_id: id,
  rating: z.number(),
  time: Time,
  categories: list(Category),
  fulfillments: list(Fulfillment),
  payments: list(Payment),
  locations: list(loose({ ...Location.shape, rateable: z.boolean() })),
  offers: list(Offer),
  items: list(Item),
  exp: dateTime,
  rateable: z.boolean(),
  tags,
});
const Quotation = loose({ price: Price, breakup: list(loose({ title: text, price: Price })), ttl: text });
const named = z.strictObject({ id });
const Order = loose({
  id,
  state: text,
  provider: loose({ id, locations: list(named) }),
  items: list(loose({ ...item, quantity: loose({ count: z.number().int(), measure: Scalar }) })),
  add_ons: list(named),
  offers: list(named),
  documents: list(loose({ url: uri, label: text })),
  billing: z.strictObject({
    name: text,
    organization: loose({ name: text, cred: text }).optional(),
    address: Address.optional(),
    email: text.optional(),
    phone: text,
    time: Time.optional(),
    tax_number: text.optional(),
    created_at: dateTime.optional(),
    updated_at: dateTime.optional(),
  }),
  fulfillment: Fulfillment,
  quote: Quotation,
  payment: Payment,
  created_at: dateTime,
  updated_at: dateTime,
});
export type Order09 = z.output<typeof Order>;
const Intent = loose({
  descriptor: Descriptor,
  provider: Provider,
  fulfillment: Fulfillment,
  payment: Payment,
  category: Category,
  offer: Offer,
  item: Item,
  tags,
});
const Catalog = loose({
  'bpp/descriptor': Descriptor,
  'bpp/categories': list(Category),
  'bpp/fulfillments': list(Fulfillment),
  'bpp/payments': list(Payment),
  'bpp/offers': list(Offer),
  'bpp/providers': list(Provider),
  exp: dateTime,
});
const answer = loose({
  id,
  parent_id: id,
  question: text,
  answer: text,
  answer_type: z.enum(['radio', 'checkbox', 'text']),
});
const order = z.strictObject({ order: Order });

export const Context09 = z.strictObject({
  domain: id,
  country: id,
  city: id,
  action: id,
  core_version: z.enum(['0.9.3', '0.9.4', '1.0.0', '1.1.0']),
  bap_id: id,
  bap_uri: uri,
  bpp_id: id.optional(),
  bpp_uri: uri.optional(),
  transaction_id: uuid,
  message_id: uuid,
  timestamp: dateTime,
  key: text.optional(),
  ttl: z.string().min(1),
  max_callbacks: z.number().int().min(1).optional(),
});

export const MESSAGES_09 = {
  search: z.strictObject({ intent: Intent }),
  select: order,
  init: order,
  confirm: order,
  status: named.omit({ id: true }).extend({ order_id: id }),
  track: z.strictObject({ order_id: id, callback_url: uri.optional() }),
  update: z.strictObject({ update_target: z.string().min(1), order: Order }),
  cancel: z.strictObject({ order_id: id, cancellation_reason_id: id.optional(), descriptor: Descriptor.optional() }),
  rating: loose({ rating_category: text, id, value: z.number(), feedback_form: list(answer), feedback_id: id }),
  support: loose({ ref_id: text }),
  on_search: z.strictObject({ catalog: Catalog }),
  ...repliesWith(order),
  on_track: z.strictObject({ tracking: loose({ url: uri, status: z.enum(['active', 'inactive']) }) }),
  on_rating: loose({ feedback_ack: z.boolean(), rating_ack: z.boolean() }),
  on_support: loose({ phone: text, email: text, uri }),
} as const;
export const Error09 = z.strictObject({
  type: z.enum(['CONTEXT-ERROR', 'CORE-ERROR', 'DOMAIN-ERROR', 'POLICY-ERROR', 'JSON-SCHEMA-ERROR']),
  code: text,
  path: text.optional(),
  message: text.optional(),
});
