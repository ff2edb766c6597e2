/** Whom a clause concerns: teams, kinds of work, environments, service classes, labels, resources, and who is excepted. */
import type { Scope } from '../../domain/policy/policy.js';

const STOP = new Set(
  `a an the this that these those their its our your his her my each every any all no none per both either neither such other another same some many most few several only
  of for in on at by from to with without within into onto under over above below between during until before after past up than then as and or but nor if when where while unless whether because since so
  is are was were be been being has have had do does did may must shall should can could will would might need needs ought cannot not never always also still just please
  run runs running move moves moved moving start starts starting started begin finish delay delays delayed delaying postpone postponed shift shifted shifting defer deferred keep keeps kept place placed put schedule scheduled
  it they them we you i he she who which what whose there here one ones two three four five six seven eight nine ten more less least fewer greater maximum minimum max min limit cap ceiling budget monthly weekly daily yearly annual quarterly
  exempt applies apply applied requires require required allow allowed allows forbid forbidden execute executed relocate relocated stop stopped touch touched wait waits prefer avoid approve approves approved plan plans policy rule rules
  new existing scheduled planned individual single delayed waiting pending queued normal regular ordinary standard general compute cloud computing it's flexible movable deferrable affected relevant remaining said following above aforementioned own entire whole total overall
  nightly overnight daily weekly monthly hourly recurring periodic non-urgent
  treat leave let give grant ensure make restrict migrate store stored host hosted locate located process processing processes contain containing hold holding handle handling use uses using involving except excluding plus minus e.g i.e etc
  draw draws drawing power load loads consumption capacity
  day days weekday weekdays weekend weekends business public holiday holidays night nights hour hours monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays sundays
  important large big small heavy long short expensive long-running short-running cheap vague very too much`.split(
    /\s+/,
  ),
);
const KINDS: Readonly<Record<string, string>> = {
  batch: 'batch',
  training: 'training',
  trainings: 'training',
  inference: 'inference',
  rendering: 'rendering',
  render: 'rendering',
  backup: 'backup',
  backups: 'backup',
  database: 'database',
  databases: 'database',
  etl: 'etl',
  analytics: 'analytics',
  reporting: 'reporting',
  report: 'report',
  reports: 'report',
  simulation: 'simulation',
  simulations: 'simulation',
  ci: 'ci',
  'ci/cd': 'ci',
  build: 'build',
  builds: 'build',
  interactive: 'interactive',
  payroll: 'payroll',
  notebook: 'notebook',
  notebooks: 'notebook',
  'ci-build': 'ci-build',
  streaming: 'streaming',
  indexing: 'indexing',
  hpc: 'hpc',
  transcoding: 'transcoding',
};
/** A word that names a kind of work by itself. */
export const isKnownKind = (kind: string): boolean => Object.values(KINDS).includes(kind);
/** Kinds that stand alone, without "jobs" behind them. */
const ALONE =
  /\b(?:batch(?! window| calendar| policy| size)|databases?|backups?|(?<=\b(?:no|run|start|launch|schedule) )training\b(?! (?:jobs|runs|data|team))|(?:model |ml |ai )?training(?= (?:may|must|shall|should|can|has|is|starts?|runs?|and|or|up to|at most)\b)|rendering|renders|simulations|notebooks|ci builds?|builds|reports(?= (?:may|must|shall|should|can|are|have)\b)|payroll(?! data)|inference|analytics(?= (?:may|must|shall|should)\b))\b/g;
const ENVIRONMENTS =
  /^(?:production|prod|staging|development|dev|test|testing|qa|pre-production|preprod|non-production|nonprod|sandbox|uat)$/;
const CLASSES = /^(?:gold|silver|bronze|platinum|diamond|best-effort|tier-?\d|class-?[a-d\d])$/;
const PRIORITIES =
  /^(?:critical|urgent|priority|high-priority|low-priority|top-priority|highest-priority|business-critical|mission-critical|safety-critical|time-critical|p[0-5]|sev-?\d)$/;
const HEAD =
  /\b(?:jobs?|workloads?|runs(?! (?:in|on|at|from|between|after|before))|tasks?|pipelines?|processes|services?|applications?|apps|databases?|builds?|environments?|systems|clusters?|work|moves?|sessions?|operations|processing|deployments?|changes?)\b/g;

export interface FoundScope {
  readonly scope: Scope;
  /** qualifying words that say whom, and are too vague to act on */
  readonly vague: readonly string[];
  readonly each: boolean;
}

type Plain = Omit<Scope, 'except'>;
interface Gathered {
  teams: Set<string>;
  kinds: Set<string>;
  environments: Set<string>;
  slaClasses: Set<string>;
  resources: Set<string>;
  labels: Map<string, string>;
  each: string | undefined;
  vague: string[];
}

const tokensBefore = (low: string, at: number): string[] => {
  const before = low.slice(Math.max(0, at - 90), at);
  return before.match(/[\p{L}\p{N}_&/.+-]+(?:'s)?|[,;:()]/gu) ?? [];
};

/** Names in front of a head noun, nearest last: "web and ml-research" before "teams". */
const namesBefore = (low: string, at: number, longest: number): { names: string[]; stop: string | undefined } => {
  const tokens = tokensBefore(low, at);
  const names: string[] = [];
  let current: string[] = [];
  let stop: string | undefined;
  let joined = false;
  const flush = () => {
    if (current.length > 0) names.unshift(current.join(' '));
    current = [];
  };
  for (let i = tokens.length - 1; i >= 0; i--) {
    const token = tokens[i]!.replace(/^[.-]+|[.]+$/g, '');
    if (
      (token === ',' || token === 'and' || token === 'or' || token === '/' || token === '&') &&
      (current.length > 0 || joined)
    ) {
      flush();
      joined = true;
      continue;
    }
    if (joined && current.length === 0 && /^(?:the|both)$/.test(token)) continue;
    if (
      token === '' ||
      STOP.has(token) ||
      /^[,;:()]$/.test(token) ||
      /^\d+(?:[.,]\d+)*$/.test(token) ||
      /'s$/.test(token) ||
      current.length >= longest
    ) {
      stop = token;
      break;
    }
    current.unshift(token);
  }
  flush();
  return { names, stop };
};

/** "Team genomics has", "of team payments": a name even where it looks like a plural; "the team runs" and "team members" are none. */
const isNamed = (low: string, match: RegExpMatchArray, name: string): boolean =>
  match[1] === 'team' &&
  /(?:^|\b(?:of|for|by|from|to) |[,;:(] ?)$/.test(low.slice(0, match.index)) &&
  !/^(?:members?|leads?|leaders?|managers?|owners?|jobs|workloads|budgets?|runs|uses|needs)$/.test(name);

const gatherTeams = (low: string, out: Gathered) => {
  for (const match of low.matchAll(/\b(teams?|squads?|departments?|business units?)(?:'s|s')?\b/g)) {
    const { names, stop } = namesBefore(low, match.index, 3);
    if (names.length > 0) {
      for (const name of names) out.teams.add(name.replace(/^(?:but|however) /, ''));
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
      continue;
    }
    if (/^(?:each|every|any|no|per|a|individual|all|single|)$/.test(stop ?? '') || /s$/.test(match[1]!))
      out.each ??= match[1]!.replace(/s$/, '');
  }
};

/** The plainest spelling first; what one of them read, the others do not read again. */
const LABELS: readonly [RegExp, (m: RegExpExecArray) => [string, string]][] = [
  [
    /\b(?:labell?ed|tagged|marked|flagged|labels?|tags?)\s+(?:as\s+|with\s+(?:the\s+(?:label|tag)\s+)?)?["'`]?([\w-]+)\s*[=:]\s*["'`]?([\w-]+)/,
    (m) => [m[1]!, m[2]!],
  ],
  [
    /\b(?:labell?ed|tagged|marked|flagged)\s+(?:as\s+|with\s+(?:the\s+(?:label|tag)\s+)?)?["'`]?([\w-]+)/,
    (m) => (PRIORITIES.test(m[1]!) ? ['priority', priorityOf(m[1]!)] : ['label', m[1]!]),
  ],
  [/\bpriority[ -]([0-5]|one|two|high|low|critical)\b/, (m) => ['priority', m[1]!]],
  [/\b([a-z-]+)\s+data\b(?!\s*(?:cent|platform|science|team|engineering|-))/, (m) => ['data', m[1]!]],
  [
    /\b(patient|health|medical|personal|customer|client|employee|citizen|student|user|financial|payment|cardholder)\s+(?:records|information|details)\b/,
    (m) => ['data', m[1]!],
  ],
  [/\b(pii|phi|gdpr-relevant)\b/, (m) => ['data', m[1]!]],
];
const priorityOf = (word: string) =>
  word === 'priority' || word === 'high-priority' ? 'high' : word.replace(/-priority$/, '');

const gatherWork = (low: string, out: Gathered) => {
  const modifier = (word: string): boolean => {
    const bare = word.replace(/^non-(?=production)/, 'non-');
    if (ENVIRONMENTS.test(bare)) out.environments.add(bare);
    else if (CLASSES.test(bare)) out.slaClasses.add(bare);
    else if (PRIORITIES.test(bare)) out.labels.set('priority', priorityOf(bare));
    else if (bare === 'interruptible') out.labels.set('interruptible', 'true');
    else if (KINDS[bare]) out.kinds.add(KINDS[bare]);
    else return false;
    return true;
  };
  for (const match of low.matchAll(HEAD)) {
    const head = match[0];
    if (/^(?:work|changes?|moves?|operations|deployments?)$/.test(head)) {
      for (const word of tokensBefore(low, match.index).slice(-1)) modifier(word);
      continue;
    }
    const { names } = namesBefore(low, match.index, 4);
    for (const name of names) {
      const words = name.split(' ');
      const unknown = words.filter((word) => !modifier(word));
      if (unknown.length === 0 || unknown.length < words.length) continue;
      if (/^(?:environments?|systems|clusters?|services?|applications?|apps|processing|sessions?)$/.test(head))
        continue;
      if (
        /^(?:databases?)$/.test(head) ||
        /\b(?:team|teams)\b|^(?:eu|us|ap)-|\d$|^(?:eu|eea|uk|us|usa|gb)$/.test(name) ||
        !/^[a-z]/.test(name)
      )
        continue;
      out.kinds.add(unknown.join(' '));
    }
    const own = KINDS[head];
    if (own !== undefined && (own !== 'build' || out.kinds.size === 0)) out.kinds.add(own);
  }
  for (const match of low.matchAll(ALONE)) {
    const own = match[0].startsWith('ci ')
      ? 'ci'
      : (KINDS[match[0].replace(/^(?:model|ml|ai) /, '')] ?? KINDS[`${match[0]}s`]);
    if (own !== undefined && !(own === 'build' && out.kinds.has('ci'))) out.kinds.add(own);
  }
  for (const match of low.matchAll(
    /\b(?:in|on|to|for|touch|touching|affecting|affect)\s+(?:the\s+)?(production|prod|staging|development|test|non-production|pre-production|preprod|qa|uat|sandbox)\b(?! (?:of|date))/g,
  ))
    out.environments.add(match[1]!);
  for (const match of low.matchAll(
    /\b(production|staging|development|non-production|pre-production)\b(?= (?:is|are|must|may|shall|should|stays?|remains?|has|will)\b)/g,
  ))
    out.environments.add(match[1]!);
  for (const match of low.matchAll(/\b(?:class|tier|sla)\s+["']?(gold|silver|bronze|platinum|[a-d]|\d)\b/g))
    out.slaClasses.add(match[1]!);
  for (const match of low.matchAll(
    /\b(gold|silver|bronze|platinum)\b(?=(?:[- ](?:class|tier|sla|level|customers?))|\s*(?:,|;|and|or|:|[.)]?$)|\s+(?:may|must|shall|should|can|is|are|has|have|waits?)\b)/g,
  ))
    out.slaClasses.add(match[1]!);
};

const gatherResources = (low: string, out: Gathered) => {
  for (const m of low.matchAll(
    /\b(?:site|cluster|partition|rack|node pool|data ?cent(?:re|er)|hall|machine room)\s+["']?([a-z]*[\w-]*\d[\w-]*|[a-z][\w-]*)["']?/g,
  ))
    if (!STOP.has(m[1]!)) out.resources.add(m[1]!);
  for (const m of low.matchAll(
    /\b(sites?|clusters?|partitions?|racks?|node pools?|data ?cent(?:re|er)s?|halls?|machine rooms?)\b/g,
  )) {
    const { names, stop } = namesBefore(low, m.index, 2);
    for (const name of names) if (!ENVIRONMENTS.test(name)) out.resources.add(name);
    if (names.length === 0 && /^(?:each|every|any|no|per)$/.test(stop ?? '') && out.resources.size === 0)
      out.each ??= m[1]!.replace(/s$/, '');
  }
  for (const m of low.matchAll(/(?<![\w-])([a-z]+(?:-[a-z]+)*-\d+)(?![\w-])/g))
    if (
      !/^(?:tier|class|sev|priority|(?:eu|us|ap|ca|sa|me|af|il)-.*)-\d+$|^(?:iso|fy|co|covid|utc|gmt)-?\d+$/.test(m[1]!)
    )
      out.resources.add(m[1]!);
};

/** "Backup jobs and the security team": either of them, which one scope cannot say. */
const UNION =
  /\b[\w-]+ (?:jobs?|workloads?|runs|services?|pipelines)\s*(?:,|and|or)\s+(?:all |those of |(?:jobs|work|workloads) of )?(?:the\s+)?[\w-]+\s+(?:team|squad|department)\b|\b[\w-]+ (?:team|squad|department)\s*(?:,|and|or)\s+(?:all\s+)?[\w-]+\s+(?:jobs|workloads)\b/;

/** What stands between the work and its verb: "workloads that use GPUs must …". */
const QUALIFIER =
  /\b(?:jobs?|workloads?|tasks|pipelines|services|processes|anything|everything|work)\s+((?:that|which|whose|who|with|using|containing|holding|handling|involving|submitted|longer|shorter|above|below|over|under)\s[^,.;:]*?)\s+(?=(?:must|mustn't|may|shall|should|can|cannot|can't|never|will)\b)/;

const EXCEPT =
  /[,(]?\s*\b(?:except(?:ing)?(?: for| in| from| that of)?|with the exception of|excluding|other than|apart from|save for|but not(?: for)?|not including|this does not apply to)\s+(.+)$/;

const plain = (low: string, options: { resources: boolean }): { scope: Plain; vague: string[] } => {
  const out: Gathered = {
    teams: new Set(),
    kinds: new Set(),
    environments: new Set(),
    slaClasses: new Set(),
    resources: new Set(),
    labels: new Map(),
    each: undefined,
    vague: [],
  };
  gatherTeams(low, out);
  // What names a team or an approver is not a kind of work.
  const dots = (found: string) => found.replace(/[^ ]/g, '.');
  const rest = low
    .replace(/\bteam (["']?)([a-z][\w-]*)\1/g, (found, _, name: string) => (out.teams.has(name) ? dots(found) : found))
    .replace(/\b(?:[\w-]+ ){0,2}teams?\b(?:'s)?/g, dots);
  gatherWork(rest, out);
  if (options.resources) gatherResources(low, out);
  let unlabelled = low;
  for (const [regex, read] of LABELS) {
    const match = regex.exec(unlabelled);
    if (!match) continue;
    unlabelled = unlabelled.replace(match[0], ' '.repeat(match[0].length));
    const [key, value] = read(match);
    if (!STOP.has(value) && !out.labels.has(key) && !/^(?:team|grid|carbon|price|the|input|output)$/.test(value))
      out.labels.set(key, value);
  }
  for (const m of low.matchAll(
    /\b(?:very |really )?(large|big|small|heavy|long-running|short|important|sensitive|expensive|non-essential|essential|lengthy|huge)\s+(?:[a-z-]+\s+)?(?:jobs?|workloads?|runs|moves?|plans?|changes)\b/g,
  ))
    out.vague.push(m[1]!);
  for (const m of low.matchAll(
    /\b(?:jobs?|workloads?|runs)\s+(?:that (?:are|run|take|use)\s+|which (?:are|run|take|use)\s+|of\s+|over\s+)?((?:longer|shorter|larger|smaller|bigger|more|less|over|above|under) (?:than )?\d[^,.;]*?)(?= (?:must|may|shall|should|can|need|are|is)\b)/g,
  ))
    out.vague.push(m[1]!);
  for (const m of low.matchAll(
    /\b(some|most|many|few|several|certain|selected|the first|the last)\s+(?:[a-z-]+\s+)?(?:jobs?|workloads?|runs|tasks|pipelines)\b/g,
  ))
    out.vague.push(m[0]);
  const union = UNION.exec(low);
  if (union && out.teams.size > 0) out.vague.push(union[0]);
  const scope: Plain = {
    ...(out.teams.size > 0 ? { teams: [...out.teams] } : {}),
    ...(out.teams.size === 0 && out.each !== undefined ? { each: out.each } : {}),
    ...(out.kinds.size > 0 ? { kinds: [...out.kinds] } : {}),
    ...(out.labels.size > 0 ? { labels: Object.fromEntries(out.labels) } : {}),
    ...(out.environments.size > 0 ? { environments: [...out.environments] } : {}),
    ...(out.slaClasses.size > 0 ? { slaClasses: [...out.slaClasses] } : {}),
    ...(out.resources.size > 0 ? { resources: [...out.resources] } : {}),
  };
  return { scope, vague: out.vague };
};

/** `resources` asks for sites and clusters too, which matter for power only. */
export const scopeIn = (low: string, options: { resources: boolean } = { resources: false }): FoundScope => {
  const exception = EXCEPT.exec(low);
  const kept = exception ? low.slice(0, exception.index) : low;
  const { scope, vague: words } = plain(kept, options);
  const whose = QUALIFIER.exec(kept)?.[1];
  // A restriction that no member of a scope says would otherwise be lost, and the rule hold for all.
  const lost = whose !== undefined && words.length === 0 && !isScoped(plain(whose, { resources: true }).scope);
  const vague = lost ? [whose] : words;
  if (!exception) return { scope, vague, each: scope.each !== undefined };
  const inner = plain(
    exception[1]!.replace(/^(?:those|jobs|workloads) (?:of|from|in) /, (found) => found),
    options,
  );
  const { each: _, ...except } = inner.scope;
  return {
    scope: Object.keys(except).length > 0 ? { ...scope, except } : scope,
    vague: [...vague, ...inner.vague],
    each: scope.each !== undefined,
  };
};

/** True when the scope names somebody. */
export const isScoped = (scope: Scope): boolean => Object.keys(scope).some((key) => key !== 'each');

/** The clause's own words win member by member; what it leaves open comes from what stands above it. */
export const inherit = (own: Scope, above: Scope): Scope => ({ ...above, ...own });
