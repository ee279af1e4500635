/** Joins the events of a streamed response. */
import type { ModelActivity } from "../../../core/ports/provider.js";
import { isRecord } from "../../../lib/is-record.js";
import { Unreadable } from "../../http/read-answer.js";
import { fromFunctionName } from "../content/function-name.js";
import { Refused, refusalOf } from "../transport/refusal.js";
import { type ResponsesAnswer, responseSchema } from "./wire.js";

/** Events that carry a part of the reply; those about the response as a whole, such as `response.in_progress`, carry none. */
const PIECE = /\.(added|delta|done)$/;
const LAST = new Set(["response.completed", "response.incomplete", "response.done"]);

/** Collects an answer; `tell` hears of each part that arrives. Throws Refused for an error in an event, Unreadable for what is no event. */
export function joinEvents(tell: (activity: ModelActivity) => void) {
  const items: unknown[] = [];
  let last: Readonly<Record<string, unknown>> | null = null;

  return {
    add(event: unknown): boolean {
      if (!isRecord(event)) throw new Unreadable(`no event of a response: ${JSON.stringify(event)?.slice(0, 200)}`);
      const response = isRecord(event.response) ? event.response : isDocument(event) ? event : null;
      const refusal = refusalOf(event, 200) ?? refusalOf(response, 200);
      if (refusal) throw new Refused(refusal);
      if (response === null && typeof event.type !== "string") throw new Unreadable("the answer is no response");
      tellEvent(event, tell);
      if (event.type === "response.output_item.done" && isRecord(event.item)) {
        const at = typeof event.output_index === "number" ? event.output_index : items.length;
        items[at] = event.item;
      }
      if (response === null || !(response === event || LAST.has(String(event.type)) || response.status === "failed"))
        return false;
      if (response.status === "failed" || response.status === "cancelled") throw new Refused(failureOf(response));
      last = response;
      return true;
    },
    end(): void {},
    get isWhole(): boolean {
      return last !== null;
    },
    /** Throws Unreadable for an answer that was none. */
    answer(): ResponsesAnswer {
      const parsed = responseSchema.safeParse(last);
      if (!parsed.success) throw new Unreadable(parsed.error.message);
      const arrived = items.filter((item) => item !== undefined);
      // Some hosts leave the items out of the last event.
      return (parsed.data.output ?? []).length > 0 ? parsed.data : { ...parsed.data, output: arrived };
    },
  };
}

/** Whether it is the whole response, from a host that does not stream; some leave out that it is one. */
function isDocument({ object, type, output }: Readonly<Record<string, unknown>>): boolean {
  return object === "response" || (type === undefined && Array.isArray(output));
}

function failureOf({ status }: Readonly<Record<string, unknown>>) {
  return {
    status: 200,
    message: `it ended its reply with ${status}`,
    code: "server_error",
    type: "",
    param: "",
    written: "",
  };
}

function tellEvent(
  { type, delta, item }: Readonly<Record<string, unknown>>,
  tell: (activity: ModelActivity) => void,
): void {
  if (PIECE.test(String(type))) tell({ kind: "progress", text: "" });
  if (type === "response.output_item.added" && isRecord(item) && item.type === "function_call") {
    if (typeof item.name === "string") tell({ kind: "call", text: fromFunctionName(item.name) });
    return;
  }
  if (typeof delta !== "string" || delta === "") return;
  if (type === "response.output_text.delta") tell({ kind: "text", text: delta });
  if (type === "response.reasoning_summary_text.delta" || type === "response.reasoning_text.delta")
    tell({ kind: "thinking", text: delta });
}
