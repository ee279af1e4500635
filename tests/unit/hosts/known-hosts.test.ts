/** The known hosts: the limits that a client name selects, and data that names nothing twice. */
import { describe, expect, it } from "vitest";
import { HOST_ADDED_ARGUMENTS, KNOWN_HOSTS, limitsOfClient } from "../../../src/hosts/known-hosts.js";

describe("limitsOfClient", () => {
  it("gives each host its own limits, by every name that it sends", () => {
    for (const { clientNames, limits } of KNOWN_HOSTS)
      for (const name of clientNames) expect(limitsOfClient(name.replace("*", "-vscode"))).toBe(limits);
  });

  it.each([
    ["claude-code", 30_000],
    ["gemini-cli-mcp-client", 30_000],
    ["codex-mcp-client", 10_000],
    ["copilot-cli", 18_000],
    ["qwen-cli-mcp-client-shop", 25_000],
    ["opencode", 30_000],
    ["continue-cli-client", 30_000],
    ["@cline/core", 6_500],
    ["a-host-from-tomorrow", 10_000],
    ["my copilot-cli", 10_000],
    [null, 10_000],
  ])("gives %s %i bytes an answer and 50 s of waiting", (name, maxAnswer) => {
    expect(limitsOfClient(name)).toEqual({ maxAnswer, maxWaitSeconds: 50 });
  });
});

describe("the known hosts", () => {
  it("share no id, client name, project file or folder", () => {
    const names = KNOWN_HOSTS.flatMap(({ id, clientNames, servers, agents }) => [
      `id ${id}`,
      ...clientNames.map((name) => `client ${name}`),
      ...(servers ? [`file ${servers.projectFile}`] : []),
      ...(agents ? [`folder ${agents.folder}`] : []),
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("add the argument of Gemini CLI", () => {
    expect([...HOST_ADDED_ARGUMENTS]).toEqual(["wait_for_previous"]);
  });
});
