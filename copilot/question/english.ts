/** A question as the router reads it: common German words in English, and slips of the pen mended. Names and figures stay as they are. */

/** Only words that ask; what is not among them stays. */
const GERMAN: Readonly<Record<string, string>> = {
  wann: 'when',
  warum: 'why',
  wieso: 'why',
  weshalb: 'why',
  welche: 'which',
  welcher: 'which',
  welches: 'which',
  wer: 'who',
  wie: 'how',
  wieviel: 'how much',
  wo: 'where',
  was: 'what',
  ist: 'is',
  sind: 'are',
  war: 'was',
  wird: 'will',
  werden: 'will',
  wurde: 'was',
  wurden: 'were',
  haben: 'have',
  hat: 'has',
  kann: 'can',
  können: 'can',
  soll: 'should',
  sollte: 'should',
  darf: 'may',
  dürfen: 'may',
  muss: 'must',
  wir: 'we',
  mir: 'me',
  mich: 'me',
  mein: 'my',
  meine: 'my',
  auf: 'for',
  und: 'and',
  oder: 'or',
  der: 'the',
  die: 'the',
  das: 'the',
  den: 'the',
  dem: 'the',
  ein: 'a',
  eine: 'a',
  am: 'at',
  um: 'at',
  im: 'in',
  bei: 'at',
  von: 'of',
  für: 'for',
  mit: 'with',
  nicht: 'not',
  zwischen: 'between',
  bis: 'until',
  seit: 'since',
  wenn: 'if',
  wäre: 'were',
  heute: 'today',
  früh: 'morning',
  gestern: 'yesterday',
  vorgestern: 'day before yesterday',
  übermorgen: 'day after tomorrow',
  morgen: 'tomorrow',
  nacht: 'night',
  abend: 'evening',
  nachmittag: 'afternoon',
  mittag: 'noon',
  mitternacht: 'midnight',
  jetzt: 'now',
  gerade: 'currently',
  uhr: "o'clock",
  letzte: 'last',
  letzten: 'last',
  letzter: 'last',
  nächste: 'next',
  nächsten: 'next',
  diese: 'this',
  dieser: 'this',
  diesen: 'this',
  woche: 'week',
  monat: 'month',
  jahr: 'year',
  tag: 'day',
  stunde: 'hour',
  stunden: 'hours',
  montag: 'monday',
  dienstag: 'tuesday',
  mittwoch: 'wednesday',
  donnerstag: 'thursday',
  freitag: 'friday',
  samstag: 'saturday',
  sonntag: 'sunday',
  gespart: 'saved',
  eingespart: 'saved',
  sparen: 'save',
  einsparung: 'saving',
  einsparungen: 'savings',
  gekostet: 'cost',
  kosten: 'costs',
  kostet: 'costs',
  preis: 'price',
  strompreis: 'electricity price',
  strom: 'grid',
  stromnetz: 'grid',
  netz: 'grid',
  sauber: 'clean',
  saubersten: 'cleanest',
  sauberste: 'cleanest',
  grün: 'green',
  grünsten: 'greenest',
  schmutzig: 'dirty',
  läuft: 'runs',
  laufen: 'run',
  lief: 'ran',
  startet: 'start',
  starten: 'start',
  beginnt: 'start',
  plan: 'plan',
  zeitplan: 'schedule',
  aufgaben: 'jobs',
  verschoben: 'moved',
  verschiebung: 'move',
  spät: 'late',
  verspätet: 'late',
  größten: 'largest',
  größte: 'largest',
  wartet: 'waits',
  warten: 'wait',
  genehmigung: 'approval',
  genehmigungen: 'approvals',
  genehmigt: 'approved',
  freigabe: 'approval',
  freigaben: 'approvals',
  freigegeben: 'approved',
  abgelehnt: 'rejected',
  entschieden: 'decided',
  richtlinie: 'policy',
  richtlinien: 'policy',
  regeln: 'rules',
  erlaubt: 'allowed',
  verboten: 'forbidden',
  sicher: 'sure',
  beweis: 'proof',
  nachweis: 'evidence',
  emissionen: 'emissions',
  verbrauch: 'energy',
  energie: 'energy',
  bericht: 'summary',
  zusammenfassung: 'summary',
  vergleiche: 'compare',
  hilfe: 'help',
  genehmige: 'approve',
  genehmigen: 'approve',
  lehne: 'reject',
  ablehnen: 'reject',
  lösche: 'delete',
  löschen: 'delete',
  starte: 'start',
  stoppe: 'stop',
  stoppen: 'stop',
  verschiebe: 'move',
  verschieben: 'move',
  plane: 'plan',
  ändere: 'change',
  führe: 'run',
  bitte: 'please',
  alles: 'everything',
  alle: 'all',
  sofort: 'immediately',
  ignoriere: 'ignore',
  anweisungen: 'instructions',
};
/** Words that German has and English has not. */
const TELLS =
  /(?:^|\s)(?:wann|warum|wieso|weshalb|welche[rs]?|wie ?viel|wurden?|haben wir|ist|sind|läuft|laufen|wartet|gestern|heute|morgen früh|gespart|genehmige|verschiebe|lösche|starte|ignoriere|bitte|zeige?|für|der|das|und|auf|nicht|strom|richtlinien?|genehmigung(?:en)?)(?=$|[\s?.!,])/iu;

/** What the router's rules look for, where a letter more or less makes the difference. */
const VOCABULARY =
  'tomorrow tonight yesterday today running runs schedule scheduled savings saving saved verified verify approval approvals approved approve pending waiting policy policies intensity forecast footprint emissions emission carbon tickets ticket deadline summary weekly compare comparison evidence ledger electricity cleanest greenest cleaner greener largest biggest difference between should region budget planned energy price decided simulated morning afternoon evening status happened moved'.split(
    ' ',
  );
const KNOWN = new Set(VOCABULARY);

/** Edits, with two neighbours changing places as one, up to `most`; more is `most + 1`. */
export const distance = (a: string, b: string, most: number): number => {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [older, old]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(old[j]! + 1, row[j - 1]! + 1, old[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, older[j - 2]! + 1);
    }
    [older, old] = [old, row];
  }
  return old[b.length]!;
};

const mended = (word: string): string => {
  if (word.length < 5 || KNOWN.has(word)) return word;
  const most = word.length < 8 ? 1 : 2;
  const near = VOCABULARY.filter((w) => w[0] === word[0] && distance(word, w, most) <= most);
  // An English word of its own is one letter from many others.
  return near.length > 0 && !REAL.has(word)
    ? near.sort((a, b) => distance(word, a, most) - distance(word, b, most))[0]!
    : word;
};
/** Words that are near one of the vocabulary and mean something else. */
const REAL = new Set(
  'saves saver approve approves approver approvers ticketed policed running planner planned plane regions budgets priced prices prime pride price moves mover state states statue carton intensive today tomorrow turned warning washing waits charge happens between summer shoulder verifies approving scheduler scheduling evenings mornings emitted emits large larger bigger clean green energetic earning'.split(
    ' ',
  ),
);

export const inEnglish = (question: string): string => {
  const german = TELLS.test(question);
  return question.replace(/(?<![\p{L}\p{N}_-])\p{L}+(?![\p{L}\p{N}_-])/gu, (word) => {
    const low = word.toLowerCase();
    if (german) {
      const said = GERMAN[low];
      if (said !== undefined) return said;
    }
    return /^\p{Lu}{2,}$/u.test(word) ? word : mended(low) === low ? word : mended(low);
  });
};
