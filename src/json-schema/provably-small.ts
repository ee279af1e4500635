/** Which schemas and values are judged in this process: those whose work has a bound that is known beforehand. */
import { jsonSize } from "../lib/json-size.js";
import { type OwnSize, type SchemaSize, unfoldedSize } from "../lib/unfold-schema.js";
import { flagsOf, toLinear } from "./linear-pattern.js";

const MOST_VALUES = 500; // of an unfolded schema: to compile more takes longer than an answer to a ping may wait
const MOST_LEVELS = 100;
const MOST_STEPS = 500_000; // of a check; some ten milliseconds
const STEPS_OF_INSTRUCTION = 100; // a linear engine on one character, where it has to build its automaton

/** The size of a schema with its references unfolded; endless where the work of a check under it has no bound. */
export function sizeOfSchema(schema: object | boolean): SchemaSize {
  return unfoldedSize(schema, ownSize);
}

/** Whether compiling a schema of that size is a short piece of work. */
export function isSmallToCompile({ values, levels }: SchemaSize): boolean {
  return values <= MOST_VALUES && levels <= MOST_LEVELS;
}

/**
 * Whether compiling the schema and checking the value under it is a short piece of work. A check looks at each value once
 * with each part of the unfolded schema, and at each character once with each part that reads texts.
 */
export function isProvablySmall(size: SchemaSize, value: unknown): boolean {
  if (!isSmallToCompile(size)) return false;
  const { values, characters } = jsonSize(value, MOST_STEPS / size.values);
  return values * size.values + characters * size.text <= MOST_STEPS;
}

/** Whether the schema has patterns. */
export function hasPatterns({ text }: SchemaSize): boolean {
  return text >= STEPS_OF_INSTRUCTION;
}

const NO_BOUND = { values: Number.POSITIVE_INFINITY, text: 0 };

/** What one object of a schema adds: the keywords whose work grows with more than the number of values. */
const ownSize: OwnSize = (node, isRoot) => {
  if (Array.isArray(node)) return null;
  // Names other than pointers, also where they only change what pointers mean.
  if (typeof node.$dynamicRef === "string" || typeof node.$recursiveRef === "string") return NO_BOUND;
  if (typeof node.$id === "string" && !isRoot) return NO_BOUND;
  const { pattern, patternProperties, uniqueItems, maxItems } = node;
  const patterns = [
    ...(typeof pattern === "string" ? [pattern] : []),
    ...(typeof patternProperties === "object" && patternProperties !== null ? Object.keys(patternProperties) : []),
  ];
  // Compares every two items.
  const compared = uniqueItems === true ? (typeof maxItems === "number" ? maxItems : Number.POSITIVE_INFINITY) : 0;
  const lengths = [node.minLength, node.maxLength].filter((limit) => typeof limit === "number").length;
  return patterns
    .map(sizeOfPattern)
    .reduce((sum, size) => ({ values: sum.values + size, text: sum.text + size * STEPS_OF_INSTRUCTION }), {
      values: compared,
      text: lengths,
    });
};

/** A text that is no pattern costs nothing: it makes the schema invalid. */
function sizeOfPattern(pattern: string): number {
  if (flagsOf(pattern) === null) return 0;
  return toLinear(pattern)?.size ?? Number.POSITIVE_INFINITY;
}
