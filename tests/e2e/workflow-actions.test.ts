/** What a workflow does by itself takes effect, field by field: actions, when they are done, variables, premature stops. */
import { describe, expect, it } from "vitest";
import { naming } from "../support/naming.js";
import {
  calls,
  completes,
  entered,
  eventsOf,
  goes,
  type Led,
  shareSandbox,
  stepsOf,
  variableOf,
} from "../support/workflows.js";

const sandbox = shareSandbox();

const ALL = { tools: ["*"] };
const look = ["effects__read_lines"] as const;
const say = (content: string, when?: string) => ({ action: "inject_message", content, ...(when ? { when } : {}) });
const set = (name: string, value: unknown) => ({ action: "set_variable", name, value });
const callTool = (tool: string, args: object = {}, more: object = {}) => ({
  action: "call_tool",
  tool,
  arguments: args,
  ...more,
});

/** A workflow of one step, which is an end. */
const only = (step: object, more: object = {}) => ({ steps: [{ name: "only", ...step }], ...more });
const two = (first: object, second: object, more: object = {}) => ({
  steps: [
    { name: "first", ...first },
    { name: "second", ...second },
  ],
  ...more,
});

const toldIn = (led: Led) => led.said.filter((line) => line.startsWith("user: ")).map((line) => line.slice(6));

describe("on_enter, on_exit and on_transition", () => {
  it("are done in order, the first step's on_enter before the first turn", async () => {
    const leaving = { to: "second", when: "step_action_count > 0", on_transition: [say("3 on the way")] };
    const led = await sandbox.lead({
      workflow: two(
        { on_enter: [say("1 entered")], on_exit: [say("2 left")], transitions: [leaving] },
        { on_enter: [say("4 entered")], instructions: "Do the rest." },
      ),
      replies: [calls(look), completes()],
    });
    expect(toldIn(led)).toEqual([
      "play",
      entered("first"),
      "1 entered",
      "2 left",
      "3 on the way",
      entered("second", "Do the rest."),
      "4 entered",
    ]);
    const firstTurn = led.events.findIndex(({ type }) => type === "turn_started");
    const onEnter = led.events.findIndex(({ type, text }) => type === "message_injected" && text === "1 entered");
    expect(onEnter).toBeLessThan(firstTurn);
  });

  it("on_enter is done at each entry, on_exit also where the agent requested the step", async () => {
    const led = await sandbox.lead({
      workflow: two(
        { on_enter: [{ action: "increment_variable", name: "entries" }], on_exit: [say("{{ entries }} times")] },
        {},
      ),
      replies: [goes("second"), goes("first"), goes("second"), completes()],
    });
    expect(toldIn(led).filter((text) => text.endsWith("times"))).toEqual(["1 times", "2 times"]);
    expect(stepsOf(led)).toEqual(["first", "second", "first", "second"]);
  });

  it("leave out an action whose condition does not hold or cannot be evaluated, which is recorded", async () => {
    const actions = [
      say("yes", "variables.n == 2"),
      say("no", "variables.n == 3"),
      say("odd", 'variables.n > "a"'),
      say("also"),
    ];
    const led = await sandbox.lead({
      workflow: only({ on_enter: actions }, { variables: { n: 2 } }),
      replies: [completes()],
    });
    expect(toldIn(led).slice(2)).toEqual(["yes", "also"]);
    expect(eventsOf(led, "condition_failed")).toMatchObject([
      { where: "steps.only.on_enter.2", condition: 'variables.n > "a"' },
    ]);
  });
});

describe("on_error", () => {
  it("is done for each call that ended in an error, and sees that call", async () => {
    const led = await sandbox.lead({
      workflow: only(
        {},
        {
          on_error: [
            say("a read failed", 'tool == "effects__fail" and tool_result.text.contains("wrong")'),
            say("something failed"),
          ],
        },
      ),
      replies: [calls(["effects__fail"], look, ["effects__fail"]), completes()],
    });
    expect(toldIn(led).slice(2)).toEqual(["a read failed", "something failed", "a read failed", "something failed"]);
  });
});

describe("set_variable and increment_variable", () => {
  it("set values of any kind, filled in, for conditions, prompts and later actions", async () => {
    const led = await sandbox.lead({
      workflow: only(
        {
          on_enter: [
            set("list", ["{{ name }}", { deep: "{{ count }}" }]),
            set("text", "{{ name }} has {{ count }}"),
            set("same", "{{ list }}"),
            { action: "increment_variable", name: "count" },
            { action: "increment_variable", name: "count", by: -2.5 },
            { action: "increment_variable", name: "fresh", by: 4 },
            say("all right", 'variables.text == "Ada has 2" and variables.fresh == 4 and variables.list[1].deep == 2'),
          ],
          instructions: "{{ name }} is here.",
        },
        { variables: { name: "Ada", count: 2 } },
      ),
      replies: [completes()],
    });
    expect(variableOf(led, "list")).toEqual(["Ada", { deep: 2 }]);
    expect(variableOf(led, "same")).toEqual(["Ada", { deep: 2 }]);
    expect(variableOf(led, "text")).toBe("Ada has 2");
    expect(
      eventsOf(led, "variable_set")
        .filter(({ name }) => name === "count")
        .map(({ value }) => value),
    ).toEqual([3, 0.5]);
    expect(variableOf(led, "fresh")).toBe(4);
    expect(toldIn(led)).toContain("all right");
    expect(toldIn(led)).toContainEqual(entered("only", "Ada is here."));
  });
});

describe("call_tool", () => {
  it("calls with filled arguments, keeps the answer as a variable and counts as no action of the agent", async () => {
    const led = await sandbox.lead({
      workflow: only(
        {
          allowed_tools: ["effects__echo", "effects__read_lines"],
          on_enter: [
            callTool("effects__echo", { text: "to {{ who }}", whole: "{{ list }}" }, { output_as: "heard" }),
            say("heard {{ heard }}"),
            say("uncounted", "total_action_count == 0"),
          ],
        },
        { variables: { who: "Ada", list: [1, 2] }, exit_condition: 'tool_succeeded("effects__echo")' },
      ),
      replies: [completes()],
    });
    expect(toldIn(led).slice(2)).toEqual(['heard {"text":"to Ada","whole":[1,2]}', "uncounted"]);
    expect(eventsOf(led, "workflow_call_finished")).toMatchObject([
      { tool: "effects__echo", is_error: false, output_as: "heard" },
    ]);
    expect(led.run).toMatchObject({ status: "success", tool_calls_count: 1 });
  });

  it.each([
    ["the run's own policy", {}, {}, ["default policy"]],
    ["the step's list", { allowed_tools: ["effects__read_lines"] }, ALL, ['"only"', "workflow"]],
    ["a rule", { rules: [{ name: "never", action: "block" }] }, ALL, ['"never"']],
    ["the caller's blocked_tools", {}, { ...ALL, blocked_tools: ["add_line"] }, ["blocked_tools", "spawn_agent"]],
  ])("is refused by the agent's own gate: %s", async (_what, step, args, facts) => {
    const acting = {
      ...step,
      on_enter: [
        callTool("effects__add_line", { text: "by the workflow" }, { output_as: "said", on_failure: "continue" }),
        say("{{ said }}"),
        say("refused", "variables.said.is_error and not variables.said.made and not tool_result.made"),
      ],
    };
    const led = await sandbox.lead({ workflow: only(acting), replies: [completes()], args });
    expect(eventsOf(led, "workflow_call_refused")).toMatchObject([
      { tool: "effects__add_line", reason: naming(...facts) },
    ]);
    expect(toldIn(led).slice(2)).toEqual([naming(...facts), "refused"]);
    expect(sandbox.effects()).not.toContain("by the workflow");
    expect(led.run).toMatchObject({ status: "success", tool_calls_count: 0 });
  });

  it("that fails gives its error as the value, counts as no success, and starts no on_error", async () => {
    const led = await sandbox.lead({
      workflow: only(
        {
          on_enter: [
            callTool("effects__fail", {}, { output_as: "said", on_failure: "continue" }),
            say("{{ said }}", 'not tool_succeeded("effects__fail")'),
            say("made", 'variables.said.made and variables.said.is_error and tool == "effects__fail"'),
          ],
        },
        { on_error: [say("an error")] },
      ),
      replies: [completes()],
    });
    expect(toldIn(led).slice(2)).toEqual(["it went wrong", "made"]);
  });

  it("with arguments that the tool does not take is refused with the reason", async () => {
    const led = await sandbox.lead({
      workflow: only({ on_enter: [callTool("effects__add_line", { text: 5 }, { on_failure: "continue" })] }),
      replies: [completes()],
      args: ALL,
    });
    expect(eventsOf(led, "workflow_call_refused")).toMatchObject([
      { tool: "effects__add_line", reason: naming("arguments", "text") },
    ]);
  });
});

describe("end_run", () => {
  it("ends the run with its status and its filled result, before the agent is asked", async () => {
    for (const status of ["success", "partial", "blocked"]) {
      const led = await sandbox.lead({
        workflow: only(
          { on_enter: [{ action: "end_run", status, result: "{{ why }}" }, say("never")] },
          { variables: { why: "enough" } },
        ),
        replies: [completes()],
      });
      expect(led.run).toMatchObject({ status, result: "enough", turns_used: 0 });
      expect(toldIn(led)).not.toContain("never");
    }
  });

  it("ends as success without a status, and as partial where the workflow does not allow success", async () => {
    const ending = { action: "end_run", when: "total_action_count > 0" };
    const leaving = { transitions: [{ to: "second", when: "step_action_count > 0", on_transition: [ending] }] };
    const led = await sandbox.lead({
      workflow: two(leaving, {}, { exit_condition: 'tool_called("effects__read_lines")' }),
      replies: [calls(look)],
    });
    expect(led.run).toMatchObject({ status: "success", result: null, error: null });
    const unmet = await sandbox.lead({ workflow: two(leaving, {}), replies: [calls(look)] });
    expect(unmet.run).toMatchObject({
      status: "partial",
      error: { code: "exit_condition", message: naming("end_run", '"first"') },
    });
  });
});

describe("variables", () => {
  const shown = only({ instructions: "{{ a }} {{ b }} {{ c }}" }, { variables: { a: 1, b: 1, c: 1 } });

  it("are the workflow's, over them the agent's, over them the caller's", async () => {
    sandbox.write("agents/giver.yaml", JSON.stringify({ variables: { b: 2, c: 2 } }));
    const led = await sandbox.lead({
      workflow: shown,
      replies: [completes()],
      args: { agent: "giver", variables: { c: 3 } },
    });
    expect(toldIn(led)[1]).toEqual(entered("only", "1 2 3"));
  });

  it("that legwork sets can be read and are refused from a caller", async () => {
    const led = await sandbox.lead({
      workflow: only({
        instructions:
          "{{ agent_depth }} {{ max_agent_depth }} {{ can_spawn }} {{ parent_session_id }} {{ workflow_completed }} {{ completion_result }}",
      }),
      replies: [completes({ result: "all" })],
    });
    expect(toldIn(led)[1]).toMatch(/^.*"only".*\n1 1 false ses_[a-z0-9]+ false $/);
    expect(variableOf(led, "workflow_completed")).toBe(true);
    expect(variableOf(led, "completion_result")).toBe("all");
    for (const name of ["agent_depth", "can_spawn", "parent_session_id", "workflow_completed"]) {
      const refused = await sandbox.spawn({ provider: "rehearsal", workflow: "react", variables: { [name]: 1 } });
      expect(refused.isError).toBe(true);
      const { error } = refused.structured;
      expect(error).toMatchObject({ code: "invalid_arguments", message: naming("variables", `"${name}"`) });
    }
  });

  it("of the caller that nothing reads are reported, with the nearest known name", async () => {
    const led = await sandbox.lead({
      workflow: only({ instructions: "{{ rounds }}" }, { variables: { rounds: 1 } }),
      replies: [completes()],
      args: { variables: { round: 2 } },
    });
    expect(led.run.notices).toEqual([naming("variables", '"round"', '"rounds"')]);
  });

  it("stay texts where they hold what looks like a place to fill in", async () => {
    const led = await sandbox.lead({
      workflow: shown,
      replies: [completes()],
      args: { variables: { a: "{{ b }}", b: "$&" } },
    });
    expect(toldIn(led)[1]).toEqual(entered("only", "{{ b }} $& 1"));
  });

  it("set in on_transition reach the agent in its next turn", async () => {
    const led = await sandbox.lead({
      workflow: two(
        { transitions: [{ to: "second", when: "step_action_count > 0", on_transition: [set("found", "gold")] }] },
        { instructions: "You have {{ found }}." },
      ),
      replies: [calls(look), completes()],
    });
    expect(toldIn(led).at(-1)).toEqual(entered("second", "You have gold."));
  });
});

describe("on_premature_stop", () => {
  const stopping = (stop: object | null, more: object = {}) =>
    two({}, {}, { ...(stop ? { on_premature_stop: stop } : {}), variables: { who: "Ada" }, ...more });

  it("guides three times with its message filled in, then blocks", async () => {
    const workflow = stopping({ message: "Go on, {{ who }}." });
    const led = await sandbox.lead({ workflow, replies: [{ text: "Done.", repeat: 4 }] });
    expect(toldIn(led).slice(2)).toEqual(Array(3).fill(expect.stringMatching(/\bGo on, Ada\.$/)));
    expect(led.run).toMatchObject({ status: "blocked", result: "Done.", error: { code: "premature_stop" } });
  });

  it("guides without a message of the workflow's, and names the step", async () => {
    const led = await sandbox.lead({
      workflow: stopping(null),
      replies: [{ text: "Done." }, goes("second"), completes()],
    });
    expect(toldIn(led)[2]).toContain('"first"');
    expect(led.run.status).toBe("success");
  });

  it("block ends the run as blocked at once", async () => {
    const led = await sandbox.lead({
      workflow: stopping({ action: "block", message: "No." }),
      replies: [{ text: "Done." }],
    });
    expect(led.run).toMatchObject({
      status: "blocked",
      turns_used: 1,
      error: { code: "premature_stop", message: expect.stringMatching(/\bNo\.$/) },
    });
  });

  it("warn takes the answer: a success where the end is reached, else partial", async () => {
    const warning = { action: "warn" };
    const early = await sandbox.lead({ workflow: stopping(warning), replies: [{ text: "Early." }] });
    expect(early.run).toMatchObject({ status: "partial", result: "Early.", error: { code: "premature_stop" } });
    const late = await sandbox.lead({ workflow: stopping(warning), replies: [goes("second"), { text: "Late." }] });
    expect(late.run).toMatchObject({ status: "success", result: "Late." });
  });

  it("condition says which answers are premature; where it cannot be evaluated all are", async () => {
    const conditional = stopping({ action: "block", condition: "total_action_count == 0" });
    const early = await sandbox.lead({ workflow: conditional, replies: [{ text: "Early." }] });
    expect(early.run.status).toBe("blocked");
    const late = await sandbox.lead({
      workflow: conditional,
      replies: [calls(look, ["request_step", { to: "second" }]), { text: "Late." }],
    });
    expect(late.run).toMatchObject({ status: "success", result: "Late." });
    const odd = stopping({ action: "block", condition: "variables.who > 1" });
    const broken = await sandbox.lead({ workflow: odd, replies: [{ text: "Done." }] });
    expect(broken.run.status).toBe("blocked");
    expect(eventsOf(broken, "condition_failed")).toMatchObject([{ where: "on_premature_stop" }]);
  });
});
