/**
 * A server behind a URL that floods its streams of events while it works on a call, which lasts as many milliseconds as its
 * first argument says. The path says with what: `notes`, `requests`, or `beside`, which goes on with notes in the other
 * stream for ever. It prints its origin.
 */
import { createServer } from "node:http";

const CALL_MS = Number(process.argv[2]);
const EVENTS = 250; // in a piece
const MOST_REQUESTS = 500; // of a call: the network holds megabytes of them, and each is answered
const EVENT_STREAM = { "content-type": "text/event-stream" };
const plain = { name: "plain", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } };
const schema = { type: "object", properties: { name: { type: "string" } } };
const messages = [{ role: "user", content: { type: "text", text: "What now?" } }];

const results = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: { listChanged: true } },
    serverInfo: { name: "flooding", version: "1.0.0" },
  }),
  "tools/list": () => ({ tools: [plain] }),
};

/** What each flood is made of, for the call with these parameters. */
const floods = {
  notes: ({ _meta }) => [
    { method: "notifications/message", params: { level: "info", data: "x" } },
    { method: "notifications/progress", params: { progressToken: _meta?.progressToken, progress: 1 } },
    { method: "notifications/tools/list_changed" },
  ],
  requests: () => [
    { method: "ping" },
    { method: "roots/list" },
    { method: "elicitation/create", params: { message: "What now?", requestedSchema: schema } },
    { method: "sampling/createMessage", params: { messages, maxTokens: 5 } },
  ],
};
floods.beside = floods.notes;

let lastId = 0;
let standing = null;

function pieceOf(flood) {
  const kinds = flood.map((message) => ({ jsonrpc: "2.0", ...message }));
  return () => {
    const all = Array.from({ length: EVENTS }, (_, n) => {
      const message = kinds[n % kinds.length];
      return message.method.startsWith("notifications/") ? message : { ...message, id: `asked-${++lastId}` };
    });
    return all.map((message) => `data: ${JSON.stringify(message)}\n\n`).join("");
  };
}

/** Writes as fast as the client reads, until `isOver`; then calls `end`. */
function pour(response, piece, isOver, end) {
  while (!isOver()) {
    if (response.destroyed) return;
    if (response.write(piece())) continue;
    response.once("drain", () => setImmediate(pour, response, piece, isOver, end));
    return;
  }
  end();
}

function answerCall(kind, { id, params }, response) {
  const piece = pieceOf(floods[kind](params));
  const begun = Date.now();
  const most = lastId + MOST_REQUESTS;
  const isOver = () => Date.now() - begun > CALL_MS || lastId >= most;
  const result = { content: [{ type: "text", text: `after the flood of ${kind}` }] };
  const end = () => response.end(`data: ${JSON.stringify({ jsonrpc: "2.0", id, result })}\n\n`);
  response.writeHead(200, EVENT_STREAM);
  if (kind !== "beside") return pour(response, piece, isOver, end);
  pour(standing, piece, () => false, end);
  setTimeout(end, CALL_MS);
}

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  if (request.method === "GET") {
    standing = response.writeHead(200, EVENT_STREAM);
    return response.flushHeaders();
  }
  const message = body === "" ? {} : JSON.parse(body);
  if (message.method === "tools/call") return answerCall(request.url.slice(1), message, response);
  const result = results[message.method]?.(message.params);
  if (result === undefined) return response.writeHead(202).end();
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify({ jsonrpc: "2.0", id: message.id, result }));
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`http://127.0.0.1:${server.address().port}\n`));
