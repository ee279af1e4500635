/** Errors whose text an agent reads. */

import { getSystemErrorMap } from "node:util";
import { codeOf } from "../lib/code-of.js";

/** A call that is not made, or has failed: the message is the answer. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    message: string,
    /** The system's code, where the system refused. */
    readonly code: string | null = null,
  ) {
    super(message);
  }
}

/** A system error in Node's words, with the path that the agent knows in place of the one that was opened. */
export function systemRefusal(code: string, operation: string, path?: string, destination?: string): Refusal {
  const [, description = "unknown error"] = [...getSystemErrorMap().values()].find(([name]) => name === code) ?? [];
  const from = path === undefined ? "" : ` '${path}'`;
  const to = destination === undefined ? "" : ` -> '${destination}'`;
  return new Refusal(`${code}: ${description}, ${operation}${from}${to}`, code);
}

/** Runs `work`, whose system errors name this operation and path. */
export function named<T>(operation: string, path: string, work: () => T, destination?: string): T {
  try {
    return work();
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof Refusal || code === null) throw error;
    throw systemRefusal(code, operation, path, destination);
  }
}
