/** Loading of workflow files: every field is read, and a faulty file is refused with the place of its fault. */
import { describe, expect, it } from "vitest";
import { definitionsIn, faultOf, writeFiles } from "../../../support/definitions.js";
import { mentions } from "../../../support/mentions.js";

const FILE = "project/.legwork/workflows/w.yaml";

function load(text: string | Uint8Array, others: Readonly<Record<string, string>> = {}) {
  const root = writeFiles({ [FILE]: text, ...others });
  const found = definitionsIn(root).workflow("w");
  if (!found) throw new Error("there is no such workflow");
  return found;
}

/** The fault of a workflow file, without the folder. */
function fault(text: string | Uint8Array, others: Readonly<Record<string, string>> = {}): string {
  return faultOf(() => load(text, others)).replace(/^.*?\/workflows\//, "");
}

const WHOLE = `
name: w
description: All fields
version: 1.5
type: step
settings:
  provider: gemini
  model: gemini-x
  allow_provider_override: false
  max_turns: 7
  timeout_seconds: 90
  max_depth: 3
  output_schema: {type: object}
  required_tools: [workspace__write_file]
  max_refusals: 5
variables:
  topic: tea
  list: [1, {a: null}]
steps:
  - name: plan
    description: First
    instructions: Plan {{ topic }} at depth {{ agent_depth }}
    allowed_tools: [workspace__read_*, "search"]
    blocked_tools: [github__*]
    max_calls_per_turn: 4
    on_enter:
      - {action: set_variable, name: a, value: "{{ topic }}"}
      - {action: call_tool, tool: workspace__list_directory, arguments: {path: ., deep: ["{{ a }}"]}, output_as: files}
    rules:
      - {name: no secrets, when: args.path == ".env", action: block, message: "not {{ topic }}"}
      - {name: ask, action: require_approval}
    transitions:
      - to: work
        when: tool_succeeded("workspace__list_directory") and variables.tries < 3
        message: the folder is listed
        on_transition:
          - {action: inject_message, content: "Found {{ files }}"}
    exit_conditions:
      - {type: variable_set, variable: a}
      - {type: expression, when: turn > 1, message: "Not in the first turn, {{ topic }}"}
      - {type: tool_succeeded, tool: "workspace__*", in_step: true}
      - {type: action_count, min_count: 2}
    on_exit:
      - {action: increment_variable, name: tries, by: 2, when: step_action_count > 0}
      - {action: increment_variable, name: tries}
    provider: rehearsal
    model: m
  - name: work
    allowed_tools: all
    on_enter:
      - {action: end_run, status: partial, result: "{{ a }}", when: "false"}
      - {action: end_run}
on_error:
  - {action: inject_message, content: It failed}
on_premature_stop: {action: block, message: "Go on with {{ topic }}", condition: not variables.a == null}
exit_condition: {when: 'tool_succeeded("workspace__write_file")', message: Write first}
`;

describe("a workflow file", () => {
  it("passes each of its fields to the workflow", () => {
    const { definition } = load(WHOLE);
    expect(definition).toMatchObject({
      name: "w",
      description: "All fields",
      version: "1.5",
      settings: {
        provider: "gemini",
        model: "gemini-x",
        allowProviderOverride: false,
        maxTurns: 7,
        timeoutSeconds: 90,
        maxDepth: 3,
        outputSchema: { type: "object" },
        requiredTools: ["workspace__write_file"],
        maxRefusals: 5,
      },
      // What is set on the way begins as null, a counter as 0.
      variables: { topic: "tea", list: [1, { a: null }], a: null, files: null, tries: 0 },
      onError: [{ action: "inject_message", content: "It failed", when: null }],
      onPrematureStop: { action: "block", message: "Go on with {{ topic }}", condition: "not variables.a == null" },
      exitCondition: 'tool_succeeded("workspace__write_file")',
      exitMessage: "Write first",
    });
    expect(definition.steps[0]).toEqual({
      name: "plan",
      description: "First",
      instructions: "Plan {{ topic }} at depth {{ agent_depth }}",
      allowedTools: ["workspace__read_*", "search"],
      blockedTools: ["github__*"],
      maxCallsPerTurn: 4,
      onEnter: [
        { action: "set_variable", when: null, name: "a", value: "{{ topic }}" },
        {
          action: "call_tool",
          when: null,
          tool: "workspace__list_directory",
          arguments: { path: ".", deep: ["{{ a }}"] },
          outputAs: "files",
          onFailure: "end",
        },
      ],
      rules: [
        { name: "no secrets", when: 'args.path == ".env"', action: "block", message: "not {{ topic }}" },
        { name: "ask", when: null, action: "require_approval", message: null },
      ],
      transitions: [
        {
          to: "work",
          when: 'tool_succeeded("workspace__list_directory") and variables.tries < 3',
          message: "the folder is listed",
          onTransition: [{ action: "inject_message", when: null, content: "Found {{ files }}" }],
        },
      ],
      exitConditions: [
        { type: "variable_set", variable: "a", message: null },
        { type: "expression", when: "turn > 1", message: "Not in the first turn, {{ topic }}" },
        { type: "tool_succeeded", tool: "workspace__*", inStep: true, message: null },
        { type: "action_count", minCount: 2, message: null },
      ],
      onExit: [
        { action: "increment_variable", when: "step_action_count > 0", name: "tries", by: 2 },
        { action: "increment_variable", when: null, name: "tries", by: 1 },
      ],
      provider: "rehearsal",
      model: "m",
    });
    expect(definition.steps[1]?.onEnter).toEqual([
      { action: "end_run", when: "false", status: "partial", result: "{{ a }}" },
      { action: "end_run", when: null, status: "success", result: null },
    ]);
  });

  it("gets a default for each field that it leaves out", () => {
    const { definition } = load("steps: [{name: only}]");
    expect(definition).toEqual({
      name: "w",
      description: null,
      version: null,
      settings: {
        provider: null,
        model: null,
        allowProviderOverride: true,
        maxTurns: null,
        timeoutSeconds: null,
        maxCostUsd: null,
        maxDepth: null,
        outputSchema: null,
        requiredTools: [],
        maxRefusals: 3,
      },
      variables: {},
      steps: [
        {
          name: "only",
          description: null,
          instructions: null,
          onEnter: [],
          allowedTools: "all",
          blockedTools: [],
          maxCallsPerTurn: null,
          rules: [],
          transitions: [],
          exitConditions: [],
          onExit: [],
          provider: null,
          model: null,
        },
      ],
      onError: [],
      onPrematureStop: { action: "guide", message: null, condition: null },
      exitCondition: null,
      exitMessage: null,
    });
  });

  it("allows no tool with an empty list of tools, and has no condition with an empty list of exit conditions", () => {
    const { definition } = load("steps: [{name: only, allowed_tools: [], exit_conditions: []}]");
    expect(definition.steps[0]).toMatchObject({ allowedTools: [], exitConditions: [] });
  });

  it("knows the place of each part", () => {
    const found = load(WHOLE);
    expect(found.place("steps.plan.transitions.0.when")).toMatch(/w\.yaml:34:9$/);
    expect(found.place("steps.plan.nothing")).toMatch(/w\.yaml:20:5$/);
    expect(found.place("exit_condition")).toMatch(/w\.yaml:56:1$/);
  });
});

const step = (lines: string) => `steps:\n  - name: a\n${lines.replace(/^/gm, "    ")}\n`;

describe("a faulty workflow file", () => {
  it.each([
    ["a misspelt key", step("allowed_toolz: []"), ["w.yaml:3:5", "steps.0", "allowed_toolz", "allowed_tools"]],
    [
      "a misspelt key of an action",
      step("on_enter:\n- {action: set_variable, name: x, valu: 1}"),
      ["w.yaml:4:39", "steps.0.on_enter.0", "valu", "value"],
    ],
    [
      "a misspelt setting",
      "settings: {max_turn: 3}\nsteps: [{name: a}]",
      ["w.yaml:1:12", "settings", "max_turn", "max_turns"],
    ],
    ["no steps", "name: w", ["w.yaml:1:1", "steps", "array"]],
    ["an empty list of steps", "steps: []", ["w.yaml:1:1", "steps", " 1"]],
    ["an empty file", "", ["w.yaml:1:1", "steps"]],
    ["no map", "- a", ["w.yaml:1:1"]],
    ["a step without a name", "steps: [{instructions: x}]", ["w.yaml:1:9", "steps.0.name"]],
    ["a step with a path for a name", "steps: [{name: ../x}]", ["w.yaml:1:10", "steps.0.name"]],
    ["two steps of one name", "steps:\n  - name: a\n  - name: b\n  - name: a", ["w.yaml:4:5", "step", '"a"']],
    ["a transition to nowhere", step("transitions:\n- to: worc\n- to: a"), ["w.yaml:4:7", "step", "worc"]],
    [
      "a transition to a near step",
      "steps:\n  - name: work\n    transitions: [{to: worc}]",
      ["w.yaml:3:20", "step", "worc", "work"],
    ],
    ["no list of tools", step("allowed_tools: workspace__*"), ["w.yaml:3:5", "steps.0.allowed_tools", "list", '"all"']],
    ["nothing for a list of tools", step("allowed_tools:"), ["w.yaml:3:5", "steps.0.allowed_tools"]],
    ["a tool pattern that is none", step('allowed_tools: ["a b"]'), ["w.yaml:3:22", "a b", "pattern"]],
    ["a blocked pattern that is none", step('blocked_tools: ["a(b)"]'), ["w.yaml:3:22", "a(b)", "pattern"]],
    [
      "nothing for a condition",
      step("transitions:\n- to: a\n  when:"),
      ["w.yaml:5:7", "steps.0.transitions.0.when", "string", "null"],
    ],
    ["an empty condition", step('transitions:\n- to: a\n  when: ""'), ["w.yaml:5:7"]],
    ["a condition of blanks", step('transitions:\n- to: a\n  when: " "'), ["w.yaml:5:7", "condition", "empty"]],
    ["a boolean for a condition", step("transitions:\n- to: a\n  when: true"), ["w.yaml:5:7", "string", "boolean"]],
    [
      "an unknown name in a condition",
      step('transitions:\n- to: a\n  when: tol == "x"'),
      ["w.yaml:5:7", "condition", 'tol == "x"', '"tol"', '"tool"'],
    ],
    [
      "a condition that hangs",
      step("rules:\n- name: r\n  action: block\n  when: args.path.matches('(a+)+$')"),
      ["w.yaml:6:7", "args.path.matches('(a+)+$')", '"matches"', "function"],
    ],
    [
      "a condition with a loop",
      step("rules:\n- {name: r, action: block, when: 'args.l.all(x, x)'}"),
      ["w.yaml:4:32", "args.l.all(x, x)", "loops"],
    ],
    [
      "a condition of a wrong kind",
      "exit_condition: turn + 1\nsteps: [{name: a}]",
      ["w.yaml:1:1", "condition", "turn + 1", "true"],
    ],
    [
      "a premature stop's condition",
      "on_premature_stop: {condition: x}\nsteps: [{name: a}]",
      ["w.yaml:1:21", "condition", '"x"'],
    ],
    [
      "a variable that nobody sets",
      step(
        "transitions:\n- to: a\n  when: variables.plan_reddy\non_exit:\n- {action: set_variable, name: plan_ready, value: 1}",
      ),
      ["w.yaml:5:7", "variables.plan_reddy", '"plan_reddy"', '"plan_ready"'],
    ],
    [
      "an exit condition on no variable",
      step("exit_conditions:\n- {type: variable_set, variable: x}"),
      ["w.yaml:4:28", "variable", '"x"', "variables"],
    ],
    [
      "a text with an unknown name",
      step('instructions: "Do {{ it }}"'),
      ["w.yaml:3:5", "{{ it }}", "variable", '"it"'],
    ],
    [
      "a text with more than a name",
      step('instructions: "{{ variables.it }}"'),
      ["w.yaml:3:5", "{{ variables.it }}", "{{ it }}"],
    ],
    ["a text with logic", step('instructions: "{{#if x}}"'), ["w.yaml:3:5", "{{#if x}}"]],
    ["a text with an open place", step('instructions: "{{ x"'), ["w.yaml:3:5", "{{ x"]],
    [
      "an argument with an unknown name",
      step('on_enter:\n- {action: call_tool, tool: a__b, arguments: {deep: [{x: "{{ y }}"}]}}'),
      ["w.yaml:4:59", "{{ y }}"],
    ],
    [
      "a variable of legwork's",
      "variables: {agent_depth: 3}\nsteps: [{name: a}]",
      ["w.yaml:1:13", "variables.agent_depth", "legwork"],
    ],
    [
      "setting a variable of legwork's",
      step("on_enter:\n- {action: set_variable, name: can_spawn, value: true}"),
      ["w.yaml:4:30", "steps.0.on_enter.0.name", "legwork"],
    ],
    ["a variable that is no name", "variables: {a-b: 3}\nsteps: [{name: a}]", ["w.yaml:1:13", "variables.a-b", "name"]],
    [
      "a variable with a name of JavaScript's",
      "variables: {constructor: 3}\nsteps: [{name: a}]",
      ["w.yaml:1:13", "variables.constructor"],
    ],
    ["a key that is none", "__proto__: {steps: []}\nsteps: [{name: a}]", ["w.yaml:1:1", "__proto__"]],
    [
      "an unknown action",
      step("on_enter:\n- {action: inject_mesage, content: x}"),
      ["w.yaml:4:8", "steps.0.on_enter.0.action", "inject_message"],
    ],
    [
      "an unknown exit condition",
      step("exit_conditions:\n- {type: always}"),
      ["w.yaml:4:8", "steps.0.exit_conditions.0.type"],
    ],
    [
      "an unknown action of a rule",
      step("rules:\n- {name: r, action: blok}"),
      ["w.yaml:4:17", "steps.0.rules.0.action", "allow", "warn", "require_approval", '"block"'],
    ],
    ["a rule without an action", step("rules:\n- {name: r}"), ["w.yaml:4:7", "steps.0.rules.0.action"]],
    [
      "a tool to call with a star",
      step("on_enter:\n- {action: call_tool, tool: a__*}"),
      ["steps.0.on_enter.0.tool", "server"],
    ],
    [
      "a tool to call without a server",
      step("on_enter:\n- {action: call_tool, tool: read_file}"),
      ["steps.0.on_enter.0.tool", "server"],
    ],
    ["too many turns", "settings: {max_turns: 0}\nsteps: [{name: a}]", ["w.yaml:1:12", "settings.max_turns", " 1"]],
    ["a name that is not the file's", "name: other\nsteps: [{name: a}]", ["w.yaml:1:1", "name", '"other"', " w"]],
    [
      "no schema",
      "settings: {output_schema: text}\nsteps: [{name: a}]",
      ["w.yaml:1:12", "output_schema", "JSON Schema"],
    ],
    ["bad YAML", "steps: [", ["w.yaml:1:9", "YAML"]],
    ["the same key twice", "steps: []\nsteps: []", ["w.yaml:2:1", "YAML", "duplicated"]],
    ["two documents", "steps: []\n---\nsteps: []", ["w.yaml", "YAML", "document"]],
    ["a tag", "steps: !!js/function x", ["w.yaml:1:8", "YAML"]],
  ])("with %s is refused with the place", (_, text, expected) => {
    expect(fault(text)).toMatch(mentions(...expected));
  });

  it.each([
    ["a file that is too large", new Uint8Array(10_000_000).fill(35), ["w.yaml", " 1000000"]],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00]), ["w.yaml", "UTF-8"]],
    ["deep nesting", `a: ${"[".repeat(5_000)}`, ["w.yaml", "YAML"]],
    ["an alias bomb", bomb(), ["w.yaml", "YAML"]],
    [
      "a condition without end",
      `exit_condition: ${"turn > 1 and ".repeat(70_000)}true\nsteps: [{name: a}]`,
      ["w.yaml:1:1", " 2000"],
    ],
    ["braces without end", `steps: [{name: a, instructions: "${"{{ a ".repeat(150_000)}"}]`, ["w.yaml:1:19", "{{ a"]],
    [
      "a tool's name without end",
      `steps: [{name: a, on_enter: [{action: call_tool, tool: "${"a__".repeat(300_000)}!"}]}]`,
      ["steps.0.on_enter.0.tool", "server"],
    ],
    ["a great many templates", `steps: [{name: a, instructions: "${manyTemplates()}"}]`, ["w.yaml:1:19", "{{ t0 }}"]],
    ["a great many steps", `steps:\n${"- {name: a}\n".repeat(20_000)}`, ["step", '"a"']],
    ["a great many different steps", `steps:\n${manySteps()}`, ["w.yaml:1:1", "steps", " 200"]],
  ])("with %s is refused in bounded time", (_, text, expected) => {
    const start = performance.now();
    expect(fault(text)).toMatch(mentions(...expected));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

function bomb(): string {
  const lines = Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`);
  return `a0: &a0 [x, x]\n${lines.join("\n")}\n`;
}

function manyTemplates(): string {
  return Array.from({ length: 80_000 }, (_, index) => `{{ t${index} }}`).join("");
}

function manySteps(): string {
  return Array.from({ length: 20_000 }, (_, index) => `- {name: s${index}}\n`).join("");
}
