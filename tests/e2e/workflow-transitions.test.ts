/** When a step is left and for where, and when a run may end: by itself, by the agent's wish, by nobody. */
import { describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import {
  calls,
  completes,
  entered,
  eventsOf,
  goes,
  type Led,
  refusalsIn,
  refused,
  shareSandbox,
  stepsOf,
} from "../support/workflows.js";

const sandbox = shareSandbox();

const look = ["effects__read_lines"] as const;
const only = (step: object, more: object = {}) => ({ steps: [{ name: "only", ...step }], ...more });
const failuresIn = (led: Led) => eventsOf(led, "condition_failed").map(({ where, error }) => `${where}: ${error}`);

describe("transitions", () => {
  it("are taken when their condition is true, in their order, with on_transition on the way", async () => {
    const workflow = {
      steps: [
        {
          name: "start",
          transitions: [
            { to: "never", when: "tool_result.is_error" },
            {
              to: "end",
              when: 'tool_succeeded("effects__read_lines")',
              on_transition: [{ action: "inject_message", content: "On the way." }],
            },
            { to: "never", when: "step_action_count > 0" },
          ],
        },
        { name: "never" },
        { name: "end" },
      ],
    };
    const led = await sandbox.lead({ workflow, replies: [{ text: "Hm." }, calls(look), completes()] });
    expect(stepsOf(led)).toEqual(["start", "end"]);
    expect(eventsOf(led, "transition_taken")).toMatchObject([{ from: "start", to: "end", transition: 1 }]);
    const onTheWay = led.said.indexOf("user: On the way.");
    expect(onTheWay).toBeGreaterThan(-1);
    expect(led.said.slice(onTheWay)).toContainEqual(entered("end"));
    expect(led.said.slice(0, onTheWay)).not.toContainEqual(entered("end"));
  });

  it("without a condition wait for the exit conditions alone", async () => {
    const first = {
      name: "first",
      exit_conditions: [{ type: "action_count", min_count: 2 }],
      transitions: [{ to: "last" }],
    };
    const led = await sandbox.lead({
      workflow: { steps: [first, { name: "last" }] },
      replies: [calls(look), calls(look), completes()],
    });
    expect(eventsOf(led, "step_entered")).toHaveLength(2);
    const second = led.events.findIndex(({ type, step }) => type === "step_entered" && step === "last");
    expect(led.events.slice(0, second).filter(({ type }) => type === "turn_started")).toHaveLength(2);
  });

  it("follow each other at most ten times in a turn, and that is recorded", async () => {
    const steps = ["a", "b"].map((name, index, all) => ({ name, transitions: [{ to: all[1 - index] }] }));
    const led = await sandbox.lead({ workflow: { steps, exit_condition: "turn > 0" }, replies: [completes()] });
    expect(led.run.status).toBe("success");
    const before = led.events.slice(
      0,
      led.events.findIndex(({ type }) => type === "turn_started"),
    );
    expect(before.filter(({ type }) => type === "transition_taken")).toHaveLength(10);
    expect(failuresIn(led)[0]).toMatch(/^steps\.[ab]\.transitions: .*\b10\b/);
  });

  it("that cannot be evaluated are not taken, and recorded once a turn", async () => {
    const first = { name: "first", transitions: [{ to: "last", when: "variables.n > 3" }] };
    const workflow = { variables: { n: "three" }, steps: [first, { name: "last" }], exit_condition: "turn > 1" };
    const led = await sandbox.lead({ workflow, replies: [calls(look), completes()] });
    expect(stepsOf(led)).toEqual(["first"]);
    expect(failuresIn(led).every((failure) => failure.startsWith("steps.first.transitions.0: "))).toBe(true);
    expect(failuresIn(led).length).toBeGreaterThanOrEqual(2);
  });
});

describe("request_step", () => {
  const failing = {
    variables: { failed: false },
    on_error: [{ action: "set_variable", name: "failed", value: true }],
    steps: [
      { name: "work", transitions: [{ to: "mend", when: "variables.failed" }] },
      { name: "ship" },
      { name: "mend" },
    ],
    exit_condition: "turn > 1",
  };

  it("does not get around a transition that is due in the same turn", async () => {
    const led = await sandbox.lead({
      workflow: failing,
      replies: [calls(["effects__fail"], ["request_step", { to: "ship" }]), completes()],
    });
    expect(stepsOf(led)).toEqual(["work", "mend"]);
    expect(refusalsIn(led)).toEqual([refused("request_step", '"mend"')]);
  });

  it("for the step that a transition has just entered is no error, and on_transition is done once", async () => {
    const onTransition = [{ action: "increment_variable", name: "entered" }];
    const first = {
      name: "first",
      transitions: [{ to: "last", when: "step_action_count > 0", on_transition: onTransition }],
    };
    const led = await sandbox.lead({
      workflow: { steps: [first, { name: "last" }] },
      replies: [calls(look, ["request_step", { to: "last" }]), completes()],
    });
    expect(refusalsIn(led)).toEqual([]);
    expect(eventsOf(led, "variable_set")).toMatchObject([{ name: "entered", value: 1 }, {}, {}]);
    expect(led.said).toContainEqual(naming(/^request_step: /, '"last"'));
  });

  it("is refused for a step that is entered by itself, for none, and twice in a turn; back is free", async () => {
    const steps = [
      { name: "a" },
      { name: "b", transitions: [{ to: "c", when: "step_action_count > 0" }] },
      { name: "c" },
    ];
    const led = await sandbox.lead({
      workflow: { steps },
      replies: [
        goes("d"),
        calls(["request_step", { to: "b" }], ["request_step", { to: "b" }]),
        goes("c"),
        goes("a"),
        goes("b"),
        calls(look),
        completes(),
      ],
    });
    expect(refusalsIn(led)).toEqual([
      refused("request_step", '"d"', "a, b, c"),
      refused("request_step", "turn"),
      refused("request_step", '"c"', "step_action_count > 0"),
    ]);
    expect(stepsOf(led)).toEqual(["a", "b", "a", "b", "c"]);
  });
});

describe("exit_conditions", () => {
  it.each([
    ["variable_set", { type: "variable_set", variable: "seen" }, /\bseen\b/],
    ["expression", { type: "expression", when: "variables.seen == 1" }, /variables\.seen == 1/],
    ["tool_succeeded", { type: "tool_succeeded", tool: "effects__read*" }, /effects__read\*/],
    ["action_count", { type: "action_count", min_count: 2 }, /\b1\b.*\b2\b/],
  ])("%s holds the step, its transitions and complete, until it is met", async (_type, condition, reason) => {
    const steps = [{ name: "first", exit_conditions: [condition], transitions: [{ to: "last" }] }, { name: "last" }];
    const led = await sandbox.lead({
      workflow: { variables: { seen: null }, steps },
      replies: [
        calls(["effects__fail"], ["request_step", { to: "last" }], ["complete", { result: "no", status: "success" }]),
        completes({ status: "blocked" }),
      ],
    });
    expect(refusalsIn(led)).toEqual([
      refused("request_step", '"first"', reason),
      refused("complete", reason, '"first"'),
    ]);
    expect(stepsOf(led)).toEqual(["first"]);
  });

  it("hold once each of them is met", async () => {
    const exits = [
      { type: "variable_set", variable: "seen" },
      { type: "expression", when: 'variables.seen == "now"' },
      { type: "tool_succeeded", tool: "read_lines" },
      { type: "action_count", min_count: 2 },
    ];
    const setting = { action: "set_variable", name: "seen", value: "now", when: 'tool_result.text == "it went wrong"' };
    const led = await sandbox.lead({
      workflow: {
        on_error: [setting],
        steps: [{ name: "first", exit_conditions: exits, transitions: [{ to: "last" }] }, { name: "last" }],
      },
      replies: [calls(look), calls(["effects__fail"]), completes()],
    });
    expect(stepsOf(led)).toEqual(["first", "last"]);
    expect(led.run.status).toBe("success");
  });

  it("that cannot be evaluated do not hold, and the journal records them", async () => {
    const exits = [{ type: "expression", when: "variables.n > 1" }];
    const workflow = { variables: { n: "one" }, steps: [{ name: "only", exit_conditions: exits }] };
    const led = await sandbox.lead({ workflow, replies: [completes(), completes(), completes()] });
    expect(led.run).toMatchObject({ status: "blocked", error: { code: "complete_refused" } });
    expect(refusalsIn(led)[0]).toEqual(refused("complete", "variables.n > 1"));
    expect(failuresIn(led)[0]).toMatch(/^steps\.only\.exit_conditions\.0: /);
  });
});

describe("exit_condition", () => {
  it("decides in place of the last step, and nothing that the agent says changes that", async () => {
    const workflow = { steps: [{ name: "a" }, { name: "b" }], exit_condition: 'tool_succeeded("effects__read_lines")' };
    const early = await sandbox.lead({ workflow, replies: [completes(), calls(look), completes()] });
    expect(refusalsIn(early)).toEqual([refused("complete", 'tool_succeeded("effects__read_lines")')]);
    expect(early.run).toMatchObject({ status: "success", step: "a" });
    const never = await sandbox.lead({ workflow, replies: [{ ...completes(), repeat: 3 }] });
    expect(never.run).toMatchObject({ status: "blocked", error: { code: "complete_refused" } });
    for (const status of ["partial", "blocked"]) {
      const honest = await sandbox.lead({ workflow, replies: [completes({ status })] });
      expect(honest.run.status).toBe(status);
    }
  });

  it("that cannot be evaluated does not hold, and is recorded", async () => {
    const workflow = only({}, { variables: { n: "x" }, exit_condition: "variables.n > 1" });
    const led = await sandbox.lead({ workflow, replies: [{ ...completes(), repeat: 3 }] });
    expect(led.run.status).toBe("blocked");
    expect(failuresIn(led)[0]).toMatch(/^exit_condition: /);
  });

  it("is named in the error of a run whose turns ran out", async () => {
    const workflow = { steps: [{ name: "a" }, { name: "b" }], exit_condition: 'step == "b"' };
    const led = await sandbox.lead({ workflow, replies: [calls(look), completes()], args: { max_turns: 1 } });
    expect(led.run).toMatchObject({ status: "partial", error: { code: "max_turns" } });
    expect(led.run.error.message).toContain('step == "b"');
  });
});
