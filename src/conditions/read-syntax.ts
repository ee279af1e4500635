/** Reads the names that a condition uses, and refuses names and functions that it must not use. */
import { type ASTNode, serialize } from "@marcbachmann/cel-js";
import { patternFault } from "../core/tools/tool.js";
import { type ConditionFault, faulty } from "../core/workflow/condition.js";
import { didYouMean } from "../lib/nearest.js";

/** Facts that hold one value. */
const PLAIN = [
  "tool",
  "server",
  "step",
  "step_action_count",
  "total_action_count",
  "turn",
  "pending_runs",
  "started_runs",
] as const;
/** Facts with members, and their names; null allows any name. */
const MEMBERS: Readonly<Record<string, readonly string[] | null>> = {
  args: null,
  variables: null,
  tool_result: ["is_error", "text", "made"],
  run: ["id", "depth", "agent", "model"],
};
export const FACT_NAMES: readonly string[] = [...PLAIN, ...Object.keys(MEMBERS)];

/** Members of a variable that holds the answer to a call of the workflow. */
const OUTPUT_MEMBERS = ["text", "is_error", "made"];

const TOOL_FUNCTIONS = ["tool_succeeded", "tool_called", "tool_succeeded_in_step", "tool_called_in_step"];
const REPORTS = "reports";
const FUNCTIONS = [...TOOL_FUNCTIONS, REPORTS, "path", "paths", "size", "string", "int", "double", "bool", "dyn"];
const SEARCHES = ["contains", "indexOf", "lastIndexOf"];
const METHODS = [...SEARCHES, "startsWith", "endsWith", "substring", "lowerAscii", "upperAscii", "trim", "size"];

/** Words of other languages, each with the remedy. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ["True", 'write "true"'],
  ["False", 'write "false"'],
  ["None", 'write "null"'],
  ["undefined", 'write "null"'],
  ["tool_name", 'write "tool"'],
  ["tool_input", 'write "args"'],
  ["arguments", 'write "args"'],
  ["len", "write size(…)"],
  ["get", "write variables.name, which is null while it is not set"],
  ["has", "compare with null, which every missing value is"],
  ["matches", "regular expressions can run without end: use contains, startsWith or endsWith"],
  ["all", "conditions have no loops"],
  ["exists", "conditions have no loops"],
  ["exists_one", "conditions have no loops"],
  ["filter", "conditions have no loops"],
  ["map", "conditions have no loops"],
]);

export interface Syntax {
  readonly kind: "syntax";
  /** The facts in use, each with its members in use. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
  readonly tools: readonly string[];
  /** The variables that it asks for `.text`, `.is_error` or `.made`, and those of them that stand alone too. */
  readonly outputs: ReadonlySet<string>;
  readonly mixedOutputs: readonly string[];
  readonly asksReports: boolean;
  /** Whether it searches for one fact in another. Such a search costs the product of their lengths. */
  readonly searchesFacts: boolean;
}

/** Walks the whole tree. The first illegal part is the fault. */
export function readSyntax(root: ASTNode): Syntax | ConditionFault {
  const members = new Map<string, Set<string>>();
  const tools: string[] = [];
  const outputs = new Set<string>();
  const alone = new Set<string>();
  let asksReports = false;
  let searchesFacts = false;

  const use = (name: string, member: string | null): string | null => {
    if (!FACT_NAMES.includes(name)) return unknown("name", name, FACT_NAMES);
    const legal = MEMBERS[name];
    if (legal === undefined && member !== null) return `${name} has no "${member}": it is one value`;
    if (legal !== undefined && member === null)
      return `${name} alone has no value: name a member, such as ${name}.${legal?.[0] ?? "name"}`;
    if (legal && member !== null && !legal.includes(member))
      return `${name} has no "${member}"${didYouMean(member, legal) || `: it has ${legal.join(", ")}`}`;
    const used = members.get(name) ?? new Set();
    if (member !== null) used.add(member);
    members.set(name, used);
    return null;
  };

  const walk = (node: ASTNode): string | null => {
    switch (node.op) {
      case "value":
        return node.args instanceof Uint8Array ? "conditions have no bytes" : null;
      case "id":
        return use(node.args, null);
      case ".": {
        const [left, member] = node.args;
        const variable = OUTPUT_MEMBERS.includes(member) ? memberIn(left, "variables") : null;
        if (variable !== null) outputs.add(variable);
        else if (left.op === "id") alone.add(member);
        if (variable !== null) return use("variables", variable);
        return left.op === "id" ? use(left.args, member) : walk(left);
      }
      case "[]": {
        const [left, index] = node.args;
        if (left.op !== "id") return walk(left) ?? walk(index);
        if (index.op === "value" && typeof index.args === "string") return use(left.args, index.args);
        return use(left.args, null) ?? walk(index);
      }
      case "call": {
        const [name, args] = node.args;
        if (name === REPORTS) asksReports = true;
        if (!FUNCTIONS.includes(name)) return unknown("function", name, FUNCTIONS);
        return TOOL_FUNCTIONS.includes(name) ? readToolFunction(name, args) : first(args, walk);
      }
      case "rcall": {
        const [name, receiver, args] = node.args;
        if (!METHODS.includes(name)) return unknown("function", name, METHODS);
        return (SEARCHES.includes(name) ? search(name, receiver, args) : null) ?? first([receiver, ...args], walk);
      }
      default:
        return first(childrenOf(node), walk);
    }
  };

  const readToolFunction = (name: string, args: readonly ASTNode[]): string | null => {
    const [pattern] = args;
    if (args.length !== 1 || pattern?.op !== "value" || typeof pattern.args !== "string")
      return `${name} takes the name of a tool in quotes, such as ${name}("workspace__write_file")`;
    tools.push(pattern.args);
    return patternFault(pattern.args);
  };

  const search = (name: string, receiver: ASTNode, args: readonly ASTNode[]): string | null => {
    if ([receiver, ...args].some(joins)) return `${name} works on single texts, not on texts joined with "+"`;
    if (args[0]?.op !== "value") searchesFacts = true;
    return null;
  };

  const fault = walk(root);
  if (fault !== null) return faulty(fault);
  const mixedOutputs = [...outputs].filter((name) => alone.has(name));
  return { kind: "syntax", members, tools, outputs, mixedOutputs, asksReports, searchesFacts };
}

/** The member of a fact that a node names, as `args.path` or `args["path"]`; null for any other node. */
export function memberIn(node: ASTNode, fact: string): string | null {
  if (node.op !== "." && node.op !== "[]") return null;
  const [left, member] = node.args;
  if (left.op !== "id" || left.args !== fact) return null;
  if (typeof member === "string") return member;
  return member.op === "value" && typeof member.args === "string" ? member.args : null;
}

const CALCULATIONS = new Set<ASTNode["op"]>(["+", "-", "*", "/", "%", "-_", "list", "map"]);

/** The first operand that has to be a boolean and cannot be one, or null. The parser itself checks literals only. */
export function neverBoolean(node: ASTNode): string | null {
  switch (node.op) {
    case "id":
      return node.args;
    case ".": {
      const [left, member] = node.args;
      const isText = left.op === "id" && MEMBERS[left.args] && !["is_error", "made"].includes(member);
      return isText ? `${left.args}.${member}` : null;
    }
    case "&&":
    case "||":
    case "?:":
      return node.args
        .slice(node.op === "?:" ? 1 : 0)
        .reduce<string | null>((found, part) => found ?? neverBoolean(part), null);
    case "!_":
      return neverBoolean(node.args);
    default:
      return CALCULATIONS.has(node.op) ? serialize(node) : null;
  }
}

function unknown(kind: string, name: string, known: readonly string[]): string {
  const instead = INSTEAD.get(name);
  if (instead !== undefined) return `there is no ${kind} "${name}" here: ${instead}`;
  return `unknown ${kind} "${name}"${didYouMean(name, known) || `: there are ${known.join(", ")}`}`;
}

function first(nodes: readonly ASTNode[], judge: (node: ASTNode) => string | null): string | null {
  for (const node of nodes) {
    const fault = judge(node);
    if (fault !== null) return fault;
  }
  return null;
}

function joins(node: ASTNode): boolean {
  return node.op === "+" || childrenOf(node).some(joins);
}

/** The operands of a node of any kind. */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
}
