/** The tools of a run: resolved once for each catalog and policy, with messages about their changes. */
import { describe, expect, it } from "vitest";
import type { Catalog, ServerProblem } from "../../../../src/core/ports/downstream.js";
import type { ToolPolicy } from "../../../../src/core/run/run.js";
import { absenceOf, changeBetween, createToolSets, serversFor } from "../../../../src/runner/tools/tool-set.js";
import { workflow } from "../../../support/engine.js";
import { mentions } from "../../../support/mentions.js";
import { REQUEST } from "../../../support/new-run.js";
import { toolOf } from "../../../support/run-requests.js";

const READ = toolOf("files", "read", "read_only");
const WRITE = toolOf("files", "write");
const allowing = (...patterns: string[]): ToolPolicy => ({ allow: [{ patterns, from: "the call" }], block: [] });
const catalogOf = (tools: Catalog["tools"], problems: Catalog["problems"] = []): Catalog => ({ tools, problems });
const setOf = (catalog: Catalog, policy = allowing("*")) => createToolSets()(catalog, policy, REQUEST, false);
const down = (server: string, changes: Partial<ServerProblem> = {}): ServerProblem => ({
  server,
  code: "connection_closed",
  message: `${server} is down`,
  ...changes,
});

describe("a tool set", () => {
  const catalog = catalogOf([READ, WRITE], [down("web")]);

  it("has the allowed tools first, then the tools of legwork, and only complete in a grace turn", () => {
    const set = setOf(catalog, allowing("read_only", "gone"));
    expect(set.declarations.map(({ name }) => name)).toEqual(["files__read", "complete", "ask", "read_result"]);
    expect(set.graceDeclarations.map(({ name }) => name)).toEqual(["complete"]);
    expect([...set.allowed]).toEqual([["files__read", READ]]);
    expect(set.rulings.map(({ allowed, tools }) => [allowed, tools])).toEqual([
      [true, ["files__read"]],
      [false, ["files__write"]],
    ]);
    expect(set.warnings).toEqual([
      expect.stringMatching(mentions("web", "connection_closed")),
      expect.stringMatching(mentions('"gone"', "the call")),
    ]);
  });

  it.each([
    ["no steps", null, false, []],
    ["one step", workflow([{}]), false, []],
    ["two steps", workflow([{}, { name: "b" }]), false, ["request_step"]],
    ["the right to start runs", null, true, ["spawn_agent", "wait_for_runs", "get_run", "cancel_run"]],
  ])("has more tools of legwork with %s", (_, led, canSpawn, expected) => {
    const { declarations } = createToolSets()(catalogOf([]), allowing("*"), { ...REQUEST, workflow: led }, canSpawn);
    const more = declarations.filter(({ name }) => !["complete", "ask", "read_result"].includes(name));
    expect(more.map(({ name }) => name)).toEqual(expected);
  });

  it("is the same object for the same catalog, policy, output schema, steps and right to start runs", () => {
    const resolve = createToolSets();
    const first = resolve(catalog, allowing("*"), REQUEST, false);
    expect(resolve(catalog, allowing("*"), { ...REQUEST, prompt: "another" }, false)).toBe(first);
    const others = [
      resolve({ ...catalog }, allowing("*"), REQUEST, false),
      resolve(catalog, allowing("read"), REQUEST, false),
      resolve(catalog, allowing("*"), { ...REQUEST, outputSchema: { type: "object" } }, false),
      resolve(catalog, allowing("*"), { ...REQUEST, workflow: workflow([{}]) }, false),
      resolve(catalog, allowing("*"), REQUEST, true),
    ];
    expect(new Set([first, ...others]).size).toBe(6);
    expect(resolve(catalog, allowing("*"), REQUEST, false)).toBe(first);
  });
});

describe("the servers of a run", () => {
  const servers = ["files", "web"];
  const named = servers.map((name) => ({ name }));

  it.each([
    [["*"], servers],
    [["read"], servers],
    [["files__*"], ["files"]],
    [["files__read", "web__get"], servers],
    [["mcp__web__*"], ["web"]],
    [["other__*"], []],
    [[], []],
  ])("by the patterns %j are %j", (patterns, expected) => {
    expect(serversFor({ ...REQUEST, policy: allowing(...patterns) }, named)).toEqual(expected);
  });

  it("need a grant of every source, in at least one step", () => {
    const policy = { allow: [...allowing("files__*").allow, ...allowing("web__*", "files__read").allow], block: [] };
    expect(serversFor({ ...REQUEST, policy }, named)).toEqual(["files"]);
    const steps = workflow([{ allowedTools: ["web__*"] }, { name: "b", allowedTools: [] }]);
    expect(serversFor({ ...REQUEST, policy: allowing("*"), workflow: steps }, named)).toEqual(["web"]);
  });
});

describe("a change of the tools", () => {
  const before = { names: new Set(["files__read", "web__get"]), problems: [] };

  it("is none where the names are the same", () => {
    const same = { names: new Set(["files__read"]), problems: [] };
    expect(changeBetween(same, setOf(catalogOf([{ ...READ, description: "new" }], [down("web")])))).toBeNull();
  });

  it("names tools that are gone and new, with the reasons that the agent does not know", () => {
    const after = setOf(catalogOf([READ, WRITE], [down("web"), down("db")]));
    const change = changeBetween({ ...before, problems: [down("db")] }, after);
    expect(change).toMatch(mentions("web__get", "files__write", "web is down"));
    expect(change).not.toMatch(mentions("files__read"));
    expect(change).not.toMatch(mentions("db"));
  });

  it("names at most 20 tools of each kind, and counts the others", () => {
    const many = Array.from({ length: 23 }, (_, index) => toolOf("files", `tool_${index}`));
    const change = changeBetween({ names: new Set(), problems: [] }, setOf(catalogOf(many)));
    expect(change).toMatch(mentions("files__tool_19", "3"));
    expect(change).not.toMatch(mentions("files__tool_20"));
  });
});

describe("the reason for the absence of a tool", () => {
  const own = down("files", { tool: "files__write", code: "tool_withheld", message: "it is withheld" });

  it.each([
    ["the problem of the tool itself", [down("files"), own], "files__write", "it is withheld"],
    ["the problem of its server", [own, down("files")], "files__read", "files is down"],
    ["none for another server", [down("files")], "web__get", null],
    ["none for a server whose name only begins alike", [down("file")], "files__read", null],
    [
      "none where the server only had another tool rejected",
      [down("files", { code: "tool_rejected" })],
      "files__x",
      null,
    ],
    ["none where the list of tools was cut", [down("files", { code: "tool_list_cut" })], "files__x", null],
    ["none without problems", [], "files__read", null],
  ])("is %s", (_, problems, name, reason) => {
    expect(absenceOf(name, setOf(catalogOf([], problems)))).toBe(reason);
  });
});
