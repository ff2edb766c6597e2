/** Words that say whom a rule concerns and are too vague to act on: "large jobs", "workloads that use GPUs", "most runs". */

const WORK = '(?:jobs?|workloads?|runs|tasks|pipelines|services|processes)';

const SIZES =
  /\b(?:very |really )?(large|big|small|heavy|long-running|short|important|sensitive|expensive|non-essential|essential|lengthy|huge)\s+(?:[a-z-]+\s+)?(?:jobs?|workloads?|runs|moves?|plans?|changes)\b/g;
const LENGTHS =
  /\b(?:jobs?|workloads?|runs)\s+(?:that (?:are|run|take|use)\s+|which (?:are|run|take|use)\s+|of\s+|over\s+)?((?:longer|shorter|larger|smaller|bigger|more|less|over|above|under) (?:than )?\d[^,.;]*?)(?= (?:must|may|shall|should|can|need|are|is)\b)/g;
const PARTS = new RegExp(
  String.raw`\b(?:(?:some|most|many|few|several|certain|selected|the first|the last|hardly any|not all|not every|not each)\s+(?:of the |of )?|(?:\d+ ?%|half|a third|a quarter|part|the majority|a minority) of (?:the |all )?|every other |every second )(?:[a-z-]+\s+)?${WORK}\b`,
  'g',
);
/** "Backup jobs and the security team": either of them, which one scope cannot say. */
const UNION =
  /\b[\w-]+ (?:jobs?|workloads?|runs|services?|pipelines)\s*(?:,|and|or)\s+(?:all |those of |(?:jobs|work|workloads) of )?(?:the\s+)?[\w-]+\s+(?:team|squad|department)\b|\b[\w-]+ (?:team|squad|department)\s*(?:,|and|or)\s+(?:all\s+)?[\w-]+\s+(?:jobs|workloads)\b/;
/** What stands between the work and its verb. */
const QUALIFIER =
  /\b(?:jobs?|workloads?|tasks|pipelines|services|processes|anything|everything|work)\s+((?:that|which|whose|who|with|using|containing|holding|handling|involving|submitted|longer|shorter|above|below|over|under)\s[^,.;:]*?)\s+(?=(?:must|mustn't|may|shall|should|can|cannot|can't|never|will)\b)/;

/** `names` says whether a stretch of text names somebody. */
export const vagueIn = (low: string, hasTeam: boolean, names: (text: string) => boolean): string[] => {
  const found = [
    ...[...low.matchAll(SIZES), ...low.matchAll(LENGTHS)].map((m) => m[1]!),
    ...[...low.matchAll(PARTS)].map((m) => m[0]),
  ];
  const union = UNION.exec(low);
  if (union && hasTeam) found.push(union[0]);
  if (found.length > 0) return found;
  // A restriction that no member of a scope says would otherwise be lost, and the rule hold for all.
  const whose = QUALIFIER.exec(low)?.[1];
  return whose !== undefined && !names(whose) ? [whose] : [];
};
