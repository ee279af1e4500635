/** The states of a downstream server (idle, starting, ready, degraded, failed), and its catalog in each. */
import type { ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../src/core/run/limits.js";
import type { RunRequest } from "../../src/core/run/run.js";
import { createDownstream } from "../../src/downstream/pool/pool.js";
import { usableServers } from "../../src/runner/tools/tool-set.js";
import {
  call,
  effects,
  failure,
  hostile,
  names,
  open,
  opened,
  options,
  pids,
  pool,
  started,
  stdio,
  tool,
  useSandbox,
} from "../support/downstream-sandbox.js";
import { type Answer, events, json, startHostileHttpServer, status } from "../support/hostile-http-server.js";
import { eventually } from "../support/in-time.js";
import { mentions } from "../support/mentions.js";
import { groupLives } from "../support/transports.js";

useSandbox();

function granting(...patterns: readonly string[]): RunRequest {
  return {
    prompt: "a task",
    context: null,
    systemPrompt: null,
    agent: "default",
    provider: "rehearsal",
    model: "none",
    policy: { allow: [{ patterns, from: "a test" }], block: [] },
    outputSchema: null,
    workflow: null,
    variables: {},
    limits: DEFAULT_LIMITS,
  };
}

function rpcError(code: number, message: string): string {
  return JSON.stringify({ jsonrpc: "2.0", error: { code, message }, id: null });
}

function jsonError(code: number, message: string): Answer {
  return (response, seen) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ jsonrpc: "2.0", id: seen.message.id, error: { code, message } }));
  };
}

const stateOf = (downstream: ReturnType<typeof pool>) => downstream.status().map(({ state }) => state);

describe("a server", () => {
  it("stops when no run has held a lease for a while, and restarts for the next run", async () => {
    const downstream = pool(effects({ idleSeconds: 0.3 }));
    const hold = downstream.acquire(["effects"]);
    expect(stateOf(downstream)).toEqual(["starting"]);
    await hold.ready;
    expect(stateOf(downstream)).toEqual(["ready"]);
    const catalog = downstream.catalog(["effects"]);
    await delay(500);
    expect(stateOf(downstream)).toEqual(["ready"]);
    hold.release();
    await eventually(() => expect(stateOf(downstream)).toEqual(["idle"]), 115_000);
    await eventually(() => expect(groupLives(pids[0] ?? 0)).toBe(false), 115_000);
    // What it offers is still known, and a call wakes it.
    expect(downstream.catalog(["effects"])).toBe(catalog);
    expect((await call(downstream, tool(catalog, "echo"), { a: 1 })).text).toBe('{"a":1}');
    expect(pids).toHaveLength(2);
    await eventually(() => expect(stateOf(downstream)).toEqual(["idle"]), 115_000);
  });

  it("loses its tools while it is down, and restarts after a pause for the runs that hold a lease", async () => {
    const { downstream, catalog } = await opened(effects());
    await failure(call(downstream, tool(catalog, "die")));
    await eventually(() => expect(stateOf(downstream)).toEqual(["degraded"]));
    const down = downstream.catalog(["effects"]);
    expect(down.tools).toEqual([]);
    expect(down.problems).toMatchObject([{ code: "connection_closed" }]);
    expect(downstream.current(tool(catalog, "echo"))).toMatchObject({
      kind: "gone",
      reason: expect.stringMatching(mentions("code 7")),
    });
    await eventually(() => expect(stateOf(downstream)).toEqual(["ready"]));
    expect(names(downstream.catalog(["effects"]).tools)).toEqual(names(catalog.tools));
    expect((await call(downstream, tool(catalog, "add_line"), { text: "a" })).text).toBe("added a");
    expect(pids).toHaveLength(2);
  });

  it("stays down without a lease, and starts with the next one", async () => {
    const downstream = pool(hostile("exits-at-once"));
    const hold = downstream.acquire(["hostile"]);
    await hold.ready;
    hold.release();
    await delay(1_200);
    expect(stateOf(downstream)).toEqual(["degraded"]);
    const next = downstream.acquire(["hostile"]);
    expect(downstream.status()).toMatchObject([{ state: "starting", problem: { code: "start_failed" } }]);
    await next.ready;
  });

  it("is retried after each pause, even while the process is busy", async () => {
    const gone = stdio({ cwd: "/no/such/folder" });
    const servers = Array.from({ length: 20 }, (_, index) => effects({ name: `gone${index}`, ...gone }));
    const tries = new Map<string, number>();
    const warn = (fields: object) => {
      const { server } = fields as { server: string };
      tries.set(server, (tries.get(server) ?? 0) + 1);
    };
    const { log } = options();
    const downstream = createDownstream(servers, [], options({ log: { ...log, warn } }));
    open.push(downstream);
    const busy = setInterval(() => {}, 1);
    for (const { name } of servers) {
      downstream.acquire([name]);
      await delay(5); // apart, so that their timers end apart
    }
    await eventually(() => expect([...tries.values()].filter((count) => count >= 2)).toHaveLength(20));
    clearInterval(busy);
  });

  it("is remembered: the next process has its tools without a start", async () => {
    const { downstream: first, catalog } = await opened(effects());
    await first.close();
    const second = pool(effects());
    expect(second.status()).toMatchObject([{ state: "idle" }]);
    expect(second.catalog(["effects"])).toEqual(catalog);
    expect(pids).toHaveLength(1);
    // Its policy is not remembered but read anew.
    const third = pool(effects({ includeTools: ["echo"] }));
    expect(names(third.catalog(["effects"]).tools)).toEqual(["effects__echo"]);
    const other = pool(effects({ definitionHash: "another" }));
    expect(other.catalog(["effects"]).tools).toEqual([]);
  });

  it("is not called by a name that means another tool after a start", async () => {
    const before = hostile("one-tool", { argument: "old", definitionHash: "same" });
    const { downstream: first, catalog } = await opened(before);
    await first.close();
    const second = pool(hostile("one-tool", { argument: "new", definitionHash: "same" }));
    const error = await failure(call(second, tool(catalog, "old")));
    expect(error).toMatchObject({ code: "not_called", message: expect.stringMatching(mentions("hostile__old")) });
  });

  it("is not called for a tool whose definition has changed since the call was allowed", async () => {
    const { downstream, catalog } = await opened(effects());
    const allowed = { ...tool(catalog, "add_line"), effect: "read_only" as const };
    const error = await failure(call(downstream, allowed, { text: "a" }));
    expect(error).toMatchObject({ code: "not_called", message: expect.stringMatching(mentions("effects__add_line")) });
    expect((await call(downstream, tool(catalog, "read_lines"))).text).not.toContain("a");
  });

  it("has its pins read again for a run that is granted a withheld tool", async () => {
    const settings = { definitionHash: "same", pin: "enforce" } as const;
    const { downstream: first, catalog: old } = await opened(hostile("one-tool", { argument: "old", ...settings }));
    await first.close();
    const deps = options();
    const second = createDownstream([hostile("one-tool", { argument: "new", ...settings })], [], deps);
    open.push(second);
    await second.acquire(["hostile"]).settled;
    expect(second.catalog(["hostile"]).tools).toEqual([]);
    expect(second.current({ ...tool(old, "old"), name: "hostile__new", tool: "new" })).toMatchObject({
      kind: "gone",
      reason: expect.stringMatching(mentions("pin")),
    });
    const [status] = second.status();
    const findings = status?.pinFindings.map(({ now }) => now) ?? [];
    deps.pins.accept(status?.from ?? "", "hostile", findings);
    const usable = usableServers(granting("hostile__new"), second);
    second.acquire(usable);
    expect(names(second.catalog(["hostile"]).tools)).toEqual(["hostile__new"]);
  });

  const lostBy: Readonly<Record<string, Answer>> = {
    "404": status(404, "Session not found"),
    "410": status(410),
    "a bad request": status(400, rpcError(-32000, "Bad Request: No valid session ID provided")),
    "a bad request of another kind": status(400, rpcError(-32600, "Unknown Mcp-Session-Id header")),
    "not being initialized": status(400, rpcError(-32000, "Bad Request: Server not initialized")),
    "an error in a response": jsonError(-32001, "Session not found"),
    "a response by words": jsonError(-32600, "Session terminated"),
    "words that leave it open": jsonError(-32000, "Session not found on worker 3"),
    "an error without an id": (response: ServerResponse) =>
      response
        .setHeader("content-type", "application/json")
        .end('{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Invalid Request: session not found"}}'),
    "its name": status(400, rpcError(-32000, "Bad Request: session session-1 is unknown")),
  };

  it.each(Object.entries(lostBy))(
    "that has lost its session, told by %s, is called in a new one",
    async (_name, lost) => {
      let [sessions, made, isLost] = [0, 0, false];
      const tools = json({ tools: [{ name: "plain", inputSchema: { type: "object" } }] });
      const server = await startHostileHttpServer({
        initialize: (response, seen) => {
          response.setHeader("mcp-session-id", `session-${++sessions}`);
          const { protocolVersion } = seen.message.params ?? {};
          json({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "x", version: "1" } })(
            response,
            seen,
          );
        },
        "tools/list": (response, seen) =>
          (isLost && seen.headers["mcp-session-id"] === "session-1" ? lost : tools)(response, seen),
        "tools/call": (response, seen) => {
          isLost = true;
          if (seen.headers["mcp-session-id"] === "session-1") return lost(response, seen);
          made += 1;
          json({ content: [{ type: "text", text: "made" }] })(response, seen);
        },
      });
      try {
        const web = effects({ name: "web", transport: { kind: "http", url: server.url, headers: {} } });
        const { downstream, catalog } = await opened(web);
        expect((await call(downstream, tool(catalog, "plain"))).text).toBe("made");
        expect({ sessions, made }).toEqual({ sessions: 2, made: 1 });
      } finally {
        await server.close();
      }
    },
  );

  const notLost: Readonly<Record<string, Answer>> = {
    "a time-out": jsonError(-32001, "Request timed out"),
    "a database that is not initialized": jsonError(-32603, "Database not initialized"),
    "another bad request": status(400, rpcError(-32602, "no such page")),
    "an error of the server": status(500, "the session store is down"),
    "the loss of the session in its arguments": jsonError(-32603, "Session not found"),
    "the loss of a session of its tool": jsonError(-32603, "Session 42 not found"),
    "a bad request about a session of its tool": status(400, rpcError(-32602, "session 42 of the browser is unknown")),
  };

  it.each(Object.entries(notLost))("that answers with %s is not called again", async (_name, answer) => {
    const server = await startHostileHttpServer({
      "tools/list": json({ tools: [{ name: "plain", inputSchema: { type: "object" } }] }),
      "tools/call": answer,
    });
    try {
      const web = effects({ name: "web", transport: { kind: "http", url: server.url, headers: {} } });
      const { downstream, catalog } = await opened(web);
      const args = { session_id: "42" };
      expect((await failure(call(downstream, tool(catalog, "plain"), args))).code).not.toBe("session_lost");
      expect(server.seen.filter(({ message }) => message.method === "tools/call")).toHaveLength(1);
    } finally {
      await server.close();
    }
  });

  it("that has lost its session is called in a new one, and still answers the calls in flight", async () => {
    let sessions = 0;
    let hasForgotten = false;
    const initialize: Answer = (response, seen) => {
      response.setHeader("mcp-session-id", `session-${++sessions}`);
      const { protocolVersion } = seen.message.params ?? {};
      json({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "x", version: "1" } })(response, seen);
    };
    const answer: Answer = async (response, seen) => {
      const { n } = { n: 0, ...(seen.message.params?.arguments as { n: number } | undefined) };
      const isUnknown = hasForgotten && seen.headers["mcp-session-id"] === "session-1";
      await delay(n);
      if (isUnknown) return status(404, "Session not found")(response, seen);
      json({ content: [{ type: "text", text: String(n) }] })(response, seen);
    };
    const server = await startHostileHttpServer({
      initialize,
      "tools/list": json({ tools: [{ name: "plain", inputSchema: { type: "object" } }] }),
      "tools/call": answer,
    });
    try {
      const { downstream, catalog } = await opened(
        effects({ name: "web", transport: { kind: "http", url: server.url, headers: {} } }),
      );
      const make = async (n: number) => (await call(downstream, tool(catalog, "plain"), { n })).text;
      const early = make(400);
      await eventually(() => expect(server.seen.at(-1)?.message.method).toBe("tools/call"));
      hasForgotten = true;
      expect(await Promise.all([0, 10, 20, 40].map(make))).toEqual(["0", "10", "20", "40"]);
      expect(await early).toBe("400");
      expect(sessions).toBe(2);
    } finally {
      await server.close();
    }
  });

  it("that names no endpoint in its stream of events has no longer to start than any other", async () => {
    const server = await startHostileHttpServer({ GET: events(() => {}) });
    try {
      const transport = { kind: "sse", url: server.url, headers: {} } as const;
      const { catalog } = await opened(effects({ name: "web", transport, startTimeoutSeconds: 0.5 }));
      expect(catalog.problems).toMatchObject([{ code: "start_timeout" }]);
      await eventually(() => expect(server.openResponses.size).toBe(0));
    } finally {
      await server.close();
    }
  });

  it("that is broken does not affect the others", async () => {
    const config = effects();
    const fault = "/a/config.yaml: mcpServers.bad.env.KEY: KEY is not set";
    const downstream = createDownstream(
      [effects(stdio({ command: "legwork-no-such-command" })), { ...config, name: "good" }, hostile("silent")],
      [{ name: "bad", from: "/a/config.yaml", fault }],
      options(),
    );
    open.push(downstream);
    expect(downstream.servers).toEqual(["effects", "good", "hostile", "bad"]);
    const catalog = await started(downstream, ["effects", "good", "bad"]);
    expect(names(catalog.tools)).toContain("good__echo");
    expect(catalog.problems.map(({ server, code }) => [server, code])).toEqual([
      ["bad", "bad_definition"],
      ["effects", "spawn_failed"],
    ]);
    expect(stateOf(downstream)).toEqual(["failed", "ready", "idle", "failed"]);
    expect(downstream.status()[3]).toMatchObject({ name: "bad", transport: null, problem: { message: fault } });
  });
});
