/** What check reports: each oversight, at its place, and nothing else. */
import { describe, expect, it } from "vitest";
import { createConditions } from "../../src/conditions/create-conditions.js";
import type { CatalogTool } from "../../src/core/tools/tool.js";
import { checkWorkflow } from "../../src/definitions/workflow/check-workflow.js";
import { toMermaid } from "../../src/definitions/workflow/to-mermaid.js";
import { definitionsIn, writeFiles } from "../support/definitions.js";
import { mentions } from "../support/mentions.js";

function workflow(text: string) {
  const found = definitionsIn(writeFiles({ "home/workflows/w.yaml": text })).workflow("w");
  if (!found) throw new Error("there is no such workflow");
  return found.definition;
}

const tool = (name: string, effect: CatalogTool["effect"] = "read_only"): CatalogTool => {
  const [server = "", own = ""] = name.split("__");
  return { name, server, tool: own, description: "", inputSchema: {}, effect };
};
const CATALOG = [tool("a__read"), tool("a__write", "effectful"), tool("b__read")];

function findings(text: string, catalog: readonly CatalogTool[] | null = CATALOG, unseen: readonly string[] = []) {
  return checkWorkflow(workflow(text), catalog, createConditions(), unseen);
}

/** Each finding in its order: its place, and words of its message. */
function expectFindings(found: ReturnType<typeof findings>, expected: readonly (readonly string[])[]): void {
  expect(found).toEqual(
    expected.map(([where = "", ...words]) => ({ where, message: expect.stringMatching(mentions(...words)) })),
  );
}

describe("check", () => {
  it.each([
    ["steps that follow each other", "steps: [{name: x}, {name: y}, {name: z}]"],
    [
      "a branch",
      "steps: [{name: x, transitions: [{to: y, when: turn > 1}, {to: z, when: turn > 2}]}, {name: y}, {name: z}]",
    ],
    ["a loop with an end", "exit_condition: turn > 3\nsteps: [{name: x, transitions: [{to: x, when: turn > 1}]}]"],
    [
      "a step that runs by itself",
      "steps: [{name: x, on_enter: [{action: inject_message, content: hi}], transitions: [{to: y}]}, {name: y}]",
    ],
    ["tools that are there", "steps: [{name: x, allowed_tools: [read_only, a__*, read], blocked_tools: [a__write]}]"],
    [
      "a run that the workflow ends",
      "steps: [{name: x, on_enter: [{action: end_run, when: turn > 1}], transitions: [{to: x, when: turn > 2}]}]",
    ],
  ])("has nothing against %s", (_, text) => {
    expect(findings(text)).toEqual([]);
  });

  it.each([
    [
      "a step that nothing leads to",
      "steps: [{name: x, transitions: [{to: z, when: turn > 1}]}, {name: y, transitions: [{to: z, when: turn > 1}]}, {name: z}]",
      [["steps.y", "transition", '"y"']],
    ],
    [
      "a step behind a transition that is never taken",
      'steps: [{name: x, transitions: [{to: y, when: "false"}, {to: z, when: turn > 1}]}, {name: y}, {name: z}]',
      [
        ["steps.y", "transition", '"y"'],
        ["steps.x.transitions.0.when", "false", "never"],
      ],
    ],
    [
      "no end at all",
      "steps: [{name: x, transitions: [{to: y, when: turn > 1}]}, {name: y, transitions: [{to: x, when: turn > 2}]}]",
      [["steps", "transitions", "exit_condition"]],
    ],
    [
      "a part without an end",
      "steps: [{name: x, transitions: [{to: y, when: turn > 1}, {to: z, when: turn > 2}]}, {name: y, transitions: [{to: y, when: turn > 3}]}, {name: z}]",
      [["steps.y", '"y"', "end"]],
    ],
    [
      "a circle that never rests",
      "exit_condition: turn > 1\nsteps: [{name: x, transitions: [{to: y}]}, {name: y, transitions: [{to: x, when: 1 < 2}]}]",
      [
        ["steps.x.transitions", "x -> y -> x", "condition"],
        ["steps.y.transitions", "y -> x -> y", "condition"],
        ["steps.y.transitions.0.when", "1 < 2", "true"],
      ],
    ],
    [
      "a step that is passed over",
      "steps: [{name: x, transitions: [{to: y}]}, {name: y}]",
      [["steps.x.transitions", '"x"', "exit condition"]],
    ],
    [
      "a transition that another one overtakes",
      "steps: [{name: x, exit_conditions: [{type: action_count, min_count: 1}], transitions: [{to: y}, {to: y, when: turn > 1}]}, {name: y}]",
      [["steps.x.transitions.1", "never"]],
    ],
    [
      "calls to count where none is allowed",
      "steps: [{name: x, allowed_tools: [], exit_conditions: [{type: action_count, min_count: 1}]}]",
      [["steps.x.exit_conditions.0", "tool", '"x"']],
    ],
    [
      "conditions that are constant",
      `steps:
  - name: x
    rules: [{name: r, action: block, when: "true"}]
    on_enter: [{action: inject_message, content: hi, when: "1 > 2"}]
    exit_conditions: [{type: expression, when: "false"}]
exit_condition: "true"
on_premature_stop: {condition: "false"}`,
      [
        ["steps.x.on_enter.0.when", "1 > 2", "false", "action"],
        ["steps.x.rules.0.when", "true", "rule"],
        ["steps.x.exit_conditions.0.when", "false", "step"],
        ["on_premature_stop.condition", "false", "premature"],
        ["exit_condition", "true", "run"],
      ],
    ],
    [
      "patterns that match nothing",
      `settings: {required_tools: [a__wite]}
steps:
  - name: x
    allowed_tools: [a__raed, c__*, a__*]
    blocked_tools: [delete]
    on_enter: [{action: call_tool, tool: a__list}]
    transitions: [{to: y, when: 'tool_called("a__reed")'}]
  - name: y`,
      [
        ["settings.required_tools.0", '"a__wite"', '"a__write"'],
        ["steps.x.on_enter.0.tool", '"a__list"', "tool"],
        ["steps.x.allowed_tools.0", '"a__raed"', '"a__read"'],
        ["steps.x.allowed_tools.1", '"c__*"', '"a__*"'],
        ["steps.x.blocked_tools.0", '"delete"', "tool"],
        ["steps.x.transitions.0.when", '"a__reed"', '"a__read"'],
      ],
    ],
    [
      "tools that have to run and cannot",
      `settings: {required_tools: [a__write]}
steps: [{name: x, allowed_tools: [read_only], exit_conditions: [{type: tool_succeeded, tool: "*__write"}]}]`,
      [
        ["settings.required_tools.0", '"a__write"', "step"],
        ["steps.x.exit_conditions.0", '"*__write"', "step"],
      ],
    ],
    [
      "variables that nobody reads",
      "variables: {seen: 1, unseen: 2}\nsteps: [{name: x, instructions: '{{ seen }}', on_enter: [{action: set_variable, name: found, value: 1}]}]",
      [
        ["steps.x.on_enter.0.name", "variable", '"found"'],
        ["variables.unseen", "variable", '"unseen"'],
      ],
    ],
  ])("reports %s", (_, text, expected) => {
    expectFindings(findings(text), expected);
  });

  it("says nothing of tools where none are known", () => {
    expect(findings("steps: [{name: x, allowed_tools: [what__ever]}]", null)).toEqual([]);
  });
});

describe("servers whose tools nobody has seen", () => {
  it("may have what a pattern names, unless it names another server", () => {
    const text = "steps: [{name: x, allowed_tools: [far__read, anything, c__*, a__gone]}]";
    expectFindings(findings(text, CATALOG, ["far"]), [
      ["steps.x.allowed_tools.2", '"c__*"', '"a__*"'],
      ["steps.x.allowed_tools.3", '"a__gone"', "tool"],
    ]);
  });

  it("may have the tool that has to run", () => {
    const text = "settings: {required_tools: [write]}\nsteps: [{name: x, allowed_tools: [far__write]}]";
    expect(findings(text, CATALOG, ["far"])).toEqual([]);
    expectFindings(findings(text), [
      ["steps.x.allowed_tools.0", '"far__write"', '"a__write"'],
      ["settings.required_tools.0", '"write"', "step"],
    ]);
  });
});

describe("the drawing", () => {
  it("shows transitions, their conditions, and ends", () => {
    const text = `
steps:
  - name: first-step
    transitions:
      - {to: work, when: 'tool_succeeded("a__*") and args.path != "x: y; z % {a}"'}
      - {to: end, when: turn > 9}
    exit_conditions: [{type: variable_set, variable: v}, {type: action_count, min_count: 2}]
  - name: work
  - name: end
variables: {v: null}
`;
    expect(toMermaid(workflow(text)).split("\n")).toEqual([
      "stateDiagram-v2",
      '    state "first-step" as s0',
      '    state "work" as s1',
      '    state "end" as s2',
      "    [*] --> s0",
      expect.stringMatching(
        /^ {4}s0 --> s1 : tool_succeeded\(#34;a__#42;#34;\) and args\.path != #34;x#58; y#59; z #37; #123;a#125;#34;, .*\bv\b.*\b2\b/,
      ),
      expect.stringMatching(/^ {4}s0 --> s2 : turn #62; 9, .*\bv\b.*\b2\b/),
      expect.stringMatching(/^ {4}s1 --> \[\*\] : complete$/),
      expect.stringMatching(/^ {4}s2 --> \[\*\] : complete$/),
      "",
    ]);
  });

  it("keeps labels on their line and of a length that can be read", () => {
    const long = `turn > 1 or\\n ${Array(30).fill("turn > 2").join(" or ")}`;
    const drawn = toMermaid(workflow(`steps: [{name: x, transitions: [{to: y, when: "${long}"}]}, {name: y}]`));
    const label = drawn.split("\n").find((line) => line.includes("s0 --> s1")) ?? "";
    expect(label).toContain("turn #62; 1 or turn #62; 2 or");
    expect(label).toMatch(/#8230;$/);
    expect(label.length).toBeLessThan(300);
  });

  it("has no sign in a label that Mermaid would take for its own", () => {
    const drawn = toMermaid(
      workflow(`steps: [{name: x, transitions: [{to: x, when: 'tool == "<b>:;%%{}[]#\\\`~^&*"'}]}]`),
    );
    const label =
      drawn
        .split("\n")
        .find((line) => line.includes("s0 --> s0"))
        ?.replace("s0 --> s0 : ", "") ?? "";
    expect(label.replace(/#\d+;/g, "")).not.toMatch(/[:;#%{}[\]<>"`~^&*]/);
  });
});
