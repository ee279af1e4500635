/** Converts our request to Anthropic's. */
import type { ModelRequest } from "../../../core/ports/provider.js";
import type { ReplyTarget } from "../../../core/run/message.js";
import { type ModelTraits, traitsOf } from "../models.js";
import { type AnthropicRequest, BETAS, type Block } from "../wire.js";
import { toSystem, withMarks } from "./cache-marks.js";
import type { Form } from "./learn.js";
import { toWireMessages } from "./to-messages.js";
import { createToolChanges, type ToolHistory } from "./tool-changes.js";
import { toWireTool } from "./tool-definitions.js";

/** Where a request goes, and what the conversation has met so far. */
export interface Destination {
  readonly target: ReplyTarget;
  /** Whether it takes the vendor's betas. */
  readonly betas: boolean;
  /** Replies to fewer messages go without their thinking. */
  readonly thinkingFrom: number;
  /** The most tokens that the context window leaves for the reply, where that is known. */
  readonly room: number;
  /** As learned for the model. */
  readonly form: Form;
}

/** The body of a request of a conversation with such tools. */
export function toAnthropicRequest(
  request: ModelRequest,
  history: ToolHistory,
  { target, betas, thinkingFrom, room, form }: Destination,
): AnthropicRequest {
  const { model, settings } = request;
  const { thinks, takesEffort, takesToolChanges, ...output } = traitsOf(model);
  const changesInMessages = betas && takesToolChanges;
  const tools = changesInMessages ? [...(history[0]?.tools.values() ?? [])] : request.tools.map(toWireTool);
  const messages = toWireMessages(request, {
    ...target,
    // Thinking is bound to the tools that it was written with; at the vendor, that of older models is not.
    thinkingFrom: betas ? thinkingFrom : Math.max(thinkingFrom, history.at(-1)?.from ?? 0),
    changes: changesInMessages ? createToolChanges(history) : null,
  });
  const system = toSystem(request.system);
  return {
    model,
    max_tokens: Math.min(outputWithin(output, settings?.maxOutputTokens ?? null), form.mostOutputTokens, room),
    stream: true,
    ...(system.length > 0 && { system }),
    ...(tools.length > 0 && { tools }),
    messages: withMarks(messages),
    ...(thinks && form.thinking !== "none" && { thinking: thinkingOf(form.thinking, changesInMessages) }),
    ...(takesEffort && form.effort && settings?.effort && { output_config: { effort: settings.effort } }),
    ...(changesInMessages && { betas: BETAS }),
  };
}

function outputWithin(
  { mostOutputTokens, mayAllowMore }: Pick<ModelTraits, "mostOutputTokens" | "mayAllowMore">,
  wished: number | null,
): number {
  if (wished === null) return mostOutputTokens;
  return mayAllowMore ? wished : Math.min(wished, mostOutputTokens);
}

/** The summaries are for whoever watches the run; thinking that fits no longer, Anthropic is to drop, not to refuse. */
function thinkingOf(form: Form["thinking"], mayDrop: boolean): Block {
  if (form === "plain") return { type: "adaptive" };
  return {
    type: "adaptive",
    display: "summarized",
    ...(mayDrop && { block_binding: { prefix_mismatch_behavior: "drop_block" } }),
  };
}
