/** Aliases: words of similar systems, each with the word that legwork uses instead. */
import { isRecord } from "../../lib/is-record.js";
import type { YamlPath } from "../../yaml/read-yaml.js";

/** An alias in a file. */
export interface Alias {
  readonly path: YamlPath;
  readonly message: string;
  readonly isUnknownKey: boolean;
}

const STEP_WORKFLOW = "use a step workflow, such as plan-execute (type: step)";

const TOP_LEVEL: Aliases = {
  phases: 'the stages of a workflow are "steps"',
  states: 'the stages of a workflow are "steps"',
  triggers: `triggers belong to lifecycle workflows, which cannot be spawned: ${STEP_WORKFLOW}`,
  on_stop: 'write "on_premature_stop"',
  exit_conditions: 'a workflow has one "exit_condition"; "exit_conditions" belong to a step',
  limits: 'write max_turns, timeout_seconds, max_cost_usd, max_tokens and max_depth under "settings"',
};

const STEP: Aliases = {
  allowed_mcp_tools: 'write "allowed_tools", with patterns such as "server__tool"',
  blocked_mcp_tools: 'write "blocked_tools", with patterns such as "server__tool"',
  exit_condition: 'a step has "exit_conditions", a list',
  next: 'write "transitions", with "to"',
  prompt: 'write "instructions"',
};

const ACTIONS: Aliases = {
  call_mcp_tool: 'write "call_tool", with tool "server__tool"',
  inject_context: 'write "inject_message", with content',
  inject_prompt: 'write "inject_message", with content',
  call_llm: 'there is no such action, for the agent is the model: ask it with "inject_message"',
  webhook: 'there is no such action: use "call_tool" with a server that can send requests',
  capture_artifact: "there is no such action: the agent names its files in complete(artifacts)",
  read_artifact: 'there is no such action: use "call_tool" with a tool that reads files',
  increment: 'write "increment_variable"',
  set: 'write "set_variable"',
};

const ACTION_KEYS: Aliases = {
  server_name: 'name the tool with its server in "tool", such as "workspace__read_text_file"',
  tool_name: 'name the tool with its server in "tool", such as "workspace__read_text_file"',
  amount: 'write "by"',
  condition: 'write "when"',
  if: 'write "when"',
  on_error: 'write "on_failure", with end or continue',
};

const EXIT_CONDITIONS: Aliases = {
  tool_call: 'write "tool_succeeded", with tool',
  tool_called: 'write "tool_succeeded", with tool',
  artifact_exists: 'there is no such exit condition: ask for the call that makes it, with "tool_succeeded"',
  condition: 'write "expression", with when',
  webhook: "there is no such exit condition",
};

const CONDITION_KEYS: Aliases = { condition: 'write "when"', expression: 'write "when"', if: 'write "when"' };
const RULE_ACTIONS: Aliases = { deny: 'write "block"', approve: 'write "require_approval"' };
const PREMATURE: Aliases = { guide_continuation: 'write "guide"' };

type Aliases = Readonly<Record<string, string>>;

/** Every alias in a workflow's raw value. */
export function findAliases(value: unknown): readonly Alias[] {
  if (!isRecord(value)) return [];
  const ofType = aliasesOfType(value.type);
  if (ofType.length > 0) return ofType; // the words of another type are right there
  return [
    ...aliasesAmongKeys(value, TOP_LEVEL, []),
    ...aliasAsValue(get(value.on_premature_stop, "action"), PREMATURE, ["on_premature_stop", "action"]),
    ...inActions(value.on_error, ["on_error"]),
    ...listOf(value.steps).flatMap((step, index) => inStep(step, ["steps", index])),
  ];
}

function aliasesOfType(type: unknown): readonly Alias[] {
  if (type === undefined || type === "step") return [];
  const kind = typeof type === "string" ? `workflows of type "${type}"` : "workflows of such a type";
  return [{ path: ["type"], message: `${kind} cannot be spawned: ${STEP_WORKFLOW}`, isUnknownKey: false }];
}

function inStep(step: unknown, path: YamlPath): readonly Alias[] {
  if (!isRecord(step)) return [];
  const inList = (key: string, find: (item: unknown, place: YamlPath) => readonly Alias[]) =>
    listOf(step[key]).flatMap((item, index) => find(item, [...path, key, index]));
  return [
    ...aliasesAmongKeys(step, STEP, path),
    ...inActions(step.on_enter, [...path, "on_enter"]),
    ...inActions(step.on_exit, [...path, "on_exit"]),
    ...inList("rules", inRule),
    ...inList("transitions", inTransition),
    ...inList("exit_conditions", inExit),
  ];
}

function inActions(actions: unknown, path: YamlPath): readonly Alias[] {
  return listOf(actions).flatMap((action, index) => [
    ...aliasAsValue(get(action, "action"), ACTIONS, [...path, index, "action"]),
    ...aliasesAmongKeys(action, ACTION_KEYS, [...path, index]),
  ]);
}

function inRule(rule: unknown, path: YamlPath): readonly Alias[] {
  return [
    ...aliasAsValue(get(rule, "action"), RULE_ACTIONS, [...path, "action"]),
    ...aliasesAmongKeys(rule, CONDITION_KEYS, path),
  ];
}

function inTransition(transition: unknown, path: YamlPath): readonly Alias[] {
  return [
    ...aliasesAmongKeys(transition, CONDITION_KEYS, path),
    ...inActions(get(transition, "on_transition"), [...path, "on_transition"]),
  ];
}

function inExit(condition: unknown, path: YamlPath): readonly Alias[] {
  return [
    ...aliasAsValue(get(condition, "type"), EXIT_CONDITIONS, [...path, "type"]),
    ...aliasesAmongKeys(condition, CONDITION_KEYS, path),
  ];
}

function aliasesAmongKeys(value: unknown, words: Aliases, path: YamlPath): readonly Alias[] {
  if (!isRecord(value)) return [];
  const keys = Object.keys(value).filter((name) => Object.hasOwn(words, name));
  return keys.map((key) => ({
    path: [...path, key],
    message: `unknown key "${key}": ${words[key]}`,
    isUnknownKey: true,
  }));
}

function aliasAsValue(value: unknown, words: Aliases, path: YamlPath): readonly Alias[] {
  if (typeof value !== "string" || !Object.hasOwn(words, value)) return [];
  return [{ path, message: `unknown ${String(path.at(-1))} "${value}": ${words[value]}`, isUnknownKey: false }];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function get(value: unknown, key: string): unknown {
  return isRecord(value) ? value[key] : undefined;
}
