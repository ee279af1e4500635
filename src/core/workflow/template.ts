/** `{{ name }}` in the texts of a workflow: variables and nothing else. */
import type { Json } from "./workflow.js";

const PLACE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** The text with its variables; what is not known stays as it is written. */
export function fillTemplate(text: string, variables: Readonly<Record<string, Json>>): string {
  return text.replace(PLACE, (whole, name: string) =>
    Object.hasOwn(variables, name) ? toText(variables[name] ?? null) : whole,
  );
}

/** The same in every text of a value. A text that is one variable and nothing else becomes its value, of whatever kind. */
export function fillTemplates(value: Json, variables: Readonly<Record<string, Json>>): Json {
  if (typeof value === "string") {
    const [whole, name] = /^\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}$/.exec(value) ?? [];
    if (whole !== undefined && name !== undefined && Object.hasOwn(variables, name)) return variables[name] ?? null;
    return fillTemplate(value, variables);
  }
  if (Array.isArray(value)) return value.map((item) => fillTemplates(item, variables));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillTemplates(item, variables)]));
}

/** The names that a text refers to. */
export function namesInTemplate(text: string): readonly string[] {
  return [...text.matchAll(PLACE)].flatMap(([, name]) => name ?? []);
}

function toText(value: Json): string {
  return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
}
