/** Journals of runs as fast-check makes them: events in an order in which a run can have them. */
import fc from "fast-check";
import { costOf } from "../../src/core/run/cost.js";
import type { RunEvent } from "../../src/core/run/event.js";
import type { RawReply, ReplyContent } from "../../src/core/run/message.js";
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
