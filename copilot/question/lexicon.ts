/** What words mean in a question, as data. A word that stands in no list is left over, and the answer says so. */
import type { Category } from '../../domain/job.js';
import type { Basis, MeasureName } from './measures.js';
import type { By, Stat, State, Subject } from './query.js';

/** What one word or phrase adds to a query. */
export interface Sign {
  readonly measure?: MeasureName;
  readonly order?: 'most' | 'least';
  readonly subject?: Subject;
  readonly by?: By;
  readonly basis?: Basis;
  readonly state?: State;
  readonly category?: Category;
  readonly stat?: Stat;
  readonly unit?: string;
  /** "per kWh": what a sum is divided by */
  readonly per?: 'kWh' | 'MWh' | 'job';
  /** start, end or run: what of a job the period is about, or its measure where none is named */
  readonly event?: 'starts' | 'ends' | 'runs';
  /** size without a measure: "the largest jobs" */
  readonly size?: true;
  /** one of several is asked for: "which team" */
  readonly which?: true;
  /** rows and not a sum: "list", "show me" */
  readonly list?: true;
  /** what follows is left out */
  readonly except?: true;
  readonly above?: true;
  readonly below?: true;
  /** at the limit is still within it */
  readonly orEqual?: true;
  /** it is about the grid and no job */
  readonly grid?: true;
  readonly past?: true;
  readonly versus?: true;
  /** "the next five" */
  readonly further?: true;
  /** "how long", "how late" */
  readonly howLong?: true;
  readonly why?: true;
  /** the first or last of something */
  readonly end?: 'first' | 'last';
  readonly both?: true;
  /** its place in an order: the second largest */
  readonly nth?: number;
}

const LISTS: readonly (readonly [Sign, string])[] = [
  [{ end: 'first' }, 'first'],
  [{ end: 'last' }, 'last'],
  [{ nth: 2 }, 'second|2nd'],
  [{ nth: 3 }, 'third|3rd'],
  [{ nth: 4 }, 'fourth|4th'],
  [{ nth: 5 }, 'fifth|5th'],
  [{ both: true }, 'before and after|with and without the plan|with and without'],
  [
    { measure: 'energy' },
    'energy|energy use|energy consumption|electricity|electricity use|consumption|consume|consumes|consumed|consuming|power consumption|power use|use|uses|used|using|need|needs|needed|take|takes|took|eat|eats|burn|burns|demand',
  ],
  [
    { measure: 'emissions' },
    'emissions|emission|emit|emits|emitted|emitting|emitter|emitters|co2|co2e|carbon|carbon dioxide|ghg|greenhouse gas|greenhouse gases|footprint|footprints|carbon footprint|carbon emissions|co2 emissions|co2e emissions|pollute|pollutes|polluting',
  ],
  [
    { measure: 'intensity' },
    'intensity|intensities|carbon intensity|emissions intensity|emission intensity|co2 intensity|grid intensity|carbon content|clean|green|dirty',
  ],
  [
    { measure: 'intensity', order: 'most' },
    'dirtiest|dirtier|least clean|least green|most carbon intensive|most polluting',
  ],
  [{ measure: 'intensity', order: 'least' }, 'cleanest|cleaner|greenest|greener|least dirty|least carbon intensive'],
  [
    { measure: 'cost' },
    'cost|costs|costed|costing|invoice|invoices|invoiced|bill|bills|spend|spends|spent|spending|expense|expenses|expensive|pay|pays|paid',
  ],
  [{ measure: 'cost', order: 'least' }, 'cheapest|cheaper|least expensive'],
  [{ measure: 'cost', order: 'most' }, 'dearest|dearer|costliest|most expensive|more expensive'],
  [
    { measure: 'electricity-cost' },
    'cost of electricity|cost of energy|electricity cost|electricity costs|energy cost|energy costs|electricity bill|energy bill|power bill|spend on electricity|spends on electricity|spent on electricity|pay for electricity|pays for electricity|paid for electricity|spend on energy|spends on energy|spent on energy|pay for energy|pays for energy|paid for energy',
  ],
  [
    { measure: 'price' },
    'price|prices|priced|tariff|tariffs|dear|rate|electricity price|electricity prices|energy price|power price|power prices|price of electricity|price of energy|price of power|cost per mwh|cost per kwh|spot price',
  ],
  [
    { measure: 'saving' },
    'bring|brings|brought|cut|cuts|cutting|saving|savings|save|saves|saved|avoid|avoids|avoided|reduction|reductions|reduce|reduces|reduced|carbon saving|carbon savings|co2 saving|co2 savings|co2 saved|carbon saved|save carbon|saved carbon|emissions saved|emissions avoided|emissions fall|emissions drop|emissions shrink|emissions go down|saving of co2|saving of carbon|saving of co2e',
  ],
  [
    { measure: 'cost-saving' },
    'cost saving|cost savings|money saved|save money|saved money|saving of cost|savings of cost|cost reduction|saving in cost|savings in cost|bill shrinks|bill shrink|bill drops|bill drop|costs drop|cost drops|costs go down|money',
  ],
  [
    { measure: 'delay' },
    'delay|delays|delayed|delaying|deferral|deferrals|postponement|shifted by|moved by|delayed by|deferred by|later than without the plan|wait|waits|waiting time',
  ],
  [{ measure: 'duration' }, 'duration|durations|length|run time|runtime|runtimes|how long do|running time'],
  [
    { measure: 'slack' },
    'slack|deadline slack|slack to their deadline|slack to its deadline|slack to the deadline|slack before their deadline|spare time|time to spare|headroom|margin|before its deadline|before the deadline|before their deadline|before their deadlines|time before deadline',
  ],
  [
    { measure: 'power' },
    'power|load|loaded|peak|peak power|peak load|peak demand|maximum power|highest power|power draw|draw|draws|drawn|megawatts|kilowatts',
  ],
  [
    { measure: 'embodied' },
    'embodied|embodied carbon|embodied emissions|embodied co2|embodied co2e|hardware emissions',
  ],
  [
    { measure: 'cap', subject: 'sites' },
    'cap|caps|power cap|power caps|power limit|power limits|may draw|allowed to draw|can draw|power may|maximum draw',
  ],
  [{ measure: 'pue', subject: 'sites' }, 'pue|power usage effectiveness'],
  [
    { measure: 'slack', order: 'least' },
    'tightest|closest to its deadline|closest to their deadline|closest to a deadline|nearest its deadline|tightest against its deadline|tightest against the deadline|tightest deadline|least slack',
  ],
  [{ measure: 'power', order: 'most' }, 'busiest|most loaded|highest load|peak hour|peak hours'],
  [{ measure: 'power', order: 'least' }, 'quietest|least loaded|lowest load|least busy'],
  [{ measure: 'gpu-hours' }, 'gpu hours|gpu hour|gpuh|gpu time'],
  [{ measure: 'core-hours' }, 'core hours|cpu hours|vcpu hours|core hour|cpu time'],
  [{ measure: 'start', order: 'least' }, 'earliest|first to start|starts first|start first|soonest'],
  [{ measure: 'end', order: 'most' }, 'latest|last to finish|finishes last|finish last|ends last|end last'],
  [{ howLong: true }, 'how long|how late|how far'],
  [
    { event: 'starts' },
    'start|starts|started|starting|begin|begins|began|launch|launches|start time|start times|kick off',
  ],
  [
    { event: 'ends' },
    'finish|finishes|finished|finishing|end|ends|ended|ending|complete|completes|completed|done|end time|end times',
  ],
  [{ event: 'runs' }, 'run|runs|running|ran|active|execute|executes|executing|scheduled|planned to run'],
  [{ subject: 'jobs' }, 'jobs|job|work|workload|workloads|tasks|task'],
  [{ subject: 'grid', grid: true }, 'grid|the grid|grid power|signal|national grid'],
  [{ subject: 'sites' }, 'site|sites|data centre|data centres|datacenter|datacentre|data center'],
  [{ subject: 'records', basis: 'verified' }, 'verified records|verification records|records|verifications'],
  [{ subject: 'tickets' }, 'tickets|ticket'],
  [{ subject: 'approvals' }, 'approvals|approval'],
  [{ subject: 'decisions' }, 'decisions|decision'],
  [{ subject: 'policies' }, 'policies|policy|constraints|constraint|policy constraints|policy rules|rules'],
  [{ subject: 'ledger' }, 'ledger entries|ledger records|entries in the ledger|ledger|ledger entry'],
  [{ subject: 'plans' }, 'plans'],
  [{ by: 'team' }, 'by team|per team|for each team|each team|every team|teams|by teams|team by team|of each team'],
  [{ by: 'team', which: true }, 'which team|what team|which teams|who|whose|which group'],
  [
    { by: 'kind' },
    'by kind|per kind|each kind|of each kind|every kind|each type|of each type|every type|each kind of job|of each kind of job|by type|per type|kinds|kinds of job|by kind of job|by job type',
  ],
  [
    { by: 'kind', which: true },
    'which kind|what kind|which type|what type|which kind of job|what kind of job|which kind of jobs',
  ],
  [{ by: 'category' }, 'by category|per category|categories|by urgency|per urgency|each category'],
  [{ by: 'category', which: true }, 'which category|what category|which urgency'],
  [
    { by: 'place' },
    'by region|per region|by place|by site|per site|by location|regions|each region|each place|each site|every region|every site',
  ],
  [{ by: 'place', which: true }, 'which region|what region|which place|which site|where'],
  [{ by: 'job' }, 'by job|job by job|each job|every job'],
  [{ by: 'job', which: true }, 'which job|what job|which jobs|what jobs'],
  [{ by: 'hour' }, 'by hour|per hour|hourly|hour by hour|each hour|every hour'],
  [{ by: 'hour', which: true }, 'which hour|what hour|which hours|hour'],
  [{ by: 'day' }, 'by day|per day|daily|day by day|each day|every day'],
  [{ by: 'day', which: true }, 'which day|what day'],
  [{ per: 'job' }, 'per job|a job on average|average job'],
  [
    { per: 'kWh' },
    'per kwh|a kwh|one kwh|1 kwh|a single kwh|per kilowatt hour|per kilowatt-hour|a kilowatt hour|a kilowatt-hour|for each kwh|per unit of energy',
  ],
  [
    { per: 'MWh' },
    'per mwh|a mwh|one mwh|1 mwh|per megawatt hour|per megawatt-hour|a megawatt hour|a megawatt-hour|an mwh',
  ],
  [
    { order: 'most' },
    'best first|highest first|largest first|most first|most|highest|top|maximum|max|more|higher|greatest|worst',
  ],
  [
    { order: 'least' },
    'lowest first|smallest first|least first|least|lowest|bottom|minimum|min|less|lower|fewest|fewer',
  ],
  [
    { order: 'most', size: true },
    'hog|hogs|guzzler|guzzlers|largest|biggest|heaviest|hungriest|larger|bigger|most energy hungry',
  ],
  [{ order: 'least', size: true }, 'smallest|lightest|smaller'],
  [{ order: 'most', howLong: true }, 'longest|longer'],
  [{ order: 'least', howLong: true }, 'shortest|shorter'],
  [{ stat: 'mean' }, 'average|mean|avg|on average|typically|averaged|typical'],
  [{ stat: 'median' }, 'median'],
  [{ stat: 'total' }, 'total|sum|altogether|in total|in all|overall|sum of|total of|combined|together'],
  [{ stat: 'share' }, 'share|proportion|fraction|part|what part|what share|percentage of|percent of|% of'],
  [
    { basis: 'planned' },
    'claimed|promised|if the plan is followed|if plan is followed|if we follow the plan|planned|as planned|under the plan|by the plan|with the plan|optimised|optimized|expected',
  ],
  [
    { basis: 'baseline' },
    'running everything right away|running everything at once|run everything right away|run everything at once|run everything immediately|run everything straight away|running everything immediately|everything right away|everything at once|everything immediately|run all jobs right away|run all jobs at once|run all jobs immediately|run it all at once|run right away|ran right away|running right away|if everything ran at once|without you|baseline|the baseline|had we not planned|if we had not planned|had nothing been planned|if nothing had been planned|without the plan|without plan|run at once|running at once|if run at once|unplanned|before the plan|unoptimised|business as usual|without caco|originally',
  ],
  [
    { basis: 'verified' },
    'confirmed|realised|realized|verified|verifiably|really|actually|really saved|proven|demonstrated|actual|measured|in reality',
  ],
  [
    { state: 'moved' },
    'pushed back|put off|held back|moved|shifted|rescheduled|deferred|postponed|moves|move|get moved|got moved',
  ],
  [
    { state: 'stayed' },
    'not moved|unmoved|kept their original start time|kept their start time|keep their original start time|keep their start time|kept its start time|kept their original start|stayed|stay|left alone|left where they are|left where they were|that stay|not shifted|not deferred|were not moved|are not moved',
  ],
  [
    { state: 'late' },
    'late|overdue|too late|after their deadline|after its deadline|after the deadline|after their deadlines|miss their deadline|misses its deadline|missed their deadline|miss its deadline|after they are due|after it is due',
  ],
  [{ state: 'movable' }, 'movable|flexible|deferrable|shiftable'],
  [{ state: 'split' }, 'split|interrupted|in pieces|in several pieces|split into pieces|into pieces|split up|paused'],
  [
    { state: 'worse' },
    'emissions went up|emissions go up|emissions rise|emissions rose|whose emissions went up|whose emissions go up|emit more than without the plan|emit more than before|got worse|worse off|gets worse|more than before',
  ],
  [
    { state: 'no-deadline' },
    'no deadline|without a deadline|without deadline|have no deadline|has no deadline|without deadlines|no deadlines',
  ],
  [{ state: 'with-deadline' }, 'with a deadline|have a deadline|with deadlines|with deadline'],
  [{ state: 'gpu' }, 'gpu|gpus|with gpus|using gpus'],
  [{ state: 'gpu', subject: 'jobs' }, 'gpu jobs|gpu job|gpu work'],
  [
    { state: 'relocated' },
    'relocated|relocation|relocations|moved to another region|moved to another place|moved to other regions|move to another region|to another region|to other regions|moved elsewhere|changed region|changed regions|changed place|change region|moved between regions|shifted in space',
  ],
  [
    { state: 'no-place' },
    'unplaced|no place|without a place|not placed|left out|could not be placed|cannot be placed|can not be placed|could not be scheduled|were not placed|was not placed|are not placed|found no place|not scheduled|not be placed',
  ],
  [{ state: 'open' }, 'open|still open'],
  [{ state: 'closed' }, 'closed'],
  [{ state: 'waiting' }, 'waiting|pending|outstanding'],
  [{ state: 'approved' }, 'approved|given|granted'],
  [{ state: 'rejected' }, 'rejected|refused|denied'],
  [{ state: 'expired' }, 'expired|lapsed'],
  [{ state: 'failed' }, 'failed|broken'],
  [{ state: 'in-force' }, 'in force|active policies|binding'],
  [{ category: 'urgent' }, 'urgent|high priority'],
  [{ category: 'balanced' }, 'balanced'],
  [{ category: 'sustainable' }, 'sustainable'],
  [
    { list: true },
    'list|show|show me|name|give me a list|list all|display|rank|ranked|ranking|sort|sorted|order|ordered',
  ],
  [
    { except: true },
    'except|excluding|outside|outside of|besides|aside from|without|but not|other than|apart from|not counting|excluding the|all but|everything but|not',
  ],
  [{ above: true }, 'more than|over|above|exceeding|exceed|exceeds|greater than|longer than|larger than|bigger than|>'],
  [{ below: true }, 'less than|under|below|fewer than|shorter than|smaller than|<'],
  [{ above: true, orEqual: true }, 'at least|no less than|not less than|not below'],
  [{ below: true, orEqual: true }, 'at most|no more than|not more than|not above|up to'],
  [
    { versus: true },
    'versus|vs|against|compare|compared|comparison|difference|differ|compared with|compared to|as against|than|difference between',
  ],
  [{ further: true }, 'next|further|following'],
  [{ why: true }, 'why|how come|how so'],
  [
    {},
    'falls|fall|falls on|fall on|how high|how low|how big|how large|how small|how good|how bad|day|as well|all teams|all the teams|all kinds|of those|of them',
  ],
  [{ unit: 'g' }, 'gram|grams|gramme|grammes|g'],
  [{ unit: 'kg' }, 'kg|kgs|kilo|kilos|kilogram|kilograms'],
  [{ unit: 't' }, 't|tonne|tonnes|ton|tons'],
  [{ unit: 'lb' }, 'lb|lbs|pounds of co2|pounds of carbon|lbs of co2'],
  [{ unit: 'Wh' }, 'wh|watt hours|watt-hours'],
  [{ unit: 'kWh' }, 'kwh|kilowatt hours|kilowatt-hours|kilowatt-hour|kilowatthours'],
  [{ unit: 'MWh' }, 'mwh|megawatt hours|megawatt-hours|megawatt-hour|mwhs'],
  [{ unit: 'GWh' }, 'gwh|gigawatt hours|gigawatt-hours'],
  [{ unit: 'MJ' }, 'mj|megajoules'],
  [{ unit: 'GJ' }, 'gj|gigajoules'],
  [{ unit: 'kW' }, 'kw'],
  [{ unit: 'MW' }, 'mw'],
  [{ unit: 'g/kWh' }, 'g/kwh|grams per kwh|g per kwh|grams per kilowatt hour|grams per kilowatt-hour|gco2/kwh'],
  [{ unit: 'kg/MWh' }, 'kg/mwh|kg per mwh|kilograms per mwh|kilograms per megawatt-hour|kilograms per megawatt hour'],
  [{ unit: 'kg/kWh' }, 'kg/kwh|kg per kwh|kilograms per kwh|kilograms per kilowatt-hour|kilograms per kilowatt hour'],
  [{ unit: 'min' }, 'minutes|mins|minute'],
  [{ unit: 'h' }, 'hours|hrs|h|in hours'],
  [{ unit: 'd' }, 'days'],
  [{ unit: '%' }, 'percent|per cent|%|percentage|pct'],
  [{ unit: 'GBP' }, 'gbp|pound|pounds|sterling|£|pounds sterling|quid'],
  [{ unit: 'EUR' }, 'eur|euro|euros|€'],
  [{ unit: 'USD' }, 'usd|dollar|dollars|$|us dollars'],
  [{ unit: 'p' }, 'pence|p/kwh|pence per kwh'],
  [
    { unit: 'GBP', measure: 'price' },
    'gbp per mwh|£/mwh|£/kwh|gbp/mwh|pounds per mwh|pounds per kwh|pounds a mwh|£ per mwh|£ per kwh',
  ],
  [{ unit: 'EUR', measure: 'price' }, '€ per mwh|€ per kwh|eur per mwh|€/mwh|eur/mwh|euros per mwh'],
  [{ unit: 'USD', measure: 'price' }, '$ per mwh|$ per kwh|usd per mwh|dollars a mwh|$/mwh|usd/mwh|dollars per mwh'],
];

/** By phrase; the longest phrase that fits is taken. */
export const LEXICON: ReadonlyMap<string, Sign> = new Map(
  LISTS.flatMap(([sign, words]) => words.split('|').map((w): [string, Sign] => [w, sign])),
);
export const LONGEST_PHRASE = Math.max(...[...LEXICON.keys()].map((p) => p.split(' ').length));

/** Words that ask and bind and name nothing of their own. */
export const NEUTRAL: ReadonlySet<string> = new Set(
  `a an the of in on at by for from to into with and or is are was were be been being am do does did doing has have had having
  will would shall should can could may might must what whats what's which how much many i we us our ours you your me my mine it its it's they them their
  theirs this that these those there here please tell give get know say let lets let's so now then also alone itself just only still any some all every each
  as if when while than per about around roughly approximately hi hello hey ok okay thanks thank kindly could want like see find want'
  team teams plan caco company fleet people person anyone somebody that's s utc amount amounts figure figures value values number numbers count
  quantity whole entire altogether time times currently hows how's wat whos go goes going come comes comes make makes made makeup
  due belong belongs belonging account accounts accounted responsible produce produces produced cause causes caused generate generates generated
  result results level levels up o'clock question answer exactly precisely kind type region place category
  i'd i'm we'd we're job's team's there's who's where's when's planned-for between during within until till since or so far lot get gets got
  co stand stands stood look looks like compare side by happen happens happened e g i e via under using everything everybody anything`
    .split(/\s+/)
    .filter((w) => w !== ''),
);

/** Whether a word means something by itself, so that it is no name. */
export const isOurWord = (word: string): boolean => LEXICON.has(word) || NEUTRAL.has(word);

/** Single words of the lexicon, for slips of the pen. */
export const OUR_WORDS: readonly string[] = [...LEXICON.keys()].filter((w) => w.length >= 5 && /^[a-z]+$/.test(w));
