/** What a workflow guarantees, from the wire to the end of its run; other files go into detail. */
import { expect, it } from "vitest";
import { answersIn, call, type Sandbox, says, setSandbox, text } from "../support/agents.js";
import { naming } from "../support/naming.js";
import { accessOf } from "../support/rehearsals.js";
import { entered, tell } from "../support/workflows.js";

const config = 'tools: ["*"]';

/** Writes a workflow of the user. */
function put({ bench }: Sandbox, name: string, workflow: object): void {
  bench.write(`../home/workflows/${name}.yaml`, JSON.stringify(workflow));
}

const spawn = (sandbox: Sandbox, args: object) =>
  sandbox.host.call("spawn_agent", { prompt: "go", wait_seconds: 20, ...args });
const complete = (status = "success") => call("complete", { result: "the end", status });
const offeredIn = ({ standIn }: Sandbox, request: number) =>
  (standIn.requests[request]?.body.tools?.[0]?.functionDeclarations ?? []).map(({ name }) => name);
const toldIn = ({ standIn }: Sandbox, request: number) =>
  (standIn.requests[request]?.body.contents ?? [])
    .filter(({ role }) => role === "user")
    .flatMap(({ parts }) => parts.flatMap((part) => part.text ?? []));

it("a workflow evaluates, counts and records transitions, rules, exits, actions and premature stops", async () => {
  const sandbox = await setSandbox(
    [
      says(text("I am done.")),
      says(call("effects__add_line", { text: "forbidden" }), call("effects__read_lines")),
      says(call("effects__add_line", { text: "allowed" })),
      says(complete()),
    ],
    { config },
  );
  put(sandbox, "led", {
    steps: [
      {
        name: "look",
        on_enter: [{ action: "set_variable", name: "phase", value: "looking" }],
        rules: [{ name: "look first", when: 'tool == "effects__add_line"', action: "block" }],
        exit_conditions: [{ type: "tool_succeeded", tool: "effects__read_lines" }],
        on_exit: [{ action: "set_variable", name: "phase", value: "looked" }],
        transitions: [
          {
            to: "write",
            when: "step_action_count == 1",
            on_transition: [{ action: "increment_variable", name: "moves" }],
          },
        ],
      },
      { name: "write", instructions: "{{ phase }} after {{ moves }}" },
    ],
    exit_condition: 'tool_succeeded("effects__add_line") and total_action_count == 2',
  });
  const { structured } = await spawn(sandbox, { workflow: "led" });
  expect(structured).toMatchObject({ status: "success", workflow: "led", step: "write", tool_calls_count: 2 });
  expect(sandbox.effects()).toEqual(["allowed"]);
  expect(toldIn(sandbox, 2).at(-1)).toEqual(entered("write", "looked after 1"));
  const led = await tell(sandbox.host, structured);
  const types = led.events.map(({ type }) => type);
  for (const type of ["step_entered", "transition_taken", "variable_set", "message_injected", "tool_call_refused"])
    expect(types).toContain(type);
  const access = await accessOf(sandbox.host, structured.run_id);
  expect(access.get("effects__add_line")?.allowed).toBe(true);
});

it("spawn_agent refuses a workflow that it does not understand, and neither writes nor asks anything", async () => {
  const sandbox = await setSandbox([]);
  const broken = {
    toolz: { steps: [{ name: "a", allowed_toolz: [] }] },
    phases: { phases: [{ name: "a" }] },
    orphan: { extends: "no-such-parent", steps: [{ name: "a" }] },
    moon: { steps: [{ name: "a", exit_conditions: [{ type: "full_moon" }] }] },
    error: { steps: [{ name: "a", rules: [{ name: "r", when: "nobody.knows", action: "block" }] }] },
    lifecycle: { type: "lifecycle", steps: [{ name: "a" }] },
  };
  for (const [name, workflow] of Object.entries(broken)) put(sandbox, name, workflow);
  for (const workflow of [...Object.keys(broken), "unknown", "../../x"]) {
    const refused = await spawn(sandbox, { workflow });
    expect(refused.isError, workflow).toBe(true);
    if (Object.hasOwn(broken, workflow)) expect(refused.structured.error.message).toMatch(/\.yaml:1:\d+: /);
  }
  expect((await sandbox.host.call("list_runs", { scope: "all" })).structured.runs).toEqual([]);
  expect(sandbox.standIn.requests).toEqual([]);
});

it("an empty list of exit conditions, or an error in one, lets no run out", async () => {
  const sandbox = await setSandbox(() => says(complete()));
  put(sandbox, "held", {
    variables: { n: "many" },
    steps: [{ name: "a", exit_conditions: [] }, { name: "b" }],
    exit_condition: "variables.n > 1",
  });
  const { structured } = await spawn(sandbox, { workflow: "held" });
  expect(structured).toMatchObject({ status: "blocked", error: { code: "complete_refused" } });
});

it("a rule that fails while it is evaluated blocks the call, and the failure is recorded", async () => {
  const sandbox = await setSandbox([says(call("effects__add_line", { text: "x" })), says(complete())], { config });
  put(sandbox, "odd", { steps: [{ name: "a", rules: [{ name: "odd", when: "args.text > 1", action: "block" }] }] });
  const { structured } = await spawn(sandbox, { workflow: "odd" });
  expect(sandbox.effects()).toEqual([]);
  const { events } = await tell(sandbox.host, structured);
  expect(events.find(({ type }) => type === "condition_failed")).toMatchObject({ where: "steps.a.rules.0" });
});

it("spawn_agent refuses a condition that is no expression, when it reads the file", async () => {
  const sandbox = await setSandbox([]);
  for (const [name, when] of [
    ["escape", "().__class__.__bases__[0].__subclasses__()"],
    ["get", "variables.get('a')"],
    ["import", "__import__('os').system('true')"],
  ] as const) {
    put(sandbox, name, {
      variables: { a: 1 },
      steps: [{ name: "a", transitions: [{ to: "b", when }] }, { name: "b" }],
    });
    const { isError, structured } = await spawn(sandbox, { workflow: name });
    expect(isError, when).toBe(true);
    expect(structured.error.message).toEqual(naming(new RegExp(`${name}\\.yaml:1:\\d+: `), "condition"));
  }
  expect((await sandbox.host.call("list_runs", { scope: "all" })).structured.runs).toEqual([]);
});

it("a step that allows no tool still offers complete, which the workflow can refuse and which ends the run", async () => {
  const sandbox = await setSandbox([says(complete()), says(call("request_step", { to: "b" })), says(complete())]);
  put(sandbox, "closed", {
    steps: [
      { name: "a", allowed_tools: [] },
      { name: "b", allowed_tools: [], blocked_tools: ["*"] },
    ],
  });
  const { structured } = await spawn(sandbox, { workflow: "closed" });
  expect(structured).toMatchObject({ status: "success", result: "the end", turns_used: 3 });
  expect(sandbox.standIn.requests).toHaveLength(3);
  for (const request of [0, 1, 2])
    expect(offeredIn(sandbox, request)).toEqual(["complete", "request_step", "ask", "read_result"]);
  expect(JSON.stringify(answersIn(sandbox.standIn.requests[1]))).toEqual(naming("complete", '\\"a\\"'));
});

it("a run ends as partial or blocked where the agent says so", async () => {
  for (const status of ["partial", "blocked"]) {
    const sandbox = await setSandbox([says(complete(status))]);
    put(sandbox, "two", { steps: [{ name: "a" }, { name: "b" }] });
    const { structured } = await spawn(sandbox, { workflow: "two" });
    expect(structured).toMatchObject({ status, step: "a" });
    const { runs } = (await sandbox.host.call("list_runs")).structured;
    expect(runs).toMatchObject([{ status }]);
  }
});

it("an agent's definition sets the time, the turns and the variables of its runs", async () => {
  const sandbox = await setSandbox(() => says(call("effects__read_lines")));
  const definition = { prompt: "For {{ who }}.", variables: { who: "Ada" }, max_turns: 2, timeout_seconds: 20 };
  sandbox.bench.write("../home/agents/bounded.yaml", JSON.stringify(definition));
  const { structured } = await spawn(sandbox, { agent: "bounded" });
  expect(structured).toMatchObject({ status: "partial", turns_used: 2, error: { code: "max_turns" } });
  expect(sandbox.standIn.requests[0]?.body.systemInstruction?.parts[0]?.text).toMatch(/^For Ada\./);
});

it("a step shows only its own tools, and the gate refuses calls of others", async () => {
  const sandbox = await setSandbox(
    [
      says(call("effects__add_line", { text: "unseen" }), call("effects__read_lines")),
      says(call("effects__read_lines"), call("effects__add_line", { text: "seen" })),
      says(complete()),
    ],
    { config },
  );
  put(sandbox, "shown", {
    steps: [
      {
        name: "read",
        allowed_tools: ["effects__read_lines"],
        transitions: [{ to: "write", when: "step_action_count > 0" }],
      },
      { name: "write", allowed_tools: ["effects__add_line"] },
    ],
  });
  const { structured } = await spawn(sandbox, { workflow: "shown" });
  expect(structured.status).toBe("success");
  const own = (request: number) => offeredIn(sandbox, request).filter((name) => name.includes("__"));
  expect([own(0), own(1)]).toEqual([["effects__read_lines"], ["effects__add_line"]]);
  expect(sandbox.effects()).toEqual(["seen"]);
});

it("variables and messages that on_enter and on_transition set reach the next turn and the journal", async () => {
  const sandbox = await setSandbox([says(call("effects__read_lines")), says(complete())]);
  put(sandbox, "kept", {
    steps: [
      {
        name: "a",
        on_enter: [{ action: "set_variable", name: "first", value: 1 }],
        transitions: [
          {
            to: "b",
            when: "variables.first == 1 and step_action_count > 0",
            on_transition: [
              { action: "set_variable", name: "second", value: "{{ first }}" },
              { action: "inject_message", content: "On the way: {{ second }}." },
            ],
          },
        ],
      },
      { name: "b", on_enter: [{ action: "inject_message", content: "Entered with {{ first }} and {{ second }}." }] },
    ],
  });
  const { structured } = await spawn(sandbox, { workflow: "kept" });
  expect(toldIn(sandbox, 1).slice(-3)).toEqual(["On the way: 1.", entered("b"), "Entered with 1 and 1."]);
  const { events } = await tell(sandbox.host, structured);
  const stored = events.filter(({ type }) => type === "variable_set").map(({ name, value }) => [name, value]);
  expect(stored.slice(0, 2)).toEqual([
    ["first", 1],
    ["second", 1],
  ]);
});
