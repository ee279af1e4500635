/** Conditions: texts such as `tool_succeeded("write_file") and variables.tries < 3`, and who reads them. */
import type { Facts, Verdict } from "./engine.js";

export interface ConditionReader {
  /** Reads a condition without evaluating it; what cannot be a condition is a fault, in words. */
  compile(text: string): CompiledCondition | ConditionFault;
  /** Evaluates a condition. Never throws; what it may look at is bounded, so that it cannot hold up the process. */
  evaluate(text: string, facts: Facts): Verdict;
}

export interface CompiledCondition {
  /** The workflow's variables that it refers to. */
  readonly variables: readonly string[];
  /** The tool patterns that it asks about. */
  readonly tools: readonly string[];
  /** Whether it may change with each call that is made. */
  readonly looksAtCalls: boolean;
  /** What it always is, whatever the facts; null where that depends on them. */
  readonly constant: boolean | null;
}

export interface ConditionFault {
  readonly fault: string;
}
