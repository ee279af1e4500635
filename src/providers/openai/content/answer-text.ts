/** The answer of a tool as text. */
import type { ToolAnswerMessage } from "../../../core/run/message.js";

/** The wires have no mark for a failure. */
export function answerText({ isError, text }: ToolAnswerMessage): string {
  return isError ? `Error: ${text}` : text;
}
