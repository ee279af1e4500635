/** Finds conditions that do not depend on the facts. */
import type { ASTNode } from "@marcbachmann/cel-js";
import { childrenOf } from "./read-syntax.js";

/**
 * The constant value of a condition: null where the facts decide, "error" where evaluation always fails.
 * Calls `evaluate` for parts that use no fact.
 */
export function constantOf(node: ASTNode, evaluate: (part: ASTNode) => unknown): boolean | null | "error" {
  if (!usesFacts(node)) return evaluated(node, evaluate);
  switch (node.op) {
    case "!_": {
      const operand = constantOf(node.args, evaluate);
      return typeof operand === "boolean" ? !operand : operand;
    }
    case "&&":
      return decided(node.args, false, evaluate);
    case "||":
      return decided(node.args, true, evaluate);
    case "?:": {
      const [condition, yes, no] = node.args.map((part) => constantOf(part, evaluate));
      if (typeof condition === "boolean") return (condition ? yes : no) ?? null;
      return yes !== undefined && yes === no ? yes : null;
    }
    default:
      return null;
  }
}

/** `wins` where one operand is `wins`; the opposite where all operands are the opposite; else null. */
function decided(parts: readonly ASTNode[], wins: boolean, evaluate: (part: ASTNode) => unknown): boolean | null {
  const values = parts.map((part) => constantOf(part, evaluate));
  if (values.includes(wins)) return wins;
  return values.every((value) => value === !wins) ? !wins : null;
}

function evaluated(node: ASTNode, evaluate: (part: ASTNode) => unknown): boolean | null | "error" {
  try {
    const value = evaluate(node);
    return typeof value === "boolean" ? value : null;
  } catch {
    return "error";
  }
}

function usesFacts(node: ASTNode): boolean {
  return node.op === "id" || node.op === "call" || childrenOf(node).some(usesFacts);
}
