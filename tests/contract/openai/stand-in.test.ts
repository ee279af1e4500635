/** The stand-ins refuse the requests that the vendors refuse, one named rule each; otherwise the tests that use them prove nothing. */
import { afterEach, describe, expect, it } from "vitest";
import { type ChatProfile, reply, startChatStandIn } from "../../support/openai/chat-stand-in.js";
import { call, message, reasoning, response, startResponsesStandIn } from "../../support/openai/responses-stand-in.js";
import type { StandIn } from "../../support/openai/stand-in.js";

let standIn: StandIn | undefined;
afterEach(() => standIn?.close());

const USER = { role: "user", content: "Begin" };
const CALL = { id: "call_1", type: "function", function: { name: "s__read", arguments: "{}" } };
const ASKED = { role: "assistant", content: "", tool_calls: [CALL] };
const RESULT = { role: "tool", tool_call_id: "call_1", content: "read" };
const TOOL = { type: "function", function: { name: "s__read", description: "", parameters: { type: "object" } } };
const TALK = [USER, ASKED, RESULT];
const PNG = "data:image/png;base64,iVBORw0KGgo=";
const picture = (url: string) => [{ type: "image_url", image_url: { url } }];
const withCall = (change: object) => ({ messages: [USER, { ...ASKED, tool_calls: [{ ...CALL, ...change }] }, RESULT] });
const withTool = (change: object) => ({ tools: [{ ...TOOL, function: { ...TOOL.function, ...change } }] });
const twice = { ...ASKED, tool_calls: [CALL, CALL] };
const long = "a".repeat(41);

describe("the stand-in of chat completions", () => {
  it.each<[rule: string, profile: ChatProfile, broken: object]>([
    ["fields", "strict", { user: "me" }],
    ["fields", "groq", { messages: TALK, developer: true }],
    ["fields", "mistral", { stream_options: { include_usage: true } }],
    ["fields", "deepseek", { store: false }],
    ["fields", "openrouter", { model: "a\nb" }],
    ["field of the limit", "openai", { max_tokens: 5 }],
    ["field of the limit", "openrouter", { max_tokens: 5 }],
    ["field of the limit", "groq", { max_completion_tokens: 5 }],
    ["field of the limit", "ollama", { max_completion_tokens: 5 }],
    ["roles", "vllm", { messages: [{ role: "developer", content: "Be brief." }, USER] }],
    ["no reasoning", "groq", { messages: [USER, { role: "assistant", content: "a", reasoning: "b" }, USER] }],
    ["no reasoning", "mistral", { messages: [USER, { role: "assistant", content: "a", reasoning_content: "" }, USER] }],
    ["fields of a message", "openai", { messages: [{ ...USER, extra: 1 }] }],
    ["fields of a message", "ollama", { messages: [USER, { role: "assistant", content: "a", tool_calls: [] }, USER] }],
    [
      "fields of a message",
      "llamacpp",
      { messages: [USER, { ...ASKED, tool_calls: [{ ...CALL, index: 0 }] }, RESULT] },
    ],
    ["content", "deepseek", { messages: [USER, { ...ASKED, content: null, reasoning_content: "" }, RESULT] }],
    ["content of results", "openai", { messages: [USER, ASKED, { ...RESULT, content: picture(PNG) }] }],
    ["images", "vllm", { messages: [{ ...USER, content: picture("data:image/tiff;base64,AAAA") }] }],
    ["images", "openai", { messages: [USER, { role: "assistant", content: picture(PNG) }, USER] }],
    ["names", "openai", withTool({ name: "a.b" })],
    ["names", "strict", withTool({ name: "a".repeat(65) })],
    ["root of a schema", "openai", withTool({ parameters: { type: "object", anyOf: [{}] } })],
    ["root of a schema", "groq", withTool({ parameters: { $ref: "#/$defs/a" } })],
    ["fields of a tool", "vllm", withTool({ strict: true })],
    ["fields of a tool", "strict", withTool({ strict: false })],
    ["fields of a tool", "groq", { tools: [] }],
    ["ids", "ollama", withCall({ id: "" })],
    ["ids", "openai", { messages: [USER, twice, RESULT, RESULT] }],
    [
      "length of ids",
      "openai",
      { messages: [USER, { ...ASKED, tool_calls: [{ ...CALL, id: long }] }, { ...RESULT, tool_call_id: long }] },
    ],
    ["results", "openai", { messages: [USER, ASKED, USER] }],
    ["results", "vllm", { messages: [USER, ASKED, USER, RESULT] }],
    ["results", "llamacpp", { messages: [USER, RESULT] }],
    ["arguments", "vllm", withCall({ function: { name: "a", arguments: "{" } })],
    ["arguments", "ollama", withCall({ function: { name: "a", arguments: {} } })],
    ["functions with reasoning", "openai", { model: "gpt-5.4", ...withTool({}) }],
    ["functions with reasoning", "openai", { model: "gpt-6-astra", reasoning_effort: "none", ...withTool({}) }],
    ["reasoning_content", "deepseek", { messages: TALK }],
    ["nine characters", "mistral", { messages: TALK }],
  ])("holds the rule about %s for %s", async (rule, profile, broken) => {
    standIn = await startChatStandIn(profile, [reply({ text: "ok" })]);
    const body = { model: "a/b:c", messages: [USER], stream: true, ...broken };
    const refused = await post("/chat/completions", body);
    expect([refused.status, standIn.broken]).toEqual([400, [rule]]);
    expect(refused.text).toMatch(/"(message|msg)":"[^"]{10,}/);
  });

  it("answers 401 without a key, and 500 to broken arguments where llama.cpp does", async () => {
    standIn = await startChatStandIn("openai", []);
    const refused = await post("/chat/completions", { model: "a", messages: [USER] }, {});
    expect([refused.status, standIn.broken]).toEqual([401, ["key"]]);
    await standIn.close();
    standIn = await startChatStandIn("llamacpp", []);
    const broken = {
      model: "a",
      messages: [USER, { ...ASKED, tool_calls: [{ ...CALL, function: { name: "a", arguments: "{" } }] }, RESULT],
    };
    expect((await post("/chat/completions", broken, {})).status).toBe(500);
  });

  it.each<[ChatProfile, string, unknown]>([
    ["openrouter", "reasoning_details", [{ type: "reasoning.text", text: "Hm", signature: "s" }]],
    ["vllm", "reasoning", "Hm"],
  ])("asks at %s for the %s that it sent", async (profile, field, value) => {
    const asks = reply({ calls: [{ id: "call_1" }], fields: { [field]: value } });
    standIn = await startChatStandIn(profile, [asks, reply({ text: "ok" })]);
    const body = { model: "a", messages: [USER], stream: true };
    await post("/chat/completions", body);
    expect((await post("/chat/completions", { ...body, messages: TALK })).status).toBe(400);
    expect(standIn.broken).toEqual(["reasoning as it came"]);
    const whole = [USER, { ...ASKED, [field]: value }, RESULT];
    expect((await post("/chat/completions", { ...body, messages: whole })).status).toBe(200);
  });

  it("sends the usage only to those who ask for it, and takes a whole conversation", async () => {
    standIn = await startChatStandIn("strict", (_, n) => reply({ text: `${n}` }));
    const body = { model: "a", messages: TALK, tools: [TOOL], stream: true };
    const silent = await post("/chat/completions", body);
    expect([silent.status, silent.text.includes("usage")]).toEqual([200, false]);
    await standIn.close();
    standIn = await startChatStandIn("groq", [reply({ text: "a" })]);
    const counted = await post("/chat/completions", { ...body, stream_options: { include_usage: true } });
    expect(counted.text).toContain("prompt_tokens");
  });
});

describe("the stand-in of the Responses API", () => {
  const OUTPUT = { type: "function_call_output", call_id: "c", output: "read" };
  const ASKS = { type: "function_call", call_id: "c", name: "s__read", arguments: "{}" };
  const DECLARED = {
    type: "function",
    name: "s__read",
    description: "",
    parameters: { type: "object" },
    strict: false,
  };
  const user = (content: unknown) => ({ input: [{ role: "user", content }] });

  it.each<[rule: string, broken: object]>([
    ["temperature", { temperature: 0.5 }],
    ["fields", { messages: [] }],
    ["fields", { instructions: [] }],
    ["store", { store: true }],
    ["include", { include: [] }],
    ["reasoning", { reasoning: { effort: "max" } }],
    ["reasoning", { reasoning: { budget: 1 } }],
    ["fields of an item", { input: [] }],
    ["fields of an item", { input: [{ type: "input_text", text: "a" }] }],
    ["fields of an item", { input: [USER, ASKS, { ...OUTPUT, is_error: true }] }],
    ["content", user([{ type: "text", text: "a" }])],
    ["content", user([{ type: "input_image", image_url: "https://example.com/a.png" }])],
    ["content", { input: [USER, ASKS, { ...OUTPUT, output: null }] }],
    ["names", { tools: [{ ...DECLARED, name: "a b" }] }],
    ["root of a schema", { tools: [{ ...DECLARED, parameters: { type: "object", oneOf: [] } }] }],
    ["fields of a tool", { tools: [{ ...DECLARED, strict: true }] }],
    ["fields of a tool", { tools: [{ ...DECLARED, function: {} }] }],
    ["items as they came", { input: [USER, { ...message("a"), id: "msg_unknown" }] }],
    ["arguments", { input: [USER, { ...ASKS, arguments: {} }, OUTPUT] }],
    ["outputs", { input: [USER, ASKS] }],
    ["outputs", { input: [USER, OUTPUT] }],
    ["outputs", { input: [USER, ASKS, ASKS, OUTPUT] }],
  ])("holds the rule about %s", async (rule, broken) => {
    standIn = await startResponsesStandIn([response([message("ok")])]);
    const body = { model: "a", input: [USER], stream: true, store: false, include: ["reasoning.encrypted_content"] };
    const refused = await post("/responses", { ...body, ...broken });
    expect([refused.status, standIn.broken]).toEqual([400, [rule]]);
  });

  it("wants its items back unchanged and in order", async () => {
    const [thought, asks] = [reasoning(), call("s__read")];
    standIn = await startResponsesStandIn([response([thought, asks]), response([message("ok")])]);
    const body = { model: "a", input: [USER], stream: true, store: false, include: ["reasoning.encrypted_content"] };
    await post("/responses", body);
    const output = { type: "function_call_output", call_id: asks.call_id, output: "read" };
    const send = (...items: object[]) => post("/responses", { ...body, input: [USER, ...items] });
    expect((await send({ ...thought, summary: [] }, asks, output)).status).toBe(400);
    expect((await send(asks, output, thought)).status).toBe(400);
    expect(standIn.broken).toEqual(["items as they came", "items behind reasoning"]);
    expect((await send(thought, asks, output)).status).toBe(200);
  });

  it("answers 401 without a key", async () => {
    standIn = await startResponsesStandIn([]);
    expect((await post("/responses", {}, {})).status).toBe(401);
  });
});

async function post(path: string, body: object, headers: Record<string, string> = { authorization: "Bearer sk-1" }) {
  const answer = await fetch(`${standIn?.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
}
