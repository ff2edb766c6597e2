/** Sentences that speak to whoever reads the text by machine. They are data: quoted, flagged, and without any effect. */
const TELLS: readonly RegExp[] = [
  /\b(?:ignor\w+|disregard\w*|forget|override|bypass|skip|drop|discard)\s+(?:\w+\s+){0,3}?(?:previous|prior|above|earlier|your|all|any|these|those|existing|other|preceding|system)\s+(?:\w+\s+){0,2}?(?:instructions?|rules?|prompts?|guidelines|directions|constraints|polic(?:y|ies)|context|checks|safeguards)\b/,
  /\b(?:ignor\w+|disregard\w*|forget)\s+(?:your|the)\s+(?:rules|instructions|policy|training|guidelines)\b/,
  /\b(?:note|message|instructions?|attention|hint|reminder)\s+(?:to|for)\s+(?:the |any |all )?(?:automated|ai|llms?|language models?|machine|bots?|agents?|assistants?|parsers?|copilot|models?|software|readers?)\b/,
  /\b(?:automated|ai|machine)\s+(?:readers?|assistants?|agents?|parsers?)\b.*\b(?:must|shall|should|set|reply|answer|output|return|mark|treat|approve)\b/,
  /\brequires?[_ -]?(?:human[_ -]?)?approval\b\s*(?:to|=|:|is)\s*(?:false|off|no|0)\b/,
  /\bset\s+[\w.]+\s+(?:to|=)\s*(?:true|false|null|0|1|off|on)\b/,
  /\b(?:reply|respond|answer|output|return|print|say)\s+(?:only|just|with only|nothing but|exactly)\b/,
  /\byou are (?:now |no longer )?(?:a|an|in|the|allowed|authori[sz]ed)\b/,
  /\b(?:as an ai|system prompt|developer mode|jailbreak|chatgpt|language model)\b/,
  /(?:<\|[\w-]+\|>|\[inst\]|^\s*(?:system|assistant|user)\s*:|<\/?(?:system|instructions?|prompt)>|###\s*(?:instruction|system))/,
  /\b(?:please )?(?:approve|accept|execute|confirm)\s+(?:this|all|every|each|any)\s+(?:pending |open |waiting )?(?:plans?|requests?|approvals?|polic(?:y|ies)|sets?)\b(?:\s+(?:now|immediately|right away|without|automatically|at once)|\s*[.!]?$)/,
  /\b(?:do not|don't)\s+(?:tell|mention|flag|quote|reveal|inform)\b/,
  /\b(?:mark|treat|classify|consider)\s+(?:this|all|every|each|the following|everything)\b.*\bas\s+(?:approved|confirmed|allowed|clear|exempt|safe)\b/,
  /\bcall\s+(?:the\s+)?(?:tool|function)?\s*[a-z]+_[a-z_]+\b/,
];

/** `low` is the sentence in lower case. */
export const isInstruction = (low: string): boolean => TELLS.some((tell) => tell.test(low));
