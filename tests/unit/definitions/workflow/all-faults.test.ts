/** A faulty workflow file is refused with all its faults at once, each at its place. */
import { expect, it } from "vitest";
import type { ConfigError } from "../../../../src/core/errors.js";
import { definitionsIn, writeFiles } from "../../../support/definitions.js";
import { mentions } from "../../../support/mentions.js";

/** Each fault of a workflow file by itself. */
function faultsOf(text: string): readonly string[] {
  try {
    definitionsIn(writeFiles({ "project/.legwork/workflows/w.yaml": text })).workflow("w");
  } catch (error) {
    return (error as ConfigError).faults;
  }
  throw new Error("nothing was found wrong");
}

it.each([
  [
    "a step name stands twice",
    [
      "steps:",
      "  - name: a",
      '    instructions: "{{ nope }} {{ bad syntax }} {{ nope }} {{ nope2 }}"',
      "  - name: a",
      "    transitions: [{to: zz}]",
      "  - name: c",
      "    rules: [{name: r, when: variables.x == 1 and variables.y == 1, action: block}]",
    ],
    [
      [":4:", 'already a step "a"'],
      [":3:", "{{ nope }}"],
      [":3:", "{{ bad syntax }}"],
      [":3:", "{{ nope2 }}"],
      [":5:", '"zz"'],
      [":7:", '"x"'],
      [":7:", '"y"'],
    ],
  ],
  [
    "types are misspelt",
    [
      "steps:",
      "  - name: a",
      "    on_enter: [{action: set_variabl, name: x, value: 1}, {name: x}]",
      "    exit_conditions: [{type: action_cont, min_count: 1}]",
      "  - name: a",
    ],
    [
      [":5:", 'already a step "a"'],
      [":3:", "steps.0.on_enter.0.action has to be inject_message or", 'did you mean "set_variable"'],
      [":3:", "steps.0.on_enter.1.action is missing: give inject_message or"],
      [":4:", "steps.0.exit_conditions.0.type has to be", 'did you mean "action_count"'],
    ],
  ],
])("all faults of a workflow file are reported where %s", (_, lines, expected) => {
  const faults = faultsOf(lines.join("\n"));
  expect(faults).toEqual(expected.map((facts) => expect.stringMatching(mentions("w.yaml", ...facts))));
});
