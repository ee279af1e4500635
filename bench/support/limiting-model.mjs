/**
 * A process that answers like Gemini and allows 60 requests a minute, of which one lasts as long as its first argument says, in
 * milliseconds. With `states` as the second, its answers state that limit; else only its refusals show it.
 */
import { createServer } from "node:http";

const LIMIT = 60;
const LATENCY_MS = 20;
const [minuteMs, states] = [Number(process.argv[2]), process.argv[3] === "states"];
const REPLY = `data: ${JSON.stringify({
  candidates: [{ content: { role: "model", parts: [{ text: "done" }] }, finishReason: "STOP", index: 0 }],
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
})}\r\n\r\n`;

const arrived = [];
let taken = [];
let refused = 0;

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    if (request.url === "/counts") return response.end(JSON.stringify({ arrived, refused }));
    const now = performance.now();
    taken = taken.filter((time) => time > now - minuteMs);
    arrived.push(now);
    const isTaken = taken.length < LIMIT;
    if (isTaken) taken.push(now);
    else refused += 1;
    setTimeout(() => (isTaken ? reply(response, now) : refuse(response, now)), LATENCY_MS);
  });
});
server.keepAliveTimeout = 120_000;
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("disconnect", () => process.exit(0));

function limits(now) {
  if (!states) return {};
  return {
    "x-ratelimit-limit-requests": LIMIT,
    "x-ratelimit-remaining-requests": LIMIT - taken.length,
    "x-ratelimit-reset-requests": `${Math.ceil(taken.at(-1) + minuteMs - now)}ms`,
  };
}

function reply(response, now) {
  response.writeHead(200, { "content-type": "text/event-stream", ...limits(now) });
  response.end(REPLY);
}

function refuse(response, now) {
  const retryDelay = `${((taken[0] + minuteMs - now) / 1000).toFixed(3)}s`;
  const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay }];
  response.writeHead(429, { "content-type": "application/json", ...limits(now) });
  response.end(JSON.stringify({ error: { code: 429, message: "too many", status: "RESOURCE_EXHAUSTED", details } }));
}
