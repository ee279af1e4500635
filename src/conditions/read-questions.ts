/** Reads the questions of a condition about a call, for those who look for mistakes in workflows. */
import type { ASTNode } from "@marcbachmann/cel-js";
import type { CallQuestions } from "../core/workflow/condition.js";
import { isPathName, isPathText } from "../core/workflow/path-like.js";
import { childrenOf, memberIn } from "./read-syntax.js";

const COMPARING_METHODS = ["startsWith", "endsWith", "contains", "indexOf", "lastIndexOf"];
const TEXT_METHODS = ["lowerAscii", "upperAscii", "trim", "substring"]; // they leave a path as it is spelled

export function readQuestions(root: ASTNode): Omit<CallQuestions, "tool"> {
  const nodes = [...nodesIn(root)];
  const texts = nodes.flatMap(textIn);
  const args = nodes.flatMap((node) => memberIn(node, "args") ?? []);
  const spelled = nodes.flatMap(spelledIn);
  return { texts: unique(texts), args: unique(args), spelledArgs: unique(spelled) };
}

function* nodesIn(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesIn(child);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** The arguments that a node compares with a path in quotes. */
function spelledIn(node: ASTNode): readonly string[] {
  const [subject, others] = comparisonIn(node);
  const args = subject.flatMap((part) => writtenArgument(part) ?? []);
  const texts = others.flatMap(textsBeside);
  return args.filter((name) => texts.some((text) => isPathName(name) || isPathText(text)));
}

/** The texts in a part; the name of a member is none. */
function textsBeside(node: ASTNode): readonly string[] {
  if (memberIn(node, "args") !== null || memberIn(node, "variables") !== null) return [];
  return [...textIn(node), ...childrenOf(node).flatMap(textsBeside)];
}

/** The compared parts of a node, and the parts that they are compared with. */
function comparisonIn(node: ASTNode): readonly [readonly ASTNode[], readonly ASTNode[]] {
  switch (node.op) {
    case "==":
    case "!=":
    case "in":
      return [node.args, node.args];
    case "rcall": {
      const [name, receiver, args] = node.args;
      return COMPARING_METHODS.includes(name) ? [[receiver], args] : [[], []];
    }
    default:
      return [[], []];
  }
}

/** The argument whose text, as it is written, is the value of a node; null for any other node. */
function writtenArgument(node: ASTNode): string | null {
  const name = memberIn(node, "args");
  if (name !== null) return name;
  if (node.op === "[]") return writtenArgument(node.args[0]);
  if (node.op === "call" && node.args[0] === "string") return node.args[1][0] ? writtenArgument(node.args[1][0]) : null;
  if (node.op === "rcall" && TEXT_METHODS.includes(node.args[0])) return writtenArgument(node.args[1]);
  return null;
}

function textIn(node: ASTNode): readonly string[] {
  return node.op === "value" && typeof node.args === "string" ? [node.args] : [];
}
