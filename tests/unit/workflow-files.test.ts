/** Workflow files: every field is read, and what cannot be understood is refused with its place. */
import { describe, expect, it } from "vitest";
import { definitionsIn, faultOf, writeFiles } from "../support/definitions.js";

const FILE = "project/.legwork/workflows/w.yaml";

function load(text: string | Uint8Array, others: Readonly<Record<string, string>> = {}) {
  const root = writeFiles({ [FILE]: text, ...others });
  const found = definitionsIn(root).workflow("w");
  if (!found) throw new Error("there is no such workflow");
  return found;
}

/** The complaint, without the folder. */
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
    on_enter:
      - {action: set_variable, name: a, value: "{{ topic }}"}
      - {action: call_tool, tool: workspace__list_directory, arguments: {path: ., deep: ["{{ a }}"]}, output_as: files}
    rules:
      - {name: no secrets, when: args.path == ".env", action: block, message: "not {{ topic }}"}
      - {name: ask, action: require_approval}
    transitions:
      - to: work
        when: tool_succeeded("workspace__list_directory") and variables.tries < 3
        on_transition:
          - {action: inject_message, content: "Found {{ files }}"}
    exit_conditions:
      - {type: variable_set, variable: a}
      - {type: expression, when: turn > 1}
      - {type: tool_succeeded, tool: "workspace__*"}
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
exit_condition: tool_succeeded("workspace__write_file")
`;

describe("a workflow file", () => {
  it("says everything that a workflow is", () => {
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
    });
    expect(definition.steps[0]).toEqual({
      name: "plan",
      description: "First",
      instructions: "Plan {{ topic }} at depth {{ agent_depth }}",
      allowedTools: ["workspace__read_*", "search"],
      blockedTools: ["github__*"],
      onEnter: [
        { action: "set_variable", when: null, name: "a", value: "{{ topic }}" },
        {
          action: "call_tool",
          when: null,
          tool: "workspace__list_directory",
          arguments: { path: ".", deep: ["{{ a }}"] },
          outputAs: "files",
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
          onTransition: [{ action: "inject_message", when: null, content: "Found {{ files }}" }],
        },
      ],
      exitConditions: [
        { type: "variable_set", variable: "a" },
        { type: "expression", when: "turn > 1" },
        { type: "tool_succeeded", tool: "workspace__*" },
        { type: "action_count", minCount: 2 },
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

  it("has defaults for all that is left out", () => {
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
    });
  });

  it("takes an empty list of tools for none, and an empty list of exit conditions for no condition", () => {
    const { definition } = load("steps: [{name: only, allowed_tools: [], exit_conditions: []}]");
    expect(definition.steps[0]).toMatchObject({ allowedTools: [], exitConditions: [] });
  });

  it("says where a part stands", () => {
    const found = load(WHOLE);
    expect(found.place("steps.plan.transitions.0.when")).toMatch(/w\.yaml:33:9$/);
    expect(found.place("steps.plan.nothing")).toMatch(/w\.yaml:20:5$/);
    expect(found.place("exit_condition")).toMatch(/w\.yaml:54:1$/);
  });
});

const step = (lines: string) => `steps:\n  - name: a\n${lines.replace(/^/gm, "    ")}\n`;

describe("refused with its place", () => {
  it.each([
    [
      "a misspelt key",
      step("allowed_toolz: []"),
      'w.yaml:3:5: unknown key "allowed_toolz" in steps.0; did you mean "allowed_tools"?',
    ],
    [
      "a misspelt key of an action",
      step("on_enter:\n- {action: set_variable, name: x, valu: 1}"),
      'w.yaml:4:39: unknown key "valu" in steps.0.on_enter.0; did you mean "value"?',
    ],
    [
      "a misspelt setting",
      "settings: {max_turn: 3}\nsteps: [{name: a}]",
      'w.yaml:1:12: unknown key "max_turn" in settings; did you mean "max_turns"?',
    ],
    ["no steps", "name: w", "w.yaml:1:1: steps is missing: give an array"],
    ["an empty list of steps", "steps: []", "w.yaml:1:1: steps has to have at least 1 entry"],
    ["an empty file", "", "w.yaml:1:1: steps is missing"],
    ["no map", "- a", "w.yaml"],
    ["a step without a name", "steps: [{instructions: x}]", "steps.0.name is missing"],
    ["a step with a path for a name", "steps: [{name: ../x}]", "a name is no path"],
    [
      "two steps of one name",
      "steps:\n  - name: a\n  - name: b\n  - name: a",
      'w.yaml:4:5: there is already a step "a"',
    ],
    ["a transition to nowhere", step("transitions:\n- to: worc\n- to: a"), 'w.yaml:4:7: there is no step "worc"'],
    [
      "a transition to a near step",
      "steps:\n  - name: work\n    transitions: [{to: worc}]",
      'w.yaml:3:20: there is no step "worc"; did you mean "work"?',
    ],
    [
      "no list of tools",
      step("allowed_tools: workspace__*"),
      'w.yaml:3:5: steps.0.allowed_tools: allowed_tools has to be a list of tool patterns, or "all"',
    ],
    ["nothing for a list of tools", step("allowed_tools:"), "w.yaml:3:5: steps.0.allowed_tools"],
    ["a tool pattern that is none", step('allowed_tools: ["a b"]'), '"a b" is not a tool pattern'],
    ["a blocked pattern that is none", step('blocked_tools: ["a(b)"]'), "is not a tool pattern"],
    [
      "nothing for a condition",
      step("transitions:\n- to: a\n  when:"),
      "steps.0.transitions.0.when has to be a string, not null",
    ],
    ["an empty condition", step('transitions:\n- to: a\n  when: ""'), "w.yaml:5:7"],
    [
      "a condition of blanks",
      step('transitions:\n- to: a\n  when: " "'),
      "w.yaml:5:7: the condition  cannot be used: it is empty",
    ],
    ["a boolean for a condition", step("transitions:\n- to: a\n  when: true"), "has to be a string, not a boolean"],
    [
      "an unknown name in a condition",
      step('transitions:\n- to: a\n  when: tol == "x"'),
      'w.yaml:5:7: the condition tol == "x" cannot be used: unknown name "tol"; did you mean "tool"?',
    ],
    [
      "a condition that hangs",
      step("rules:\n- name: r\n  action: block\n  when: args.path.matches('(a+)+$')"),
      "w.yaml:6:7: the condition args.path.matches('(a+)+$') cannot be used: there is no function \"matches\" here: regular expressions can take for ever",
    ],
    [
      "a condition with a loop",
      step("rules:\n- {name: r, action: block, when: 'args.l.all(x, x)'}"),
      "conditions have no loops",
    ],
    [
      "a condition of a wrong kind",
      "exit_condition: turn + 1\nsteps: [{name: a}]",
      "w.yaml:1:1: the condition turn + 1 cannot be used: turn + 1 is neither true nor false",
    ],
    [
      "a premature stop's condition",
      "on_premature_stop: {condition: x}\nsteps: [{name: a}]",
      'w.yaml:1:21: the condition x cannot be used: unknown name "x"',
    ],
    [
      "a variable that nobody sets",
      step(
        "transitions:\n- to: a\n  when: variables.plan_reddy\non_exit:\n- {action: set_variable, name: plan_ready, value: 1}",
      ),
      'w.yaml:5:7: the condition variables.plan_reddy cannot be used: nothing sets the variable "plan_reddy"; did you mean "plan_ready"?',
    ],
    [
      "an exit condition on no variable",
      step("exit_conditions:\n- {type: variable_set, variable: x}"),
      'w.yaml:4:28: nothing sets the variable "x": declare it under "variables"',
    ],
    [
      "a text with an unknown name",
      step('instructions: "Do {{ it }}"'),
      'w.yaml:3:5: {{ it }} cannot be filled in: nothing sets the variable "it"',
    ],
    [
      "a text with more than a name",
      step('instructions: "{{ variables.it }}"'),
      "w.yaml:3:5: {{ variables.it }} cannot be filled in: write {{ name }} with the variable alone: {{ it }}",
    ],
    ["a text with logic", step('instructions: "{{#if x}}"'), "{{#if x}} cannot be filled in"],
    ["a text with an open place", step('instructions: "{{ x"'), "{{ x cannot be filled in"],
    [
      "an argument with an unknown name",
      step('on_enter:\n- {action: call_tool, tool: a__b, arguments: {deep: [{x: "{{ y }}"}]}}'),
      "{{ y }} cannot be filled in",
    ],
    ["a variable of legwork's", "variables: {agent_depth: 3}\nsteps: [{name: a}]", "legwork itself sets this variable"],
    [
      "setting a variable of legwork's",
      step("on_enter:\n- {action: set_variable, name: can_spawn, value: true}"),
      "w.yaml:4:30: steps.0.on_enter.0.name: legwork itself sets this variable",
    ],
    ["a variable that is no name", "variables: {a-b: 3}\nsteps: [{name: a}]", "a variable's name is of"],
    ["a variable with a name of JavaScript's", "variables: {constructor: 3}\nsteps: [{name: a}]", "take another one"],
    ["a key that is none", "__proto__: {steps: []}\nsteps: [{name: a}]", 'w.yaml:1:1: unknown key "__proto__"'],
    [
      "an unknown action",
      step("on_enter:\n- {action: inject_mesage, content: x}"),
      "w.yaml:4:8: steps.0.on_enter.0.action",
    ],
    [
      "an unknown exit condition",
      step("exit_conditions:\n- {type: always}"),
      "w.yaml:4:8: steps.0.exit_conditions.0.type",
    ],
    [
      "an unknown action of a rule",
      step("rules:\n- {name: r, action: blok}"),
      'steps.0.rules.0.action has to be block or allow or warn or require_approval; did you mean "block"?',
    ],
    ["a rule without an action", step("rules:\n- {name: r}"), "steps.0.rules.0.action"],
    [
      "a tool to call with a star",
      step("on_enter:\n- {action: call_tool, tool: a__*}"),
      "name one tool with its server",
    ],
    [
      "a tool to call without a server",
      step("on_enter:\n- {action: call_tool, tool: read_file}"),
      "name one tool with its server",
    ],
    [
      "too many turns",
      "settings: {max_turns: 0}\nsteps: [{name: a}]",
      "w.yaml:1:12: settings.max_turns has to be at least 1",
    ],
    [
      "a name that is not the file's",
      "name: other\nsteps: [{name: a}]",
      'w.yaml:1:1: the name "other" is not that of the file, w',
    ],
    ["no schema", "settings: {output_schema: text}\nsteps: [{name: a}]", "output_schema has to be a JSON Schema"],
    ["bad YAML", "steps: [", "w.yaml:1:9: not valid YAML"],
    ["the same key twice", "steps: []\nsteps: []", "w.yaml:2:1: not valid YAML: duplicated mapping key"],
    ["two documents", "steps: []\n---\nsteps: []", "not valid YAML"],
    ["a tag", "steps: !!js/function x", "not valid YAML"],
  ])("%s", (_, text, expected) => {
    expect(fault(text)).toContain(expected);
  });

  it.each([
    ["phases: [{name: a}]", 'w.yaml:1:1: unknown key "phases": the stages of a workflow are "steps"'],
    [
      "type: lifecycle\ntriggers: {}",
      'w.yaml:1:1: workflows of type "lifecycle" cannot be spawned: use a step workflow, such as plan-execute',
    ],
    ["type: 3\nsteps: [{name: a}]", "workflows of such a type cannot be spawned"],
    ["triggers: {}\nsteps: [{name: a}]", "triggers belong to lifecycle workflows"],
    [
      "on_premature_stop: {action: guide_continuation}\nsteps: [{name: a}]",
      'w.yaml:1:21: unknown action "guide_continuation": write "guide"',
    ],
    [step("on_enter:\n- {action: call_mcp_tool}"), 'w.yaml:4:8: unknown action "call_mcp_tool": write "call_tool"'],
    [step("on_exit:\n- {action: inject_context}"), 'unknown action "inject_context": write "inject_message"'],
    [step("on_enter:\n- {action: call_llm}"), "the agent is the model"],
    [step("on_enter:\n- {action: webhook}"), 'use "call_tool"'],
    [step("on_enter:\n- {action: capture_artifact}"), "complete(artifacts)"],
    [step("on_enter:\n- {action: read_artifact}"), "a tool that reads files"],
    [step("on_enter:\n- {action: increment_variable, name: n, amount: 2}"), 'unknown key "amount": write "by"'],
    [step("transitions:\n- to: a\n  on_transition: [{action: call_mcp_tool}]"), 'write "call_tool"'],
    [step("transitions:\n- {to: a, condition: x}"), 'w.yaml:4:15: unknown key "condition": write "when"'],
    [step("exit_conditions:\n- {type: tool_call}"), 'w.yaml:4:8: unknown type "tool_call": write "tool_succeeded"'],
    [step("exit_conditions:\n- {type: artifact_exists}"), 'unknown type "artifact_exists"'],
    [step("exit_conditions:\n- {type: expression, expression: x}"), 'unknown key "expression": write "when"'],
    [step("rules:\n- {name: r, action: deny}"), 'unknown action "deny": write "block"'],
    ["on_error: [{action: webhook}]\nsteps: [{name: a}]", "w.yaml:1:13"],
  ])("what other systems call it: %s", (text, expected) => {
    expect(fault(text)).toContain(expected);
  });

  it.each([
    ["a file that is too large", new Uint8Array(10_000_000).fill(35), "larger than 1000000 bytes"],
    ["bytes that are no text", new Uint8Array([0xff, 0xfe, 0x00]), "not UTF-8 text"],
    ["deep nesting", `a: ${"[".repeat(5_000)}`, "not valid YAML"],
    ["an alias bomb", bomb(), "not valid YAML"],
    [
      "a condition without end",
      `exit_condition: ${"turn > 1 and ".repeat(70_000)}true\nsteps: [{name: a}]`,
      "it is longer than 2000 characters",
    ],
    ["braces without end", `steps: [{name: a, instructions: "${"{{ a ".repeat(150_000)}"}]`, "cannot be filled in"],
    [
      "a tool's name without end",
      `steps: [{name: a, on_enter: [{action: call_tool, tool: "${"a__".repeat(300_000)}!"}]}]`,
      "name one tool with its server",
    ],
    ["a great many steps", `steps:\n${"- {name: a}\n".repeat(20_000)}`, "there is already a step"],
    ["a great many different steps", `steps:\n${manySteps()}`, "steps has to have at most 200 entries"],
  ])("%s, at once", (_, text, expected) => {
    const start = performance.now();
    expect(fault(text)).toContain(expected);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

function bomb(): string {
  const lines = Array.from({ length: 30 }, (_, index) => `a${index + 1}: &a${index + 1} [*a${index}, *a${index}]`);
  return `a0: &a0 [x, x]\n${lines.join("\n")}\n`;
}

function manySteps(): string {
  return Array.from({ length: 20_000 }, (_, index) => `- {name: s${index}}\n`).join("");
}
