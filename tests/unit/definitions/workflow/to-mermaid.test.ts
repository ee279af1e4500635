/** toMermaid: the drawing of a workflow, with labels that Mermaid can read. */
import { describe, expect, it } from "vitest";
import { toMermaid } from "../../../../src/definitions/workflow/to-mermaid.js";
import { definitionsIn, writeFiles } from "../../../support/definitions.js";

function workflow(text: string) {
  const found = definitionsIn(writeFiles({ "home/workflows/w.yaml": text })).workflow("w");
  if (!found) throw new Error("there is no such workflow");
  return found.definition;
}

describe("toMermaid", () => {
  it("draws transitions, their conditions, and ends", () => {
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

  it("keeps each label on one line and cuts long labels", () => {
    const long = `turn > 1 or\\n ${Array(30).fill("turn > 2").join(" or ")}`;
    const drawn = toMermaid(workflow(`steps: [{name: x, transitions: [{to: y, when: "${long}"}]}, {name: y}]`));
    const label = drawn.split("\n").find((line) => line.includes("s0 --> s1")) ?? "";
    expect(label).toContain("turn #62; 1 or turn #62; 2 or");
    expect(label).toMatch(/#8230;$/);
    expect(label.length).toBeLessThan(300);
  });

  it("escapes the signs of Mermaid in labels", () => {
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
