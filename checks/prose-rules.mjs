/**
 * The words and sentences that legwork does not use. Each rule names what to write instead and brings a text that must fail
 * and one that must pass, which tests/unit/checks/prose.test.ts holds it to.
 *
 * @typedef {object} Rule
 * @property {string} name
 * @property {RegExp} pattern Identifiers and file names are tried as they are written and in kebab-case.
 * @property {("identifiers" | "strings" | "comments" | "documents" | "headings" | "test-names")[]} applies
 * @property {string} hint What to write instead.
 * @property {string} sample
 * @property {string} okay
 * @property {boolean} [mayStay] Whether a mark may keep it: an old public name, or one that old events carry.
 */
const NAMES = ["identifiers"];
const PROSE = ["strings", "comments", "documents", "test-names"];
const EVERYWHERE = [...NAMES, ...PROSE, "headings"];

const term = (name, pattern, applies, hint, sample, okay) => ({
  name,
  pattern,
  applies,
  hint,
  sample,
  okay,
  mayStay: true,
});

/** @type {Rule[]} */
const OLD_TERMS = [
  term("offer", /\boffer(s|ed)?\b/i, NAMES, "ToolSet, resolveToolSet", "offerTools", "coffeeTools"),
  term("turnstile", /\bturnstiles?\b/i, EVERYWHERE, "admission queue", "createTurnstile", "admissionQueue"),
  term("crew", /\bcrews?\b/i, EVERYWHERE, "fleet", "startCrew", "screwdriver"),
  term("stage", /\b(up)?stages?\b/i, NAMES, "sandbox", "openStage", "stagedFiles"),
  term("play", /\bplays?\b/i, NAMES, "scenario", "PLAYS", "displayName"),
  term("death point", /\b(meet-death|death[-\s]points?)\b/i, EVERYWHERE, "kill, kill point", "deathPoint", "killPoint"),
  term("onlooker", /\bonlookers?\b/i, EVERYWHERE, "DatabaseObserver", "openOnlooker", "openObserver"),
  term("door", /\bdoors?\b/i, EVERYWHERE, "channel", "toDoor", "indoors"),
  term("remark", /\bremarks?\b/i, EVERYWHERE, "comment", "remark", "remarkable"),
  term("inquiry", /\binquir(y|ies)\b/i, EVERYWHERE, "QuestionDraft", "toInquiry", "inquire"),
  term(
    "hold",
    /\b(run|server)-holds?\b/i,
    NAMES,
    "RunLease, ServerLease; acquire() and release()",
    "RunHold",
    "holdsRun",
  ),
  term("past", /^(no-?past|Past|load-?past)$/i, NAMES, "Replay", "loadPast", "pastDeadline"),
  term("halt", /\bhalt(s|ed)?\b/i, NAMES, "LoopResult", "workUntilHalt", "asphalt"),
  term("opening", /(^|-)opening(s|-of|-parts)?$/, NAMES, "firstMessage", "toOpening", "openingHours"),
  term("surroundings", /\bsurroundings\b/i, EVERYWHERE, "EngineContext", "Surroundings", "surrounded"),
  term("cut call", /\bcut[-\s]calls?\b/i, EVERYWHERE, "in-doubt call", "cutCall", "cutCaller"),
  term("unknown outcome", /\bunknown[-_\s]outcomes?\b/i, EVERYWHERE, "in-doubt call", "unknownOutcome", "outcome"),
  term("place", /^(Home|Journal|Servers|Definition)?Places?$|^find-places$/, NAMES, "Paths", "HomePlace", "exitPlace"),
  term("needs", /^missing-for$|^needs-of$|^Needs$/, NAMES, "requirements", "missingFor", "needsApproval"),
  term("take over", /\b(take|taken|taking)-over\b|\btake-?overs?\b/i, EVERYWHERE, "recovery", "takeOver", "overtake"),
  term("take up", /\b(take|taken|taking)-up\b/i, NAMES, "claim", "takeUp", "uptake"),
  term("left alone", /\bleft-alone\b/i, NAMES, "skipped runs", "LeftAlone", "leftSide"),
  term("narrow", /^narrow(-\w+)*$/, NAMES, "restrict-to-parent", "narrowToParent", "narrowest"),
  term("refuse unpriced", /\brefuse-unpriced\b/i, NAMES, "require-prices", "refuseUnpriced", "unpriced"),
  term("spending", /\bspendings?\b/i, NAMES, "budget", "createSpending", "suspending"),
  term("model now", /\bmodel-now\b/i, NAMES, "model-in-step", "modelNow", "model"),
  term("inbox", /\binbox(es)?\b/i, EVERYWHERE, "CallEvents", "createInbox", "mailbox"),
  term("event feed", /\bevent[-\s]feeds?\b/i, EVERYWHERE, "EventBus", "EventFeed", "EventBus"),
  term("strays", /\bstrays\b/i, EVERYWHERE, "escaped processes", "endStrays", "ashtray"),
  term("ourselves", /\bourselves\b/i, EVERYWHERE, "self-reference", "isOurselves", "isSelfReference"),
  term("foreign words", /\bforeign[-\s]words?\b/i, EVERYWHERE, "aliases", "foreignWords", "foreignKeys"),
  term("set aside", /\bset(s|ting)?[-\s]aside\b/i, EVERYWHERE, "rejected", "setAside", "beside"),
  term(
    "reach",
    /^((Server|Stdio|Remote|Home|Http|Expanded)?Reach|(expand|stdio|remote)-reach)$|^reach$/,
    NAMES,
    "transport",
    "ServerReach",
    "patternMayReach",
  ),
  term("given", /^given$/i, NAMES, "args, or the name of the thing", "given", "isGiven"),
  term("told", /^told$/i, NAMES, "reply, or the name of the thing", "Told", "toldBefore"),
  term("said", /^(to-)?said$/i, NAMES, "author, or the name of the thing", "toSaid", "saidBefore"),
];

/** Where a sentence or clause begins: at the start of a text, a paragraph, a list item or a table cell, or after a sign. */
const SENTENCE = String.raw`(?<=(?:^\s*|[.!?|]\s+|\n\s*\n\s*|\n\s*(?:[-*]|\d+\.)\s+)(?:[-*]\s+)?[*_"“(]{0,3})`;
const CLAUSE = String.raw`(?<=(?:^\s*|[.!?|,;:]\s+|\s\(|\n\s*\n\s*|\n\s*(?:[-*]|\d+\.)\s+)(?:[-*]\s+)?[*_"“(]{0,3})`;

const head = (name, words, hint, sample, okay, start = CLAUSE) => ({
  name: `head: ${name}`,
  // A question may begin with its question word; one word alone is a name. To look for the words first is faster.
  pattern: new RegExp(`(?=${words})${start}(?:${words})\\s(?![^.!?]*\\?)`),
  applies: PROSE,
  hint,
  sample,
  okay,
});

const phrase = (words, hint, sample, okay, pattern = words) => ({
  name: `phrase: ${words}`,
  pattern: new RegExp(`\\b(?:${pattern.replaceAll(" ", "\\s+")})\\b`, "i"),
  applies: [...PROSE, "headings"],
  hint,
  sample,
  okay,
});

const QUESTION_WORDS = "What|How|Why|When|Where|Who|Whose|Which|That|If";
const VERBS = "is|are|was|were|has|have|does|can|will|must|cannot|asks?|knows?|means|goes|costs|proposes";

/** @type {Rule[]} */
const SENTENCES = [
  head("what", "[Ww]hat", "name the thing", "What is started is a bundle.", "Say what to change."),
  head(
    "whatever",
    "[Ww]hatever",
    "name the thing",
    "It ends, whatever a child does.",
    "The agent may do whatever it likes.",
  ),
  head("whoever", "[Ww]hoever", "name the actor", "Whoever starts a run may end it.", "The caller may end its run."),
  head(
    "those that",
    "[Tt]hose (?:that|which|who)",
    "name the things",
    "Those that are done stay.",
    "Runs that are done stay.",
  ),
  head("that which", "[Tt]hat which", "name the thing", "That which fails is repeated.", "That fails."),
  head(
    "of which",
    "[Oo]f which",
    "two sentences",
    "It lists calls, of which some failed.",
    "It lists ten calls. Two of which it knows.",
  ),
  head(
    "of it",
    "Of (?:it|them|these|those|all)",
    "begin with the actor or the unit",
    "Of it and all its children.",
    "Cost of it and its children.",
    SENTENCE,
  ),
  phrase(
    "is told",
    "sees, receives, or the actor and 'tells'",
    "The agent is told why.",
    "legwork tells the agent why.",
    "(?:is|are|was|were|be|been|being) told",
  ),
  phrase(
    "is held of",
    "is known about, or the setting by name",
    "It changes what is held of the server.",
    "It is held by a process.",
    "(?:is|are|was) held of",
  ),
  phrase(
    "says of",
    "reports about",
    "What the server says of its tools.",
    "It says so.",
    "(?:says|say|said|saying) of",
  ),
  phrase(
    "for nothing",
    "zero, or free",
    "An unknown price is never taken for nothing.",
    "It is good for nothing else.",
    "for nothing(?! else)",
  ),
  phrase(
    "goes on with",
    "resumes, continues",
    "A process goes on with it.",
    "The run goes on.",
    "(?:goes|go|going|went|gone) on with",
  ),
  phrase(
    "stands still",
    "waits, stops; or names what blocks it",
    "The process stands still meanwhile.",
    "The fsync blocks the process.",
    "(?:stand|stands|stood|standing) still",
  ),
  phrase(
    "left alone",
    "stays as it is, or is skipped",
    "This process leaves the run alone.",
    "This process skips the run.",
    "(?:leaves?|left|leaving) (?:it|them|the|that|those|these)(?: runs?)? alone",
  ),
  phrase(
    "taken up again",
    "recovered, resumed",
    "A run is taken up again.",
    "It takes up much room.",
    "(?:take|takes|taken|took|taking) up again",
  ),
  phrase(
    "what follows from it",
    "the next step",
    "It is saved before what follows from it.",
    "The next step follows.",
    "what follows from (?:it|them)",
  ),
  phrase(
    "all that it",
    "every <thing> it",
    "The cost of all that it starts.",
    "The cost of every run it starts.",
    "all that (?:it|they|you|he|she)",
  ),
  phrase(
    "everybody else",
    "name the others",
    "It stops the transactions of everybody else.",
    "All other transactions wait.",
    "(?:everybody|everyone|anybody|somebody) else",
  ),
  phrase(
    "lets count",
    "trust, apply",
    "It lets the configuration of the project count.",
    "Trust the configuration.",
    "lets? [^.!?;]{1,60} count(?!\\s+\\d)",
  ),
  phrase(
    "are looked at",
    "checks, reads; name the actor",
    "Such times are looked at.",
    "Look at the times.",
    "(?:is|are|was|were|be|been) looked at",
  ),
  phrase(
    "the disk is waited for",
    "fsync",
    "The disk is waited for.",
    "The run waits for an answer.",
    "(?:disk|disks) (?:is|are) waited for",
  ),
  phrase(
    "what you did not",
    "name the thing",
    "It reports what you did not give.",
    "It reports the missing price.",
    "what you did not",
  ),
  {
    name: "heading: a clause",
    pattern: new RegExp(`^(?:(?:\\d+\\. )?(?:${QUESTION_WORDS})\\b|.*\\b(?:${VERBS})\\b).*`),
    applies: ["headings"],
    hint: "a noun or an imperative",
    sample: "What waiting means",
    okay: "Cost of legwork",
  },
];

export const RULES = [...OLD_TERMS, ...SENTENCES];
