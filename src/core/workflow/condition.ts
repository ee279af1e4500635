/** Conditions: texts such as `tool_succeeded("write_file") and variables.tries < 3`, and the port that reads them. */
import type { Facts, Verdict } from "./facts.js";

export interface ConditionReader {
  /** Reads a condition without evaluating it; a text that is not a condition gives a fault, in words. */
  compile(text: string): CompiledCondition | ConditionFault;
  /** Evaluates a condition. Never throws; bounds the work, so that no condition can block the process. */
  evaluate(text: string, facts: Facts): Verdict;
}

/** Where a path leads: its place in the project, free of links and with one spelling, or why that is not known. */
export type ProjectPath =
  | { readonly kind: "inside"; readonly path: string }
  | { readonly kind: "outside" }
  | { readonly kind: "unknown"; readonly fault: string };

/** Resolves a path as a tool's argument names it. Never throws. */
export type ResolveProjectPath = (asked: string) => ProjectPath;

export interface CompiledCondition {
  readonly kind: "compiled";
  /** The variables that it refers to. */
  readonly variables: readonly string[];
  /** The tool patterns that it asks about. */
  readonly tools: readonly string[];
  /** The variables that it takes for calls of the workflow (`.text`, `.is_error`, `.made`) and for a single value too. */
  readonly mixedOutputs: readonly string[];
  /** Its questions about a call, for those who look for mistakes in it. */
  readonly asks: CallQuestions;
  /** Whether its value may change with each call. */
  readonly looksAtCalls: boolean;
  /** Its value where that is the same for all facts; null where it depends on them. */
  readonly constant: boolean | null;
}

export interface CallQuestions {
  /** Whether it asks which tool it is. */
  readonly tool: boolean;
  /** The arguments that it looks at. */
  readonly args: readonly string[];
  /** The arguments, and parts of arguments such as `options.path`, that it compares, as they are written, with a path. */
  readonly spelledArgs: readonly string[];
  /** The texts with which it compares path(), and which path() never gives. */
  readonly impossiblePaths: readonly string[];
  /** Whether it may hold for a path and not for a folder above it. */
  readonly missesFolders: boolean;
  /** Every text in quotes. */
  readonly texts: readonly string[];
}

export interface ConditionFault {
  readonly kind: "fault";
  readonly fault: string;
}

export function faulty(fault: string): ConditionFault {
  return { kind: "fault", fault };
}
