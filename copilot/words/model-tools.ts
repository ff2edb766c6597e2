/** The lookups as LangChain tools for a model: nothing among them acts, records or decides. What they find joins the draft's facts. */
import type { StructuredToolInterface } from '@langchain/core/tools';
import type { z } from 'zod';
import { Fault } from '../../domain/fault.js';
import type { ModelCall, ModelTool } from '../../domain/world.js';
import { dataJson } from '../../model/model.js';
import type { Desk } from '../desk.js';
import type { Draft, Fact } from '../facts.js';
import { type Lookup, Slots } from '../lookup.js';
import { LOOKUPS } from '../lookups.js';
import { answerQuery } from '../question/answer-query.js';
import { Query } from '../question/query.js';

export interface Toolbox {
  /** as the model sees them */
  readonly tools: readonly ModelTool[];
  /** names of what was looked up, in order */
  readonly looked: string[];
  readonly facts: Fact[];
  /** prose of what was found, placeholders in it */
  readonly prose: string[];
  callsLeft(): number;
  /** Answers every call, also a foolish one; a tool that does not exist is named as such. */
  call(call: ModelCall): Promise<{ content: string; facts: readonly Fact[] }>;
}

const CALLS = 6;
const FACTS_TOLD = 30;

/** A fact as a model sees it: no source, no bounds beside those in its text. */
export const factFor = ({ id, text, label, about, verified, saving }: Fact) => ({
  id,
  text,
  what: label,
  ...(about.length === 0 ? {} : { about: about.slice(0, 3) }),
  ...(saving ? { verified } : {}),
});

const schemaOf = (lookup: Lookup) => {
  const mask = Object.fromEntries(lookup.uses.map((name) => [name, true as const]));
  return Slots.pick(mask as { [K in keyof Slots]?: true });
};

export const modelTools = async (desk: Desk, draft: Draft): Promise<Toolbox> => {
  const { tool } = await import('langchain');
  const { ToolInputParsingException } = await import('@langchain/core/tools');
  const { toJsonSchema } = await import('@langchain/core/utils/json_schema');
  const looked: string[] = [];
  const facts: Fact[] = [];
  const prose: string[] = [];
  const done = new Set<string>();

  const look = async ({ name }: { readonly name: string }, found: Draft): Promise<string> => {
    const { prose: said, facts: renamed } = draft.absorb(found);
    looked.push(name);
    // What could not be answered gives names and reasons, and no ground for a claim.
    if (found.answered) facts.push(...renamed);
    prose.push(...said);
    return dataJson({
      TOOL: name,
      ANSWERED: found.answered,
      DRAFT: said,
      FACTS: renamed.slice(0, FACTS_TOLD).map(factFor),
      ...(renamed.length > FACTS_TOLD ? { LEFT_OUT: `${renamed.length - FACTS_TOLD} more facts` } : {}),
    });
  };
  const bound = new Map<string, StructuredToolInterface>(
    LOOKUPS.map((lookup) => [
      lookup.name,
      tool(async (slots: z.output<typeof Slots>) => look(lookup, await lookup.answer(slots, desk)), {
        name: lookup.name,
        description: lookup.description,
        schema: schemaOf(lookup),
      }) as unknown as StructuredToolInterface,
    ]),
  );

  bound.set(
    'query',
    tool(async (query: Query) => look({ name: 'query' }, await answerQuery(query, desk)), {
      name: 'query',
      description: 'Figures over jobs, grid signals and the books: measures, filters, time, groups, ranks',
      schema: Query,
    }) as unknown as StructuredToolInterface,
  );

  return {
    tools: [...bound.values()].map((t) => ({
      name: t.name,
      description: t.description,
      parameters: toJsonSchema(t.schema),
    })),
    looked,
    facts,
    prose,
    callsLeft: () => CALLS - done.size,
    async call({ name, arguments: given }) {
      const before = facts.length;
      const answer = async (): Promise<string> => {
        const bare = bound.get(name);
        if (!bare)
          return dataJson({
            TOOL: name.slice(0, 80),
            ERROR: `There is no such tool. You can only look: ${[...bound.keys()].join(', ')}.`,
          });
        if (done.size >= CALLS) return dataJson({ TOOL: name, ERROR: 'No more look-ups in this answer.' });
        const key = `${name} ${JSON.stringify(given ?? {})}`;
        if (done.has(key)) return dataJson({ TOOL: name, ERROR: 'This was looked up already; its facts are above.' });
        done.add(key);
        try {
          return (await bare.invoke((given ?? {}) as Record<string, unknown>, { signal: desk.signal })) as string;
        } catch (error) {
          if (error instanceof ToolInputParsingException)
            return dataJson({ TOOL: name, ERROR: 'The arguments do not fit the schema of this tool.' });
          if (error instanceof Fault) return dataJson({ TOOL: name, ERROR: error.message });
          throw error;
        }
      };
      return { content: await answer(), facts: facts.slice(before) };
    },
  };
};
