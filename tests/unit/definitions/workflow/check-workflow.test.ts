/** checkWorkflow: it reports each likely mistake with its path, and nothing else. */
import { describe, expect, it } from "vitest";
import { createConditions } from "../../../../src/conditions/create-conditions.js";
import type { CatalogTool } from "../../../../src/core/tools/tool.js";
import { checkWorkflow } from "../../../../src/definitions/workflow/check-workflow.js";
import { createProjectPath } from "../../../../src/files/project-path.js";
import { definitionsIn, writeFiles } from "../../../support/definitions.js";
import { mentions } from "../../../support/mentions.js";

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
  return checkWorkflow(workflow(text), catalog, createConditions(createProjectPath(process.cwd())), unseen);
}

/** Each finding in its order: its place, and words of its message. */
function expectFindings(found: ReturnType<typeof findings>, expected: readonly (readonly string[])[]): void {
  expect(found).toEqual(
    expected.map(([where = "", ...words]) => ({ where, message: expect.stringMatching(mentions(...words)) })),
  );
}

describe("checkWorkflow", () => {
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
  ])("reports nothing for %s", (_, text) => {
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

  it("reports nothing about tools without a catalog", () => {
    expect(findings("steps: [{name: x, allowed_tools: [what__ever]}]", null)).toEqual([]);
  });
});

describe("a server whose tools are unknown", () => {
  it("may have the tools of a pattern, unless the pattern names another server", () => {
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
