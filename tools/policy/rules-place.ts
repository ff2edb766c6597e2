/** Sentences about where: regions that are allowed, forbidden, or must hold data; who is exempt; what to prefer. */
import { type Clause, NEGATION, type Rule, type RuleReading, type Setting } from './clause.js';
import { isScoped } from './scope.js';

const WHERE =
  /\b(?:run|runs|running|execut\w+|stays?|remain\w*|kept|keep|plac(?:e|ed|ing)|hosted?|hosting|stored?|storing|process(?:ed|ing)?|locat\w+|deploy\w*|resid\w+|leaves?|left|leaving|mov(?:e|ed|ing)|migrat\w+|schedul\w+|shift\w*|sent|send|transfer\w*|us(?:e|ed|ing)|confined|restricted|limited|allow\w*|permit\w*|forbid\w*|prohibit\w*|banned|exclud\w+|avoid\w*|region\w*|start\w*|go|goes|be in|available|live|relocat\w*|copied|cross\w*|within|pinned|only)\b|^no\b/;
const DATA = /\b(?:data|datasets?|records?|backups?|information|files)\b/;
const KEPT =
  /\b(?:stays?|remain\w*|kept|keep|stored?|storing|resid\w+|leaves?|leave|leaving|held|hosted|transfer\w*|copied|exported|cross\w*|at rest|residency|processed)\b/;
const OUTSIDE =
  /\b(?:outside(?: of)?|other than|except(?: in| for)?|anywhere but|out of|beyond|leave|leaves|leaving|elsewhere than|away from|apart from|any(?:where)? (?:other|else))\b/;

const MAY = /\b(?:may|can|(?:is|are) (?:allowed|permitted|free) to)\b([^;]*\bonly\b)?/;
const TURN = /\b(?:but (?:not|never)(?: in)?|and not in)\b/;
const asked = (r: RuleReading, what: string): RuleReading => ({
  ...r,
  questions: [...r.questions, `what does "${what.trim()}" change?`],
});

const nearest = (c: Clause, regex: RegExp) => [...c.low.matchAll(new RegExp(regex.source, 'g'))];

const readRegions = (c: Clause, s: Setting): RuleReading[] => {
  const named = c.places;
  if (named.length === 0 || !WHERE.test(c.low)) return [];
  // A place that describes the work ("EU customer data") is not where it must be.
  const places = named.filter(
    (p) => !/^\s*(?:customers?|users?|citizens?|residents?|personal|employees?|clients?)\b/.test(c.low.slice(p.to)),
  );
  // "Workloads in the EU must stay in the EU": what stands before the verb says whom.
  const verb = c.low.search(/\b(?:must|shall|should|may|can|cannot|has to|have to|stays?|remains?|is|are)\b/);
  const whom = verb < 0 ? [] : places.filter((p) => p.to <= verb);
  const list = whom.length > 0 && whom.length < places.length ? places.filter((p) => p.from > verb) : places;
  if (list.length === 0) return [];
  const home = list === places ? {} : { regions: [...new Set(whom.map((p) => p.name))] };
  const scope = { ...s.above, ...c.scope, ...home };
  const names = (of: typeof list) => [...new Set(of.map((p) => p.name))];
  const make = (type: 'region_allow' | 'region_deny' | 'residency', of: typeof list): RuleReading => ({
    type,
    effect: type === 'region_deny' ? 'forbid' : 'require',
    strength: c.strength,
    scope,
    params: { regions: names(of) },
    questions: [],
    uses: [],
  });
  // "in the EU, but not in eu-west-3": what stands behind the turn is forbidden.
  const turn = c.exceptions.find((e) => e.kind === 'places') ?? TURN.exec(c.low);
  const at = turn === null ? undefined : 'index' in turn ? turn.index : turn.from;
  const [kept, off] = [
    list.filter((p) => at === undefined || p.from < at),
    list.filter((p) => at !== undefined && p.from > at),
  ];
  if (kept.length > 0 && off.length > 0) {
    const both = [make('region_allow', kept), make('region_deny', off)];
    // "No job may run in the EU except in France" allows France and says of no other place that it is allowed.
    return c.negated && !/^(?:but|and)/.test(c.low.slice(at))
      ? [asked(make('region_deny', kept), c.low.slice(at))]
      : both;
  }
  // "All jobs except those of …" takes work out, and no place.
  const outside =
    off.length > 0 ||
    nearest(c, OUTSIDE).some(
      (m) =>
        m.index < list[0]!.from && !c.exceptions.some((e) => e.kind === 'work' && e.from <= m.index && m.index < e.to),
    );
  // "In France or not Belgium": the denial stands within the list.
  if (turn === null && c.low.search(NEGATION) > list[0]!.from)
    return [asked(make('region_deny', list), c.low.slice(list[0]!.from))];
  const data =
    DATA.test(c.low) && KEPT.test(c.low) && !/\b(?:workloads?|jobs?|databases?|services?|processes)\b/.test(c.low);
  const inside = (): RuleReading => make(data ? 'residency' : 'region_allow', list);
  if (c.negated) return outside ? [inside()] : [make('region_deny', list)];
  if (outside) {
    // "May run outside GB only with consent" forbids it otherwise; "may run outside GB" forbids nothing.
    const may = MAY.exec(c.low);
    if (may) return may[1] === undefined ? [] : [inside()];
    // "Workloads outside the EU …" says whom; "must run outside the EU" forbids the place.
    return /\b(?:must|shall|should|has to|have to|only|run|stay|be)\b[^.;]*\b(?:outside|away from|out of|anywhere but|anywhere except|other than)\b/.test(
      c.low,
    )
      ? [make('region_deny', list)]
      : [];
  }
  if (/\bmay also\b|\bcan also\b/.test(c.low)) return [];
  return [inside()];
};

const EXEMPT =
  /\b(?:exempt(?:ed|ions?)?|off[- ]limits|hands[- ]off|out of scope|excluded|left alone|left untouched|not (?:be )?subject to|(?:does|do) not apply to|(?:don't|doesn't) apply to|not covered|not affected|ignored? by (?:the )?(?:optimi[sz]er|scheduler|orchestrator))\b/;

const readExempt = (c: Clause, s: Setting): RuleReading[] => {
  if (!EXEMPT.test(c.low) || /\b(?:not|never|no) (?:exempt|excluded)\b|\bno exemptions?\b/.test(c.low)) return [];
  const scope = { ...s.above, ...c.scope, ...(isScoped(c.scope) ? {} : (c.scope.except ?? {})) };
  const { except: _, ...who } = scope;
  if (!isScoped(who)) return [];
  return [{ type: 'exempt', effect: 'require', strength: c.strength, scope: who, params: {}, questions: [], uses: [] }];
};

const PREFER =
  /\b(?:prefer\w*|minimi[sz]\w+|favou?r\w*|choos\w+|pick\w*|select\w*|takes?|taken|optimi[sz]e\w*|priorit(?:y|i[sz]e)\w*|opt for|use|used|go for|goes? to|place[ds]?|placed?|run|as (?:green|clean|cheap|low)\w* as|lowest|least|seek)\b/;

const readObjective = (c: Clause, s: Setting): RuleReading[] => {
  if (!PREFER.test(c.low) || c.negated) return [];
  const low = c.low;
  const soft =
    /\b(?:prefer\w*|minimi[sz]\w+|favou?r\w*|optimi[sz]\w*|lowest|cheapest|greenest|cleanest|least|lower|cheaper|greener|cleaner|smallest)\b/;
  if (!soft.test(low) || c.figures.length > 0) return [];
  const minimise = /\bintensit(?:y|ies)\b/.test(low)
    ? 'grid_intensity'
    : /\b(?:carbon|co2\w*|emissions?|green\w*|clean\w*|footprint|renewable\w*)\b/.test(low)
      ? 'carbon'
      : /\b(?:cost\w*|cheap\w*|price\w*|spend\w*|expens\w+)\b/.test(low)
        ? 'cost'
        : undefined;
  if (minimise === undefined) return [];
  const among = /\bregions?\b/.test(low) || (s.before === undefined && /\bregions?\b/.test(low));
  return [
    {
      type: 'objective',
      effect: 'prefer',
      strength: c.strength,
      scope: { ...s.above, ...c.scope },
      params: { minimise, ...(among ? { among: 'allowed_regions' } : {}) },
      questions: [],
      uses: [],
    },
  ];
};

export const regions: Rule = {
  words: [
    /\b(?:outside(?: of)?|anywhere but|out of|beyond|away from|elsewhere than)\b/,
    /\b(?:run|runs|running|execut\w+|stays?|remain(?:s|ing)?|kept|keep|plac(?:e|ed|ing)|placements?|hosted?|hosting|stored?|storing|process(?:ed|ing)?|located?|deploy(?:ed)?|resid(?:e|es|ing)|leaves?|left|leaving|mov(?:e|ed|ing)|migrated?|schedul(?:e|ed|ing)|sent|send|transfer(?:red)?|us(?:e|ed|ing)|confined|restricted|limited|allow(?:ed)?|permit(?:ted)?|forbid|excluded?|avoid(?:ed)?|regions?|start(?:ed|s)?|go|goes|available|relocated?|copied|cross(?:es)?|within|only|pinned|exclusively|solely|data|datasets?|records?|information|files|gdpr|residency|at rest|borders?|countr(?:y|ies)|member states?|approved|anywhere|locations?|sites?|data cent(?:re|er)s?|inside|but|always)\b/,
    // "In Frankfurt (eu-central-1)": the code says which place.
    /(?<=\bin )[a-z]+(?= \((?:af|ap|ca|cn|eu|il|me|mx|sa|us)-[a-z]+-\d\))/,
    /(?<=\b(?:eu|eea|uk|us) )(?:customers?|users?|citizens?|residents?|clients?|employees?)\b/,
  ],
  read: readRegions,
};
export const exempt: Rule = {
  words: [
    EXEMPT,
    /\b(?:polic(?:y|ies)|rules?|optimi[sz]er|scheduler|orchestrator|limits?|whole|moves?|moving|optimi[sz]ation|covered|fully|always)\b/,
  ],
  read: readExempt,
};
export const objective: Rule = {
  words: [
    /\b(?:prefer(?:s|red|ably)?|minimi[sz]\w+|favou?rs?|choose|chosen|pick(?:ed)?|select(?:ed)?|takes?|taken|optimi[sz]ed?|priorit(?:y|i[sz]e[sd]?)|opt|used?|go(?:es)?|placed?|run|lowest|cheapest|greenest|cleanest|least|lower|low|cheaper|greener|cleaner|smallest|clean|green|cheap|intensit(?:y|ies)|carbon|co2\w*|emissions?|footprint|renewables?|energy|costs?|prices?|grid|electricity|power|regions?|one|where|when|hours|times?|possible|two|allowed|among|between|more|teams?|always|available|as|first|start|same)\b/,
  ],
  read: readObjective,
};
