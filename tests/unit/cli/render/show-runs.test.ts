/** Events and access as a terminal shows them: one line each, nothing left out that matters. */

import { describe, expect, it } from "vitest";
import { describeEvent } from "../../../../src/cli/render/describe-event.js";
import { listText } from "../../../../src/cli/render/list-runs.js";
import { accessText, runText } from "../../../../src/cli/render/show-runs.js";
import type { RunEvent } from "../../../../src/core/journal/event.js";
import { DEFAULT_LIMITS } from "../../../../src/core/run/limits.js";
import type { Run } from "../../../../src/core/run/run.js";
import { rawOf, readReply } from "../../../support/journals.js";
import { mentions } from "../../../support/mentions.js";

const usage = { input: 12, output: 3, cached: 0, thinking: 0 };
const answer = { isError: true, text: "no\nsuch  file", milliseconds: 7 };

const RUN: Run = {
  id: "run_1",
  sessionId: "ses_1",
  parentSessionId: "ses_0",
  parentRunId: null,
  rootRunId: "run_1",
  continues: null,
  depth: 1,
  project: "/p",
  title: "a \u202etitle",
  workflow: null,
  step: null,
  request: {
    prompt: "go",
    context: null,
    systemPrompt: null,
    agent: "default",
    provider: "rehearsal",
    model: "m",
    limits: DEFAULT_LIMITS,
    policy: { allow: [], block: [] },
    outputSchema: null,
    workflow: null,
    variables: {},
  },
  status: "running",
  outcome: null,
  question: null,
  turnsUsed: 1,
  toolCallsCount: 2,
  usage,
  costUsd: null,
  epoch: 1,
  attempts: 0,
  interruptedAt: null,
  createdAt: 0,
  startedAt: 0,
  lastEventAt: 0,
  finishedAt: null,
};

describe("an event in one line", () => {
  it.each<[RunEvent, readonly string[]]>([
    [{ type: "run_started" }, []],
    [
      {
        type: "tools_resolved",
        rulings: [
          { rule: "r", allowed: true, blocked: false, tools: ["a__x"] },
          { rule: "s", allowed: false, blocked: false, tools: ["a__y", "a__z"] },
        ],
        warnings: ["b: is down"],
      },
      ["1 allowed", "2 refused", "b: is down"],
    ],
    [{ type: "turn_started", turn: 3, grace: "max_turns" }, ["turn 3", "max_turns"]],
    [
      { type: "model_replied", turn: 1, raw: rawOf("Now\nthis", ["a__x", { n: 1 }]), usage },
      ['Now this a__x({"n":1})', "12 tokens", "3"],
    ],
    [
      { type: "reply_rejected", turn: 1, code: "empty_reply", reason: "nothing", usage: null },
      ["empty_reply: nothing"],
    ],
    [{ type: "tool_call_started", turn: 1, index: 0, tool: "a__x", effect: "effectful" }, ["a__x", "effectful"]],
    [
      { type: "tool_call_finished", turn: 1, index: 0, tool: "a__x", ...answer },
      ["a__x", "failed", "7 ms", "no such file"],
    ],
    [
      { type: "tool_call_progressed", turn: 1, index: 0, tool: "a__x", progress: 2, total: 5, message: "half" },
      ["a__x", "2", "5", "half"],
    ],
    [{ type: "tool_call_refused", turn: 1, index: 0, tool: "a__x", reason: "so often" }, ["a__x: so often"]],
    [
      { type: "tool_call_refused", turn: 1, index: 0, tool: "a__x", reason: "a__x is not allowed: no" },
      ["a__x is not allowed: no"],
    ],
    [
      { type: "workflow_call_started", call: 1, tool: "a__x", arguments: { p: "q" }, effect: "read_only" },
      ['a__x({"p":"q"})', "read_only"],
    ],
    [{ type: "sampling_requested", turn: 1, server: "a" }, ["a"]],
    [{ type: "sampling_replied", turn: 1, server: "a", usage }, ["a", "12 tokens", "3"]],
    [{ type: "sampling_replied", turn: 1, server: "a", usage, costUsd: 0 }, ["a", "12 tokens", "3"]],
    [{ type: "sampling_replied", turn: 1, server: "a", usage, costUsd: 0.02 }, ["a", "12 tokens", "3", "0.02 USD"]],
    [{ type: "run_resumed", by: "request", moreTurns: 2, moreCostUsd: 1.5 }, ["request", "2", "turns", "1.5 USD"]],
    [{ type: "transition_taken", from: "a", to: "b", transition: 0 }, ["a -> b"]],
    [{ type: "transition_taken", from: "a", to: "b", transition: null }, ["a -> b", "agent"]],
    [{ type: "variable_set", name: "v", value: [1, "x"], done: 1 }, ['v = [1,"x"]']],
    [{ type: "actions_skipped", done: 2 }, ["2"]],
    [{ type: "condition_failed", where: "w", condition: "1/0 > 1", error: "division" }, ["w: 1/0 > 1: division"]],
    [{ type: "condition_failed", where: "w", condition: null, error: "10 are the most" }, ["w: 10 are the most"]],
    [{ type: "rule_warned", turn: 1, index: null, tool: "a__x", rule: "take care" }, ["a__x: take care"]],
    [{ type: "run_interrupted", reason: "gone", until: 5 }, ["gone"]],
    [
      {
        type: "run_finished",
        outcome: { status: "partial", result: "half", error: { code: "max_turns", message: "1 is the most" } },
      },
      ["partial", "max_turns: 1 is the most", "half"],
    ],
  ])("%j", (event, words) => {
    const line = describeEvent(event, readReply);
    expect(line).toMatch(mentions(...words));
    expect(line).not.toMatch(/\n/);
    if (words.length === 0) expect(line).toBe("");
  });
});

/** A whole text of these lines and no others. */
function lines(patterns: readonly RegExp[]): RegExp {
  return new RegExp(`^${patterns.map(({ source }) => `${source}\\n`).join("")}$`);
}

describe("a run that continues another", () => {
  it("has neither an end nor a result yet", () => {
    const text = runText(RUN, undefined, [{ seq: 1, at: 1_000, event: { type: "run_created" } }], readReply, 100);
    expect(text).toMatch(
      lines([
        /run_1 {2}running/,
        / {2}title +a \\u\{202e\}title/,
        / {2}project +\/p/,
        / {2}agent +default/,
        / {2}model +rehearsal m/,
        / {2}created +1970-01-01 00:00:00Z/,
        / {2}used +.*\b1 turn\b.*\b2 tool calls\b.*\b12 tokens\b.*\b3\b.*/,
        / {2}cost +unknown/,
        /(?:)/, // an empty line
        /1 {2}00:00:01Z {2}run_created/,
      ]),
    );
  });

  it("has a line in the list that fits the terminal", () => {
    const list = (run: Run, width: number) => listText([run], { width, byProject: false, none: "none\n" });
    const [line = ""] = list({ ...RUN, title: "x".repeat(200) }, 80).split("\n");
    expect(line).toMatch(/^x+… {2}running {6}1970-01-01 00:00Z {2}run_1( {2}default)?$/);
    expect(line.length).toBeLessThanOrEqual(80);
    expect(list({ ...RUN, costUsd: 0.25 }, 100)).toMatch(/^a \\u\{202e\}title {2}.* {2}default \(0.25 USD\)\n$/);
    expect(list({ ...RUN, costUsd: 0 }, 100)).toMatch(/ {2}default\n$/);
  });

  it("stands below the run that started it, and for itself where that is not listed", () => {
    const child = (id: string, parentRunId: string, title: string) => ({ ...RUN, id, parentRunId, title });
    const runs = [
      child("run_5", "run_3", "grandchild"),
      { ...RUN, id: "run_4", title: "another" },
      child("run_3", "run_1", "child"),
      child("run_2", "run_0", "lost"),
      { ...RUN, title: "parent" },
    ];
    const list = (byProject: boolean) => listText(runs, { width: 100, byProject, none: "" }).split("\n");
    const titles = list(false).map((line) => line.split(/\b {2}/)[0]?.trimEnd());
    expect(titles).toEqual(["another", "lost", "parent", "  child", "    grandchild", ""]);
    expect(list(true).slice(0, 2)).toEqual(["/p", expect.stringMatching(/^another /)]);
  });

  it("has a line with its cost and the cost of its children", () => {
    const costIn = (text: string) => text.split("\n").find((line) => line.startsWith("  cost"));
    const cost = (costUsd: number | null, treeCostUsd?: number | null) =>
      costIn(runText({ ...RUN, costUsd }, treeCostUsd, [], readReply, 100));
    expect(cost(0)).toMatch(/^ {2}cost +0 USD$/);
    expect(cost(0.000_075, 1.5)).toMatch(/^ {2}cost +0\.000075 USD\b.* 1\.5 USD$/);
    expect(cost(1, null)).toMatch(/^ {2}cost +1 USD\b.* unknown$/);
  });

  it("gives the reason where its tools are unknown", () => {
    const access = { setAt: null, step: null, rules: [], tools: [], note: "no turn has begun" };
    expect(accessText(RUN, access)).toMatch(mentions("run_1  running\n", "no turn has begun\n"));
  });
});
