/** Which model works and how: settings, short names, the next one where one refuses to serve, and too many tools for it. */
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, createHome, says } from "../support/agents.js";
import { type GeminiStandIn, refusal, startGeminiStandIn, status } from "../support/gemini-stand-in.js";
import { openHost, type TestHost, type Workbench } from "../support/host.js";
import { naming } from "../support/naming.js";

const ODD_TOOLS = resolve(import.meta.dirname, "../support/odd-tools.mjs");

let bench: Workbench;
let host: TestHost;
const standIns: GeminiStandIn[] = [];

/** The model of each request, with its provider: `main` is the vendor's own, `spare` an entry of the user. */
const asked: string[] = [];
let bodies: Record<string, unknown>[] = [];
let refusing: (model: string) => boolean = () => false;

beforeAll(async () => {
  const entries: Record<string, string> = {};
  for (const name of ["main", "spare"]) {
    const standIn = await startGeminiStandIn((body) => {
      const { model = "" } = standIn.requests.at(-1) ?? {};
      asked.push(`${name}/${model}`);
      bodies.push(body as unknown as Record<string, unknown>);
      if (refusing(model)) return model === "gone" ? refusal(404, "no such model") : status(402);
      const turns = body.contents.filter(({ role }) => role === "model").length;
      return turns === 0
        ? says(call("effects__read_lines"))
        : says(call("complete", { result: `${name}/${model} is done` }));
    });
    standIns.push(standIn);
    entries[name] = standIn.url;
  }
  const tools = Array.from({ length: 200 }, (_, index) => ({ name: `t${index}`, description: "x" }));
  bench = createHome({
    config: `  many: { command: ${process.execPath}, args: [${ODD_TOOLS}], env: { ODD_TOOLS: '${JSON.stringify(tools)}' } }
tools: ["effects__*"]
providers:
  spare: { like: gemini, base_url: "${entries.spare}", api_key_env: SPARE_KEY }
provider: gemini
aliases: { cheap: spare/small }`,
  });
  bench.writeHome("agents/thinker.md", "---\neffort: high\ntemperature: 0.5\nmax_output_tokens: 4096\n---\nThink.");
  bench.writeHome(
    "workflows/steps.yaml",
    `steps:
  - { name: first, max_output_tokens: 2048, transitions: [{ to: second, when: "tool_called('effects__read_lines')" }] }
  - { name: second, model: [gone, spare/b], effort: low }
exit_condition: "true"`,
  );
  const env = { GEMINI_API_KEY: "key-of-main", SPARE_KEY: "key-of-spare", GOOGLE_GEMINI_BASE_URL: entries.main ?? "" };
  host = await openHost(bench, { env });
});

afterAll(async () => {
  await host.close();
  for (const standIn of standIns) await standIn.close();
  bench.remove();
});

async function spawn(args: Record<string, unknown>) {
  asked.length = 0;
  bodies = [];
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 30, ...args });
  return structured;
}

describe("a list of models", () => {
  it("continues with the next where the first refuses to serve, in the middle of the conversation, and stays with it", async () => {
    let requests = 0;
    refusing = (model) => model === "first" && ++requests > 1;
    const run = await spawn({ model: ["first", "spare/second", "third"] });
    expect(run).toMatchObject({
      status: "success",
      result: "spare/second is done",
      provider: "gemini",
      model: "first",
    });
    expect(asked).toEqual(["main/first", "main/first", "spare/second"]);
    const { structured } = await host.call("get_run", { run_id: run.run_id, view: "events" });
    expect(structured.events).toContainEqual(
      expect.objectContaining({
        type: "model_replaced",
        from: "gemini/first",
        to: "spare/second",
        code: "out_of_credit",
        reason: naming("402"),
      }),
    );
  });

  it("ends with the refusal of the last", async () => {
    refusing = () => true;
    const run = await spawn({ model: ["first", "gone"] });
    expect(run).toMatchObject({ status: "error", error: { code: "model_not_found", message: naming("gone") } });
    expect(asked).toEqual(["main/first", "main/gone"]);
  });

  it("counts in a step of a workflow too, whose settings win over those of the run", async () => {
    refusing = (model) => model === "gone";
    const run = await spawn({ model: undefined, workflow: "steps", effort: "medium" }); // for all steps
    expect(asked).toEqual(["main/gemini-3.8-flash", "main/gone", "spare/b"]);
    expect(run).toMatchObject({ status: "success", result: "spare/b is done" });
    expect(bodies.map(({ generationConfig }) => generationConfig)).toEqual([
      { maxOutputTokens: 2048, thinkingConfig: { thinkingLevel: "MEDIUM" } },
      { thinkingConfig: { thinkingLevel: "MEDIUM" } },
      { thinkingConfig: { thinkingLevel: "MEDIUM" } },
    ]);
  });

  it.each([
    [["first", "a b"], "unknown_model", '"a b"'],
    [[], "invalid_arguments", "model"],
  ])("%j is refused before anything is written", async (model, code, word) => {
    const run = await spawn({ model });
    expect(run.error).toMatchObject({ code, message: naming(word) });
    expect(asked).toEqual([]);
  });
});

describe("settings of the model", () => {
  it("come from the agent, and from the call in front of it", async () => {
    refusing = () => false;
    await spawn({ agent: "thinker", max_output_tokens: 2000 });
    expect(bodies[0]?.generationConfig).toEqual({
      temperature: 0.5,
      maxOutputTokens: 2000,
      thinkingConfig: { thinkingLevel: "HIGH" },
    });
  });

  it.each([{ effort: "utmost" }, { temperature: 3 }, { max_output_tokens: 10 }])("%j is refused", async (args) => {
    const run = await spawn(args);
    expect(run.error).toMatchObject({ code: "invalid_arguments", message: naming(Object.keys(args)[0] ?? "") });
  });
});

describe("a short name", () => {
  it("stands for a model and its provider", async () => {
    refusing = () => false;
    await spawn({ model: "cheap" });
    expect(asked[0]).toBe("spare/small");
    await spawn({ model: "flash" });
    expect(asked[0]).toBe("main/gemini-3.8-flash");
    await spawn({ model: "spare/own" });
    expect(asked[0]).toBe("spare/own");
  });

  it("in the file of another host works with what is set up, and says what it was taken for", async () => {
    for (const model of ["sonnet", "flash", "gemini-9-ultra", "unheard-of"])
      bench.write(`../.claude/agents/${model}.md`, `---\nname: ${model}\ndescription: x\nmodel: ${model}\n---\nHelp.`);
    const taken = async (agent: string) => {
      const { notices = [] } = await spawn({ agent });
      return [asked[0], notices.filter((notice: string) => notice.startsWith("model "))];
    };
    const needs = 'model "unheard-of" is not known here, so gemini/gemini-3.8-flash is used';
    expect(await taken("unheard-of")).toEqual(["main/gemini-3.8-flash", [needs]]);
    expect(await taken("flash")).toEqual(["main/gemini-3.8-flash", ['model "flash" is gemini/gemini-3.8-flash']]);
    expect(await taken("gemini-9-ultra")).toEqual(["main/gemini-9-ultra", []]);
    expect(await taken("sonnet")).toEqual(["main/gemini-3.8-flash", [naming("sonnet", "gemini/gemini-3.8-flash")]]);
  });
});

it("a run with more tools than its model takes is refused, with their number and the ways to have fewer", async () => {
  refusing = () => false;
  const words = naming("203 tools", "128", "tools", "blocked_tools", "workflow");
  const unseen = await spawn({ tools: ["many__*"] }); // the server has not listed its tools yet
  expect(unseen).toMatchObject({ status: "error", error: { code: "too_many_tools", message: words } });
  const run = await spawn({ tools: ["many__*"] });
  expect(run).toMatchObject({ error: { code: "too_many_tools", message: words } });
  expect(run.run_id).toBeUndefined();
  expect(asked).toEqual([]);
  expect(await spawn({ tools: ["many__t1*"] })).toMatchObject({ status: "success" });
});
