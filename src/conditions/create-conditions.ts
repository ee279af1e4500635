/** Conditions in CEL: compiled once, bounded in cost, evaluated on the facts of a run. */
import { TypeError as CheckError, Environment, EvaluationError, ParseError, serialize } from "@marcbachmann/cel-js";
import {
  type CompiledCondition,
  type ConditionFault,
  type ConditionReader,
  faulty,
  type ResolveProjectPath,
} from "../core/workflow/condition.js";
import type { Facts, Verdict } from "../core/workflow/facts.js";
import { matchesAny } from "../core/workflow/workflow-state.js";
import { cutTo } from "../lib/text.js";
import { celContext, toCelValue } from "./cel-context.js";
import { constantOf } from "./constant-of.js";
import { readQuestions } from "./read-questions.js";
import { FACT_NAMES, neverBoolean, readSyntax, type Syntax } from "./read-syntax.js";
import { rewriteWords } from "./rewrite-words.js";

const LONGEST_TEXT = 2_000; // characters
const MOST_CACHED = 2_000; // texts; the conditions of all workflows of a user fit, so a full cache is cleared as a whole
const LIMITS = { maxAstNodes: 200, maxDepth: 24, maxListElements: 100, maxMapEntries: 20, maxCallArguments: 3 };

const COUNTS = ["step_action_count", "total_action_count", "pending_runs", "started_runs"];
const MOST_PATHS = 200; // of one evaluation; each looks at the file system

/** The result of reading a text. */
type Read =
  | ConditionFault
  | {
      readonly kind: "condition";
      readonly compiled: CompiledCondition;
      readonly syntax: Syntax;
      run(context: Map<string, unknown>): unknown;
    };

/** Creates a reader of conditions that caches compiled texts; `resolvePath` is behind their function path(). */
export function createConditions(resolvePath: ResolveProjectPath): ConditionReader {
  let current: Facts | null = null; // during an evaluation, which is synchronous and never nested
  let paths = new Map<string, string | null>();

  function pathOf(asked: string): string | null {
    const known = paths.get(asked);
    if (known !== undefined) return known;
    if (paths.size >= MOST_PATHS) throw new Error(`path() is for at most ${MOST_PATHS} paths at a time`);
    const found = resolvePath(asked);
    if (found.kind === "unknown")
      throw new Error(`path() cannot tell where "${cutTo(asked, 100)}" leads: ${found.fault}`);
    const value = found.kind === "inside" ? found.path : null;
    paths.set(asked, value);
    return value;
  }

  const environment = createEnvironment(() => current, pathOf);
  const cache = new Map<string, Read>();

  function read(text: string): Read {
    const known = cache.get(text);
    if (known) return known;
    const fresh = readCondition(text, environment);
    if (cache.size >= MOST_CACHED) cache.clear();
    cache.set(text, fresh);
    return fresh;
  }

  return {
    compile(text) {
      const result = read(text);
      return result.kind === "fault" ? result : result.compiled;
    },
    evaluate(text, facts) {
      const result = read(text);
      if (result.kind === "fault") return { kind: "failed", error: result.fault };
      const context = celContext(result.syntax, facts);
      if (context.kind === "fault") return { kind: "failed", error: context.fault };
      current = facts;
      paths = new Map();
      try {
        return verdictOf(result.run(context.names));
      } catch (error) {
        return { kind: "failed", error: reasonOf(error) };
      } finally {
        current = null;
      }
    },
  };
}

/** `current` gives the facts of the evaluation under way, `pathOf` throws where a path has no single meaning. */
function createEnvironment(current: () => Facts | null, pathOf: (asked: string) => string | null): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: false,
    limits: LIMITS,
  });
  for (const name of FACT_NAMES) environment.registerVariable(name, "dyn");
  const names = {
    tool_succeeded: "succeeded",
    tool_called: "called",
    tool_succeeded_in_step: "succeededInStep",
    tool_called_in_step: "calledInStep",
  } as const;
  for (const [name, fact] of Object.entries(names)) {
    const asks = (pattern: string) => matchesAny(pattern, current()?.[fact] ?? new Set());
    environment.registerFunction(`${name}(string): bool`, asks, { async: false });
  }
  const reports = (agent: string, workflow: string, field: string) =>
    (current()?.reports ?? [])
      .filter((report) => report.agent === agent && (report.workflow ?? "") === workflow)
      .map(({ data }) => toCelValue(Object.hasOwn(data, field) ? data[field] : null));
  environment.registerFunction("reports(string, string, string): list<dyn>", reports, { async: false });
  const path = (asked: unknown): string | null => {
    if (asked === null || asked === undefined) return null;
    if (typeof asked !== "string") throw new Error("path() takes a text, and paths() a list of texts");
    return pathOf(asked);
  };
  const paths = (asked: unknown): readonly (string | null)[] => {
    if (Array.isArray(asked)) return asked.map(path);
    return asked === null || asked === undefined ? [] : [path(asked)];
  };
  environment.registerFunction("path(dyn): dyn", path, { async: false });
  environment.registerFunction("paths(dyn): list<dyn>", paths, { async: false });
  // CEL does not mix integers and fractions; authors do, as in `variables.score + 1`.
  const mixed = { "+": plus, "-": minus, "*": times, "/": over } as const;
  for (const [operator, calculate] of Object.entries(mixed)) {
    environment.registerOperator(`int ${operator} double: double`, calculate);
    environment.registerOperator(`double ${operator} int: double`, calculate);
  }
  return environment;
}

type Numeric = bigint | number;
const plus = (left: Numeric, right: Numeric) => Number(left) + Number(right);
const minus = (left: Numeric, right: Numeric) => Number(left) - Number(right);
const times = (left: Numeric, right: Numeric) => Number(left) * Number(right);
const over = (left: Numeric, right: Numeric) => Number(left) / Number(right);

function readCondition(text: string, environment: Environment): Read {
  if (text.trim() === "") return faulty("it is empty");
  if (text.length > LONGEST_TEXT) return faulty(`it is longer than ${LONGEST_TEXT} characters`);
  const cel = rewriteWords(text.normalize("NFC")); // as path() gives paths
  try {
    const parsed = environment.parse(cel);
    const syntax = readSyntax(parsed.ast);
    if (syntax.kind === "fault") return syntax;
    const { valid, type, error } = parsed.check();
    if (!valid) return faulty(faultOf(error, cel));
    const other = neverBoolean(parsed.ast);
    if (other !== null) return faulty(`${other} is neither true nor false`);
    if (type !== "bool" && type !== "dyn") return faulty(`it is of type ${type}, and a condition is true or false`);
    const constant = constantOf(parsed.ast, (part) => environment.evaluate(serialize(part)));
    if (constant === "error")
      return faulty("it always fails when it is evaluated: change the operation or its operands");
    const variables = [...(syntax.members.get("variables") ?? [])];
    const { tools, mixedOutputs } = syntax;
    const looksAtCalls = syntax.asksReports || tools.length > 0 || COUNTS.some((name) => syntax.members.has(name));
    const asks = { ...readQuestions(parsed.ast), tool: syntax.members.has("tool") };
    const compiled = { kind: "compiled", variables, tools, mixedOutputs, asks, looksAtCalls, constant } as const;
    return { kind: "condition", compiled, syntax, run: (context) => parsed(context) };
  } catch (error) {
    return faulty(faultOf(error, cel));
  }
}

function verdictOf(value: unknown): Verdict {
  if (typeof value === "boolean") return { kind: value ? "true" : "false" };
  return {
    kind: "failed",
    error: `it is ${value === null ? "null" : `a ${typeof value}`}, and a condition is true or false`,
  };
}

/** The library's message, with the place in the text where it is known. */
function faultOf(error: unknown, cel: string): string {
  const reason = reasonOf(error);
  if (!(error instanceof ParseError || error instanceof CheckError) || !error.range) return reason;
  if (/^Unexpected character: =/.test(reason)) return `a single "=" compares nothing: write "=="`;
  const near = cel.slice(error.range.start, error.range.start + 40).trim();
  return near === "" || near === cel.trim() ? reason : `${reason}, at "${near}"`;
}

function reasonOf(error: unknown): string {
  if (error instanceof EvaluationError || error instanceof ParseError || error instanceof CheckError)
    return error.summary;
  return error instanceof Error ? error.message : String(error);
}
