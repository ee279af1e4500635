/** The parts that no request may lack, whatever was folded before it. */
import type { Message } from "../../src/core/run/message.js";

/** Throws unless the task is there, and the answers to all calls of a reply stand behind it. */
export function expectWhole(messages: readonly Message[], task: string): void {
  const [first] = messages;
  if (first?.role !== "user" || first.text !== task) throw new Error("the model was asked without its task");
  for (const [index, message] of messages.entries()) {
    if (message.role === "user") continue;
    const calls = message.role === "assistant" ? message.content.calls : [];
    const behind = messages[index + 1];
    const before = messages[index - 1];
    if (calls.length > 0 && behind?.role !== "tool")
      throw new Error("the model was asked without the answers to its calls");
    if (message.role !== "tool") continue;
    if (Array.from(message.answers).some((answer) => answer === undefined))
      throw new Error("the model was asked before all of its calls were answered");
    if (before?.role !== "assistant") throw new Error("the model was asked with answers to no calls");
  }
}
