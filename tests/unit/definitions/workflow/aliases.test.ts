/** Aliases: a workflow with words of a similar system is refused with the word that legwork uses. */
import { expect, it } from "vitest";
import { definitionsIn, faultOf, writeFiles } from "../../../support/definitions.js";
import { mentions } from "../../../support/mentions.js";

/** The fault of a workflow file, without the folder. */
function fault(text: string): string {
  const definitions = definitionsIn(writeFiles({ "project/.legwork/workflows/w.yaml": text }));
  return faultOf(() => definitions.workflow("w")).replace(/^.*?\/workflows\//, "");
}

const step = (lines: string) => `steps:\n  - name: a\n${lines.replace(/^/gm, "    ")}\n`;

it.each([
  ["phases: [{name: a}]", ["w.yaml:1:1", "phases", '"steps"']],
  ["type: lifecycle\ntriggers: {}", ["w.yaml:1:1", "lifecycle", "plan-execute"]],
  ["type: 3\nsteps: [{name: a}]", ["w.yaml:1:1", "type"]],
  ["triggers: {}\nsteps: [{name: a}]", ["w.yaml:1:1", "triggers", "lifecycle"]],
  [
    "on_premature_stop: {action: guide_continuation}\nsteps: [{name: a}]",
    ["w.yaml:1:21", "guide_continuation", '"guide"'],
  ],
  [step("on_enter:\n- {action: call_mcp_tool}"), ["w.yaml:4:8", "call_mcp_tool", '"call_tool"']],
  [step("on_exit:\n- {action: inject_context}"), ["w.yaml:4:8", "inject_context", '"inject_message"']],
  [step("on_enter:\n- {action: call_llm}"), ["w.yaml:4:8", "call_llm", "model"]],
  [step("on_enter:\n- {action: webhook}"), ["w.yaml:4:8", "webhook", '"call_tool"']],
  [step("on_enter:\n- {action: capture_artifact}"), ["w.yaml:4:8", "capture_artifact", "complete(artifacts)"]],
  [step("on_enter:\n- {action: read_artifact}"), ["w.yaml:4:8", "read_artifact", "tool"]],
  [step("on_enter:\n- {action: increment_variable, name: n, amount: 2}"), ["w.yaml:4:45", "amount", '"by"']],
  [
    step("transitions:\n- to: a\n  on_transition: [{action: call_mcp_tool}]"),
    ["w.yaml:5:24", "call_mcp_tool", '"call_tool"'],
  ],
  [step("transitions:\n- {to: a, condition: x}"), ["w.yaml:4:15", '"condition"', '"when"']],
  [step("exit_conditions:\n- {type: tool_call}"), ["w.yaml:4:8", '"tool_call"', '"tool_succeeded"']],
  [step("exit_conditions:\n- {type: artifact_exists}"), ["w.yaml:4:8", "artifact_exists"]],
  [step("exit_conditions:\n- {type: expression, expression: x}"), ["w.yaml:4:26", '"expression"', '"when"']],
  [step("rules:\n- {name: r, action: deny}"), ["w.yaml:4:17", '"deny"', '"block"']],
  ["on_error: [{action: webhook}]\nsteps: [{name: a}]", ["w.yaml:1:13", "webhook"]],
])("the alias in %j is refused at its place, with the word to use", (text, expected) => {
  expect(fault(text)).toMatch(mentions(...expected));
});
