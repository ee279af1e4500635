/** Conditions: texts such as `tool_succeeded("write_file") and variables.tries < 3`, and the port that reads them. */
import type { Facts, Verdict } from "./facts.js";

export interface ConditionReader {
  /** Reads a condition without evaluating it; a text that is not a condition gives a fault, in words. */
  compile(text: string): CompiledCondition | ConditionFault;
  /** Evaluates a condition. Never throws; bounds the work, so that no condition can block the process. */
  evaluate(text: string, facts: Facts): Verdict;
}

export interface CompiledCondition {
  readonly kind: "compiled";
  /** The variables that it refers to. */
  readonly variables: readonly string[];
  /** The tool patterns that it asks about. */
  readonly tools: readonly string[];
  /** Whether its value may change with each call. */
  readonly looksAtCalls: boolean;
  /** Its value where that is the same for all facts; null where it depends on them. */
  readonly constant: boolean | null;
}

export interface ConditionFault {
  readonly kind: "fault";
  readonly fault: string;
}

export function faulty(fault: string): ConditionFault {
  return { kind: "fault", fault };
}
