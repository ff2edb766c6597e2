/** What the public conformance suite asks a server to have, by the names that it fixes. Only a test adds it to the door. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { notFound } from '../domain/fault.js';
import type { DoorPrompt, DoorTool, Menu, Passage } from './mcp-server.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const WAV = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

const text = (words: string): CallToolResult => ({ content: [{ type: 'text', text: words }] });
const none = { type: 'object' as const, properties: {} };

const tool = (
  name: string,
  run: (args: Record<string, unknown>, passage: Passage) => Promise<CallToolResult>,
  inputSchema: DoorTool['listing']['inputSchema'] = none,
): DoorTool => ({ listing: { name, description: `Conformance fixture ${name}`, inputSchema }, call: run });

const ask = (passage: Passage, message: string, requestedSchema: unknown) =>
  passage.server.elicitInput({ message, requestedSchema } as Parameters<Passage['server']['elicitInput']>[0], {
    relatedRequestId: passage.extra.requestId,
  });

const completed = (answer: { action: string; content?: unknown }) =>
  text(`Elicitation completed: action=${answer.action}, content=${JSON.stringify(answer.content ?? {})}`);

const titled = (prefix: string, name: string) =>
  ['First', 'Second', 'Third'].map((word, i) => ({ const: `${prefix}${i + 1}`, title: `${word} ${name}` }));
const options = ['option1', 'option2', 'option3'];

const TOOLS: DoorTool[] = [
  tool('test_simple_text', async () => text('This is a simple text response for testing.')),
  tool('test_image_content', async () => ({ content: [{ type: 'image', data: PNG, mimeType: 'image/png' }] })),
  tool('test_audio_content', async () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] })),
  tool('test_embedded_resource', async () => ({
    content: [
      {
        type: 'resource',
        resource: {
          uri: 'test://embedded-resource',
          mimeType: 'text/plain',
          text: 'This is an embedded resource content.',
        },
      },
    ],
  })),
  tool('test_multiple_content_types', async () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      { type: 'image', data: PNG, mimeType: 'image/png' },
      {
        type: 'resource',
        resource: {
          uri: 'test://mixed-content-resource',
          mimeType: 'application/json',
          text: '{"test":"data","value":123}',
        },
      },
    ],
  })),
  tool('test_tool_with_logging', async (_, passage) => {
    for (const words of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      passage.log('info', words);
      await sleep(50);
    }
    return text('Logged three times.');
  }),
  tool('test_error_handling', async () => ({
    isError: true,
    ...text('This tool intentionally returns an error for testing'),
  })),
  tool('test_tool_with_progress', async (_, passage) => {
    for (const done of [0, 50, 100]) {
      passage.progress(done, 100);
      await sleep(60);
    }
    return text('Progress reported.');
  }),
  tool(
    'test_sampling',
    async ({ prompt }, passage) => {
      const reply = await passage.server.createMessage(
        { messages: [{ role: 'user', content: { type: 'text', text: String(prompt) } }], maxTokens: 100 },
        { relatedRequestId: passage.extra.requestId },
      );
      return text(`LLM response: ${JSON.stringify(reply.content)}`);
    },
    { type: 'object', properties: { prompt: { type: 'string' } }, required: ['prompt'] },
  ),
  tool(
    'test_elicitation',
    async ({ message }, passage) => {
      const answer = await ask(passage, String(message), {
        type: 'object',
        properties: {
          username: { type: 'string', description: "User's response" },
          email: { type: 'string', description: "User's email address" },
        },
        required: ['username', 'email'],
      });
      return text(`User response: ${JSON.stringify(answer)}`);
    },
    { type: 'object', properties: { message: { type: 'string' } }, required: ['message'] },
  ),
  tool('test_elicitation_sep1034_defaults', async (_, passage) =>
    completed(
      await ask(passage, 'Please review the defaults', {
        type: 'object',
        properties: {
          name: { type: 'string', default: 'John Doe' },
          age: { type: 'integer', default: 30 },
          score: { type: 'number', default: 95.5 },
          status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', default: true },
        },
      }),
    ),
  ),
  tool('test_elicitation_sep1330_enums', async (_, passage) =>
    completed(
      await ask(passage, 'Please choose', {
        type: 'object',
        properties: {
          untitledSingle: { type: 'string', enum: options },
          titledSingle: { type: 'string', oneOf: titled('value', 'Option') },
          legacyEnum: {
            type: 'string',
            enum: ['opt1', 'opt2', 'opt3'],
            enumNames: ['Option One', 'Option Two', 'Option Three'],
          },
          untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
          titledMulti: { type: 'array', items: { anyOf: titled('value', 'Choice') } },
        },
      }),
    ),
  ),
  tool('test_reconnection', async (_, passage) => {
    // The stream is closed in the middle; the client comes back with Last-Event-ID and gets the answer then.
    passage.extra.closeSSEStream?.();
    await sleep(100);
    return text('Reconnection test completed successfully.');
  }),
  tool('json_schema_2020_12_tool', async () => text('2020-12'), {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
    properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
    additionalProperties: false,
  } as DoorTool['listing']['inputSchema']),
];

const argument = (name: string) => ({ name, description: name, required: true });
const said = (words: string) => ({ role: 'user' as const, content: { type: 'text' as const, text: words } });
const prompt = (name: string, names: string[], get: DoorPrompt['get']): DoorPrompt => ({
  listing: { name, description: `Conformance fixture ${name}`, arguments: names.map(argument) },
  get,
});

const PROMPTS: DoorPrompt[] = [
  prompt('test_simple_prompt', [], async () => ({ messages: [said('This is a simple prompt for testing.')] })),
  prompt('test_prompt_with_arguments', ['arg1', 'arg2'], async ({ arg1, arg2 }) => ({
    messages: [said(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
  })),
  prompt('test_prompt_with_embedded_resource', ['resourceUri'], async ({ resourceUri = '' }) => ({
    messages: [
      {
        role: 'user',
        content: {
          type: 'resource',
          resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        },
      },
      said('Please process the embedded resource above.'),
    ],
  })),
  prompt('test_prompt_with_image', [], async () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
      said('Please analyze the image above.'),
    ],
  })),
];

const read = (uri: string) => {
  if (uri === 'test://static-text' || uri === 'test://watched-resource')
    return { contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }] };
  if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: PNG }] };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id === undefined) throw notFound(`there is no resource ${uri}`, 'Use a fixture.');
  const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { contents: [{ uri, mimeType: 'application/json', text: data }] };
};

export const withFixtures = (menu: Menu): Menu => ({
  ...menu,
  tools: async () => [...(await menu.tools()), ...TOOLS],
  prompts: async () => [...(await menu.prompts()), ...PROMPTS],
  resources: async () => [
    ...(await menu.resources()),
    ...['static-text', 'static-binary', 'watched-resource'].map((name) => ({
      uri: `test://${name}`,
      name,
      description: name,
    })),
  ],
  templates: async () => [...(await menu.templates()), { uriTemplate: 'test://template/{id}/data', name: 'template' }],
  read: async (uri) => (uri.startsWith('test://') ? read(uri) : menu.read(uri)),
});
