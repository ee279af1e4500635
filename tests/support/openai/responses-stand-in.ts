/** A stand-in for the Responses API of OpenAI. */
import { responsesChecks } from "./responses-checks.js";
import { type Behaviour, type Script, type StandIn, startStandIn } from "./stand-in.js";
import { type Fields, isFields, listOf } from "./wire-rules.js";

/** Starts a stand-in; whoever starts it closes it. */
export function startResponsesStandIn(script: Script): Promise<StandIn> {
  const sent = new Map<string, Fields>(); // items that went out, by their id
  return startStandIn(script, {
    path: "/responses",
    checks: responsesChecks(sent),
    refusal: (_, message, check) => ({
      error: { message, type: "invalid_request_error", param: check, code: "invalid_value" },
    }),
    prepare(behaviour) {
      const events = behaviour.kind === "events" ? behaviour.events.filter(isFields) : [];
      for (const { item } of events) if (isFields(item) && item.status === "completed") sent.set(String(item.id), item);
      return behaviour;
    },
  });
}

const RESPONSES_USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 5,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 15,
};

let items = 0;

/** A message of the model. */
export function message(text: string, more: object = {}): Fields {
  const content = [{ type: "output_text", text, annotations: [] }];
  return { type: "message", id: `msg_${++items}`, role: "assistant", status: "completed", content, ...more };
}

/** A call of the model. */
export function call(name: string, written: unknown = "{}", more: object = {}): Fields {
  const id = ++items;
  return {
    type: "function_call",
    id: `fc_${id}`,
    call_id: `call_${id}`,
    name,
    arguments: written,
    status: "completed",
    ...more,
  };
}

/** Reasoning that has to come back. */
export function reasoning(summary = "A thought.", more: object = {}): Fields {
  const id = ++items;
  const parts = [{ type: "summary_text", text: summary }];
  return {
    type: "reasoning",
    id: `rs_${id}`,
    summary: parts,
    encrypted_content: `sealed ${id}`,
    status: "completed",
    ...more,
  };
}

/** A streamed response with these items. */
export function response(output: readonly Fields[], more: Fields = {}, last = "response.completed"): Behaviour {
  const base = { id: "resp_1", object: "response", model: "stand-in", error: null, incomplete_details: null };
  const events: object[] = [{ type: "response.created", response: { ...base, status: "in_progress", output: [] } }];
  for (const [output_index, item] of output.entries()) {
    events.push({ type: "response.output_item.added", output_index, item: { ...item, status: "in_progress" } });
    for (const event of deltasOf(item)) events.push({ ...event, output_index });
    events.push({ type: "response.output_item.done", output_index, item });
  }
  const whole = { ...base, status: "completed", output, usage: RESPONSES_USAGE, ...more };
  return { kind: "events", events: [...events, { type: last, response: whole }] };
}

function deltasOf(item: Fields): readonly object[] {
  if (item.type === "reasoning")
    return listOf(item.summary).map(({ text }) => ({ type: "response.reasoning_summary_text.delta", delta: text }));
  if (item.type === "function_call") return [{ type: "response.function_call_arguments.delta", delta: item.arguments }];
  return listOf(item.content).map(({ text, refusal }) =>
    refusal === undefined
      ? { type: "response.output_text.delta", delta: text }
      : { type: "response.refusal.delta", delta: refusal },
  );
}
