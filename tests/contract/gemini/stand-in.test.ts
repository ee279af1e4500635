/** The stand-in for Gemini refuses the requests that Gemini refuses; otherwise the tests that use it prove nothing. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type GeminiStandIn, reply, startGeminiStandIn, twoParallelCalls } from "../../support/gemini-stand-in.js";
import type { WireBody, WireContent, WirePart } from "../../support/gemini-wire-check.js";

const PNG = Buffer.from("89504e470d0a1a0a", "hex").toString("base64");
const BEGIN: WireContent = { role: "user", parts: [{ text: "Begin" }] };

let standIn: GeminiStandIn;

beforeEach(async () => {
  const calls = twoParallelCalls({ id: "a", name: "read" }, { id: "b", name: "list" });
  standIn = await startGeminiStandIn((_, n) => (n === 1 ? calls : reply([{ text: "One" }, { text: "Two" }])));
});
afterEach(() => standIn.close());

describe("the stand-in", () => {
  it("accepts a conversation whose calls are all answered and signed as they were", async () => {
    const asked = await firstReply();
    expect(await post({ contents: [BEGIN, asked, responses(["a", "read"], ["b", "list"])] })).toBe(200);
  });

  it.each([
    ["one answer is missing", responses(["a", "read"])],
    ["an id is wrong", responses(["a", "read"], ["c", "list"])],
    ["a name is wrong", responses(["a", "read"], ["b", "write"])],
    ["an answer comes twice", responses(["a", "read"], ["b", "list"], ["b", "list"])],
    ["the user speaks instead", BEGIN],
  ])("refuses when %s", async (_, next) => {
    const asked = await firstReply();
    expect(await post({ contents: [BEGIN, asked, next] })).toBe(400);
  });

  it.each([
    ["lost", ({ thoughtSignature: _, ...part }: WirePart) => part],
    ["changed", (part: WirePart) => ({ ...part, thoughtSignature: "other" })],
  ])("refuses a signature that was %s, but only in the current turn", async (_, change) => {
    const asked = await firstReply();
    const damaged = { ...asked, parts: asked.parts.map((part) => (part.thoughtSignature ? change(part) : part)) };
    const contents = [BEGIN, damaged, responses(["a", "read"], ["b", "list"])];
    expect(await post({ contents })).toBe(400);
    expect(await post({ contents: [...contents, BEGIN] })).toBe(200);
  });

  it.each([
    ["begins with a digit", [{ name: "7zip" }]],
    ["is declared twice", [{ name: "a" }, { name: "a" }]],
    ["has two schemas", [{ name: "a", parameters: {}, parametersJsonSchema: {} }]],
  ])("refuses a function that %s", async (_, functionDeclarations) => {
    expect(await post({ contents: [BEGIN], tools: [{ functionDeclarations }] })).toBe(400);
  });

  it("refuses a request without a key, a role or parts", async () => {
    expect(await post({ contents: [BEGIN] }, {})).toBe(400);
    expect(await post({ contents: [{ parts: [{ text: "a" }] }] })).toBe(400);
    expect(await post({ contents: [{ role: "user", parts: [] }] })).toBe(400);
  });

  it.each([
    ["another type", { mimeType: "image/gif", data: PNG }],
    ["bytes of another type", { mimeType: "image/jpeg", data: PNG }],
    ["base64 for URLs", { mimeType: "image/png", data: `${PNG}_-` }],
    ["no bytes", { mimeType: "image/png", data: "" }],
  ])("refuses an image with %s", async (_, inlineData) => {
    const content = (part: object): WireContent => ({ role: "user", parts: [{ text: "look" }, part] });
    expect(await post({ contents: [content({ inlineData })] })).toBe(400);
    expect(await post({ contents: [content({ inlineData: { mimeType: "image/png", data: PNG } })] })).toBe(200);
  });

  it("gives ids, and a signature to the first call, where the script has none", async () => {
    const own = await startGeminiStandIn([reply([{ functionCall: { name: "x" } }, { functionCall: { name: "y" } }])]);
    const answer = await (await send(own.url, { contents: [BEGIN] })).text();
    await own.close();
    const [first, second] = JSON.parse(answer).candidates[0].content.parts;
    expect(first).toMatchObject({ functionCall: { id: "call_1", name: "x" }, thoughtSignature: expect.any(String) });
    expect(second).toEqual({ functionCall: { id: "call_2", name: "y" } });
  });

  it("streams a part a chunk, the last with the reason and the usage", async () => {
    await firstReply();
    const answer = await send(standIn.url, { contents: [BEGIN] }, "streamGenerateContent?alt=sse");
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const chunks = (await answer.text()).trim().split("\r\n\r\n");
    const [one, two] = chunks.map((chunk) => JSON.parse(chunk.replace(/^data: /, "")));
    expect(one).toEqual({ candidates: [{ content: { role: "model", parts: [{ text: "One" }] }, index: 0 }] });
    expect(two).toMatchObject({ candidates: [{ content: { parts: [{ text: "Two" }] }, finishReason: "STOP" }] });
    expect(two).toHaveProperty("usageMetadata");
  });

  it("answers any request when its checks are off", async () => {
    const own = await startGeminiStandIn(() => reply([{ text: "ok" }]), { check: false });
    const answer = await send(own.url, { contents: [] }, "generateContent", {});
    await own.close();
    expect(answer.status).toBe(200);
  });
});

async function firstReply(): Promise<WireContent> {
  const answer = await send(standIn.url, { contents: [BEGIN] });
  return JSON.parse(await answer.text()).candidates[0].content;
}

async function post(body: WireBody, headers?: Record<string, string>): Promise<number> {
  return (await send(standIn.url, body, "generateContent", headers)).status;
}

function send(
  url: string,
  body: WireBody,
  method = "generateContent",
  headers: Record<string, string> = { "x-goog-api-key": "key" },
): Promise<Response> {
  return fetch(`${url}/v1beta/models/m:${method}`, { method: "POST", headers, body: JSON.stringify(body) });
}

function responses(...answers: readonly (readonly [id: string, name: string])[]): WireContent {
  return {
    role: "user",
    parts: answers.map(([id, name]) => ({ functionResponse: { id, name, response: { output: "ok" } } })),
  };
}
