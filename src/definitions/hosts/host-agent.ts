/** The fields and rules that agent definitions of other hosts share. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import { patternFault } from "../../core/tools/tool.js";
import { isRecord } from "../../lib/is-record.js";
import { Turns } from "../../yaml/shared-fields.js";
import { Name, Text } from "../read/definition-fields.js";
import type { MarkdownFile } from "../read/front-matter.js";

/** A list, or one text with commas. */
export const Names = z.union([z.string(), z.array(z.string())], {
  error: "has to be names with commas between them, or a list",
});
/** Hosts also read numbers from texts. */
export const Count = z.preprocess(toNumber, Turns);

export const commonFields = {
  name: Name,
  description: Text.optional(),
  tools: Names.optional(),
  model: z.string().optional(),
};

interface CommonValues {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tools?: string | readonly string[] | undefined;
  readonly model?: string | undefined;
}

/** The definition in the fields that all hosts share. Adds to `notes` the parts that legwork cannot use. */
export function toDefinition(
  { name, description, tools, model }: CommonValues,
  { front, body }: MarkdownFile,
  origin: DefinitionOrigin,
  notes: string[],
): AgentDefinition {
  return {
    name,
    from: front.file,
    origin,
    description: description ?? null,
    prompt: body,
    ...usableModel(model, notes),
    tools: tools === undefined ? null : grantedTools(namesIn(tools), notes),
    blockedTools: [],
    servers: null,
    workflow: null,
    variables: {},
    maxTurns: null,
    timeoutSeconds: null,
    maxCostUsd: null,
    maxDepth: null,
    outputSchema: null,
    notes: [],
  };
}

/** Notes about the file itself; the caller adds others. */
export function notesOf({ front: { value }, isLoose }: MarkdownFile, shape: object): string[] {
  const unknown = isRecord(value) ? Object.keys(value).filter((key) => !Object.hasOwn(shape, key)) : [];
  return [
    ...(isLoose ? ["its front matter is not valid YAML and was read line by line"] : []),
    ...(unknown.length > 0 ? [`legwork ignores these fields of the file: ${unknown.join(", ")}`] : []),
  ];
}

/** Only a full model name tells its provider. */
function usableModel(model: string | undefined, notes: string[]): { provider: string | null; model: string | null } {
  if (model === undefined || model === "") return { provider: null, model: null };
  if (/^gemini-[a-z0-9.-]+$/.test(model)) return { provider: "gemini", model };
  notes.push(`legwork cannot use the model "${model}" and uses the configured one`);
  return { provider: null, model: null };
}

/** The names in a list, or in a text with commas. */
export function namesIn(names: string | readonly string[]): readonly string[] {
  const list = typeof names === "string" ? splitAtCommas(names) : names;
  return list.map((name) => name.trim()).filter((name) => name !== "");
}

/** Commas between brackets belong to a name, as in `Bash(git add, git commit)`. */
function splitAtCommas(text: string): readonly string[] {
  const names = [""];
  let depth = 0;
  for (const sign of text) {
    if (sign === "(") depth += 1;
    if (sign === ")") depth = Math.max(0, depth - 1);
    if (sign === "," && depth === 0) names.push("");
    else names.push((names.pop() ?? "") + sign);
  }
  return names;
}

/** Drops a tool that is granted for some arguments only, because legwork cannot limit arguments. */
function grantedTools(names: readonly string[], notes: string[]): readonly string[] {
  return names.filter((name) => {
    const fault = patternFault(name);
    if (fault !== null) notes.push(`tools: ${name} was left out, because legwork cannot limit arguments`);
    return fault === null;
  });
}

/** Blocks a tool with any arguments where the host forbids it for some. */
export function blockedTools(names: readonly string[], notes: string[], place: string): readonly string[] {
  return names.map((name) => {
    if (patternFault(name) === null) return name;
    const [whole = ""] = /^[A-Za-z0-9_*-]+/.exec(name) ?? [];
    if (whole === "") throw new ConfigError(`${place}: ${patternFault(name)}`);
    notes.push(`disallowedTools: ${name} blocks ${whole} with any arguments, because legwork cannot limit arguments`);
    return whole;
  });
}

/** A text of digits as a number; any other value as it is. */
export function toNumber(value: unknown): unknown {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}
