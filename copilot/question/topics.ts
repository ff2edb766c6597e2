/** The words that each topic is about. What a question says beyond them is left over, and the answer begins with it. */
const COMMON =
  'why because reason reasons explain tell show plan plans planned job jobs work run runs now today currently doing happen happening moment please help caco copilot';

const TOPICS: Readonly<Record<string, string>> = {
  why: 'where region place move moved moving shift shifted deferred delayed postponed late later earlier wait waits waiting start starts starting started stay stayed left kept put placed instead hour hours time scheduled when finish finishes finished end ends due deadline longer sooner long save saves saved emit emits cost costs carbon co2 delay',
  schedule:
    'when will runs running start starts schedule scheduled timeline next tonight queue queued upcoming active starting placed what',
  explain_plan:
    'explain moves move moved shift shifts moving jobs save saves saving savings emissions carbon co2 would do does change changes decide decided good late much cost costs about overview',
  compare: 'compare comparison versus vs difference differ differs between both two better which other than best',
  limits:
    'good optimal optimum best possible far bound bounds gap limit limits binding bind hold holds back bottleneck bottlenecks power cap capacity better schedule could proved proof improve',
  savings:
    'verification verifications save saved saves saving savings avoid avoided reduce reduced reduction reductions benefit benefits cut verified verify proven sure certain confident confidence far so much co2 co2e carbon emissions money cost costs bill spend spent yet unverified really actual actually interval say',
  grid: 'grid intensity intensities green greener greenest clean cleaner cleanest dirty dirtier dirtiest good best right bad worst better time hour hours moment window slot train training wind solar electricity power energy price carbon co2 forecast signal wait start run launch begin when should build builds a 1 one next is',
  sales:
    'sold sell sells selling sale sales market order orders flexibility buyer buyers buys bought operator operators grid kw power energy price prices money deliver delivered delivery shortfall list all have did for to who which how much so far anything',
  could_give:
    'could can give offer do deliver provide promise cut drop shed reduce spare sell flexibility flexible firm power kw mw gw kilowatts megawatts less turn down put off site data centre center is there much how have for at possible available able',
  events:
    'event events flexibility demand response stress turn down asked ask promise promised keep kept cost costs costed money paid pay bring brought earn earned happened went did do go last latest newest any list all meter measured delivered deliver settle settled minutes above target how what was were us we',
  approvals:
    'wait waits waiting pending approve approval approvals approves approved approver sign signoff need needs me my decide decision answer answers inbox desk plate do todo person someone anyone',
  policy: '',
  tickets: 'ticket tickets list show open state status filed file',
  draft_ticket: 'write draft compose preview wording ticket tickets words text',
  decisions:
    'who approved rejected refused decided confirmed signed when decision decisions list all every approve approvals books recorded reject rejected rejections policy policies under was',
  evidence:
    'ledger proof proofs prove proven proves audit evidence tamper tampered check trust verify verified verifiable verification claims claim signature signatures compute computed calculate calculated measure measured quantify quantified savings saving baseline baselines counterfactual method methods methodology revised restated records record use used numbers figures emissions entries',
  weekly_summary:
    'weekly week month monthly summary summarise summarize report digest review leaderboard rank ranking ranked best worst saves saved save most least teams give last past',
  what_if:
    'carbon price priced tax cost co2 co2e if suppose assume would be were at with raise raised double doubled change changed per tonne ton happens happen of then what',
  status:
    'status wrong go went failed fail failure failures error errors problem problems broken model llm language things everything overview going on new up last runs happened how are is any use',
  data: 'data simulated synthetic made up real recorded live fake figures numbers measurements source sources where come comes stem old any from',
  help: 'help hi hello hey good morning afternoon evening what can do use work know answer who commands command',
};

const VOCABULARY: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(TOPICS).map(([topic, words]) => [topic, new Set(`${words} ${COMMON}`.split(' '))]),
);

/** Whether a topic is about a word, so that an answer by it has not passed over the word. */
export const isAbout = (topic: string, word: string): boolean => VOCABULARY.get(topic)?.has(word) ?? false;
