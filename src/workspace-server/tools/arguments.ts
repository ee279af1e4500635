/** Checks the arguments of a call against the schema of its tool: the few forms that these schemas have. */
import { isRecord } from "../../lib/is-record.js";
import { typeOf } from "../../lib/issue-text.js";

export interface ArgumentSchema {
  readonly type: "object" | "array" | "string" | "number" | "boolean";
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: ArgumentSchema;
  readonly properties?: Readonly<Record<string, ArgumentSchema>>;
  readonly required?: readonly string[];
}

export type Checked =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "fault"; readonly fault: string };

/** The value with defaults and without unknown keys, or all faults, one a line. */
export function checkArguments(schema: ArgumentSchema, value: unknown): Checked {
  const faults: string[] = [];
  const checked = check(schema, value, "", faults);
  return faults.length === 0 ? { kind: "value", value: checked } : { kind: "fault", fault: faults.join("\n") };
}

function check(schema: ArgumentSchema, value: unknown, place: string, faults: string[]): unknown {
  const fault = (text: string) => {
    faults.push(place === "" ? text : `${text} at ${place}`);
  };
  const { type, properties = {}, required = [], items, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  if (schema.enum) {
    const options = schema.enum.map((option) => JSON.stringify(option)).join("|");
    if (!schema.enum.some((option) => option === value)) fault(`Invalid option: expected one of ${options}`);
    return value;
  }
  if (typeOf(value) !== type) return fault(`Invalid input: expected ${type}, received ${typeOf(value)}`);
  if (Array.isArray(value)) {
    if (value.length < minItems) fault(`Too small: expected array to have >=${minItems} items`);
    if (value.length > maxItems) return fault(`Too big: expected array to have <=${maxItems} items`);
    return items ? value.map((item, index) => check(items, item, `${place}[${index}]`, faults)) : value;
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(properties).flatMap(([name, property]) => {
    const own = Object.hasOwn(value, name) ? value[name] : undefined;
    const filled = own === undefined ? property.default : own;
    if (filled === undefined && !required.includes(name)) return [];
    return [[name, check(property, filled, place === "" ? name : `${place}.${name}`, faults)]];
  });
  return Object.fromEntries(entries);
}
