/**
 * The draft of Beckn 2.0 (November 2025), as closed objects. Attribute packs are open by its own rule: what of them has a meaning
 * here is read in `order-2.0.ts`. Beside its members stand those that published conversations carry in their place.
 */
import { z } from 'zod';
import { CodeName, dateTime, decimalText, id, list, loose, repliesWith, text, uri } from './shapes.js';

const named = { '@context': text, '@type': text };
/** Figures are JSON numbers by the schema, and text in some published catalogues. */
export const Figure = z.union([z.number(), decimalText]);
export const Bag = z.looseObject({ '@context': text.optional(), '@type': text.optional() });
export type Bag = z.output<typeof Bag>;

export const Context20 = z.strictObject({
  domain: id,
  location: loose({ country: CodeName, city: CodeName }).optional(),
  action: id,
  version: z.literal('2.0.0'),
  bap_id: id,
  bap_uri: uri,
  bpp_id: id.optional(),
  bpp_uri: uri.optional(),
  transaction_id: id,
  message_id: id,
  timestamp: dateTime,
  ttl: z.string().min(1),
  key: text.optional(),
  network_id: list(text).optional(),
  schema_context: list(uri).optional(),
});

const Descriptor = loose({
  '@type': text,
  'schema:name': text,
  'beckn:shortDesc': text,
  'beckn:longDesc': text,
  'schema:image': list(text),
});
export const Period = loose({
  '@type': text,
  'schema:startDate': text,
  'schema:endDate': text,
  'schema:startTime': text,
  'schema:endTime': text,
});
const Geometry = z.looseObject({ type: text, coordinates: z.unknown() });
const Location = loose({
  ...named,
  geo: Geometry,
  address: z.union([
    text,
    loose({
      streetAddress: text,
      extendedAddress: text,
      addressLocality: text,
      addressRegion: text,
      postalCode: text,
      addressCountry: text,
    }),
  ]),
});
const Rated = loose({ '@type': text, 'beckn:ratingValue': z.number(), 'beckn:ratingCount': z.number() });
/** By its id, or whole. */
const Provider = z.union([
  text,
  loose({
    ...named,
    'beckn:id': id,
    'beckn:descriptor': Descriptor,
    'beckn:validity': Period,
    'beckn:locations': list(Location),
    'beckn:rateable': z.boolean(),
    'beckn:rating': Rated,
    'beckn:providerAttributes': Bag,
  }),
]);
export type Provider20 = z.output<typeof Provider>;
const Quantity = z.union([
  z.number(),
  loose({
    unitText: text,
    unitCode: text,
    unitQuantity: z.number(),
    minQuantity: z.number(),
    maxQuantity: z.number(),
  }),
]);
const Price = z.looseObject({
  currency: text.optional(),
  value: Figure.optional(),
  price: Figure.optional(),
  applicableQuantity: Quantity.optional(),
  components: list(loose({ type: text, value: Figure, currency: text, description: text })).optional(),
});
const Category = loose({
  '@type': text,
  'schema:codeValue': text,
  'schema:name': text,
  'schema:description': text,
});
const Item = loose({
  ...named,
  'beckn:id': id,
  'beckn:descriptor': Descriptor,
  'beckn:category': Category,
  'beckn:availableAt': z.union([Location, list(Location)]),
  'beckn:availabilityWindow': list(Period),
  'beckn:rateable': z.boolean(),
  'beckn:rating': Rated,
  'beckn:isActive': z.boolean(),
  'beckn:networkId': list(text),
  'beckn:provider': Provider,
  'beckn:itemAttributes': Bag,
});
export type Item20 = z.output<typeof Item>;
const Offer = loose({
  ...named,
  'beckn:id': id,
  'beckn:descriptor': Descriptor,
  'beckn:provider': Provider,
  'beckn:items': list(id),
  'beckn:addOns': list(id),
  'beckn:addOnItems': list(id),
  'beckn:isActive': z.boolean(),
  'beckn:validity': Period,
  'beckn:price': Price,
  'beckn:eligibleRegion': list(Location),
  'beckn:acceptedPaymentMethod': list(text),
  'beckn:offerAttributes': Bag,
});
export type Offer20 = z.output<typeof Offer>;
const Catalog = loose({
  ...named,
  'beckn:id': id,
  'beckn:descriptor': Descriptor,
  'beckn:providerId': id,
  'beckn:provider': Provider,
  'beckn:validity': Period,
  'beckn:isActive': z.boolean(),
  'beckn:items': list(Item),
  'beckn:offers': list(Offer),
});
export type Catalog20 = z.output<typeof Catalog>;

const Buyer = z.union([
  text,
  loose({
    ...named,
    'beckn:id': id,
    'beckn:role': text,
    'beckn:displayName': text,
    'beckn:taxID': text,
    'beckn:buyerAttributes': Bag,
  }),
]);
const OrderItem = loose({
  ...named,
  'beckn:lineId': id,
  'beckn:orderedItem': id,
  'beckn:orderItemStatus': text,
  'beckn:acceptedOffer': Offer,
  'beckn:quantity': Quantity,
  'beckn:price': Price,
  'beckn:orderItemAttributes': Bag,
});
export const Order20 = z.strictObject({
  ...loose({
    ...named,
    'beckn:orderStatus': text,
    'beckn:orderNumber': text,
    'beckn:seller': Provider,
    'beckn:buyer': Buyer,
    'beckn:orderItems': list(OrderItem),
    'beckn:acceptedOffers': list(Offer),
    'beckn:orderValue': Price,
    'beckn:invoice': z.union([text, Bag]),
    'beckn:payment': Bag,
    'beckn:fulfillment': loose({
      ...named,
      'beckn:id': id,
      'beckn:fulfillmentStatus': text,
      'beckn:status': text,
      'beckn:mode': text,
      trackingAction: z.looseObject({}),
      'beckn:deliveryAttributes': Bag,
    }),
    'beckn:orderAttributes': Bag,
  }).shape,
  'beckn:id': id,
});
export type Order20 = z.output<typeof Order20>;

const order = z.strictObject({ order: Order20 });
/** What a seller answers, by our name of the action. */
export const REPLIES_20 = {
  on_search: z.strictObject({ catalogs: list(Catalog) }),
  ...repliesWith(order),
  on_track: z.strictObject({
    tracking: z.strictObject({
      tl_method: text.optional(),
      url: uri,
      trackingStatus: text,
      expires_at: text.optional(),
    }),
  }),
  on_support: z.strictObject({
    support: loose({ name: text, phone: text, email: text, url: text, hours: text, channels: list(text) }),
  }),
  on_rating: loose({
    received: z.boolean(),
    aggregate: loose({ count: z.number(), value: z.number(), best: z.number(), worst: z.number() }),
    feedbackForm: loose({ id, name: text, url: uri, data: z.unknown(), mime_type: text, submission_id: text }),
  }),
} as const;
export const Error20 = loose({ code: text, message: text, details: z.unknown() });
