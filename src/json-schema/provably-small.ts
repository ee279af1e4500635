/** Which schemas and values are judged in this process: those whose work has a bound that is known beforehand. */
import type { JsonSize } from "../lib/json/json-size.js";
import { type OwnSize, type SchemaSize, unfoldedSize } from "../lib/json/unfold-schema.js";
import { flagsOf, toLinear } from "./linear-pattern.js";

const MOST_VALUES = 500; // of an unfolded schema: to compile more takes longer than an answer to a ping may wait
const MOST_CHARACTERS = 100_000; // likewise: names and texts become code
const MOST_LEVELS = 100;
const MOST_STEPS = 500_000; // of a check; some ten milliseconds
const STEPS_OF_INSTRUCTION = 100; // a linear engine on one character, where it has to build its automaton

/** The size of a schema with its references unfolded; endless where the work of a check under it has no bound. */
export function sizeOfSchema(schema: object | boolean): SchemaSize {
  return unfoldedSize(schema, ownSize);
}

/**
 * Whether compiling the schema and checking the value under it is a short piece of work. A check looks at each value once
 * with each part of the unfolded schema, and at each character once with each part that reads texts.
 */
export function isProvablySmall(schema: SchemaSize, value: JsonSize): boolean {
  const isSmallToCompile =
    schema.values <= MOST_VALUES && schema.characters <= MOST_CHARACTERS && schema.levels <= MOST_LEVELS;
  return isSmallToCompile && value.values * schema.values + value.characters * schema.text <= MOST_STEPS;
}

/** Whether the schema has patterns. */
export function hasPatterns({ text }: SchemaSize): boolean {
  return text >= STEPS_OF_INSTRUCTION;
}

const NO_BOUND = { values: Number.POSITIVE_INFINITY, text: 0 };

/** Adds the keywords of one object whose work grows with more than the number of values. */
const ownSize: OwnSize = (node, isRoot) => {
  if (Array.isArray(node)) return null;
  // Names other than pointers, also where they only change what pointers mean.
  if (typeof node.$dynamicRef === "string" || typeof node.$recursiveRef === "string") return NO_BOUND;
  if (typeof node.$id === "string" && !isRoot) return NO_BOUND;
  if (Object.hasOwn(node, "contains")) return NO_BOUND; // keeps a fault of each item, the dearest part of a check
  const { pattern, patternProperties, uniqueItems, maxItems } = node;
  const patterns = [
    ...(typeof pattern === "string" ? [pattern] : []),
    ...(typeof patternProperties === "object" && patternProperties !== null ? Object.keys(patternProperties) : []),
  ];
  // Compares every two items; a limit below 0 must not make up for what stands elsewhere.
  const mostItems = typeof maxItems === "number" ? Math.max(0, maxItems) : Number.POSITIVE_INFINITY;
  const compared = uniqueItems === true ? mostItems : 0;
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
