/** The Downstream port: the rules that every manager of MCP servers keeps, with real servers. */
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BrokenServer, ServerConfig } from "../../../src/core/definitions/server-config.js";
import type { Catalog, Downstream } from "../../../src/core/ports/downstream.js";
import {
  addedLines,
  call,
  effectLog,
  effects,
  failure,
  folder,
  forgetEffects,
  hostile,
  limits,
  names,
  started,
  stdio,
  tool,
} from "../../support/downstream-sandbox.js";
import { AT_ONCE_MS, CLOSE_BUDGET_MS, eventually } from "../../support/in-time.js";
import { mentions } from "../../support/mentions.js";
import { groupLives, pidIn } from "../../support/transports.js";

export interface DownstreamSandbox {
  /** Opens the port in a project that has exactly these servers. The sandbox closes it. */
  open(servers: readonly ServerConfig[], broken?: readonly BrokenServer[]): Downstream;
  /** The process ids of the servers that were started in the sandbox, in order. */
  pids(): readonly number[];
}

export interface DownstreamImplementation {
  readonly name: string;
  /** Sets up a sandbox around each test of a `describe` or around all of them, and checks that no server outlives it. */
  setSandbox(scope: "each test" | "all tests"): DownstreamSandbox;
}

const BROKEN: BrokenServer = { name: "bad", from: "/a/config.yaml", fault: "/a/config.yaml: KEY is not set" };

export function describeDownstream({ name, setSandbox }: DownstreamImplementation): void {
  describe(`Downstream ${name} with running servers`, () => {
    const sandbox = setSandbox("all tests");
    const up = ["effects", "growing", "errors"];
    let downstream: Downstream;
    let catalog: Catalog;

    beforeAll(async () => {
      const probed: Partial<ServerConfig> = {
        name: "probed",
        definitionHash: "probed",
        onUnknown: "stop",
        probes: [
          { pattern: "*", tool: "effects__read_lines" },
          { pattern: "*_line", tool: "probed__read_lines" },
        ],
      };
      const growing = hostile("growing", { name: "growing" });
      const errors = hostile("errors", { name: "errors" });
      downstream = sandbox.open([effects(), growing, errors, effects(probed)], [BROKEN]);
      catalog = await started(downstream, up);
    });
    beforeEach(forgetEffects);

    const stateOf = (server: string) => downstream.status().find((status) => status.name === server)?.state;

    describe("the catalog", () => {
      it("has the tools of a server under qualified names, with their effects", () => {
        const { tools, problems } = downstream.catalog(["effects"]);
        expect(problems).toEqual([]);
        expect(tools.map(({ name, effect }) => [name, effect])).toEqual([
          ["effects__add_line", "effectful"],
          ["effects__read_lines", "read_only"],
          ["effects__slow", "read_only"],
          ["effects__slow_add_line", "effectful"],
          ["effects__fail", "read_only"],
          ["effects__big", "read_only"],
          ["effects__echo", "idempotent"],
          ["effects__die", "effectful"],
        ]);
        expect(tools[0]).toMatchObject({ server: "effects", tool: "add_line", description: "The add_line tool." });
      });

      it("keeps the order of the configuration", () => {
        const { tools } = downstream.catalog(["errors", "effects"]);
        expect([...new Set(tools.map(({ server }) => server))]).toEqual(["effects", "errors"]);
        expect(downstream.servers).toEqual(["effects", "growing", "errors", "probed", "bad"]);
        expect(downstream.status().map((status) => status.name)).toEqual(downstream.servers);
      });

      it("follows a server that changes its tools, and is the same object while nothing changes", async () => {
        const [growing, others] = [downstream.catalog(["growing"]), downstream.catalog(["effects", "errors"])];
        expect(downstream.catalog(["growing"])).toBe(growing);
        await call(downstream, tool(growing, "plain"));
        await eventually(() => expect(names(downstream.catalog(["growing"]).tools)).toHaveLength(2));
        expect(growing.tools).toHaveLength(1);
        expect(downstream.catalog(["effects", "errors"])).toBe(others);
      });

      it("names unknown and unusable servers as problems", () => {
        const { tools, problems } = downstream.catalog(["nope", "bad"]);
        expect(tools).toEqual([]);
        expect(problems).toHaveLength(2);
        expect(problems).toContainEqual({
          server: "nope",
          code: "unknown_server",
          message: expect.stringContaining('"nope"'),
        });
        expect(problems).toContainEqual({ server: "bad", code: "bad_definition", message: BROKEN.fault });
      });
    });

    describe("a tool", () => {
      it("is declared as its server declares it now", () => {
        const echo = tool(catalog, "echo");
        expect(downstream.current(echo)).toEqual({ kind: "declared", tool: echo });
        expect(downstream.current({ ...echo, description: "as it was once" })).toEqual({
          kind: "declared",
          tool: echo,
        });
      });

      it.each([
        ["its server does not have it", { name: "effects__nothing" }],
        ["there is no such server", { name: "nope__echo", server: "nope" }],
        ["its server cannot be used", { name: "bad__echo", server: "bad" }],
      ])("is gone, with a reason, where %s", (_, changes) => {
        const gone = downstream.current({ ...tool(catalog, "echo"), ...changes });
        expect(gone).toEqual({ kind: "gone", reason: expect.stringMatching(/\S/) });
      });

      it.each([
        ["probed__add_line", "stop", "probed__read_lines"], // the last pattern that matches
        ["probed__slow", "stop", "effects__read_lines"],
        ["probed__unknown", "stop", "effects__read_lines"],
        ["effects__add_line", "tell", null],
        ["nope__add_line", "tell", null],
        ["complete", "tell", null],
      ])("has the reaction to an in-doubt call that its server configures: %s %s %s", (name, action, probe) => {
        expect(downstream.afterUnknown(name)).toEqual({ action, probe });
        expect(stateOf("probed")).toBe("idle");
      });
    });

    describe("a call", () => {
      it("returns a result, an isError result, and the error of a server", async () => {
        expect(await call(downstream, tool(catalog, "echo"), { a: [1] })).toEqual({
          isError: false,
          text: '{"a":[1]}',
          attachments: [],
        });
        expect(await call(downstream, tool(catalog, "fail"))).toEqual({
          isError: true,
          text: "it went wrong",
          attachments: [],
        });
        const error = await failure(call(downstream, tool(catalog, "errors__plain")));
        expect(error).toMatchObject({ code: "call_failed", server: "errors" });
        expect(error.message).toContain("no such page");
      });

      it("is made once, also beside other calls", async () => {
        const lines = ["a", "b", "c", "d", "e"];
        await Promise.all(lines.map((text) => call(downstream, tool(catalog, "add_line"), { text })));
        expect([...addedLines()].sort()).toEqual(lines);
      });

      it.each([
        ["an unknown server", { server: "nope", name: "nope__echo" }],
        ["a server that cannot be used", { server: "bad", name: "bad__echo" }],
        ["a tool that its server does not have", { tool: "nothing", name: "effects__nothing" }],
      ])("of %s is not made", async (_, changes) => {
        const absent = { ...tool(catalog, "echo"), ...changes };
        expect(await failure(call(downstream, absent))).toMatchObject({ code: "not_called", server: absent.server });
      });

      it("is cancelled at the server when it times out", async () => {
        const error = await failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }, 300));
        expect(error).toMatchObject({ code: "call_timeout" });
        expect(error.message).toMatch(mentions("effects__slow", "0.3 s", "again"));
        await eventually(() => expect(effectLog()).toEqual(["started", "cancelled"]));
      });

      it("rejects at once when the caller aborts, and is cancelled at the server", async () => {
        const controller = new AbortController();
        const under = limits(60_000, { signal: controller.signal });
        const calling = failure(downstream.call(tool(catalog, "slow_add_line"), { ms: 20_000, text: "a" }, under));
        await eventually(() => expect(effectLog()).toEqual(["started"]));
        const abortedAt = performance.now();
        controller.abort();
        const error = await calling;
        expect(performance.now() - abortedAt).toBeLessThan(AT_ONCE_MS);
        expect(error).toMatchObject({
          code: "call_aborted",
          message: expect.stringMatching(mentions("effects__slow_add_line", "outcome")),
        });
        await eventually(() => expect(effectLog()).toEqual(["started", "cancelled"]));
        const late = await failure(downstream.call(tool(catalog, "add_line"), { text: "b" }, under));
        expect(late).toMatchObject({
          code: "not_called",
          message: expect.stringMatching(mentions("effects__add_line")),
        });
        expect(addedLines()).toEqual([]);
      });

      it("is not cancelled at the server when the signal aborts after its answer", async () => {
        const controller = new AbortController();
        await downstream.call(tool(catalog, "slow"), { ms: 1 }, limits(5_000, { signal: controller.signal }));
        controller.abort();
        await call(downstream, tool(catalog, "echo"));
        expect(effectLog()).toEqual(["started", "finished"]);
      });
    });
  });

  describe(`Downstream ${name} while servers start and end`, () => {
    const sandbox = setSandbox("each test");
    const statesOf = (downstream: Downstream) => downstream.status().map(({ state }) => state);

    it("starts a server on demand only, and once for concurrent callers", async () => {
      const downstream = sandbox.open([effects()]);
      expect(downstream.servers).toEqual(["effects"]);
      expect(downstream.catalog(["effects"])).toEqual({ tools: [], problems: [] });
      expect(downstream.status()).toMatchObject([{ state: "idle", listing: null }]);
      expect(sandbox.pids()).toEqual([]);
      const [first, second] = await Promise.all([started(downstream), started(downstream)]);
      expect(second).toBe(first);
      expect(first.tools).not.toEqual([]);
      expect(sandbox.pids()).toHaveLength(1);
      expect(downstream.catalog(["effects"])).toBe(first);
    });

    it("keeps a server running until every lease is released, and counts each release once", async () => {
      const downstream = sandbox.open([effects({ idleSeconds: 0 })]);
      const [first, second] = [downstream.acquire(["effects"]), downstream.acquire(["effects"])];
      await Promise.all([first.ready, second.ready]);
      first.release();
      first.release();
      await delay(20); // without a lease it would have stopped
      expect(statesOf(downstream)).toEqual(["ready"]);
      await call(downstream, tool(downstream.catalog(["effects"]), "echo"));
      expect(statesOf(downstream)).toEqual(["ready"]);
      second.release();
      await eventually(() => expect(statesOf(downstream)).toEqual(["idle"]));
      await eventually(() => expect(groupLives(sandbox.pids()[0] ?? 0)).toBe(false));
      expect(sandbox.pids()).toHaveLength(1);
      second.release();
    });

    it("gives a lease that is ready and settled although no server of it can start", async () => {
      const gone = effects({ name: "gone", ...stdio({ command: "legwork-no-such-command" }) });
      const downstream = sandbox.open([gone], [BROKEN]);
      const lease = downstream.acquire(["gone", "bad", "nope"]);
      await Promise.all([lease.ready, lease.settled]);
      const { tools, problems } = downstream.catalog(["gone", "bad", "nope"]);
      expect(tools).toEqual([]);
      expect(problems.map(({ server }) => server).sort()).toEqual(["bad", "gone", "nope"]);
      expect(statesOf(downstream)).toEqual(["failed", "failed"]);
      lease.release();
    });

    it("gives a lease that is ready at once where the tools are known, and settled when the server is up", async () => {
      const first = sandbox.open([effects()]);
      await started(first);
      await first.close();
      const downstream = sandbox.open([effects()]);
      const lease = downstream.acquire(["effects"]);
      await lease.ready;
      expect(statesOf(downstream)).toEqual(["starting"]);
      await lease.settled;
      expect(statesOf(downstream)).toEqual(["ready"]);
      lease.release();
    });

    it("does not repeat a call during which its server ends", async () => {
      const downstream = sandbox.open([effects()]);
      const catalog = await started(downstream);
      const error = await failure(call(downstream, tool(catalog, "die")));
      expect(error).toMatchObject({ code: "connection_closed" });
      expect(error.message).toMatch(mentions("code 7"));
      expect(error.message).toMatch(mentions("effects__die", "outcome"));
      const tooSoon = await failure(call(downstream, tool(catalog, "add_line"), { text: "b" }));
      expect(tooSoon).toMatchObject({ code: "not_called", message: expect.stringMatching(mentions("1 s")) });
      expect(addedLines()).toEqual([]);
    });

    it("ends all servers when it closes, also one that still starts, and starts none after that", async () => {
      const pidFile = join(folder, "pid");
      const downstream = sandbox.open([hostile("silent", { env: { PID_FILE: pidFile } }), effects()]);
      const starting = started(downstream, ["hostile"]);
      const catalog = await started(downstream, ["effects"]);
      const pids = [await pidIn(pidFile), ...sandbox.pids()];
      expect(pids.map(groupLives)).toEqual([true, true]);
      const slow = failure(call(downstream, tool(catalog, "slow"), { ms: 20_000 }));
      await eventually(() => expect(effectLog()).toEqual(["started"]));

      const startedAt = performance.now();
      await Promise.all([downstream.close(), downstream.close()]);
      expect(performance.now() - startedAt).toBeLessThan(CLOSE_BUDGET_MS);
      expect(pids.map(groupLives)).toEqual([false, false]);
      expect(await slow).toMatchObject({ code: "connection_closed" });
      expect((await starting).problems).toMatchObject([{ server: "hostile" }]);
      expect(downstream.catalog(["effects"]).problems).toMatchObject([{ code: "connection_closed" }]);

      await downstream.close();
      const late = downstream.acquire(["effects"]);
      await Promise.all([late.ready, late.settled]);
      expect(await failure(call(downstream, tool(catalog, "echo")))).toMatchObject({ code: "not_called" });
      late.release();
      expect(sandbox.pids()).toHaveLength(1);
    });
  });
}
