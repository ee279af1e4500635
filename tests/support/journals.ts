/** Events as fast-check makes them: whole journals in an order in which a run can have them, and single events of each type. */
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { RunEvent } from "../../src/core/journal/event.js";
import { costOf } from "../../src/core/run/cost.js";
import type { RawReply, ReplyContent } from "../../src/core/run/message.js";
import type { QuestionAbout } from "../../src/core/run/question.js";
import type { Usage } from "../../src/core/run/run.js";

/** A raw reply whose content is what it says. */
export function rawOf(text: string, ...calls: readonly (readonly [name: string, args?: object])[]): RawReply {
  const content = { text, calls: calls.map(([name, args = {}]) => ({ id: null, name, arguments: args })) };
  return { provider: "test", model: "m", content };
}

export const readReply = (raw: RawReply): ReplyContent => raw.content as ReplyContent;

const PRICE = { input: 0.75, output: 3.75, cached: 0.075 };
const count = fc.nat(1_000);
const usage: fc.Arbitrary<Usage | null> = fc.option(
  fc.record({ input: count, output: count, cached: count, thinking: count }),
);
const call = fc.tuple(fc.constantFrom("s__read", "s__write", "read_result", "complete"), fc.record({ n: fc.nat(2) }));
const answer = fc.constantFrom("finished", "failed", "large", "refused", "open");

/** One turn: its start, perhaps rejected replies, a reply, and what became of its calls. */
const turn = fc.record({
  rejected: fc.array(usage, { maxLength: 2 }),
  calls: fc.array(fc.tuple(call, answer), { maxLength: 4 }),
  text: fc.string({ maxLength: 5 }),
  usage,
});

/** Whole journals, ended or not. */
export const journal: fc.Arbitrary<readonly RunEvent[]> = fc
  .record({
    turns: fc.array(turn, { maxLength: 6 }),
    grace: fc.boolean(),
    end: fc.constantFrom("none", "finished", "interrupted"),
  })
  .map(({ turns, grace, end }) => [
    { type: "run_created" } as const,
    { type: "run_started" } as const,
    { type: "tools_resolved", rulings: [], warnings: [] } as const,
    ...turns.flatMap((one, index) => eventsOf(one, index + 1, grace && index === turns.length - 1)),
    ...endOf(end),
  ]);

type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

function eventsOf({ rejected, calls, text, usage: used }: Turn, number: number, grace: boolean): readonly RunEvent[] {
  return [
    { type: "turn_started", turn: number, ...(grace ? { grace: "max_turns" } : {}) },
    ...rejected.flatMap((took): RunEvent[] => [
      { type: "reply_rejected", turn: number, code: "empty_reply", reason: "empty", usage: took, ...paid(took) },
      { type: "message_injected", text: "Reply again." },
    ]),
    {
      type: "model_replied",
      turn: number,
      ...(grace ? { grace: true as const } : {}),
      raw: rawOf(text, ...calls.map(([made]) => made)),
      usage: used,
      ...paid(used),
    },
    ...calls.flatMap(([[tool], outcome], index) => callEvents(number, index, tool, outcome)),
  ];
}

function paid(used: Usage | null) {
  return { costUsd: costOf(used, PRICE) };
}

function callEvents(turnNumber: number, index: number, tool: string, outcome: string): readonly RunEvent[] {
  const at = { turn: turnNumber, index, tool };
  if (outcome === "refused") return [{ type: "tool_call_refused", ...at, reason: "not allowed" }];
  const started: RunEvent = { type: "tool_call_started", ...at, effect: "effectful" };
  if (outcome === "open") return [started];
  const large = outcome === "large" ? { blob: `hash-${turnNumber}-${index}`, size: 30_000 } : {};
  const isError = outcome === "failed";
  return [started, { type: "tool_call_finished", ...at, isError, text: outcome, ...large, milliseconds: 1 }];
}

function endOf(end: string): readonly RunEvent[] {
  if (end === "finished") return [{ type: "run_finished", outcome: { status: "success", result: "done" } }];
  return end === "interrupted" ? [{ type: "run_interrupted", reason: "the process went away", until: 1 }] : [];
}

type EventOf<T extends RunEvent["type"]> = Extract<RunEvent, { type: T }>;
type WithoutType<T> = T extends unknown ? Omit<T, "type"> : never;

const text = fc.string({ maxLength: 5 });
const hash = text.map((content) => createHash("sha256").update(content).digest("hex"));
const costUsd = fc.option(fc.double({ min: 0, max: 9, noNaN: true }));
const atTurn = { turn: count, index: count };
const tool = fc.constantFrom("s__read", "s__write", "complete");
const effect = fc.constantFrom("read_only" as const, "idempotent" as const, "effectful" as const);
const channel = fc.constantFrom(
  "elicitation" as const,
  "respond_to_run" as const,
  "command_line" as const,
  "nobody" as const,
);
/** Arguments, variables and data of users: their names are their own. */
const userData = fc.dictionary(fc.constantFrom("camelCase", "snake_case"), text);

const keptAnswer = fc.record(
  {
    isError: fc.boolean(),
    code: fc.constant("call_failed"),
    text,
    blob: hash,
    size: count,
    attachments: fc.array(
      fc.record({
        id: fc.constant("r1.0.1"),
        kind: fc.constant("image"),
        mimeType: fc.option(text),
        size: count,
        blob: hash,
      }),
    ),
    milliseconds: count,
  },
  { requiredKeys: ["isError", "text", "milliseconds"] },
);
const about: fc.Arbitrary<QuestionAbout> = fc.oneof(
  fc.record({ kind: fc.constantFrom("call" as const, "in_doubt_call" as const), ...atTurn, tool, arguments: userData }),
  fc.record({
    kind: fc.constantFrom("workflow_call" as const, "in_doubt_workflow_call" as const),
    call: count,
    tool,
    arguments: userData,
  }),
  fc.record({ kind: fc.constant("ask" as const), ...atTurn }),
  fc.record({ kind: fc.constant("exit" as const), where: text, step: text }),
);
const replyFields = {
  approved: fc.option(fc.boolean()),
  text: fc.option(text),
  comment: fc.option(text),
  by: text,
  channel,
};

const model = fc.record({ provider: text, model: text });

/** The fields of each type of event; the compiler asks for those of a new type. */
const FIELDS: { readonly [T in RunEvent["type"]]: fc.Arbitrary<WithoutType<EventOf<T>>> } = {
  run_created: fc.record({ continues: text }, { requiredKeys: [] }),
  run_started: fc.constant({}),
  tools_resolved: fc.record({
    rulings: fc.array(fc.record({ rule: text, allowed: fc.boolean(), blocked: fc.boolean(), tools: fc.array(tool) })),
    warnings: fc.array(text),
  }),
  turn_started: fc.record({ turn: count, grace: text }, { requiredKeys: ["turn"] }),
  model_replied: fc.record(
    {
      turn: count,
      grace: fc.constant(true as const),
      raw: fc.tuple(text, userData).map(([shown, args]) => rawOf(shown, ["s__read", args])),
      usage,
      costUsd,
    },
    { requiredKeys: ["turn", "raw", "usage"] },
  ),
  reply_rejected: fc.record(
    { turn: count, code: text, reason: text, text, usage, costUsd },
    { requiredKeys: ["turn", "code", "reason", "usage"] },
  ),
  request_failed: fc.record(
    {
      turn: count,
      server: text,
      tries: count,
      code: text,
      status: fc.option(count),
      reason: text,
      waitMs: fc.option(count),
      withoutImages: fc.constant(true as const),
    },
    { requiredKeys: ["turn", "tries", "code", "status", "reason", "waitMs"] },
  ),
  budget_reserved: fc.record({ turn: count, usd: fc.nat(), tokens: count, outputTokens: count }),
  model_replaced: fc.record({ turn: count, from: model, to: model, code: text, reason: text }),
  context_folded: fc.record(
    {
      turn: count,
      throughSeq: count,
      fold: fc.record({ throughTurn: count, headsThrough: count, headLength: count, keptLength: count }),
      summary: fc.option(text),
      reason: text,
      model,
      window: count,
      isLearned: fc.constant(true as const),
      before: count,
      after: count,
      usage,
      costUsd,
    },
    {
      requiredKeys: ["turn", "throughSeq", "fold", "summary", "model", "window", "before", "after", "usage"],
    },
  ),
  tool_call_started: fc.record({ ...atTurn, tool, effect }),
  tool_call_finished: fc
    .tuple(fc.record({ ...atTurn, tool }), keptAnswer)
    .map(([place, kept]) => ({ ...place, ...kept })),
  tool_call_progressed: fc.record({
    ...atTurn,
    tool,
    progress: count,
    total: fc.option(count),
    message: fc.option(text),
  }),
  sampling_requested: fc.record({ turn: count, server: text }),
  sampling_replied: fc.record({ turn: count, server: text, usage, costUsd }),
  tool_call_refused: fc.record({ ...atTurn, tool, reason: text }),
  child_spawned: fc.record({ ...atTurn, child: text }),
  child_reported: fc.record({ ...atTurn, child: text, status: fc.constant("success" as const) }),
  message_injected: fc.record({ text, done: count, sent: text }, { requiredKeys: ["text"] }),
  message_sent: fc.record({ id: text, text, by: text, channel }),
  question_asked: fc.record({
    question: fc.record({
      id: fc.constant("q1"),
      kind: fc.constantFrom("approval" as const, "question" as const),
      text,
      options: fc.option(fc.array(text)),
      about,
      expiresAt: fc.nat(),
    }),
  }),
  question_answered: fc.record({ id: fc.constant("q1"), about, ...replyFields }),
  transition_taken: fc.record({ from: text, to: text, transition: fc.option(count) }),
  step_entered: fc.record({ step: text, done: count }),
  variable_set: fc.record({ name: text, value: userData, done: count }),
  actions_skipped: fc.record({ done: count }),
  condition_failed: fc.record({ where: text, condition: fc.option(text), error: text }),
  rule_warned: fc.record({ turn: count, index: fc.option(count), tool, rule: text }),
  workflow_call_started: fc.record({ call: count, tool, arguments: userData, effect }),
  workflow_call_finished: fc
    .tuple(fc.record({ call: count, tool, outputAs: fc.option(text), done: count }), keptAnswer)
    .map(([place, kept]) => ({ ...place, ...kept })),
  workflow_call_refused: fc.record({ call: count, tool, reason: text, outputAs: fc.option(text), done: count }),
  run_interrupted: fc.record({ reason: text, until: fc.nat() }),
  run_resumed: fc.record(
    {
      by: fc.constantFrom("recovery" as const, "request" as const, "answer" as const),
      moreTurns: count,
      moreSeconds: count,
      moreCostUsd: count,
    },
    { requiredKeys: ["by"] },
  ),
  run_finished: fc.record({
    outcome: fc.record(
      {
        status: fc.constant("partial" as const),
        result: fc.option(text),
        data: userData,
        artifacts: fc.array(text),
        filesModified: fc.array(text),
        nextSteps: fc.array(text),
        error: fc.record({ code: text, message: text }),
      },
      { requiredKeys: ["status", "result"] },
    ),
  }),
};

export const EVENT_TYPES = Object.keys(FIELDS) as readonly RunEvent["type"][];

/** Events of one type. */
export function eventOf(type: RunEvent["type"]): fc.Arbitrary<RunEvent> {
  return FIELDS[type].map((fields) => ({ type, ...fields }) as RunEvent);
}
