/** A child run within the rights of its parent: its policy, its limits, and the excesses that are refused. */
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../src/core/run/limits.js";
import type { RunLimits, RunRequest, ToolPolicy } from "../../../../src/core/run/run.js";
import type { Rule, Step } from "../../../../src/core/workflow/workflow.js";
import { type ParentRun, restrictToParent } from "../../../../src/runner/operations/restrict-to-parent.js";
import type { SpawnArguments } from "../../../../src/runner/request/run-settings.js";
import { createToolSets } from "../../../../src/runner/tools/tool-set.js";
import { STEP } from "../../../support/engine.js";
import { newRunNamed, REQUEST } from "../../../support/new-run.js";
import { requestError, toolOf } from "../../../support/run-requests.js";

const CATALOG = {
  tools: [toolOf("files", "read", "read_only"), toolOf("files", "write"), toolOf("web", "get", "read_only")],
  problems: [],
};
const POLICY: ToolPolicy = {
  allow: [{ patterns: ["files__*"], from: "the spawn_agent call" }],
  block: [{ patterns: ["write"], from: "agent helper" }],
};
const LIMITS: RunLimits = { ...DEFAULT_LIMITS, maxTurns: 10, maxDepth: 3 };

interface Family {
  readonly parent?: Partial<Omit<ParentRun, "run">>;
  readonly depth?: number;
  readonly limits?: Partial<RunLimits>;
  readonly args?: Partial<SpawnArguments>;
}

/** The request of a child that asks for everything, restricted to a parent that may only read files. */
function restricted({ parent = {}, depth = 1, limits = {}, args = {} }: Family): RunRequest {
  const own = { ...REQUEST, policy: POLICY, limits: LIMITS };
  const run = newRunNamed("run_parent", { depth, request: own });
  const toolSet = createToolSets()(CATALOG, POLICY, own, true);
  const request = {
    ...REQUEST,
    policy: { allow: [{ patterns: ["*"], from: "the call" }], block: [{ patterns: ["get"], from: "the call" }] },
    limits: { ...DEFAULT_LIMITS, maxTurns: 30, timeoutSeconds: 600, maxDepth: 5, ...limits },
  };
  const rest = { run, step: null, toolSet, secondsLeft: 100.9, left: { usd: null, tokens: null } };
  return restrictToParent(request, { prompt: "go", ...args }, { ...rest, ...parent });
}

const ruled = (...actions: Rule["action"][]): Step => ({
  ...STEP,
  name: "build",
  rules: actions.map((action) => ({ name: action, when: null, action, message: null })),
});

describe("a child", () => {
  it("has the sources of its own policy first, then the parent's, each with the run it comes from", () => {
    const { allow, block } = restricted({}).policy;
    expect(allow.map(({ patterns }) => patterns)).toEqual([["*"], ["files__*"]]);
    expect(block.map(({ patterns }) => patterns)).toEqual([["get"], ["write"]]);
    for (const [own, parents] of [allow, block]) {
      expect(own?.from).toBe("the call");
      expect(parents?.from).toMatch(/^(the spawn_agent call|agent helper) .*\brun_parent\b/);
    }
  });

  it.each<[string, Family, Partial<RunLimits>]>([
    ["the parent's turns, whole seconds left and depth", {}, { maxTurns: 10, timeoutSeconds: 100, maxDepth: 3 }],
    [
      "its own where they are less",
      { limits: { maxTurns: 2, timeoutSeconds: 5, maxDepth: 1 } },
      { maxTurns: 2, timeoutSeconds: 5, maxDepth: 1 },
    ],
    ["the last part of a second", { parent: { secondsLeft: 0.4 } }, { timeoutSeconds: 0.4 }],
    ["no limit on money where neither has one", {}, { maxCostUsd: null }],
    ["its own limit on money", { limits: { maxCostUsd: 2 } }, { maxCostUsd: 2 }],
    ["the parent's rest of the money", { parent: { left: { usd: 0.3, tokens: null } } }, { maxCostUsd: 0.3 }],
    [
      "the smaller of both",
      { parent: { left: { usd: 0.3, tokens: null } }, limits: { maxCostUsd: 2 } },
      { maxCostUsd: 0.3 },
    ],
    [
      "its own below the rest",
      { parent: { left: { usd: 3, tokens: null } }, limits: { maxCostUsd: 2 } },
      { maxCostUsd: 2 },
    ],
  ])("has %s", (_, family, limits) => {
    expect(restricted(family).limits).toMatchObject(limits);
  });

  it("keeps everything else that it asks for", () => {
    const { policy: _policy, limits: _limits, ...rest } = restricted({});
    expect(rest).toEqual({ ...REQUEST, policy: undefined, limits: undefined });
  });

  it.each<[string, Family]>([
    ["a tool that the parent may use", { args: { tools: ["files__read"] } }],
    ["a pattern with one tool that the parent may use", { args: { tools: ["files__*"] } }],
    ["all read-only tools", { args: { tools: ["read_only"] } }],
    ["a tool that no server has now", { args: { tools: ["db__query"] } }],
    ["all turns of the parent", { args: { max_turns: 10 } }],
    ["all time that is left", { args: { timeout_seconds: 100.9 } }],
    ["all money that is left", { parent: { left: { usd: 0.3, tokens: null } }, args: { max_cost_usd: 0.3 } }],
    ["any money where the parent has no limit", { args: { max_cost_usd: 1_000 } }],
    ["a start in a step with rules that stop no call", { parent: { step: ruled("warn", "allow") } }],
  ])("may ask for %s", (_, family) => {
    expect(() => restricted(family)).not.toThrow();
  });

  it.each<[string, Family, string, string[]]>([
    [
      "a tool that its parent may not use",
      { args: { tools: ["files__read", "write"] } },
      "too_much",
      ["tools", '"write"'],
    ],
    ["a tool of another server", { args: { tools: ["web__*"] } }, "too_much", ["tools", '"web__*"']],
    ["more turns", { args: { max_turns: 11 } }, "too_much", ["max_turns", "10"]],
    ["more time", { args: { timeout_seconds: 101 } }, "too_much", ["timeout_seconds", "100"]],
    ["any time where none is left", { parent: { secondsLeft: 0 } }, "too_much", ["timeout_seconds", "0"]],
    ["more time than none", { parent: { secondsLeft: -5 } }, "too_much", ["timeout_seconds", "0"]],
    [
      "more money",
      { parent: { left: { usd: 0.3, tokens: null } }, args: { max_cost_usd: 0.4 } },
      "too_much",
      ["max_cost_usd", "0.3 USD"],
    ],
    ["any money where none is left", { parent: { left: { usd: 0, tokens: null } } }, "too_much", ["max_cost_usd"]],
    ["a start at the greatest depth", { depth: 3 }, "too_deep", ["max_depth", "3"]],
    ["a start where a rule may block", { parent: { step: ruled("warn", "block") } }, "too_much", ['"build"', "rules"]],
    ["a start where a rule asks", { parent: { step: ruled("require_approval") } }, "too_much", ['"build"', "rules"]],
  ])("may not ask for %s", (_, family, code, words) => {
    expect(() => restricted(family)).toThrow(requestError(code, ...words));
  });
});
