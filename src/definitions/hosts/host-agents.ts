/** Agent definitions that users have already: Claude Code's and Gemini CLI's, as far as they can be taken over. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import { patternFault } from "../../core/tools/tool.js";
import { checkValue } from "../../yaml/parse-yaml.js";
import type { MarkdownFile } from "../read/front-matter.js";
import { Name, Text, Turns } from "../read/words.js";
import { isMap } from "../read/yaml-map.js";

/** A list, or the same in one text with commas. */
const Names = z.union([z.string(), z.array(z.string())], {
  error: "has to be names with commas between them, or a list",
});
/** A host reads numbers from texts too. */
const Count = z.preprocess(toNumber, Turns);

export const ClaudeFile = z.object({
  name: Name,
  description: Text.optional(),
  tools: Names.optional(),
  disallowedTools: Names.optional(),
  model: z.string().optional(),
  maxTurns: Count.optional(),
});

export const GeminiFile = z.object({
  kind: z
    .string()
    .refine((kind) => kind === "local", 'only agents of kind "local" can run here')
    .optional(),
  name: Name,
  display_name: z.string().optional(),
  description: Text.optional(),
  tools: Names.optional(),
  model: z.string().optional(),
  max_turns: Count.optional(),
  timeout_mins: z
    .preprocess(
      toNumber,
      z
        .number()
        .positive()
        .max(7 * 24 * 60),
    )
    .optional(),
});

/** Reads a definition of Claude Code. Throws ConfigError with the place. */
export function readClaudeAgent(markdown: MarkdownFile, origin: DefinitionOrigin): AgentDefinition {
  const { front } = markdown;
  const file = checkValue(front.value, ClaudeFile, front.place);
  const notes = notesOf(markdown, ClaudeFile.shape);
  return {
    ...common(file, markdown, origin, notes),
    blockedTools: blocked(namesIn(file.disallowedTools ?? []), notes, front.place(["disallowedTools"])),
    maxTurns: file.maxTurns ?? null,
    notes,
  };
}

/** Reads a definition of Gemini CLI. Throws ConfigError with the place. */
export function readGeminiAgent(markdown: MarkdownFile, origin: DefinitionOrigin): AgentDefinition {
  const { front } = markdown;
  const file = checkValue(front.value, GeminiFile, front.place);
  const notes = notesOf(markdown, GeminiFile.shape);
  return {
    ...common(file, markdown, origin, notes),
    maxTurns: file.max_turns ?? null,
    timeoutSeconds: file.timeout_mins === undefined ? null : file.timeout_mins * 60,
    notes,
  };
}

type CommonFields = Pick<z.infer<typeof ClaudeFile>, "name" | "description" | "tools" | "model">;

/** What both hosts say in the same words; adds to `notes` what cannot be taken over. */
function common(
  { name, description, tools, model }: CommonFields,
  { front, body }: MarkdownFile,
  origin: DefinitionOrigin,
  notes: string[],
): AgentDefinition {
  return {
    ...nothing(name, front.file, origin),
    description: description ?? null,
    prompt: body,
    ...modelOf(model, notes),
    tools: tools === undefined ? null : granted(namesIn(tools), notes),
  };
}

function nothing(name: string, from: string, origin: DefinitionOrigin): AgentDefinition {
  return {
    name,
    from,
    origin,
    description: null,
    prompt: null,
    provider: null,
    model: null,
    tools: null,
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

/** What there is to say of the file itself, to be added to. */
function notesOf({ front: { value }, isLoose }: MarkdownFile, shape: object): string[] {
  const unknown = isMap(value) ? Object.keys(value).filter((key) => !Object.hasOwn(shape, key)) : [];
  const meaning = `${unknown.join(", ")} of the file ${unknown.length === 1 ? "has" : "have"} no meaning here`;
  return [
    ...(isLoose ? ["its front matter is no YAML and was read line by line"] : []),
    ...(unknown.length > 0 ? [meaning] : []),
  ];
}

/** Only a full model name says which provider it belongs to. */
function modelOf(model: string | undefined, notes: string[]): { provider: string | null; model: string | null } {
  if (model === undefined || model === "") return { provider: null, model: null };
  if (/^gemini-[a-z0-9.-]+$/.test(model)) return { provider: "gemini", model };
  notes.push(`the model "${model}" cannot be used here, so the configured one is`);
  return { provider: null, model: null };
}

function namesIn(names: string | readonly string[]): readonly string[] {
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

/** What is granted only for some arguments is not granted at all. */
function granted(names: readonly string[], notes: string[]): readonly string[] {
  return names.filter((name) => {
    const fault = patternFault(name);
    if (fault !== null) notes.push(`tools: ${name} was left out, for arguments cannot be limited here`);
    return fault === null;
  });
}

/** What is forbidden for some arguments is forbidden for all. */
function blocked(names: readonly string[], notes: string[], place: string): readonly string[] {
  return names.map((name) => {
    if (patternFault(name) === null) return name;
    const [whole = ""] = /^[A-Za-z0-9_*-]+/.exec(name) ?? [];
    if (whole === "") throw new ConfigError(`${place}: ${patternFault(name)}`);
    notes.push(`disallowedTools: ${name} forbids ${whole} with any arguments here`);
    return whole;
  });
}

function toNumber(value: unknown): unknown {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value;
}
