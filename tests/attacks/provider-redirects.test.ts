/** An address of the provider that leads elsewhere: the key and the conversation stay where the user sent them. */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { says, text } from "../support/agents.js";
import { redirect } from "../support/gemini-stand-in.js";
import { createWorkbench, openHost } from "../support/host.js";
import { naming } from "../support/naming.js";
import { shareHome } from "../support/shared-home.js";

const home = shareHome();

/** A second port that counts what reaches it. */
async function openTrap(): Promise<{ readonly url: string; readonly reached: readonly IncomingMessage[] }> {
  const reached: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    reached.push(request);
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, reached };
}

it.each([301, 302, 303, 307, 308])(
  "a %i to another port takes nothing there, and the run ends with both origins",
  async (code) => {
    const trap = await openTrap();
    const { spawn, requests } = home.play([redirect(code, `${trap.url}/v1beta/models/m:generateContent?key=test-key`)]);
    const { structured } = await spawn();
    const origin = home.env.GOOGLE_GEMINI_BASE_URL ?? "";
    expect(structured).toMatchObject({
      status: "error",
      error: { code: "redirected", message: naming(origin, trap.url, "base_url") },
    });
    expect(trap.reached).toEqual([]);
    expect(requests()).toHaveLength(1);
  },
);

it("the same host by another name or port is elsewhere too, also after a redirect that stays", async () => {
  const trap = await openTrap();
  const { port } = new URL(trap.url);
  const base = home.env.GOOGLE_GEMINI_BASE_URL ?? "";
  const other = base.replace("127.0.0.1", "localhost");
  for (const target of [
    `http://localhost:${port}/`,
    `${other}/v1beta/models/m:generateContent`,
    `//127.0.0.1:${port}/x`,
  ]) {
    const { spawn } = home.play([redirect(307, target)]);
    expect((await spawn()).structured.error.code).toBe("redirected");
  }
  const { spawn } = home.play([
    redirect(307, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"),
    redirect(308, `${trap.url}/twice`),
  ]);
  expect((await spawn()).structured.error.code).toBe("redirected");
  expect(trap.reached).toEqual([]);
});

it("a redirect within the address is followed", async () => {
  const { spawn } = home.play([
    redirect(307, "/v1beta/models/gemini-3.8-flash:streamGenerateContent?alt=sse"),
    says(text("arrived")),
  ]);
  expect((await spawn()).structured).toMatchObject({ status: "success", result: "arrived" });
});

it("an address with a path and a key in its query leads nowhere else either", async () => {
  const trap = await openTrap();
  const front = createServer((_request, response) => {
    response.writeHead(302, { location: `${trap.url}/proxy?key=test-key-of-the-user` }).end();
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void front.close());
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  const origin = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;
  bench.configure(`mcpServers: { workspace: { disabled: true } }
providers: { gemini: { base_url: "${origin}/gateway/team?key=test-key-of-the-user&to=" } }`);
  const host = await openHost(bench, { env: { GEMINI_API_KEY: "test-key-of-the-user" } });
  onTestFinished(() => host.close());
  const { structured } = await host.call("spawn_agent", { prompt: "go", wait_seconds: 20 });
  expect(structured.error).toEqual({ code: "redirected", message: naming(origin, trap.url) });
  expect(trap.reached).toEqual([]);
});
