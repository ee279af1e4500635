/** The state of a conversation, which its fold keeps up to date. */
import type { DeclaredTools } from "../ports/provider.js";
import type { Message, RawReply, ReplyContent, ToolAnswerMessage, ToolCall } from "../run/message.js";
import type { Answer } from "../run/question.js";
import type { Usage } from "../run/run.js";
import type { Effect } from "../tools/tool.js";

/** Reads the text and the tool calls of a vendor's raw reply; pure. */
export type ReadReply = (raw: RawReply) => ReplyContent;

/** Where a message comes from. */
export interface Mark {
  /** The turn that had been begun last when it came. */
  readonly turn: number;
  /** The task itself, the word of a person, an instruction of the workflow, or null for all else. */
  readonly source: "task" | "person" | "step" | null;
  /** How many steps the workflow had entered. */
  readonly step: number;
}

/** The state of a conversation; only `recordEvent` changes it. */
export interface History {
  /** Grows, until a fold begins a new array. */
  messages: Message[];
  /** Where each message comes from. */
  marks: Mark[];
  /** The source of the next message that is injected without one of its own. */
  nextSource: Mark["source"];
  /** Steps that the workflow has entered. */
  steps: number;
  /** Folds in the last turn. */
  folds: number;
  /** The tokens to which the last fold brought the conversation. */
  foldedTo: number;
  /** The context windows that vendors' refusals named, by model. */
  readonly windows: Map<string, number>;
  /** Number of the last turn begun; 0 before the first. */
  turn: number;
  /** Replies that count against max_turns: all except the reply of the grace turn. */
  turnsUsed: number;
  /** Calls of the last reply, and their answers by index. */
  calls: readonly ToolCall[];
  answers: ToolAnswerMessage[];
  /** The blobs of answers too large to show whole, by the id that `read_result` takes. */
  readonly blobs: Map<string, string>;
  /** The stamps of the files that the run has seen, by path, the oldest first. */
  readonly files: Map<string, string | null>;
  completeRefusals: number;
  prematureStops: number;
  repetition: Repetition;
  /** Requests of servers to the run's model. */
  samplings: number;
  /** The next thing to do: begin a turn, send the request of the turn begun, or make the calls of the last reply. */
  phase: "between" | "asking" | "acting";
  ended: boolean;
  /** The limit that made the last turn the agent's one extra reply. */
  grace: string | null;
  /** The models that have refused to serve the run, each with its provider. */
  readonly refusedModels: Set<string>;
  /** Replies of the last turn that could not be used. */
  rejected: number;
  /** Replies of the last turn after which the model went on. */
  pauses: number;
  /** Calls of the last reply that were begun and have no answer, by index. */
  readonly open: Map<number, OpenCall>;
  /** Granted on top of the limits of the request. */
  moreTurns: number;
  moreSeconds: number;
  moreCostUsd: number;
  moreTokens: number;
  /** Cost of the run's own replies so far; null where it is unknown. */
  spentUsd: number | null;
  /** Tokens of the run's own requests and replies so far, as far as they were counted. */
  spentTokens: number;
  /** The tokens of the longest reply so far, also one that was rejected. */
  longestReply: number;
  /** The tokens of the last reply, and the number of messages with it; null before the first, and since a fold. */
  lastUsage: { readonly usage: Usage; readonly messages: number } | null;
  /** The tools in the agent's last tool set; null before the first turn. */
  knownTools: ReadonlySet<string> | null;
  /** The tools that requests declare, those of legwork itself included; a grace turn declares fewer. */
  toolNames: readonly string[];
  /** The same over time, by the number of messages from which on. */
  declaredTools: DeclaredTools[];
  /** Questions asked so far. */
  questions: number;
  /** Answers to questions, by `aboutKey` of the subject of the question. */
  readonly answersTo: Map<string, Answer>;
  /** Runs that the agent has started and whose end no answer has reported to it yet. */
  readonly children: Set<string>;
  /** The number of messages whose images are not sent any more. */
  imagesFrom: number;
  /** Runs that the agent has started and whose end an answer has reported to it. */
  readonly reportedChildren: Set<string>;
  /** Messages sent to the agent that it has not read yet, by id. */
  readonly unread: Map<string, string>;
  /** Calls of the workflow itself that have an answer. */
  ownCalls: number;
  /** The last place in which processes of the run died, and how many of them in a row. */
  deaths: Deaths | null;
  /** How often each call was given up because processes died in it, by its signature. */
  readonly deadly: Map<string, number>;
}

/** A place in the run, and the processes that died there. */
export interface Deaths {
  readonly turn: number;
  /** The call in which they died, by its index; or what was done instead of a call. */
  readonly at: number | "request" | "between";
  readonly ownCalls: number;
  readonly count: number;
}

/** A call that was begun and has no answer. */
export interface OpenCall {
  readonly tool: string;
  /** The effect of the tool when the call was begun. */
  readonly effect: Effect;
}

/** How often the same call got the same answer, without another call in between. */
interface Repetition {
  readonly call: string;
  readonly answer: string;
  readonly count: number;
}

/** The beginning of a conversation; where `firstMessage` is null, the events bring its first message. */
export function createHistory(firstMessage: string | null): History {
  return {
    messages: firstMessage === null ? [] : [{ role: "user", text: firstMessage }],
    marks: firstMessage === null ? [] : [{ turn: 0, source: "task", step: 0 }],
    nextSource: null,
    steps: 0,
    folds: 0,
    foldedTo: 0,
    windows: new Map(),
    turn: 0,
    turnsUsed: 0,
    calls: [],
    answers: [],
    blobs: new Map(),
    files: new Map(),
    completeRefusals: 0,
    prematureStops: 0,
    repetition: { call: "", answer: "", count: 0 },
    samplings: 0,
    phase: "between",
    ended: false,
    grace: null,
    refusedModels: new Set(),
    rejected: 0,
    pauses: 0,
    open: new Map(),
    moreTurns: 0,
    moreSeconds: 0,
    moreCostUsd: 0,
    moreTokens: 0,
    spentUsd: 0,
    spentTokens: 0,
    longestReply: 0,
    lastUsage: null,
    knownTools: null,
    toolNames: [],
    declaredTools: [],
    questions: 0,
    answersTo: new Map(),
    children: new Set(),
    imagesFrom: 0,
    reportedChildren: new Set(),
    unread: new Map(),
    ownCalls: 0,
    deaths: null,
    deadly: new Map(),
  };
}
