/** Bad arguments from the wire: each is refused in one sentence, nothing is written, and the server goes on serving. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { type GeminiStandIn, startGeminiStandIn, status } from "../support/gemini-stand-in.js";
import { createWorkbench, openHost, type TestHost, type ToolResult, type Workbench } from "../support/host.js";
import { type Fact, naming } from "../support/naming.js";
import { rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const MOST_CHARACTERS = 10_000; // of one answer where the host's own limit is not known
const NOWHERE = "run_00000000000000000000000000";

let bench: Workbench;
let standIn: GeminiStandIn;
let host: TestHost;
let ended: string;

beforeAll(async () => {
  bench = createWorkbench();
  standIn = await startGeminiStandIn(() => status(404));
  rehearse(bench, "talk", [{ calls: [{ tool: "no_such_tool" }] }, { text: "x".repeat(30_000) }]);
  rehearse(bench, "slow", [{ text: "late", delay_ms: 60_000 }]);
  host = await openHost(bench, { env: { GEMINI_API_KEY: "test-key", GOOGLE_GEMINI_BASE_URL: standIn.url } });
  await runScript(host, "talk");
  ended = (await runScript(host, "talk")).run_id;
});
afterAll(async () => {
  await host.close();
  await standIn.close();
  bench.remove();
});

/** How many rows each table has. */
function rowCounts(): Record<string, number> {
  const database = openSqlite(join(bench.home, "legwork.db"), { readonly: true });
  const count = (table: string) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  const counts = Object.fromEntries(["runs", "run_events", "sessions", "blobs"].map((name) => [name, count(name)]));
  database.close();
  return counts;
}

function expectRefusal(result: ToolResult, code: string, ...facts: readonly Fact[]): void {
  expect(result.isError).toBe(true);
  expect(JSON.parse(result.text)).toEqual(result.structured);
  expect(result.structured.error).toMatchObject({ code, message: naming(...facts) });
  expect(result.structured.error.message).not.toMatch(/\n|internal error|Invalid input$/);
  expect(result.text.length).toBeLessThan(MOST_CHARACTERS);
}

type Case = readonly [what: string, args: Record<string, unknown>, code: string, ...facts: readonly Fact[]];

/** One test a case: the call is refused by code and facts, nothing is written, and the next call works. */
function refuses(tool: string, cases: readonly Case[]): void {
  const named = cases.map(([what, args, code, ...facts]) => ({ what, args, code, facts }));
  it.each(named)("$what", async ({ args, code, facts }) => {
    const before = rowCounts();
    expectRefusal(await host.call(tool, args), code, ...facts);
    expect(rowCounts()).toEqual(before);
    const { isError, structured } = await host.call("list_runs", { scope: "all" });
    expect(isError).toBe(false);
    expect(structured.runs).toHaveLength(before.runs ?? 0);
  });
}

const bad = "invalid_arguments";
const go = { prompt: "go" };
const played = { ...go, provider: "rehearsal", model: "talk" };
const gemini = { ...go, provider: "gemini" };

describe("spawn_agent refuses", () => {
  refuses("spawn_agent", [
    ["a misspelt argument", { promt: "go" }, bad, "promt", "prompt"],
    ["an unknown argument", { ...go, max_turn: 3 }, bad, '"max_turn"', '"max_turns"'],
    ["an argument that resembles none", { ...go, zebra: 1 }, bad, "zebra", /\bprompt\b/],
    ["a missing prompt", {}, bad, /\bprompt\b/, "missing"],
    ["a prompt that is a number", { prompt: 5 }, bad, /\bprompt\b/, "string", "number"],
    ["an empty prompt", { prompt: "" }, bad, /\bprompt\b/, "empty"],
    ["a prompt of blanks", { prompt: " \n\t" }, bad, /\bprompt\b/, "empty"],
    ["tools that are no list", { ...go, tools: 5 }, bad, /\btools\b/, "array", "number"],
    ["an unknown agent", { ...played, agent: "nobody" }, "unknown_agent", "nobody", "list_agents"],
    ["a misspelt agent", { ...played, agent: "defualt" }, "unknown_agent", '"default"'],
    ["an unknown workflow", { ...played, workflow: "plan" }, "unknown_workflow", '"plan"'],
    ["an unknown provider", { ...go, provider: "gemni" }, "unknown_provider", '"gemni"', '"gemini"'],
    ["a provider that resembles none", { ...go, provider: "zzz" }, "unknown_provider", /\bgemini\b/, /\brehearsal\b/],
    ["a model with a slash", { ...gemini, model: "models/a" }, "unknown_model", '"models/a"', "Gemini"],
    ["a model with a query", { ...gemini, model: "a?key=b" }, "unknown_model", '"a?key=b"', "Gemini"],
    ["a model that leads elsewhere", { ...gemini, model: "../../x" }, "unknown_model", '"../../x"', "Gemini"],
    ["a model with a blank", { ...gemini, model: "gemini 3" }, "unknown_model", '"gemini 3"', "Gemini"],
    ["an unknown script", { ...played, model: "nope" }, "unknown_model", '"nope"', "nope.yaml"],
    ["a script that leads elsewhere", { ...played, model: "../talk" }, "unknown_model", '"../talk"', "script"],
    ["a script with a query", { ...played, model: "talk?" }, "unknown_model", '"talk?"', "script"],
    ["negative turns", { ...played, max_turns: -1 }, bad, "max_turns", /\b1\b/],
    ["no turns", { ...played, max_turns: 0 }, bad, "max_turns", /\b1\b/],
    ["half a turn", { ...played, max_turns: 1.5 }, bad, "max_turns", "whole"],
    ["a huge number of turns", { ...played, max_turns: 1e9 }, bad, "max_turns", /\b10000\b/],
    ["turns as text", { ...played, max_turns: "three" }, bad, "max_turns", "number"],
    ["negative time", { ...played, timeout_seconds: -5 }, bad, "timeout_seconds", /\b0\b/],
    ["no time", { ...played, timeout_seconds: 0 }, bad, "timeout_seconds", /\b0\b/],
    ["endless time", { ...played, timeout_seconds: 1e12 }, bad, "timeout_seconds", /\b604800\b/],
    ["a negative wait", { ...played, wait_seconds: -1 }, bad, "wait_seconds", /\b0\b/],
    ["a schema that is text", { ...played, output_schema: "object" }, bad, "output_schema", "object"],
    ["a schema that is a number", { ...played, output_schema: 7 }, bad, "output_schema"],
    ["a schema that is a list", { ...played, output_schema: [] }, bad, "output_schema"],
    ["a type that is none", { ...played, output_schema: { type: "banana" } }, bad, "output_schema", /\btype\b/],
    ["a reference to nothing", { ...played, output_schema: { $ref: "#/nope" } }, bad, "output_schema", "#/nope"],
    ["a bad pattern in tools", { ...played, tools: ["workspace/*"] }, bad, /\btools\b/, '"workspace/*"'],
    ["an empty pattern", { ...played, tools: [""] }, bad, /\btools\b/, '""', "pattern"],
    ["a bad pattern in blocked_tools", { ...played, blocked_tools: ["a b"] }, bad, "blocked_tools", '"a b"'],
    ["a title without end", { ...played, title: "x".repeat(201) }, bad, "title", /\b200\b/],
    ["an agent's name of 50,000 characters", { ...go, agent: "x".repeat(50_000) }, bad, "agent", /\b200\b/],
    ["an argument's name of 50,000 characters", { ...go, ["y".repeat(50_000)]: 1 }, bad, /"y{20}/],
  ]);

  it("and asks the vendor nothing for a model's name that could lead elsewhere", async () => {
    const asked = standIn.requests.length;
    expectRefusal(await host.call("spawn_agent", { ...gemini, model: "a/b?c" }), "unknown_model", '"a/b?c"', "Gemini");
    expect(standIn.requests).toHaveLength(asked);
  });
});

it("a model that the vendor does not know ends the run with the vendor's reason", async () => {
  const { structured } = await host.call("spawn_agent", { ...gemini, model: "no-such-model", wait_seconds: 30 });
  expect(structured).toMatchObject({ status: "error", error: { code: "model_not_found" } });
  expect(structured.error.message).toContain("no-such-model");
});

describe("get_run refuses", () => {
  refuses("get_run", [
    ["no run", {}, bad, "run_id", "missing"],
    ["a run that is not there", { run_id: NOWHERE }, "unknown_run", /"run_0+"/, "list_runs"],
    ["an empty id", { run_id: "" }, bad, "run_id", /\b1\b/],
    ["an unknown view", { run_id: NOWHERE, view: "banana" }, bad, /\bview\b/, "summary", "access"],
    ["an empty page", { run_id: NOWHERE, limit: 0 }, bad, /\blimit\b/, /\b1\b/],
    ["a negative page", { run_id: NOWHERE, limit: -3 }, bad, /\blimit\b/, /\b1\b/],
    ["a huge page", { run_id: NOWHERE, limit: 100_000 }, bad, /\blimit\b/, /\b200\b/],
    ["a misspelt argument", { run: NOWHERE }, bad, '"run"'],
  ]);
});

describe("list_runs refuses", () => {
  refuses("list_runs", [
    ["an unknown status", { status: "succes" }, bad, /\bstatus\b/, "success"],
    ["an unknown status in a list", { status: ["success", "banana"] }, bad, /\bstatus\b/, "success"],
    ["an unknown scope", { scope: "world" }, bad, /\bscope\b/, "session", "project", /\ball\b/],
    ["a time that is none", { since: "yesterday" }, bad, /\bsince\b/, '"yesterday"', "ISO 8601"],
    ["a day that is none", { since: "2026-13-45" }, bad, /\bsince\b/, '"2026-13-45"'],
    ["an empty page", { limit: 0 }, bad, /\blimit\b/, /\b1\b/],
    ["a huge page", { limit: 101 }, bad, /\blimit\b/, /\b100\b/],
    ["a misspelt argument", { statuses: [] }, bad, '"statuses"', '"status"'],
  ]);

  it("nothing for a parent that has no children", async () => {
    const { isError, structured } = await host.call("list_runs", { parent_run_id: NOWHERE, scope: "all" });
    expect(isError).toBe(false);
    expect(structured).toEqual({ runs: [], next_cursor: null });
  });
});

describe("wait_for_runs refuses", () => {
  refuses("wait_for_runs", [
    ["no runs", { run_ids: [] }, bad, "run_ids", /\b1\b/],
    ["one id that is no list", { run_ids: 5 }, bad, "run_ids", "array"],
    ["too many runs", { run_ids: Array(101).fill(NOWHERE) }, bad, "run_ids", /\b100\b/],
    ["a run that is not there", { run_ids: [NOWHERE] }, "unknown_run", /"run_0+"/, "list_runs"],
    ["an unknown mode", { run_ids: [NOWHERE], mode: "some" }, bad, /\bmode\b/, /\bany\b/, /\ball\b/],
    ["a negative wait", { run_ids: [NOWHERE], wait_seconds: -1 }, bad, "wait_seconds", /\b0\b/],
    ["a wait that is no number", { run_ids: [NOWHERE], wait_seconds: "long" }, bad, "wait_seconds", "number"],
  ]);

  it("a run that is not there, beside one that is", async () => {
    expectRefusal(await host.call("wait_for_runs", { run_ids: [ended, NOWHERE] }), "unknown_run", /"run_0+"/);
  });
});

describe("cancel_run refuses", () => {
  refuses("cancel_run", [
    ["no run", {}, bad, "run_id", "missing"],
    ["a run that is not there", { run_id: NOWHERE }, "unknown_run", /"run_0+"/, "list_runs"],
    ["a reason that is no text", { run_id: NOWHERE, reason: 5 }, bad, /\breason\b/, "string"],
  ]);
});

describe("complete refuses", () => {
  refuses("complete", [
    ["a run that is not there", { run_id: NOWHERE, result: "x" }, "unknown_run", /"run_0+"/, "list_runs"],
    ["no result", { run_id: NOWHERE }, bad, /\bresult\b/, "missing"],
    [
      "an unknown status",
      { run_id: NOWHERE, result: "x", status: "done" },
      bad,
      /\bstatus\b/,
      "success",
      "partial",
      "blocked",
    ],
    ["artifacts that are no list", { run_id: NOWHERE, result: "x", artifacts: 5 }, bad, "artifacts", "array"],
  ]);

  it("a run that has ended", async () => {
    const before = (await host.call("get_run", { run_id: ended })).structured;
    const again = await host.call("complete", { run_id: ended, result: "other" });
    expectRefusal(again, "not_running", "success");
    expect((await host.call("get_run", { run_id: ended })).structured).toEqual(before);
  });
});

describe("an unknown tool", () => {
  refuses("spawn_agnet", [["is refused with the nearest name", go, "unknown_tool", '"spawn_agent"']]);
  refuses("", [["without a name is refused with all names", {}, "unknown_tool", "spawn_agent", "get_run"]]);
});

describe("a cursor", () => {
  const views = ["summary", "result", "events", "messages", "access"] as const;

  /** The real cursors, each made by the view it is named after. */
  async function realCursors(): Promise<Record<string, unknown>> {
    const next = async (tool: string, args: object) => (await host.call(tool, { ...args })).structured.next_cursor;
    return {
      list: await next("list_runs", { limit: 1 }),
      result: await next("get_run", { run_id: ended, view: "result" }),
      events: await next("get_run", { run_id: ended, view: "events", limit: 1 }),
      messages: await next("get_run", { run_id: ended, view: "messages", limit: 1 }),
      access: await next("get_run", { run_id: ended, view: "access", limit: 1 }),
    };
  }

  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const fromNowhere = ["nonsense", "5", encode(null), encode([]), encode({}), encode({ after: 1, offset: 0 })];

  it("of its own view continues the list, of any other is refused", async () => {
    const cursors = await realCursors();
    for (const [kind, cursor] of Object.entries(cursors)) {
      expect(cursor, kind).toEqual(expect.any(String));
      for (const view of views) {
        const page = await host.call("get_run", { run_id: ended, view, cursor });
        if (view === kind) expect(page.isError, kind).toBe(false);
        else expectRefusal(page, "invalid_cursor", "cursor");
      }
      const list = await host.call("list_runs", { cursor });
      if (kind === "list") expect(list.structured.runs).not.toHaveLength(0);
      else expectRefusal(list, "invalid_cursor", "cursor");
    }
  });

  it("from behind the end of an item is refused", async () => {
    const cursor = encode({ kind: "events", after: 0, offset: 1e15 });
    const page = await host.call("get_run", { run_id: ended, view: "events", cursor });
    expectRefusal(page, "invalid_cursor", "cursor");
  });

  it.each(fromNowhere)("from nowhere is refused everywhere: %j", async (cursor) => {
    for (const view of views)
      expectRefusal(await host.call("get_run", { run_id: ended, view, cursor }), "invalid_cursor", "cursor");
    expectRefusal(await host.call("list_runs", { cursor }), "invalid_cursor", "cursor");
  });

  it.each([
    ["events", { kind: "events", after: "1", offset: 0 }],
    ["events", { kind: "events", after: -1, offset: 0 }],
    ["messages", { kind: "messages", after: 1.5, offset: 0 }],
    ["access", { kind: "access", after: 1 }],
    ["result", { kind: "result", offset: -1 }],
  ])("of %s with fields that none has is refused: %j", async (view, cursor) => {
    const page = await host.call("get_run", { run_id: ended, view, cursor: encode(cursor) });
    expectRefusal(page, "invalid_cursor", "cursor");
  });

  it("of list_runs that names no run is refused", async () => {
    expectRefusal(await host.call("list_runs", { cursor: encode({ kind: "list" }) }), "invalid_cursor", "cursor");
    const numbered = encode({ kind: "list", after: 5 });
    expectRefusal(await host.call("list_runs", { cursor: numbered }), "invalid_cursor", "cursor");
  });

  it("that is too long is refused", async () => {
    expectRefusal(await host.call("list_runs", { cursor: "x".repeat(501) }), bad, "cursor", /\b500\b/);
  });
});

it("a wait longer than any host allows is no mistake", async () => {
  const spawned = await runScript(host, "talk", { wait_seconds: 100_000 });
  expect(spawned.status).toBe("success");
  const waited = await host.call("wait_for_runs", { run_ids: [ended], wait_seconds: 100_000 });
  expect(waited.structured).toMatchObject({ runs: [{ run_id: ended }], pending: [] });
});

describe("an argument that the host adds", () => {
  it("is dropped before the arguments are checked", async () => {
    const spawned = await runScript(host, "talk", { wait_for_previous: true });
    expect(spawned.status).toBe("success");
    expect((await host.call("list_runs", { wait_for_previous: false })).isError).toBe(false);
  });
});

it("every tool gives the same in structure and in text", async () => {
  const slow = await host.call("spawn_agent", { ...played, model: "slow" });
  const { run_id } = slow.structured;
  const answers = [
    slow,
    await host.call("wait_for_runs", { run_ids: [run_id], wait_seconds: 0 }),
    await host.call("get_run", { run_id }),
    await host.call("list_runs", { status: ["running", "pending"] }),
    await host.call("cancel_run", { run_id, reason: "enough" }),
  ];
  for (const { isError, structured, text } of answers) {
    expect(isError, text).toBe(false);
    expect(JSON.parse(text)).toEqual(structured);
  }
});

it("a schema that asks to be checked later neither lets bad data pass nor ends the server", async () => {
  const fresh = setBench();
  const call = { tool: "complete", arguments: { result: "all good", status: "success", data: {} } };
  rehearse(fresh, "hasty", [{ calls: [call], repeat: 9 }]);
  const freshHost = await setHost(fresh);
  const output_schema = { $async: true, type: "object", required: ["name"] };
  const asked = { ...played, model: "hasty", wait_seconds: 20, output_schema };
  const { isError, structured } = await freshHost.call("spawn_agent", asked);
  if (isError) expect(structured.error.code).toBe(bad);
  else expect(structured).toMatchObject({ status: "blocked", error: { code: "complete_refused" } });
  // An error that nobody catches ends a process before it answers the next calls.
  for (let n = 0; n < 3; n++) expect((await freshHost.call("list_runs")).isError).toBe(false);
});

describe("before there is a database", () => {
  it("bad arguments leave no trace on disk", async () => {
    const fresh = setBench();
    const freshHost = await setHost(fresh);
    expectRefusal(await freshHost.call("spawn_agent", { promt: "x" }), bad, '"prompt"');
    expectRefusal(await freshHost.call("list_runs", { limit: -1 }), bad, "limit");
    expectRefusal(await freshHost.call("no_such_tool"), "unknown_tool", "spawn_agent", "get_run");
    expect(existsSync(fresh.home)).toBe(false);
    expect((await freshHost.call("list_runs")).structured).toEqual({ runs: [], next_cursor: null });
  });

  it("a provider without a key is refused with both ways out, and nothing is written", async () => {
    const freshHost = await setHost(setBench());
    expectRefusal(await freshHost.call("spawn_agent", go), "configuration", "GEMINI_API_KEY", '"rehearsal"');
    expectRefusal(await freshHost.call("spawn_agent", gemini), "configuration", "GEMINI_API_KEY");
    expect((await freshHost.call("list_runs", { scope: "all" })).structured.runs).toEqual([]);
  });
});
