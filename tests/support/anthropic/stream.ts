/** Writes messages as Anthropic streams them. */
import type { MessageBehaviour } from "./behaviours.js";
import type { WireBlock } from "./wire.js";

/** The events of a message, each text in two pieces. */
export function eventsOf(behaviour: MessageBehaviour, model: string, usage: Readonly<Record<string, unknown>> | null) {
  const { content, stopReason, stopDetails = null } = behaviour;
  const { output_tokens: output = 5, output_tokens_details: details, ...input } = usage ?? {};
  const message = { id: "msg_1", type: "message", role: "assistant", model: behaviour.model ?? model, content: [] };
  const counts = usage && { usage: { ...input, output_tokens: 1 } };
  const delta = { stop_reason: stopReason, stop_sequence: null, stop_details: stopDetails };
  return [
    { type: "message_start", message: { ...message, stop_reason: null, stop_sequence: null, ...counts } },
    { type: "ping" },
    ...content.flatMap(blockEvents),
    {
      type: "message_delta",
      delta,
      ...(usage && {
        usage: { ...input, output_tokens: output, ...(details !== undefined && { output_tokens_details: details }) },
      }),
    },
    { type: "message_stop" },
  ];
}

function blockEvents(block: WireBlock, index: number): readonly object[] {
  const { begun, deltas } = piecesOf(block);
  return [
    { type: "content_block_start", index, content_block: begun },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
}

function piecesOf(block: WireBlock): { readonly begun: object; readonly deltas: readonly object[] } {
  switch (block.type) {
    case "text":
      return {
        begun: { ...block, text: "" },
        deltas: halves(block.text).map((half) => ({ type: "text_delta", text: half })),
      };
    case "thinking":
      return {
        begun: { ...block, thinking: "", signature: "" },
        deltas: [
          ...halves(block.thinking).map((half) => ({ type: "thinking_delta", thinking: half, estimated_tokens: 3 })),
          { type: "signature_delta", signature: block.signature },
        ],
      };
    case "tool_use":
      return {
        begun: { ...block, input: {} },
        deltas: halves(JSON.stringify(block.input)).map((half) => ({ type: "input_json_delta", partial_json: half })),
      };
    default:
      return { begun: block, deltas: [] };
  }
}

function halves(text: unknown): readonly string[] {
  const whole = String(text);
  const middle = Math.ceil(whole.length / 2);
  return [whole.slice(0, middle), whole.slice(middle)].filter((half) => half !== "");
}

/** An event in the form of a stream; a text as it is. */
export function toSse(event: object | string): string {
  if (typeof event === "string") return event;
  return `event: ${(event as { readonly type: string }).type}\ndata: ${JSON.stringify(event)}\n\n`;
}
