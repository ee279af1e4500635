/** `{{ name }}` in the texts of a workflow stands for a variable. */
import type { Json } from "./workflow.js";

const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** The text with the values of its variables; an unknown name stays as it is written. */
export function fillTemplate(text: string, variables: Readonly<Record<string, Json>>): string {
  return text.replace(PLACEHOLDER, (whole, name: string) =>
    Object.hasOwn(variables, name) ? toText(variables[name] ?? null) : whole,
  );
}

/** Fills every text of a value. A text that is only one variable becomes its value, of any type. */
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
  return [...text.matchAll(PLACEHOLDER)].flatMap(([, name]) => name ?? []);
}

function toText(value: Json): string {
  return typeof value === "string" ? value : value === null ? "" : JSON.stringify(value);
}
