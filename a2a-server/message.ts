/**
 * What another agent says, as it stands on the wire, read by a schema of ours: the SDK checks no shape. A message holds one
 * published JSON command, or a sentence in plain words.
 */
import { z } from 'zod';
import { onlyLooks } from '../domain/agents.js';
import { digest } from '../domain/digest.js';

/** Media types that an agent reads and writes. */
export const MODES = ['application/json', 'text/plain'] as const;
const MOST_PARTS = 20;
const MOST_CHARACTERS = 4000;

const Part = z.object({
  text: z.string().optional(),
  data: z.unknown().optional(),
  raw: z.unknown().optional(),
  url: z.unknown().optional(),
  mediaType: z.string().max(200).optional(),
});

const Message = z.object({
  messageId: z.string().min(1).max(200),
  role: z.literal('ROLE_USER', 'must be ROLE_USER'),
  parts: z.array(Part).min(1).max(MOST_PARTS),
  contextId: z.string().max(200).optional(),
  taskId: z.string().max(200).optional(),
});

/** Parameters of SendMessage and SendStreamingMessage, as far as they are read here. */
export const SendParams = z.object({
  message: Message,
  configuration: z
    .object({ acceptedOutputModes: z.array(z.string()).optional(), returnImmediately: z.boolean().optional() })
    .optional(),
});

/** What is wanted of the agent. `approval`: the plan goes on to governance, and a person or a rule decides. */
export const Asked = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('words'), text: z.string() }),
  z.strictObject({ kind: z.literal('command'), command: z.record(z.string(), z.unknown()) }),
  z.strictObject({
    kind: z.literal('run'),
    command: z.record(z.string(), z.unknown()),
    approval: z.enum(['auto', 'ask']),
  }),
]);
export type Asked = z.infer<typeof Asked>;

/** Why a message is not taken, in words that name the member. */
export interface NotTaken {
  readonly why: 'malformed' | 'media';
  readonly message: string;
}

const malformed = (message: string): NotTaken => ({ why: 'malformed', message });
const media = (message: string): NotTaken => ({ why: 'media', message });

/** A type that is one of ours, with its parameters or as a wildcard. */
const isOurs = (mode: string): boolean => {
  const type = mode.split(';', 1)[0]!.trim().toLowerCase();
  return type === '*/*' || MODES.some((ours) => ours === type || `${ours.split('/')[0]}/*` === type);
};

/** What a message on the wire asks for. */
export const askedOf = (params: unknown): Asked | NotTaken => {
  const parsed = SendParams.safeParse(params);
  if (!parsed.success)
    return malformed(parsed.error.issues.map((i) => `${i.path.join('.') || '(params)'}: ${i.message}`).join('; '));
  const { message, configuration } = parsed.data;
  const modes = configuration?.acceptedOutputModes ?? [];
  if (modes.length > 0 && !modes.some(isOurs))
    return media(`answers are ${MODES.join(' or ')}, and none of these is among the accepted output modes`);
  for (const { mediaType, raw, url } of message.parts) {
    if (mediaType !== undefined && mediaType !== '' && !isOurs(mediaType))
      return media(`parts of type ${mediaType.slice(0, 80)} are not read; send ${MODES.join(' or ')}`);
    if (raw !== undefined || url !== undefined)
      return media('parts with raw bytes or an address are not read; send text or data');
  }
  return wantedOf(message.parts);
};

const wantedOf = (parts: readonly z.infer<typeof Part>[]): Asked | NotTaken => {
  const data = parts.filter((part) => part.data !== undefined);
  const texts = parts.flatMap(({ text }) => (text === undefined ? [] : [text]));
  if (data.length > 1 || (data.length === 1 && texts.length > 0))
    return malformed('a message holds one command as data, or words, not both');
  const text = texts.join('\n').trim();
  const command = data.length === 1 ? data[0]!.data : commandIn(text);
  if (command === undefined) {
    if (text === '') return malformed('the message is empty');
    if (text.length > MOST_CHARACTERS)
      return malformed(`a sentence may have ${MOST_CHARACTERS} characters; this one has ${text.length}`);
    return { kind: 'words', text };
  }
  if (typeof command !== 'object' || command === null || Array.isArray(command))
    return malformed('data: must be an object with the member command');
  const { approval, ...rest } = command as Record<string, unknown>;
  if (approval === undefined || approval === 'none') return { kind: 'command', command: rest };
  if (approval !== 'auto' && approval !== 'ask') return malformed('approval: must be none, auto or ask');
  return { kind: 'run', command: rest, approval };
};

/** A command that came as text: some clients send nothing else. */
const commandIn = (text: string): unknown => {
  if (!text.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'command' in value ? value : undefined;
  } catch {
    return undefined;
  }
};

export const isTaken = (read: Asked | NotTaken): read is Asked => 'kind' in read;

/** Whether it changes nothing: such a message needs no more than the scope to read. */
export const looks = (asked: Asked): boolean =>
  asked.kind === 'words' || (asked.kind === 'command' && onlyLooks(String(asked.command.command)));

/** Of what must be the same when a message comes twice. */
export const messageDigest = (message: unknown): string => digest(message ?? null);
