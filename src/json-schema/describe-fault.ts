/** The faults that ajv finds, in words that a model understands. */
import type { ErrorObject } from "ajv";
import { typeOf } from "../lib/issue-text.js";
import { cutTo } from "../lib/text.js";

const LONGEST = 1_000; // characters of a fault; names in schemas and values have any length
const LONGEST_LIST = 500; // characters of the values that are allowed
const MOST_FORMS = 4; // of several allowed forms, as many say what does not fit

/** The fault in one line: its place, the expected value and the value found. */
export function describeFault(errors: readonly ErrorObject[], value: unknown): string {
  const last = errors.at(-1);
  if (!last) return "does not fit the schema";
  return shortened(isChoice(last) ? noneOf(last, errors, value) : sentence(errors[0] ?? last, value));
}

/** A fault in one line of bounded length: names in schemas and values may contain line breaks. */
export function shortened(fault: string): string {
  return cutTo(fault.replaceAll(/[\r\n]+/g, " "), LONGEST);
}

function isChoice({ keyword, params }: ErrorObject): boolean {
  return keyword === "anyOf" || (keyword === "oneOf" && params.passingSchemas === null);
}

/** The faults of each form, where several are allowed and none fits. */
function noneOf(choice: ErrorObject, errors: readonly ErrorObject[], value: unknown): string {
  const missed = new Set(
    errors.filter((error) => error !== choice && !isChoice(error)).map((one) => sentence(one, value)),
  );
  const [first, ...others] = [...missed].slice(0, MOST_FORMS);
  return first === undefined ? sentence(choice, value) : [first, ...others].join(", or ");
}

function sentence(error: ErrorObject, value: unknown): string {
  const path = pathOf(error.instancePath);
  const where = path.join(".");
  const inside = where === "" ? "" : `${where}.`;
  const params: Readonly<Record<string, unknown>> = error.params;
  const owner = where === "" ? "" : `${where} `;
  const it =
    error.propertyName === undefined ? owner || "it " : `${owner}the name ${JSON.stringify(error.propertyName)} `;
  switch (error.keyword) {
    case "required":
      return `${inside}${params.missingProperty} is missing`;
    case "dependentRequired":
    case "dependencies":
      return `${inside}${params.missingProperty} is missing: ${params.property} needs it`;
    case "type":
      return `${it}has to be ${[params.type].flat().map(named).join(" or ")}, not ${named(typeOf(valueAt(path, value)))}`;
    case "additionalProperties":
      return `${inside}${params.additionalProperty} is not allowed: there is no such name`;
    case "unevaluatedProperties":
      return `${inside}${params.unevaluatedProperty} is not allowed: there is no such name`;
    case "enum":
      return `${it}has to be one of ${listed(params.allowedValues)}`;
    case "const":
      return `${it}has to be ${cutTo(JSON.stringify(params.allowedValue), LONGEST_LIST)}`;
    case "minimum":
      return `${it}has to be at least ${params.limit}`;
    case "maximum":
      return `${it}has to be at most ${params.limit}`;
    case "exclusiveMinimum":
      return `${it}has to be more than ${params.limit}`;
    case "exclusiveMaximum":
      return `${it}has to be less than ${params.limit}`;
    case "minLength":
    case "minItems":
    case "minProperties":
      return `${it}has to have at least ${counted(error.keyword, params.limit)}`;
    case "maxLength":
    case "maxItems":
    case "maxProperties":
      return `${it}has to have at most ${counted(error.keyword, params.limit)}`;
    case "pattern":
      return `${it}has to match the pattern ${params.pattern}`;
    default:
      return `${it}${error.message ?? "does not fit the schema"}`;
  }
}

function counted(keyword: string, limit: unknown): string {
  const thing = keyword.endsWith("Length") ? "character" : keyword.endsWith("Items") ? "entry" : "field";
  return `${limit} ${limit === 1 ? thing : thing.replace(/y$/, "ie")}${limit === 1 ? "" : "s"}`;
}

function listed(values: unknown): string {
  return cutTo((Array.isArray(values) ? values : []).map((value) => JSON.stringify(value)).join(", "), LONGEST_LIST);
}

function named(type: unknown): string {
  if (type === "null") return "null";
  return type === "array" ? "a list" : `${/^[aeiou]/.test(String(type)) ? "an" : "a"} ${type}`;
}

/** The names on the way to a value, from the pointer of ajv. */
function pathOf(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value that a fault is about; of the name of a property, the name itself. */
function valueAt(path: readonly string[], value: unknown): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return name;
    at = Reflect.get(at, name);
  }
  return at;
}
