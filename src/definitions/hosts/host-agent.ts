/** The fields and rules that agent definitions of other hosts share. */
import { z } from "zod";
import type { AgentDefinition, DefinitionOrigin } from "../../core/definitions/agent.js";
import { ConfigError } from "../../core/errors.js";
import { MOST } from "../../core/run/limits.js";
import { EFFORTS, type Effort, NO_MODEL_SETTINGS } from "../../core/run/model-settings.js";
import { isRecord } from "../../lib/is-record.js";
import type { HostMarkdown } from "./host-markdown.js";
import { grantedTools } from "./tool-names.js";

/** Any value: a field that cannot be used costs itself, not the file. */
export const Any = z.unknown();

export const commonFields = { name: Any, description: Any.optional(), tools: Any.optional(), model: Any.optional() };

/** The fields of a file by their names. */
export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf({ front: { value } }: HostMarkdown): Fields {
  return isRecord(value) ? value : {};
}

/** The name of the agent as it is written, on one line; null where there is none. */
export function nameIn(markdown: HostMarkdown): string | null {
  const name = plainText(fieldsOf(markdown).name)?.replace(/\s+/g, " ") ?? "";
  return /[\p{L}\p{N}]/u.test(name) ? name : null;
}

/** The definition in the fields that all hosts share. Adds to `notes` the parts that legwork cannot use. Throws ConfigError. */
export function toDefinition(markdown: HostMarkdown, origin: DefinitionOrigin, notes: string[]): AgentDefinition {
  const { front, body } = markdown;
  const { description, tools, model } = fieldsOf(markdown);
  const name = nameIn(markdown);
  if (name === null) throw new ConfigError(`${front.place(["name"])}: name is missing: give the agent one`);
  return {
    name,
    from: front.file,
    origin,
    isImported: true,
    description: descriptionOf(description, notes),
    prompt: body,
    provider: null,
    model: modelOf(model, notes),
    ...NO_MODEL_SETTINGS,
    tools: tools === undefined ? null : grantedTools(tools, "tools", notes),
    blockedTools: [],
    servers: null,
    workflow: null,
    variables: {},
    maxTurns: null,
    timeoutSeconds: null,
    maxCostUsd: null,
    maxTokens: null,
    maxDepth: null,
    outputSchema: null,
    notes: [],
  };
}

/** Notes about the file itself; the caller adds others. */
export function notesOf(markdown: HostMarkdown, known: object): string[] {
  const unknown = Object.keys(fieldsOf(markdown)).filter((key) => !Object.hasOwn(known, key));
  return [
    ...markdown.notes,
    ...(unknown.length > 0 ? [`legwork ignores these fields of the file: ${unknown.join(", ")}`] : []),
  ];
}

/** A text, or a number or boolean that stands for one; null for anything else and for blanks. */
export function plainText(value: unknown): string | null {
  const isPlain = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return (isPlain && String(value).trim()) || null;
}

function descriptionOf(value: unknown, notes: string[]): string | null {
  if (isNothing(value)) return null;
  const text = plainText(value);
  if (text === null) notes.push("description was left out, because it is no text");
  return text?.replaceAll("\\n", "\n") ?? null; // hosts write breaks of lines as two characters
}

/** The model by its name or alias in the other host; which provider has it is known when a run starts. */
function modelOf(value: unknown, notes: string[]): string | null {
  const model = plainText(value);
  if (isNothing(value) || model?.toLowerCase() === "inherit") return null;
  if (model === null) notes.push("legwork cannot use the model as it is written and uses the configured one");
  return model;
}

/** A number of turns. Hosts also read numbers from texts; one that cannot count is left out, a larger one than legwork allows is lowered. */
export function turnsOf(value: unknown, field: string, notes: string[]): number | null {
  return numberOf(value, field, { most: MOST.maxTurns, isWhole: true }, notes);
}

export function minutesOf(value: unknown, field: string, notes: string[]): number | null {
  return numberOf(value, field, { most: MOST.seconds / 60, isWhole: false }, notes);
}

/** A level that legwork knows; null, with a note, for another. */
export function effortOf(value: unknown, notes: string[]): Effort | null {
  if (isNothing(value)) return null;
  const level = plainText(value)?.toLowerCase();
  const known = EFFORTS.find((effort) => effort === level);
  if (known === undefined) notes.push(`effort was left out, because it is none of ${EFFORTS.join(", ")}`);
  return known ?? null;
}

export function temperatureOf(value: unknown, notes: string[]): number | null {
  if (isNothing(value)) return null;
  const number = Number(plainText(value) ?? "none");
  if (number >= 0 && number <= MOST.temperature) return number;
  notes.push(`temperature was left out, because it is no number from 0 to ${MOST.temperature}`);
  return null;
}

interface Range {
  readonly most: number;
  readonly isWhole: boolean;
}

function numberOf(value: unknown, field: string, { most, isWhole }: Range, notes: string[]): number | null {
  if (isNothing(value)) return null;
  const [digits = ""] = /^\d+(?:\.\d+)?/.exec(plainText(value) ?? "") ?? [];
  const number = isWhole ? Math.floor(Number(digits)) : Number(digits);
  if (!(number > 0)) {
    notes.push(`${field} was left out, because it is no number above 0`);
    return null;
  }
  if (number <= most) return number;
  notes.push(`${field} is ${most}, because legwork allows no more`);
  return most;
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && value.trim() === "");
}
