/**
 * A process that answers on the wire of each vendor as cheaply as possible, always with a stream of about thirty events.
 * The name of the model is its script: `calls-49.run-7` means 49 replies with a call, then a text.
 */
import { createServer } from "node:http";

const PIECES = Array.from({ length: 26 }, (_, index) => `piece ${index} `);
const asked = new Map();

const WIRES = {
  "/v1/messages": anthropic,
  "/v1/responses": responses,
  "/v1/chat/completions": chat,
};

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const path = request.url.split("?")[0];
    const gemini_model = /^\/v1beta\/models\/([^:]+):/.exec(path)?.[1];
    const model = gemini_model ?? JSON.parse(Buffer.concat(chunks).toString()).model;
    const n = asked.get(model) ?? 0;
    asked.set(model, n + 1);
    const calls = Number(/calls-(\d+)/.exec(model)?.[1] ?? 0);
    const call = n < calls ? { name: "effects__big", args: { n: 200 + n } } : null;
    const wire = gemini_model === undefined ? WIRES[path] : gemini;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(wire(model, call, n));
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit(0));

const named = (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const plain = (event) => `data: ${JSON.stringify(event)}\n\n`;

function anthropic(model, call, n) {
  const usage = { input_tokens: 10, output_tokens: 5 };
  const message = { id: `msg_${n}`, type: "message", role: "assistant", model, content: [], stop_reason: null, usage };
  const block = (index, content, deltas) => [
    { type: "content_block_start", index, content_block: content },
    ...deltas.map((delta) => ({ type: "content_block_delta", index, delta })),
    { type: "content_block_stop", index },
  ];
  const text = PIECES.map((piece) => ({ type: "text_delta", text: piece }));
  const use = call && { type: "tool_use", id: `toolu_${n}`, name: call.name, input: {} };
  return [
    { type: "message_start", message },
    ...block(0, { type: "text", text: "" }, text),
    ...(call ? block(1, use, [{ type: "input_json_delta", partial_json: JSON.stringify(call.args) }]) : []),
    { type: "message_delta", delta: { stop_reason: call ? "tool_use" : "end_turn" }, usage: { output_tokens: 5 } },
    { type: "message_stop" },
  ]
    .map(named)
    .join("");
}

function chat(model, call, n) {
  const chunk = (delta, finish_reason = null) => ({
    id: `c${n}`,
    object: "chat.completion.chunk",
    model,
    choices: [{ index: 0, delta, finish_reason }],
  });
  const use = call && {
    index: 0,
    id: `call_${n}`,
    type: "function",
    function: { name: call.name, arguments: JSON.stringify(call.args) },
  };
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
  const events = [
    chunk({ role: "assistant", content: "" }),
    ...PIECES.map((piece) => chunk({ content: piece })),
    ...(call ? [chunk({ tool_calls: [use] })] : []),
    chunk({}, call ? "tool_calls" : "stop"),
    { id: `c${n}`, object: "chat.completion.chunk", model, choices: [], usage },
  ];
  return `${events.map(plain).join("")}data: [DONE]\n\n`;
}

function responses(model, call, n) {
  const item = {
    type: "message",
    id: `msg_${n}`,
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: PIECES.join(""), annotations: [] }],
  };
  const use = call && {
    type: "function_call",
    id: `fc_${n}`,
    call_id: `call_${n}`,
    status: "completed",
    name: call.name,
    arguments: JSON.stringify(call.args),
  };
  const output = call ? [item, use] : [item];
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const whole = { id: `resp_${n}`, object: "response", model, status: "completed", output, usage };
  return [
    { type: "response.created", response: { ...whole, status: "in_progress", output: [], usage: null } },
    { type: "response.output_item.added", output_index: 0, item: { ...item, content: [] } },
    ...PIECES.map((delta) => ({ type: "response.output_text.delta", output_index: 0, content_index: 0, delta })),
    ...output.map((done, index) => ({ type: "response.output_item.done", output_index: index, item: done })),
    { type: "response.completed", response: whole },
  ]
    .map((event, sequence_number) => named({ ...event, sequence_number }))
    .join("");
}

function gemini(modelVersion, call, n) {
  const chunk = (part, rest = {}) => ({
    candidates: [{ content: { role: "model", parts: [part] }, index: 0, ...rest }],
    usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
    modelVersion,
  });
  const use = call && { functionCall: { id: `call_${n}`, name: call.name, args: call.args }, thoughtSignature: "c2ln" };
  return [...PIECES.map((text) => chunk({ text })), chunk(use ?? { text: "done" }, { finishReason: "STOP" })]
    .map(plain)
    .join("");
}
