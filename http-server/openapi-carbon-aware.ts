/** The Carbon Aware SDK's routes, as OpenAPI has them. */
import { array, get, type Json, json, object, problems, text } from './openapi-operations.js';

const POINT = {
  type: 'object',
  properties: {
    location: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    duration: { type: 'integer', description: 'minutes' },
    value: { type: 'number', description: 'g/kWh' },
  },
};
const FORECAST = {
  type: 'object',
  properties: {
    generatedAt: { type: 'string', format: 'date-time' },
    requestedAt: { type: 'string', format: 'date-time' },
    location: { type: 'string' },
    dataStartAt: { type: 'string', format: 'date-time' },
    dataEndAt: { type: 'string', format: 'date-time' },
    windowSize: { type: 'integer', description: 'minutes' },
    optimalDataPoints: array({ $ref: '#/components/schemas/EmissionsDataDTO' }),
    forecastData: array({ $ref: '#/components/schemas/EmissionsDataDTO' }),
  },
};
const EMISSIONS = {
  type: 'object',
  properties: {
    location: { type: 'string' },
    time: { type: 'string', format: 'date-time' },
    rating: { type: 'number', description: 'g/kWh' },
    duration: { type: 'string', description: 'hh:mm:ss' },
  },
};

export const CARBON_AWARE: Json = {
  EmissionsDataDTO: POINT,
  EmissionsForecastDTO: FORECAST,
  EmissionsData: EMISSIONS,
  CarbonIntensityDTO: {
    type: 'object',
    properties: {
      location: { type: 'string' },
      startTime: { type: 'string', format: 'date-time' },
      endTime: { type: 'string', format: 'date-time' },
      carbonIntensity: { type: 'number', description: 'g/kWh' },
    },
  },
};

export const carbonAwarePaths = (): Json => {
  const locations = {
    ...text('region; may be repeated', 'location', 'query', true),
    schema: array({ type: 'string' }),
  };
  const hindsight = text(
    'true: hours after now too as a recording or a simulation has them; else they are forecasts, from Caco-Forecast-From on',
    'hindsight',
    'query',
    false,
    'boolean',
  );
  const emissions = [
    locations,
    text('start, ISO 8601', 'time', 'query'),
    text('end, ISO 8601', 'toTime', 'query'),
    hindsight,
  ];
  const rows = array({ $ref: '#/components/schemas/EmissionsData' });
  return withAliases({
    '/emissions/bylocation': get(
      'Intensity of one location as it came true, after now as it is foreseen',
      'carbon-aware',
      emissions,
      rows,
      [400],
    ),
    '/emissions/bylocations': get(
      'Intensity of several locations as it came true, after now as it is foreseen',
      'carbon-aware',
      emissions,
      rows,
      [400],
    ),
    '/emissions/bylocations/best': get('The best of several locations', 'carbon-aware', emissions, rows, [400]),
    '/emissions/forecasts/current': get(
      'Current forecast with the optimal windows',
      'carbon-aware',
      [
        locations,
        text('start, ISO 8601', 'dataStartAt', 'query'),
        text('end, ISO 8601', 'dataEndAt', 'query'),
        text('minutes', 'windowSize', 'query', false, 'integer'),
      ],
      array({ $ref: '#/components/schemas/EmissionsForecastDTO' }),
      [400, 501],
    ),
    '/emissions/forecasts/batch': {
      post: {
        summary: 'Forecasts as they were at a time',
        tags: ['carbon-aware'],
        requestBody: { required: true, content: json(array(object)) },
        responses: {
          200: {
            description: 'one forecast per request',
            content: json(array({ $ref: '#/components/schemas/EmissionsForecastDTO' })),
          },
          ...problems(400, 401, 501),
        },
      },
    },
    '/emissions/average-carbon-intensity': get(
      'Mean intensity over an interval as it came true, after now as it is foreseen, g/kWh',
      'carbon-aware',
      [
        text('region', 'location', 'query', true),
        text('start', 'startTime', 'query', true),
        text('end', 'endTime', 'query', true),
        hindsight,
      ],
      { $ref: '#/components/schemas/CarbonIntensityDTO' },
      [400],
    ),
    '/emissions/average-carbon-intensity/batch': {
      post: {
        summary: 'Several intervals',
        tags: ['carbon-aware'],
        requestBody: { required: true, content: json(array(object)) },
        responses: {
          200: {
            description: 'one mean per interval',
            content: json(array({ $ref: '#/components/schemas/CarbonIntensityDTO' })),
          },
          ...problems(400, 401),
        },
      },
    },
    '/locations': get('Regions with a carbon signal', 'carbon-aware', [], object),
  });
};

/** The Carbon Aware SDK has served these without the first part too, and both have clients. Without data they answer 204. */
const withAliases = (paths: Json): Json => {
  const all: Json = {};
  for (const [path, item] of Object.entries(paths)) {
    all[path] = item;
    if (!path.startsWith('/emissions/')) continue;
    for (const operation of Object.values(item as Record<string, { responses: Json }>))
      if ('get' in (item as Json)) operation.responses[204] = { description: 'no data for this' };
    if (/^\/emissions\/(forecasts|average-carbon-intensity)/.test(path)) all[path.slice('/emissions'.length)] = item;
  }
  return all;
};
