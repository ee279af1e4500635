/** The reference server behind a URL, in a process of its own. */
import { setTimeout as delay } from "node:timers/promises";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it } from "vitest";
import { connected, everything, useHttpSandbox } from "../support/http-sandbox.js";
import { AT_ONCE_MS, eventually } from "../support/in-time.js";

useHttpSandbox();

describe("the reference server over streamable HTTP", () => {
  it("is listed and called, and reports progress", async () => {
    const { origin } = await everything("streamableHttp");
    const { client } = await connected(`${origin}/mcp`);
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain("echo");
    const answer = await client.callTool({ name: "echo", arguments: { message: "hello" } });
    expect(answer.content).toEqual([{ type: "text", text: "Echo: hello" }]);
    const progress: number[] = [];
    const long = { name: "trigger-long-running-operation", arguments: { duration: 0.4, steps: 4 } };
    await client.callTool(long, undefined, { onprogress: (step) => progress.push(step.progress) });
    expect(progress.length).toBeGreaterThanOrEqual(3);
  });

  it("receives the close, and the cancellation of a call", async () => {
    const { origin, output } = await everything("streamableHttp");
    const { client, transport } = await connected(`${origin}/mcp`);
    const abort = new AbortController();
    const long = { name: "trigger-long-running-operation", arguments: { duration: 30, steps: 2 } };
    const call = client.callTool(long, undefined, { signal: abort.signal });
    await delay(100);
    abort.abort("enough");
    await expect(call).rejects.toThrow("enough");
    expect((await client.callTool({ name: "echo", arguments: { message: "on" } })).isError).toBeUndefined();
    await transport.close();
    await eventually(() => expect(output()).toContain("Received session termination request"));
  });

  it("ends the calls in flight when it crashes", async () => {
    const { origin, child } = await everything("streamableHttp");
    const { client, transport } = await connected(`${origin}/mcp`);
    const long = { name: "trigger-long-running-operation", arguments: { duration: 30, steps: 2 } };
    const call = client.callTool(long).catch((reason: unknown) => reason);
    await delay(200);
    child.kill("SIGKILL");
    const start = performance.now();
    expect(await call).toBeInstanceOf(McpError);
    // It gives its events ids, so the answer is asked for again once, a second later.
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    expect(transport.ending).toMatch(/\banswer\b.* E[A-Z]+/);
  });
});

describe("the reference server over SSE", () => {
  it.each(["sse", "http"] as const)("is used where the definition says %s", async (kind) => {
    const { origin } = await everything("sse");
    const { client, transport } = await connected(`${origin}/sse`, { kind });
    const answer = await client.callTool({ name: "echo", arguments: { message: "hello" } });
    expect(answer.content).toEqual([{ type: "text", text: "Echo: hello" }]);
    const start = performance.now();
    await transport.close();
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
  });

  it("ends the calls in flight when it crashes", async () => {
    const { origin, child } = await everything("sse");
    const { client, transport } = await connected(`${origin}/sse`, { kind: "sse" });
    const long = { name: "trigger-long-running-operation", arguments: { duration: 30, steps: 2 } };
    const call = client.callTool(long).catch((reason: unknown) => reason);
    await delay(200);
    child.kill("SIGKILL");
    const start = performance.now();
    expect(await call).toBeInstanceOf(McpError);
    expect(performance.now() - start).toBeLessThan(AT_ONCE_MS);
    expect(transport.ending).toContain("stream");
  });
});
