/** The tool that reads a policy text into a draft. */
import { basename } from 'node:path';
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { POLICY_SETS, PolicyReading } from '../../domain/policy/policy.js';
import { isTimeZone } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { MAX_CHARACTERS, pastedDocument, readDocument } from './documents/documents.js';
import { askModel } from './model-items.js';
import { readPolicy } from './read.js';
import { activeSet, draftOf } from './sets.js';

export const ingestPolicy = defineTool({
  name: 'ingest_policy',
  title: 'Ingest a policy',
  description:
    'Reads a policy text into typed constraints, each with the sentence it came from, and keeps them as a draft. Nothing takes effect before a person confirms the set. What is ambiguous, contradictory, not understood or set aside is listed, never guessed.',
  toolset: 'policy',
  effect: 'records',
  input: z.strictObject({
    text: z.string().max(MAX_CHARACTERS).optional().describe('the policy text itself; give this or path'),
    path: z
      .string()
      .optional()
      .describe('a local file: .md, .txt, .html, .pdf, .docx, .odt, .fodt or .rtf; at the command line only'),
    name: z.string().min(1).max(200).optional().describe('of the document; one of the same name is replaced'),
    tz: z.string().nullable().optional().describe('IANA time zone of times that name none'),
    useModel: z.boolean().default(true).describe('let a configured model read what the rules could not'),
  }),
  output: z.strictObject({
    setId: z.string().describe('the draft; a person confirms it'),
    status: z.enum(['draft', 'confirmed', 'retired']),
    ...PolicyReading.shape,
    usedModel: z.boolean(),
    modelNote: z.string().nullable().describe('why the model added nothing, said once'),
  }),
  run: async (input, world, call) => {
    if ((input.text === undefined) === (input.path === undefined))
      throw invalid('give either the text of the policy or the path of its file', 'Set text, or path, and not both.');
    if (input.path !== undefined && call.actor.via !== 'cli')
      throw new Fault('forbidden', 'files are read at the command line only', 'Send the policy as text.');
    if (input.tz !== undefined && input.tz !== null && !isTimeZone(input.tz))
      throw invalid(`"${input.tz}" is not a time zone`, 'Give an IANA name such as Europe/London or UTC.');
    const document = input.path === undefined ? pastedDocument(input.text!) : await readDocument(input.path);
    const doc = input.name ?? (input.path === undefined ? 'pasted text' : basename(input.path));
    const ruled = readPolicy(document.text, { doc, tz: input.tz ?? null, document });
    const { reading, note, used } =
      world.model !== null && input.useModel
        ? await askModel(world.model, document, ruled, call.signal)
        : { reading: ruled, note: null, used: false };
    const set = draftOf(reading, await activeSet(world.store), world.clock.now());
    const known = (await world.store.collection(POLICY_SETS).get(set.id))?.value;
    if (!known) call.commit((tx) => tx.collection(POLICY_SETS).put(set.id, set));
    return { setId: set.id, status: known?.status ?? ('draft' as const), ...reading, usedModel: used, modelNote: note };
  },
  tell: (o) => {
    const bad = o.constraints.filter((c) => c.status !== 'clear').length;
    return `${o.doc}: ${o.constraints.length} constraints (${bad} not clear), ${o.questions.length} questions, ${o.notUnderstood.length} passages not understood. Draft ${o.setId} waits: caco policy confirm ${o.setId}`;
  },
});
