/** Beckn core 1.1 (and 1.0), as closed objects: a member that it does not know is a mistake of the sender's. */
import { z } from 'zod';
import {
  Authorization,
  CodeName,
  dateTime,
  decimalText,
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

const MediaFile = loose({ mimetype: text, url: uri, signature: text, dsa: text });
const Image = loose({
  url: uri,
  size_type: z.enum(['xs', 'sm', 'md', 'lg', 'xl', 'custom']),
  width: text,
  height: text,
});
const Descriptor = loose({
  name: text,
  code: text,
  short_desc: text,
  long_desc: text,
  additional_desc: loose({ url: text, content_type: z.enum(['text/plain', 'text/html', 'application/json']) }),
  media: list(MediaFile),
  images: list(Image),
});
export const TagGroup = loose({
  display: z.boolean(),
  descriptor: Descriptor,
  list: list(loose({ descriptor: Descriptor, value: text, display: z.boolean() })),
});
const tags = list(TagGroup);
const Scalar = loose({
  type: z.enum(['CONSTANT', 'VARIABLE']),
  value: decimalText,
  estimated_value: decimalText,
  computed_value: decimalText,
  range: loose({ min: decimalText, max: decimalText }),
  unit: text,
});
const Location = loose({
  id,
  descriptor: Descriptor,
  map_url: uri,
  gps,
  address: text,
  city: CodeName,
  district: text,
  state: CodeName,
  country: CodeName,
  area_code: text,
  circle: loose({ gps, radius: Scalar }),
  polygon: text,
  '3dspace': text,
  rating: text,
});
const Contact = loose({ phone: text, email: text, jcard: z.record(z.string(), z.unknown()) });
const Credential = loose({ id, type: text, url: uri });
const Person = loose({
  id,
  url: uri,
  name: text,
  image: Image,
  age: text,
  dob: text,
  gender: text,
  creds: list(Credential),
  languages: list(CodeName),
  skills: list(CodeName),
  tags,
});
const Organization = loose({
  descriptor: Descriptor,
  address: text,
  state: CodeName,
  city: CodeName,
  contact: Contact,
});
const Agent = loose({ person: Person, contact: Contact, organization: Organization, rating: text });
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
  wheels_count: text,
  cargo_volumne: text,
  wheelchair_access: text,
  code: text,
  emission_standard: text,
});
const Form = loose({
  url: uri,
  data: z.record(z.string(), text),
  mime_type: z.enum(['text/html', 'application/xml']),
  submission_id: uuid,
});
const XInput = loose({ form: Form, required: z.boolean() });
const FulfillmentState = loose({ descriptor: Descriptor, updated_at: dateTime, updated_by: text });
const Fee = loose({ percentage: decimalText, amount: Price });
const CancellationTerm = loose({
  fulfillment_state: FulfillmentState,
  reason_required: z.boolean(),
  cancel_by: Time,
  cancellation_fee: Fee,
  xinput: XInput,
  external_ref: MediaFile,
});
const RefundTerm = loose({
  fulfillment_state: CodeName,
  refund_eligible: z.boolean(),
  refund_within: Time,
  refund_amount: Price,
});
const ReturnTerm = loose({
  fulfillment_state: CodeName,
  return_eligible: z.boolean(),
  return_time: Time,
  return_location: Location,
  fulfillment_managed_by: z.enum(['CONSUMER', 'PROVIDER']),
});
const ReplacementTerm = loose({ fulfillment_state: CodeName, replace_within: Time, external_ref: MediaFile });
const AddOn = loose({ id, descriptor: Descriptor, price: Price });
const measured = loose({ count: z.number().int(), measure: Scalar });
const ItemQuantity = loose({
  allocated: measured,
  available: measured,
  maximum: measured,
  minimum: measured,
  selected: measured,
  unitized: measured,
});
const Item = loose({
  id,
  parent_item_id: id,
  parent_item_quantity: ItemQuantity,
  descriptor: Descriptor,
  creator: Organization,
  price: Price,
  quantity: ItemQuantity,
  category_ids: list(id),
  fulfillment_ids: list(id),
  location_ids: list(id),
  payment_ids: list(id),
  add_ons: list(AddOn),
  cancellation_terms: list(CancellationTerm),
  refund_terms: list(RefundTerm),
  replacement_terms: list(ReplacementTerm),
  return_terms: list(ReturnTerm),
  xinput: XInput,
  time: Time,
  rateable: z.boolean(),
  rating: text,
  matched: z.boolean(),
  related: z.boolean(),
  recommended: z.boolean(),
  ttl: text,
  tags,
});
const Category = loose({ id, parent_category_id: id, descriptor: Descriptor, time: Time, ttl: text, tags });
const Stop = loose({
  id,
  parent_stop_id: id,
  location: Location,
  type: text,
  time: Time,
  instructions: Descriptor,
  contact: Contact,
  person: Person,
  authorization: Authorization,
});
const Fulfillment = loose({
  id,
  type: text,
  rateable: z.boolean(),
  rating: text,
  state: FulfillmentState,
  tracking: z.boolean(),
  customer: loose({ person: Person, contact: Contact }),
  agent: Agent,
  contact: Contact,
  vehicle: Vehicle,
  stops: list(Stop),
  path: text,
  tags,
});
const Payment = loose({
  id,
  collected_by: text,
  url: uri,
  params: loose({
    transaction_id: text,
    amount: text,
    currency: text,
    bank_code: text,
    bank_account_number: text,
    virtual_payment_address: text,
    source_bank_code: text,
    source_bank_account_number: text,
    source_virtual_payment_address: text,
  }),
  type: z.enum(['PRE-ORDER', 'PRE-FULFILLMENT', 'ON-FULFILLMENT', 'POST-FULFILLMENT']),
  status: z.enum(['PAID', 'NOT-PAID']),
  time: Time,
  tags,
});
const Offer = loose({
  id,
  descriptor: Descriptor,
  location_ids: list(id),
  category_ids: list(id),
  item_ids: list(id),
  time: Time,
  tags,
});
const Provider = loose({
  id,
  descriptor: Descriptor,
  category_id: id,
  rating: text,
  time: Time,
  categories: list(Category),
  fulfillments: list(Fulfillment),
  payments: list(Payment),
  locations: list(Location),
  offers: list(Offer),
  items: list(Item),
  exp: dateTime,
  rateable: z.boolean(),
  ttl: z.number().int(),
  tags,
});
const Quotation = loose({
  id: uuid,
  price: Price,
  breakup: list(loose({ item: Item, title: text, price: Price })),
  ttl: text,
});
const Order = loose({
  id,
  ref_order_ids: list(id),
  status: z.enum(['ACTIVE', 'COMPLETE', 'CANCELLED']),
  type: z.enum(['DRAFT', 'DEFAULT']),
  provider: Provider,
  items: list(Item),
  add_ons: list(AddOn),
  offers: list(Offer),
  billing: loose({
    name: text,
    organization: Organization,
    address: text,
    state: CodeName,
    city: CodeName,
    email: text,
    phone: text,
    time: Time,
    tax_id: text,
  }),
  fulfillments: list(Fulfillment),
  cancellation: loose({
    time: dateTime,
    cancelled_by: z.enum(['CONSUMER', 'PROVIDER']),
    reason: loose({ id, descriptor: Descriptor }),
    additional_description: Descriptor,
  }),
  cancellation_terms: list(CancellationTerm),
  refund_terms: list(RefundTerm),
  replacement_terms: list(ReplacementTerm),
  return_terms: list(ReturnTerm),
  quote: Quotation,
  payments: list(Payment),
  created_at: dateTime,
  updated_at: dateTime,
  xinput: XInput,
  tags,
});
export type Order11 = z.output<typeof Order>;
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
  descriptor: Descriptor,
  fulfillments: list(Fulfillment),
  payments: list(Payment),
  offers: list(Offer),
  providers: list(Provider),
  exp: dateTime,
  ttl: text,
});
const Support = loose({ ref_id: text, callback_phone: text, phone: text, email: text, url: uri });
const order = z.strictObject({ order: Order });
const orderId = z.strictObject({ order_id: id });

export const Context11 = z.strictObject({
  domain: id,
  location: loose(Location.shape).extend({
    country: z.strictObject({
      code: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters'),
      name: text.optional(),
    }),
    city: z.strictObject({ code: id, name: text.optional() }),
  }),
  action: id,
  version: z.string().regex(/^1\.[012]\.\d+$/, 'must be 1.0.x, 1.1.x or 1.2.x'),
  bap_id: id,
  bap_uri: uri,
  bpp_id: id.optional(),
  bpp_uri: uri.optional(),
  transaction_id: uuid,
  message_id: uuid,
  timestamp: dateTime,
  key: text.optional(),
  ttl: z.string().min(1),
});

export const MESSAGES_11 = {
  search: z.strictObject({ intent: Intent }),
  select: order,
  init: order,
  confirm: order,
  status: z.strictObject({ order_id: id }),
  track: orderId.extend({ callback_url: uri.optional() }),
  update: z.strictObject({ update_target: z.string().min(1), order: Order }),
  cancel: orderId.extend({ cancellation_reason_id: id.optional(), descriptor: Descriptor.optional() }),
  rating: z.strictObject({
    ratings: list(
      loose({
        rating_category: z.enum(['Item', 'Order', 'Fulfillment', 'Provider', 'Agent', 'Support']),
        id,
        value: text,
      }),
    ).min(1),
  }),
  support: z.strictObject({ support: Support }),
  on_search: z.strictObject({ catalog: Catalog }),
  ...repliesWith(order),
  on_track: z.strictObject({
    tracking: loose({ id, url: uri, location: Location, status: z.enum(['active', 'inactive']) }),
  }),
  on_rating: loose({ feedback_form: XInput }),
  on_support: z.strictObject({ support: Support }),
} as const;
export const Error11 = loose({ code: text, paths: text, message: text });
