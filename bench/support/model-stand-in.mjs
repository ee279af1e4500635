/**
 * A process that answers like Gemini as cheaply as possible, and records the time of each request and of each reply.
 * The name of the model is its script. `calls-200.delay-0.hang-0.empty-0.run-7` means 200 tool calls and then a text, each
 * after a delay of 0 ms; with hang-1 the text never comes; with empty-1 an empty reply precedes each call.
 * With `below-3.children-5.delay-50` the first reply starts five agents, each with two generations below it, and waits.
 */
import { createServer } from "node:http";
import { now } from "./clock.mjs";

const conversations = new Map();
const ROUTE = /^\/v1beta\/models\/([^/?]+):(?:generateContent|streamGenerateContent\?alt=sse)/;

const server = createServer((request, response) => {
  const { url } = request;
  request.resume(); // does not read the request: the same cost on both sides would blur their difference
  request.on("end", () => {
    const arrivedAt = now();
    const [, model] = ROUTE.exec(url) ?? [];
    if (model) answer(conversationOf(model), arrivedAt, response, url.includes("stream"));
    else if (url.startsWith("/times/")) send(response, JSON.stringify(timesOf(url.slice("/times/".length))));
    else if (url === "/held") send(response, JSON.stringify(heldRequests()));
    else response.writeHead(404).end();
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit(0));

function conversationOf(model) {
  const known = conversations.get(model);
  if (known) return known;
  const script = Object.fromEntries(model.split(".").map((field) => field.split("-")));
  const {
    calls = 0,
    delay,
    hang,
    empty,
    below,
    children,
  } = Object.fromEntries(Object.entries(script).map(([name, value]) => [name, Number(value)]));
  const replies = below ? 1 : empty ? calls * 2 : calls; // before the last one
  const first = below ? familyReply(model, below, children) : null;
  const conversation = { first, replies, delay, hang, empty, asked: 0, arrived: [], answered: [] };
  conversations.set(model, conversation);
  return conversation;
}

function answer(conversation, arrivedAt, response, isStream) {
  const n = conversation.asked++;
  conversation.arrived.push(arrivedAt);
  if (conversation.hang && n === conversation.replies) return;
  const reply = () => {
    const text = replyOf(conversation, n);
    send(response, isStream ? `data: ${text}\r\n\r\n` : text, isStream ? "text/event-stream" : undefined);
    conversation.answered.push(now());
  };
  if (conversation.delay > 0) setTimeout(reply, conversation.delay);
  else reply();
}

/** A model name for each child, so that each has a conversation of its own. */
function familyReply(model, below, children) {
  const name = (index) => `${model.replace(/^below-\d+/, `below-${below - 1}`)}.${index}`;
  const call = (name, args) => JSON.stringify({ functionCall: { name, args } });
  const spawns = Array.from({ length: children }, (_, index) =>
    call("spawn_agent", { prompt: "Go on until done.", model: name(index) }),
  );
  return body([...spawns, call("wait_for_runs", {})].join(","));
}

function replyOf({ first, replies, empty }, n) {
  if (first !== null && n === 0) return first;
  if (n >= replies) return body('{"text":"done"}');
  if (empty && n % 2 === 0) return body("");
  // Arguments and answers differ between calls, or legwork would treat the loop as stuck.
  const call = `{"functionCall":{"id":"call_${n}","name":"effects__big","args":{"n":${200 + n}}}}`;
  return body(call);
}

function body(part) {
  return `{"candidates":[{"content":{"role":"model","parts":[${part}]},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":5,"totalTokenCount":15}}`;
}

function send(response, text, type = "application/json") {
  response.writeHead(200, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}

function timesOf(model) {
  const { arrived, answered } = conversations.get(model) ?? { arrived: [], answered: [] };
  return { arrived, answered };
}

function heldRequests() {
  return [...conversations.values()].filter(({ hang, replies, asked }) => hang && asked > replies).length;
}
