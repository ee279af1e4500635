/** Converts the facts of a run for CEL: only the facts that a condition uses, bounded in size, whole numbers as integers. */

import { type ConditionFault, faulty } from "../core/workflow/condition.js";
import type { Facts } from "../core/workflow/facts.js";
import type { Syntax } from "./read-syntax.js";

const LONGEST_TEXT = 1_000_000; // characters; searching it for a literal takes about a millisecond
const LONGEST_SEARCHED = 10_000; // characters, where a condition searches for one fact in another
const MOST_VALUES = 2_000; // in all lists and maps of one condition together
const DEEPEST = 30;

interface CelContext {
  readonly kind: "context";
  readonly names: Map<string, unknown>;
}

/** The values of the names that a condition uses; null for a missing value. */
export function celContext(syntax: Syntax, facts: Facts): CelContext | ConditionFault {
  const budget = { values: MOST_VALUES, length: syntax.searchesFacts ? LONGEST_SEARCHED : LONGEST_TEXT };
  const names = new Map<string, unknown>();
  for (const [name, members] of syntax.members) {
    const fact: unknown = Object.hasOwn(facts, name) ? facts[name as keyof Facts] : null;
    if (members.size === 0 || typeof fact !== "object" || fact === null) {
      const value = toCel(fact, budget, 0);
      if (value === TOO_MUCH) return tooMuch(name, budget.length);
      names.set(name, value);
      continue;
    }
    const values = new Map<string, unknown>();
    for (const member of members) {
      const value = toCel(factOf(name, member, fact, syntax, facts), budget, 0);
      if (value === TOO_MUCH) return tooMuch(`${name}.${member}`, budget.length);
      values.set(member, value);
    }
    names.set(name, values);
  }
  return { kind: "context", names };
}

/** The value of a variable that is asked for `.made` before the workflow has made its call. */
const NOT_MADE = { text: null, is_error: null, made: false };

/** A variable that is asked for `.text`, `.is_error` or `.made` is the call of the workflow that set it. */
function factOf(name: string, member: string, fact: object, { outputs }: Syntax, facts: Facts): unknown {
  const value = memberOf(fact, member);
  if (name !== "variables" || !outputs.has(member)) return value;
  return memberOf(facts.outputs, member) ?? value ?? NOT_MADE;
}

/** A single value for CEL. */
export function toCelValue(value: unknown): unknown {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

const TOO_MUCH = Symbol("larger than a condition may read");

interface Budget {
  values: number;
  readonly length: number;
}

function tooMuch(name: string, length: number): ConditionFault {
  return faulty(`${name} is larger than a condition may read (${length} characters, ${MOST_VALUES} entries)`);
}

/** Uses Maps instead of objects, so that no key can name a property of Object.prototype. */
function toCel(value: unknown, budget: Budget, depth: number): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return value.length > budget.length ? TOO_MUCH : value;
  if (typeof value !== "object") return toCelValue(value);
  if (depth >= DEEPEST) return TOO_MUCH;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  budget.values -= entries.length;
  if (budget.values < 0) return TOO_MUCH;
  const converted: [string | number, unknown][] = [];
  for (const [key, item] of entries) {
    const one = toCel(item, budget, depth + 1);
    if (one === TOO_MUCH) return TOO_MUCH;
    converted.push([key, one]);
  }
  return Array.isArray(value) ? converted.map(([, one]) => one) : new Map(converted);
}

function memberOf(fact: object, member: string): unknown {
  return Object.hasOwn(fact, member) ? Object.getOwnPropertyDescriptor(fact, member)?.value : null;
}
