/** The ids of tool calls on Anthropic's wire: unique in a conversation, of letters, digits, "_" and "-". */
import type { ToolCall } from "../../../core/run/message.js";

/** Gives ids reply by reply, the same ones for the same conversation. */
export interface CallIds {
  /** Those of a reply that goes back as it came. */
  keep(calls: readonly ToolCall[]): readonly string[];
  /** Those for the calls of another model, which stay where Anthropic takes them. */
  replace(calls: readonly ToolCall[]): readonly string[];
}

export function createCallIds(): CallIds {
  const taken = new Set<string>();
  let made = 0;

  function legal({ id }: ToolCall): string {
    if (id !== null && /^[A-Za-z0-9_-]+$/.test(id) && !taken.has(id)) return id;
    do made += 1;
    while (taken.has(`call_${made}`));
    return `call_${made}`;
  }

  const take = (id: string): string => {
    taken.add(id);
    return id;
  };
  return {
    keep: (calls) => calls.map(({ id }) => take(id ?? "")),
    replace: (calls) => calls.map((call) => take(legal(call))),
  };
}
