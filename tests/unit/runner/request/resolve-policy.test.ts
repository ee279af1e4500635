/** The tool policy of a run: who grants, who blocks, and what a step changes. */
import { describe, expect, it } from "vitest";
import type { PatternSource } from "../../../../src/core/run/run.js";
import {
  type PolicySources,
  policiesOf,
  policyInStep,
  resolvePolicy,
  withBlocksOfNow,
} from "../../../../src/runner/request/resolve-policy.js";
import type { RunSettings } from "../../../../src/runner/request/run-settings.js";
import { STEP, workflow } from "../../../support/engine.js";
import { REQUEST } from "../../../support/new-run.js";
import { agentWith, requestError, SETTINGS } from "../../../support/run-requests.js";

const NOTHING: PolicySources = {
  tools: undefined,
  blockedTools: undefined,
  agent: null,
  workflow: null,
  workflowIsProjects: false,
};
const CALL = "the spawn_agent call";
const BY_DEFAULT = ["the default policy", "read_only"];
const USERS: RunSettings = { ...SETTINGS, tools: { patterns: ["files__*"], from: "/home/config.yaml" } };
const LISTING = workflow([{ allowedTools: ["a"] }, { name: "b", allowedTools: [] }]);
const PARTLY = workflow([{ allowedTools: ["a"] }, { name: "b", allowedTools: "all" }]);

/** Each source with its patterns, such as ["agent helper", "read", "write"]. */
const listed = (sources: readonly PatternSource[]) => sources.map(({ from, patterns }) => [from, ...patterns]);
const resolved = (sources: Partial<PolicySources>, settings = SETTINGS) =>
  resolvePolicy({ ...NOTHING, ...sources }, settings);

describe("a policy", () => {
  it.each<[string, Partial<PolicySources>, RunSettings, string[][]]>([
    ["nobody", {}, SETTINGS, [BY_DEFAULT]],
    ["the configuration", {}, USERS, [["/home/config.yaml", "files__*"]]],
    ["the caller", { tools: ["write"] }, USERS, [[CALL, "write"]]],
    ["a caller who names no tool", { tools: [] }, USERS, [[CALL]]],
    ["the user's agent", { agent: agentWith({ tools: ["read"] }) }, USERS, [["agent helper", "read"]]],
    ["the caller, of an agent", { tools: ["w"], agent: agentWith({ tools: ["r"] }) }, USERS, [[CALL, "w"]]],
    [
      "the project's agent within the configuration",
      { agent: agentWith({ tools: ["read"], origin: "project" }) },
      USERS,
      [
        ["agent helper", "read"],
        ["/home/config.yaml", "files__*"],
      ],
    ],
    [
      "the project's agent within the default",
      { agent: agentWith({ tools: ["write"], origin: "project" }) },
      SETTINGS,
      [["agent helper", "write"], BY_DEFAULT],
    ],
    [
      "the project's agent within the call",
      { tools: ["write"], agent: agentWith({ tools: ["read"], origin: "project" }) },
      USERS,
      [
        ["agent helper", "read"],
        [CALL, "write"],
      ],
    ],
    ["a project's agent without tools", { agent: agentWith({ origin: "project" }) }, SETTINGS, [BY_DEFAULT]],
    [
      "an agent that is limited to servers",
      { agent: agentWith({ servers: ["files", "web"] }) },
      SETTINGS,
      [BY_DEFAULT, ["servers of agent helper", "files__*", "web__*"]],
    ],
    [
      "an agent that is limited to no server",
      { agent: agentWith({ servers: [] }) },
      SETTINGS,
      [BY_DEFAULT, ["servers of agent helper"]],
    ],
    ["the steps of the user's workflow", { workflow: LISTING }, USERS, []],
    ["a workflow with a step for all tools", { workflow: PARTLY }, SETTINGS, [BY_DEFAULT]],
    ["the project's workflow", { workflow: LISTING, workflowIsProjects: true }, SETTINGS, [BY_DEFAULT]],
    ["the caller, of a workflow", { workflow: LISTING, tools: ["a"] }, SETTINGS, [[CALL, "a"]]],
  ])("grants by %s", (_, sources, settings, expected) => {
    expect(listed(resolved(sources, settings).allow)).toEqual(expected);
  });

  it("blocks by the caller, the agent and the configuration alike", () => {
    const settings = { ...SETTINGS, blockedTools: [{ patterns: ["c"], from: "/home/config.yaml" }] };
    const { block } = resolved({ blockedTools: ["a"], agent: agentWith({ blockedTools: ["b"] }) }, settings);
    expect(listed(block)).toEqual([
      [CALL, "a"],
      ["agent helper", "b"],
      ["/home/config.yaml", "c"],
    ]);
    expect(resolved({ agent: agentWith({}) }).block).toEqual([]);
  });

  it.each([
    ["tools", { tools: ["read", "read file"] }, '"read file"'],
    ["tools", { tools: [""] }, '""'],
    ["tools", { tools: ["Bash(git *)"] }, '"Bash"'],
    ["blocked_tools", { blockedTools: ["a/b"] }, '"a/b"'],
  ])("is refused for a bad pattern in %s: %j", (field, sources, words) => {
    expect(() => resolved(sources)).toThrow(requestError("invalid_arguments", field, words));
  });
});

describe("a policy in a step", () => {
  const policy = {
    allow: [{ patterns: ["*"], from: "the call" }],
    block: [{ patterns: ["x"], from: "the call" }],
  };
  const steps = workflow([
    { name: "free" },
    { name: "bound", allowedTools: ["read"], blockedTools: ["write"] },
    { name: "closed", allowedTools: [] },
  ]);
  const request = { ...REQUEST, policy, workflow: steps };

  it.each([
    ["without a workflow", { ...request, workflow: null }, STEP],
    ["before the first step", request, null],
    ["in a step that allows all and blocks nothing", request, steps.steps[0] ?? null],
  ])("is that of the run %s", (_, of, step) => {
    expect(policyInStep(of, step)).toEqual(policy);
  });

  it("has the lists of the step first, and all of the run", () => {
    expect(policyInStep(request, steps.steps[1] ?? null)).toEqual({
      allow: [{ patterns: ["read"], from: 'step "bound" of workflow w' }, ...policy.allow],
      block: [{ patterns: ["write"], from: 'step "bound" of workflow w' }, ...policy.block],
    });
  });

  it("of all steps are the policies that a run may come to have", () => {
    expect(policiesOf({ ...request, workflow: null })).toEqual([policy]);
    expect(policiesOf(request).map(({ allow }) => allow[0]?.patterns)).toEqual([["*"], ["read"], []]);
  });
});

describe("the blocks of the configuration as it is now", () => {
  const policy = { allow: [], block: [{ patterns: ["a"], from: "/home/config.yaml" }] };
  const request = { ...REQUEST, policy };

  it("are added to those of the beginning, each once", () => {
    const same = withBlocksOfNow(request, policy.block);
    expect(same).toBe(request);
    const now = [{ patterns: ["a", "b"], from: "/home/config.yaml" }];
    expect(listed(withBlocksOfNow(request, now).policy.block)).toEqual([
      ["/home/config.yaml", "a"],
      ["/home/config.yaml as it is now", "a", "b"],
    ]);
  });

  it("that are gone since still hold for the run", () => {
    expect(withBlocksOfNow(request, [])).toBe(request);
  });
});
