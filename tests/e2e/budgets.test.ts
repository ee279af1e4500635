/** Limits on money and tokens of a run, a tree, a session and a day: reserved before each request, settled by its reply. */
import { beforeEach, describe, expect, it } from "vitest";
import { call } from "../support/agents.js";
import { reply } from "../support/gemini-stand-in.js";
import type { WirePart } from "../support/gemini-wire-check.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

/** USD for a million tokens: an output of 1,000 tokens costs 0.01 USD, an input of 1,000 tokens 0.001. */
const PRICES = "prices: { gemini: { gemini-3.8-flash: { input: 1, output: 10 } } }";
const home = shareHome({ config: `limits: { max_depth: 2, max_concurrent_runs: 20 }\n${PRICES}` });

const part = (name: string, args: object = {}) => call(name, args);
const text = (said: string): WirePart => ({ text: said }) as WirePart;
const using = (input: number, output: number, ...parts: WirePart[]) =>
  reply(parts, { usage: { promptTokenCount: input, candidatesTokenCount: output } });
const mostOutput = ({ body }: { body: unknown }) =>
  (body as { generationConfig?: { maxOutputTokens?: number } }).generationConfig?.maxOutputTokens;

describe("a limit on money", () => {
  it("sets the longest reply to what the rest of it pays", async () => {
    const { spawn, requests } = home.play([
      using(5_000, 2_000, part("effects__read_lines")),
      using(5_000, 1_000, text("Done.")),
    ]);
    const { structured } = await spawn({ max_cost_usd: 0.1 });
    expect(structured).toMatchObject({ status: "success", cost_usd: 0.04 });
    const [first = 0, second = 0] = requests().map(mostOutput);
    expect(first).toBeGreaterThan(8_000); // 0.1 USD less some thousand tokens of input
    expect(first).toBeLessThan(10_000);
    expect(second).toBeGreaterThan(6_000); // 0.075 USD are left, less 7,000 tokens of input
    expect(second).toBeLessThan(6_800);
  });

  it("keeps the agent's own limit where the rest pays more", async () => {
    const { spawn, requests } = home.play([using(100, 100, text("Done."))]);
    await spawn({ max_cost_usd: 1, max_output_tokens: 3_000 });
    expect(requests().map(mostOutput)).toEqual([3_000]);
  });

  it("begins the last reply where it pays less than 1,024 tokens", async () => {
    const { spawn, requests } = home.play([
      using(5_000, 8_000, part("effects__read_lines")), // 0.085 USD
      using(5_000, 100, text("So far.")),
    ]);
    const { structured } = await spawn({ max_cost_usd: 0.1 });
    expect(structured).toMatchObject({
      status: "partial",
      result: "So far.",
      error: { code: "max_cost_usd", message: naming("0.085 USD", "0.1 USD", "too little") },
    });
    expect(requests()[1]?.body.tools?.[0]?.functionDeclarations?.map(({ name }) => name)).toEqual(["complete"]);
  });

  it("holds for a tree of eight children at once, which overspends by one request at most", async () => {
    const child = home.play((n) => using(3_000, 1_000, n < 400 ? part("effects__echo", { n }) : text("never")));
    const spawns = Array.from({ length: 8 }, () =>
      part("spawn_agent", { prompt: child.prompt, tools: ["effects__*"] }),
    );
    const { spawn } = home.play((n) =>
      n === 1 ? using(3_000, 100, ...spawns) : using(3_000, 100, n === 2 ? part("wait_for_runs") : text("Enough.")),
    );
    const { structured } = await spawn({ max_cost_usd: 0.5, wait_seconds: 50, timeout_seconds: 120 });
    const { tree_cost_usd: tree } = structured as unknown as { tree_cost_usd: number };
    expect(structured.error?.code).toBe("max_cost_usd");
    expect(tree).toBeGreaterThan(0.4);
    expect(tree).toBeLessThanOrEqual(0.5 + 0.013 + 1e-9);
  });
});

describe("a limit on tokens", () => {
  it("counts input and output, and asks for more tokens to go on", async () => {
    const { spawn, requests } = home.play([
      using(20_000, 5_000, part("effects__read_lines")),
      using(21_000, 100, text("So far.")),
      using(22_000, 100, text("All of it.")),
    ]);
    const { structured } = await spawn({ max_tokens: 40_000 });
    expect(structured).toMatchObject({
      status: "partial",
      result: "So far.",
      error: { code: "max_tokens", message: naming("25000", "40000 tokens", "max_tokens") },
      next: naming("resume_run", "more_tokens"),
    });
    expect(requests()).toHaveLength(2);
    const { run_id } = structured;
    const refused = await home.host.call("resume_run", { run_id });
    expect(refused.structured.error).toMatchObject({ code: "used_up", message: naming("more_tokens") });
    await home.host.call("resume_run", { run_id, more_tokens: 50_000 });
    const waited = await home.host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 30 });
    expect(waited.structured.runs[0]).toMatchObject({ status: "success", result: "All of it." });
  });

  it("is refused where it is none", async () => {
    const { spawn } = home.play([]);
    for (const max_tokens of [0, 1.5, "many"])
      expect((await spawn({ max_tokens })).structured.error.code).toBe("invalid_arguments");
  });
});

describe("a limit on a session and a day", () => {
  const configured = (limits: string) =>
    home.bench.configure(home.bench.read("config.yaml").replace(/^limits: .*$/m, `limits: ${limits}`));
  beforeEach(() => configured("{ max_depth: 2, max_concurrent_runs: 20 }"));

  it("counts the runs of one connection, and not those of another", async () => {
    configured("{ session: { max_tokens: 30000 } }");
    const host = await home.open();
    const { prompt } = home.play(() => using(20_000, 200, text("Done.")));
    const first = await host.call("spawn_agent", { prompt, wait_seconds: 30 });
    expect(first.structured).toMatchObject({ status: "success" });
    const second = await host.call("spawn_agent", { prompt, wait_seconds: 30 });
    expect(second.structured).toMatchObject({ status: "success" }); // 9,800 are left for what is estimated at fewer
    const third = await host.call("spawn_agent", { prompt, wait_seconds: 30 });
    expect(third.structured.error).toMatchObject({ code: "max_tokens", message: naming("session", "limits.session") });
    expect(third.structured.run_id).toBeUndefined();
    const other = await home.open();
    expect((await other.call("spawn_agent", { prompt, wait_seconds: 30 })).structured.status).toBe("success");
  });

  it("counts all runs of the home today, also those of before", async () => {
    configured("{ day: { max_cost_usd: 0.000001 } }");
    const host = await home.open();
    const { prompt } = home.play(() => using(10, 1, text("Done.")));
    const { structured, isError } = await host.call("spawn_agent", { prompt, wait_seconds: 30 });
    expect(isError).toBe(true);
    expect(structured.error).toMatchObject({ code: "max_cost_usd", message: naming("today", "limits.day") });
  });

  it("needs the price of each model where it is on money", async () => {
    configured("{ day: { max_cost_usd: 1000 } }");
    const host = await home.open();
    const { structured } = await host.call("spawn_agent", { prompt: "go", model: "gemini-unpriced" });
    expect(structured.error.message).toEqual(naming("max_cost_usd", "gemini-unpriced", "prices"));
  });
});

describe("children that draw on one limit", () => {
  it("each get their share of the turns, and no reply is cut while others hold a part of it", async () => {
    const children = Array.from({ length: 6 }, (_, child) =>
      home.play((n) =>
        n < 30 ? { ...using(1_000, 1_000, part("effects__echo", { child, n })), delayMs: 20 } : using(1, 1, text("x")),
      ),
    );
    const spawns = children.map(({ prompt }) => part("spawn_agent", { prompt, tools: ["effects__*"] }));
    const { spawn } = home.play((n) =>
      n === 1 ? using(3_000, 100, ...spawns) : using(3_000, 100, n === 2 ? part("wait_for_runs") : text("Enough.")),
    );
    await spawn({ max_cost_usd: 0.6, wait_seconds: 50, timeout_seconds: 120 });
    const asked = children.map(({ requests }) => requests().length);
    expect(Math.min(...asked)).toBeGreaterThan(3); // about fifty requests in all
    const cut = children
      .flatMap(({ requests }) => requests().slice(0, 4).map(mostOutput))
      .filter((most) => (most ?? 0) < 4_000);
    expect(cut).toEqual([]);
  });
});
