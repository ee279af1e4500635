/** What a step says of tools takes effect, field by field: which may be used, under which rules, and how calls are counted. */
import { describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import { accessOf } from "../support/rehearsals.js";
import {
  calls,
  completes,
  eventsOf,
  goes,
  type Led,
  refusalsIn,
  refused,
  shareSandbox,
  stepsOf,
} from "../support/workflows.js";

const sandbox = shareSandbox();

const ALL = { tools: ["*"] };
const add = (text: string) => ["effects__add_line", { text }] as const;
const look = ["effects__read_lines"] as const;

/** A workflow of one step, which is an end. */
const only = (step: object, more: object = {}) => ({ steps: [{ name: "only", ...step }], ...more });

const failuresIn = (led: Led) => eventsOf(led, "condition_failed").map(({ where, error }) => `${where}: ${error}`);
const callsIn = (led: Led) => eventsOf(led, "tool_call_finished").map(({ tool }) => tool);

describe("allowed_tools and blocked_tools", () => {
  it("left out, and all, allow the tools that the run may use", async () => {
    for (const step of [{}, { allowed_tools: "all" }]) {
      const leading = { workflow: only(step), replies: [calls(add("all"), look), completes()] };
      const narrow = await sandbox.lead(leading);
      expect(refusalsIn(narrow)).toEqual([refused("effects__add_line", "default policy", "effectful")]);
      expect(callsIn(narrow)).toEqual(["effects__read_lines", "complete"]);
      const wide = await sandbox.lead({ ...leading, args: ALL });
      expect(callsIn(wide)).toEqual(["effects__add_line", "effects__read_lines", "complete"]);
    }
  });

  it("a list grants its tools where no other source does, and restricts the grants of the others", async () => {
    const workflow = only({ allowed_tools: ["effects__add_line"] });
    const replies = [calls(add("named"), look), completes()];
    const granting = await sandbox.lead({ workflow, replies });
    expect(callsIn(granting)).toEqual(["effects__add_line", "complete"]);
    expect(refusalsIn(granting)).toEqual([refused("effects__read_lines", '"only"', granting.run.workflow ?? "")]);
    const narrowing = await sandbox.lead({ workflow, replies, args: { tools: ["effects__read_lines"] } });
    expect(callsIn(narrowing)).toEqual(["complete"]);
    expect(refusalsIn(narrowing)).toHaveLength(2);
  });

  it("an empty list is no tool at all, and complete and request_step nevertheless", async () => {
    const workflow = { steps: [{ name: "think", allowed_tools: [] }, { name: "act" }] };
    const led = await sandbox.lead({
      workflow,
      replies: [calls(look, add("none")), goes("act"), completes()],
      args: ALL,
    });
    expect(refusalsIn(led)).toHaveLength(2);
    expect(stepsOf(led)).toEqual(["think", "act"]);
    expect(led.run.status).toBe("success");
  });

  it("blocked_tools win, also by the server's own name", async () => {
    const step = { allowed_tools: ["effects__*"], blocked_tools: ["add_line", "effects__fail"] };
    const led = await sandbox.lead({
      workflow: only(step),
      replies: [calls(add("blocked"), ["effects__fail"], look), completes()],
      args: ALL,
    });
    expect(refusalsIn(led)).toEqual([
      refused("effects__add_line", '"add_line"', "blocked_tools", '"only"'),
      refused("effects__fail", '"effects__fail"', "blocked_tools", '"only"'),
    ]);
    expect(callsIn(led)).toEqual(["effects__read_lines", "complete"]);
    expect(sandbox.effects()).not.toContain("blocked");
  });

  it("the caller's and the configuration's blocked_tools win over a step's grant", async () => {
    const workflow = only({ allowed_tools: ["effects__*"] });
    const args = { blocked_tools: ["effects__add_line"] };
    const led = await sandbox.lead({ workflow, replies: [calls(add("caller")), completes()], args });
    expect(refusalsIn(led)).toEqual([
      refused("effects__add_line", '"effects__add_line"', "blocked_tools", "spawn_agent"),
    ]);
  });

  it("hold at the call: a tool shown in one step is refused in the next, and the access view names the step", async () => {
    const workflow = {
      steps: [
        {
          name: "write",
          allowed_tools: ["effects__add_line"],
          transitions: [{ to: "read", when: "step_action_count > 0" }],
        },
        { name: "read", allowed_tools: ["read_only"] },
      ],
    };
    const led = await sandbox.lead({
      workflow,
      replies: [calls(add("first")), calls(add("second"), look), completes()],
    });
    expect(refusalsIn(led)).toEqual([refused("effects__add_line", '"read"', "workflow")]);
    expect(sandbox.effects()).toContain("first");
    expect(sandbox.effects()).not.toContain("second");
    const access = await accessOf(sandbox.host, led.run.run_id);
    expect(access.get("effects__add_line")).toMatchObject({
      allowed: false,
      rule: naming('"read"'),
    });
    expect(access.get("effects__read_lines")?.allowed).toBe(true);
    expect(led.said).toContainEqual(naming(/^user: /, "effects__add_line"));
  });
});

describe("rules", () => {
  const ruled = (...rules: readonly object[]) => only({ rules }, { variables: { limit: 2, word: "no" } });

  it("block refuses a call by its arguments, with its message filled in, and lets the others pass", async () => {
    const rule = {
      name: "no swearing",
      when: 'args.text.contains("darn")',
      action: "block",
      message: "{{ word }} swearing",
    };
    const led = await sandbox.lead({
      workflow: ruled({ ...rule, when: `tool == "effects__add_line" and ${rule.when}` }),
      replies: [calls(add("darn it"), add("fine"), look), completes()],
      args: ALL,
    });
    expect(refusalsIn(led)).toEqual([refused("effects__add_line", '"no swearing"', /\bno swearing$/)]);
    expect(callsIn(led)).toEqual(["effects__add_line", "effects__read_lines", "complete"]);
    expect(sandbox.effects()).not.toContain("darn it");
  });

  it("allow ends the rules, and grants nothing that the step does not", async () => {
    const rules = [
      { name: "reading is fine", when: 'server == "effects" and tool.endsWith("read_lines")', action: "allow" },
      { name: "nothing else", action: "block" },
    ];
    const led = await sandbox.lead({
      workflow: ruled(...rules),
      replies: [calls(look, ["effects__echo"]), completes()],
      args: ALL,
    });
    expect(callsIn(led)).toEqual(["effects__read_lines", "complete"]);
    expect(refusalsIn(led)).toEqual([refused("effects__echo", '"nothing else"')]);
    const open = { name: "all", action: "allow" };
    const narrow = await sandbox.lead({ workflow: ruled(open), replies: [calls(add("granted")), completes()] });
    expect(refusalsIn(narrow)).toEqual([refused("effects__add_line", "default policy")]);
  });

  it("warn lets the call pass and is recorded", async () => {
    const rule = { name: "careful", action: "warn", message: "at most {{ limit }}" };
    const led = await sandbox.lead({ workflow: ruled(rule), replies: [calls(look), completes()] });
    expect(eventsOf(led, "rule_warned")).toMatchObject([
      { turn: 1, index: 0, tool: "effects__read_lines", rule: naming('"careful"', /\bat most 2$/) },
    ]);
    expect(callsIn(led)).toEqual(["effects__read_lines", "complete"]);
  });

  it("a blocking rule that cannot be evaluated blocks and is recorded; one that only warns lets pass and is recorded", async () => {
    const broken = "args.text > 3";
    const blocking = await sandbox.lead({
      workflow: ruled({ name: "odd", when: broken, action: "block" }),
      replies: [calls(add("odd")), completes()],
      args: ALL,
    });
    expect(refusalsIn(blocking)).toEqual([refused("effects__add_line", '"odd"')]);
    expect(failuresIn(blocking)).toEqual([expect.stringMatching(/^steps\.only\.rules\.0: /)]);
    expect(sandbox.effects()).not.toContain("odd");
    const warning = await sandbox.lead({
      workflow: ruled({ name: "odd", when: broken, action: "warn" }),
      replies: [calls(add("warned")), completes()],
      args: ALL,
    });
    expect(failuresIn(warning)).toHaveLength(1);
    expect(sandbox.effects()).toContain("warned");
  });

  it("a rule that counts sees each call of a turn before the next, also where they only read", async () => {
    const rule = { name: "enough", when: "step_action_count >= variables.limit", action: "block" };
    const reads = Array.from({ length: 4 }, (_, n) => ["effects__slow", { ms: n }] as const);
    const led = await sandbox.lead({ workflow: ruled(rule), replies: [calls(...reads), completes()] });
    expect(callsIn(led)).toEqual(["effects__slow", "effects__slow", "complete"]);
    expect(refusalsIn(led)).toHaveLength(2);
  });
});

describe("counters", () => {
  it("count finished calls, also failed ones, and neither refusals nor built-ins; a step begins at 0", async () => {
    const tell = (when: string) => ({ action: "inject_message", when, content: `It holds: ${when}` });
    const workflow = {
      steps: [
        {
          name: "a",
          blocked_tools: ["effects__echo"],
          on_exit: [tell("step_action_count == 3 and total_action_count == 3")],
        },
        {
          name: "b",
          on_enter: [tell("step_action_count == 0 and total_action_count == 3")],
          on_exit: [tell("step_action_count == 1 and total_action_count == 4")],
        },
        { name: "c" },
      ],
    };
    const led = await sandbox.lead({
      workflow,
      replies: [
        calls(look, ["effects__fail"], ["effects__echo"], ["no_such__tool"]),
        calls(["read_result", { id: "r1.0", offset: 0 }], look, ["request_step", { to: "c" }]),
        goes("b"),
        calls(look, ["request_step", { to: "c" }]),
        completes(),
      ],
    });
    const told = led.said.filter((line) => line.startsWith("user: It holds"));
    expect(told).toHaveLength(3);
    expect(led.run.status).toBe("success");
  });
});
