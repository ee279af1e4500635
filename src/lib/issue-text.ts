/** Issues of a validator as sentences: the expected value, and the value found. */
import { isRecord } from "./is-record.js";
import { didYouMean } from "./nearest.js";

/** The fields of a zod issue that describe the fault. */
export interface Issue {
  readonly code?: string | undefined;
  readonly message: string;
  readonly input?: unknown;
  readonly expected?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
  readonly origin?: unknown;
  readonly values?: unknown;
  /** The key that tells the forms of a value apart, and the values that it may have. */
  readonly discriminator?: unknown;
  readonly options?: unknown;
}

/** A sentence such as "tools has to be an array, not a string"; the text of the validator for other issues. */
export function explainIssue(where: string, issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      if (issue.expected === "never") return `${where}: ${issue.message}`;
      return issue.input === undefined
        ? `${where} is missing: give ${named(String(issue.expected))}`
        : `${where} has to be ${misfit(String(issue.expected), issue.input)}`;
    case "too_small":
      return `${where} has to ${bound(issue, issue.inclusive === false ? "more than" : "at least", issue.minimum)}`;
    case "too_big":
      return `${where} has to ${bound(issue, issue.inclusive === false ? "less than" : "at most", issue.maximum)}`;
    case "invalid_value":
      return oneOf(where, issue.input, issue.values);
    case "invalid_union":
      return issue.options === undefined
        ? `${where}: ${issue.message}`
        : oneOf(where, memberOf(issue.input, issue.discriminator), issue.options);
    default:
      return `${where}: ${issue.message}`;
  }
}

function oneOf(where: string, input: unknown, options: unknown): string {
  const values = Array.isArray(options) ? options.map(String) : [];
  const listed = values.join(" or ");
  if (input === undefined) return `${where} is missing: give ${listed}`;
  return `${where} has to be ${listed}${didYouMean(String(input), values)}`;
}

function memberOf(value: unknown, key: unknown): unknown {
  return isRecord(value) && typeof key === "string" ? value[key] : undefined;
}

function bound({ origin }: Issue, word: string, limit: unknown): string {
  if (origin === "array") return `have ${word} ${limit} ${limit === 1 ? "entry" : "entries"}`;
  if (origin === "string") return `have ${word} ${limit} ${limit === 1 ? "character" : "characters"}`;
  return `be ${word} ${limit}`;
}

/** Among numbers the value itself says what is wrong with it: it is not finite, or not whole. */
function misfit(expected: string, input: unknown): string {
  const isNumber = typeof input === "number" && ["number", "int"].includes(expected);
  if (!isNumber) return `${named(expected)}, not ${named(typeOf(input))}`;
  return `${expected === "int" ? "a whole number" : "a finite number"}, not ${input}`;
}

function named(type: string): string {
  if (type === "null") return type;
  if (type === "record") return named("object");
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type === "int" ? "whole number" : type}`.replace(
    "an whole",
    "a whole",
  );
}

/** The type of a JSON value, as JSON Schema names it. */
export function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}
