/** Reads the questions of a condition about a call, for those who look for mistakes in workflows. */
import type { ASTNode } from "@marcbachmann/cel-js";
import type { CallQuestions } from "../core/workflow/condition.js";
import { isPathName, isPathText, type Part, pathsHave } from "../core/workflow/path-like.js";
import { childrenOf, memberIn } from "./read-syntax.js";

const COMPARING_OPERATORS: readonly string[] = ["==", "!=", "in", "<", "<=", ">", ">="];
/** The methods that look for a text, and the part of a path that it would be. */
const COMPARING_METHODS: ReadonlyMap<string, Part> = new Map([
  ["startsWith", "start"],
  ["endsWith", "end"],
  ["contains", "inner"],
  ["indexOf", "inner"],
  ["lastIndexOf", "inner"],
]);
const CASE_METHODS = ["lowerAscii", "upperAscii"];
const TEXT_METHODS = [...CASE_METHODS, "trim", "substring"]; // they leave a path as it is spelled
const CONVERSIONS = ["string", "dyn"];
const PLACES = ["path", "paths"];

export function readQuestions(root: ASTNode): Omit<CallQuestions, "tool"> {
  const nodes = [...nodesIn(root)];
  const comparisons = nodes.flatMap((node) => comparisonIn(node) ?? []);
  return {
    texts: unique(nodes.flatMap(textIn)),
    args: unique(nodes.flatMap((node) => memberIn(node, "args") ?? [])),
    spelledArgs: unique(comparisons.flatMap(spelledIn)),
    impossiblePaths: unique(comparisons.flatMap(impossibleIn)),
    missesFolders: missesFolders(root, true),
  };
}

function* nodesIn(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesIn(child);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

interface Comparison {
  readonly subjects: readonly ASTNode[];
  readonly others: readonly ASTNode[];
  /** The part of a path that the text in quotes would be. */
  readonly part: Part;
}

function comparisonIn(node: ASTNode): Comparison | null {
  if (node.op === "rcall") {
    const [name, receiver, args] = node.args;
    const part = COMPARING_METHODS.get(name);
    return part === undefined ? null : { subjects: [receiver], others: args, part };
  }
  if (!COMPARING_OPERATORS.includes(node.op)) return null;
  const sides = childrenOf(node);
  return { subjects: sides, others: sides, part: "whole" };
}

/** The arguments that are compared with a path in quotes. */
function spelledIn({ subjects, others }: Comparison): readonly string[] {
  const texts = others.flatMap(textsBeside);
  return subjects
    .flatMap(writtenArguments)
    .filter((name) => texts.some((text) => isPathName(name) || isPathText(text)));
}

/** The texts in a part; the name of a member is none. */
function textsBeside(node: ASTNode): readonly string[] {
  if (memberIn(node, "args") !== null || memberIn(node, "variables") !== null) return [];
  return [...textIn(node), ...childrenOf(node).flatMap(textsBeside)];
}

/** The arguments, and the parts of them, whose text can be the value of a node as it is written. */
function writtenArguments(node: ASTNode): readonly string[] {
  const name = memberIn(node, "args");
  if (name !== null) return [name];
  switch (node.op) {
    case ".":
      return writtenArguments(node.args[0]).map((whole) => `${whole}.${node.args[1]}`);
    case "[]": {
      const [whole, index] = node.args;
      const [member] = textIn(index);
      return writtenArguments(whole).map((part) => (member === undefined ? part : `${part}.${member}`));
    }
    case "call":
      return CONVERSIONS.includes(node.args[0]) ? node.args[1].flatMap(writtenArguments) : [];
    case "rcall":
      return TEXT_METHODS.includes(node.args[0]) ? writtenArguments(node.args[1]) : [];
    case "?:":
      return node.args.slice(1).flatMap(writtenArguments);
    case "+":
    case "list":
    case "map":
      return childrenOf(node).flatMap(writtenArguments);
    default:
      return [];
  }
}

/** The texts that path(), with which they are compared, never gives. */
function impossibleIn({ subjects, others, part }: Comparison): readonly string[] {
  if (!subjects.some(isPlace)) return [];
  return others.flatMap(literalsIn).filter((text) => !pathsHave(text, part));
}

/** Whether a node is a value of path() and no part of one. */
function isPlace(node: ASTNode): boolean {
  switch (node.op) {
    case "call":
      return PLACES.includes(node.args[0]) || (CONVERSIONS.includes(node.args[0]) && node.args[1].some(isPlace));
    case "rcall":
      return CASE_METHODS.includes(node.args[0]) && isPlace(node.args[1]);
    case "[]":
      return isPlace(node.args[0]);
    case "?:":
      return node.args.slice(1).some(isPlace);
    default:
      return false;
  }
}

/** The texts that are a value by themselves or in a list. */
function literalsIn(node: ASTNode): readonly string[] {
  return node.op === "list" ? node.args.flatMap(literalsIn) : textIn(node);
}

/** Whether a node can be as `wanted` for a path in the arguments, and not for a folder above it. */
function missesFolders(node: ASTNode, wanted: boolean): boolean {
  if (node.op === "!_") return missesFolders(node.args, !wanted);
  const comparison = comparisonIn(node);
  if (comparison === null) return childrenOf(node).some((child) => missesFolders(child, wanted));
  const { subjects, others, part } = comparison;
  const texts = others.flatMap(textsBeside);
  const asksArgs = subjects.some((subject) => [...nodesIn(subject)].some((inner) => memberIn(inner, "args") !== null));
  if (wanted === (node.op === "!=") || !asksArgs || texts.length === 0) return false;
  return part === "end" || part === "inner" || texts.some((text) => text.includes("/"));
}

function textIn(node: ASTNode): readonly string[] {
  return node.op === "value" && typeof node.args === "string" ? [node.args] : [];
}
