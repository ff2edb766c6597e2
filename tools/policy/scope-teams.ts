/** Teams that a text names, before the noun or behind it. */
import { type Gathered, namesBefore, STOP } from './scope-names.js';
import type { Span } from './words.js';

/** "Team genomics has", "of team payments": a name even where it looks like a plural; "the team runs" and "team members" are none. */
const isNamed = (low: string, match: RegExpMatchArray, name: string): boolean =>
  match[1] === 'team' &&
  /(?:^|\b(?:of|for|by|from|to) |[,;:(] ?)$/.test(low.slice(0, match.index)) &&
  !/^(?:members?|leads?|leaders?|managers?|owners?|jobs|workloads|budgets?|runs|uses|needs)$/.test(name);

/** Groups of machines and of work, which are no teams: "the node group", "of the GPU group". */
const THINGS =
  /\b(?:nodes?|hosts?|servers?|machines?|instances?|vms?|gpus?|cpus?|racks?|clusters?|resources?|storage|partitions?|queues?|jobs?|tasks?|batch|placement|scaling|autoscaling|security|consumer|target|log) $/;

export const gatherTeams = (low: string, out: Gathered) => {
  for (const match of low.matchAll(
    /\b(teams?|squads?|departments?|(?<=\b(?:the|of|for|by) [\w-]+ )groups?|business units?)(?:'s|s')?\b/g,
  )) {
    if (match[1]!.startsWith('group') && THINGS.test(low.slice(0, match.index))) continue;
    const { names, stop } = namesBefore(low, match.index, 3);
    const noun: Span = [match.index, match.index + match[0].length];
    if (names.length > 0) {
      for (const name of names) {
        out.teams.add(name.text.replace(/^(?:but|however) /, ''));
        out.spans.push(...name.words.map((word) => word.span));
      }
      out.spans.push(noun);
      continue;
    }
    const after =
      /^\s+((?:["']?[a-z][\w-]*["']?)(?:(?:\s*,\s*|\s+and\s+|\s+or\s+|\s*,\s*and\s+)["']?[a-z][\w-]*["']?)*)/.exec(
        low.slice(match.index + match[0].length),
      );
    const forward =
      after && !match[0].includes("'")
        ? after[1]!.split(/\s*,\s*(?:and\s+)?|\s+and\s+|\s+or\s+/).map((n) => n.replace(/["']/g, ''))
        : [];
    if (
      forward.length > 0 &&
      !STOP.has(forward[0]!) &&
      (isNamed(low, match, forward[0]!) || !/(?:s|ed|ing)$/.test(forward[0]!.replace(/.*-/, ''))) &&
      !/^(?:each|every|any|no|per|a)$/.test(stop ?? '')
    ) {
      for (const name of forward) if (!STOP.has(name)) out.teams.add(name);
      out.spans.push(noun, [noun[1], noun[1] + after![0].length]);
      continue;
    }
    if (/^(?:each|every|any|no|per|a|individual|all|single|)$/.test(stop ?? '') || /s$/.test(match[1]!)) {
      out.each ??= match[1]!.replace(/s$/, '');
      out.spans.push(noun);
    }
  }
};
