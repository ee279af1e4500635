/** The system prompt of every agent. */
import type { RunRequest } from "../../core/run/run.js";

/** The system prompt of a run: the caller's own, or a general one, then the rules of the house. */
export function systemPrompt(request: RunRequest): string {
  const role =
    request.systemPrompt ?? "You are a capable agent that does one task for somebody who cannot see you work.";
  return [
    role,
    "Use only the tools you are given. A call that is not allowed comes back with the rule that forbids it: do not try it again, find another way or say what you need.",
    "Say only what you have seen or done. Nobody reads along while you work: `ask` about things you cannot find out or decide.",
    ...(request.workflow === null ? [] : [STEPS]),
    endOf(request),
  ].join("\n\n");
}

const STEPS =
  "Your task has steps. Each step has its own instructions and tools; `request_step` asks to move to another step.";

function endOf({ outputSchema, workflow }: RunRequest): string {
  if (outputSchema !== null)
    return "When you are done, call `complete` with `data` in the shape that its schema asks for; nothing else ends your work well.";
  if (workflow !== null) return "When you are done, call `complete`; nothing else ends your work well.";
  return "When you are done, answer in text or call `complete`; either ends your work.";
}
