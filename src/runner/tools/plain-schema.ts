/** Schemas of legwork's own tools in the subset of JSON Schema that every host and model reads. */
import { z } from "zod";
import { isRecord } from "../../lib/is-record.js";

/** Left out: some hosts refuse a tool for them, and the check of the arguments knows them. `$defs` serve recursive references. */
const OMITTED = new Set(["$schema", "$defs", "propertyNames", "exclusiveMinimum", "exclusiveMaximum"]);

export function toPlainSchema(
  schema: z.ZodObject,
  io: "input" | "output",
): { type: "object" } & Record<string, unknown> {
  return { ...plain(z.toJSONSchema(schema, { io })), type: "object" };
}

function plain(node: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(node).filter(([key]) => !OMITTED.has(key));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === "additionalProperties" ? value !== false : plainValue(value)]),
  );
}

function plainValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainValue);
  return isRecord(value) ? plain(value) : value;
}
