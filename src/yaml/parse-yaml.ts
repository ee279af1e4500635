/** Parses YAML into a checked value. Every error names file, line and column. */
import type { z } from "zod";
import { ConfigError } from "../core/errors.js";
import { explainIssue } from "../lib/issue-text.js";
import { didYouMean } from "../lib/nearest.js";
import { readYaml, type YamlPath } from "./read-yaml.js";

/** Reads one YAML document and checks it with a schema. Throws ConfigError with the place and, for an unknown key, the nearest legal key. */
export function parseYaml<T>(bytes: Uint8Array, file: string, schema: z.ZodType<T>): T {
  const document = readYaml(bytes, file);
  return checkValue(document.value, schema, document.place);
}

/** Checks a value; `placeOf` gives the place of a part of it. Throws ConfigError with the first fault. */
export function checkValue<T>(value: unknown, schema: z.ZodType<T>, placeOf: (path: YamlPath) => string): T {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  // A misspelt key often causes a missing one too: report the misspelt key, which explains both.
  const faults = toFaults(result.error, schema, value);
  const fault = faults.find(({ isUnknownKey }) => isUnknownKey) ?? faults[0];
  if (!fault) throw new ConfigError(`${placeOf([])}: does not match the expected form`);
  throw new ConfigError(`${placeOf(fault.path)}: ${fault.message}`);
}

/** A part of a value that does not fit its schema. */
export interface ValueFault {
  readonly path: YamlPath;
  readonly message: string;
  readonly isUnknownKey: boolean;
  /** Whether the part is absent. */
  readonly isMissing: boolean;
}

/** Every fault of a value; empty where it fits. */
export function faultsOf(value: unknown, schema: z.ZodType): readonly ValueFault[] {
  const result = schema.safeParse(value, { reportInput: true });
  return result.success ? [] : toFaults(result.error, schema, value);
}

function toFaults({ issues }: z.ZodError, schema: z.ZodType, value: unknown): readonly ValueFault[] {
  return issues.flatMap((issue): readonly ValueFault[] => {
    const path = issue.path as YamlPath;
    if (issue.code !== "unrecognized_keys") {
      const isMissing = issue.input === undefined;
      return [{ path, message: explain(issue), isUnknownKey: false, isMissing }];
    }
    const where = path.length === 0 ? "" : ` in ${path.join(".")}`;
    const legal = keysAt(schema, value, path);
    return issue.keys.map((key) => {
      const message = `unknown key "${key}"${where}${didYouMean(key, legal)}`;
      return { path: [...path, key], message, isUnknownKey: true, isMissing: false };
    });
  });
}

function explain(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join(".");
  const [ofKey] = issue.code === "invalid_key" ? issue.issues : [];
  if (ofKey?.code === "too_small" || ofKey?.code === "too_big")
    return explainIssue(`a name in ${issue.path.slice(0, -1).map(String).join(".")}`, ofKey);
  return explainIssue(where || "the file", ofKey === undefined ? issue : { message: ofKey.message });
}

/** The keys that a schema allows at a path of a value. */
function keysAt(schema: z.ZodType, value: unknown, path: readonly PropertyKey[]): readonly string[] {
  let here: unknown = schema;
  let there = value;
  for (const key of path) {
    here = childOf(unwrap(here, there), key);
    there = memberOf(there, key);
  }
  return Object.keys(definitionOf(unwrap(here, there)).shape ?? {});
}

interface SchemaDefinition {
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly valueType?: unknown;
  readonly element?: unknown;
  readonly innerType?: unknown;
  readonly options?: readonly unknown[];
  readonly discriminator?: string;
  readonly values?: readonly unknown[];
}

function definitionOf(schema: unknown): SchemaDefinition {
  return (schema as { def?: SchemaDefinition } | undefined)?.def ?? {};
}

/** The schema without wrappers; of a discriminated union, the member that the value selects. */
function unwrap(schema: unknown, value: unknown): unknown {
  const { innerType, options, discriminator } = definitionOf(schema);
  if (innerType !== undefined) return unwrap(innerType, value);
  if (options === undefined || discriminator === undefined) return schema;
  const selected = memberOf(value, discriminator);
  return options.find((option) => definitionOf(definitionOf(option).shape?.[discriminator]).values?.includes(selected));
}

function childOf(schema: unknown, key: PropertyKey): unknown {
  const definition = definitionOf(schema);
  return definition.shape?.[String(key)] ?? definition.valueType ?? definition.element;
}

function memberOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
