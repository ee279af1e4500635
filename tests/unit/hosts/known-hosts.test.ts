/** The known hosts: the limits that a client name selects, and data that names nothing twice. */
import { describe, expect, it } from "vitest";
import { HOST_ADDED_ARGUMENTS, KNOWN_HOSTS, limitsOfClient } from "../../../src/hosts/known-hosts.js";

describe("limitsOfClient", () => {
  it("gives each host its own limits, by every name that it sends", () => {
    for (const { clientNames, limits } of KNOWN_HOSTS)
      for (const name of clientNames) expect(limitsOfClient(name)).toBe(limits);
  });

  it("gives an unknown host the tightest limits of all", () => {
    const safe = limitsOfClient("a-host-from-tomorrow");
    expect(limitsOfClient(null)).toEqual(safe);
    for (const { limits } of KNOWN_HOSTS) {
      expect(safe.maxAnswer).toBeLessThanOrEqual(limits.maxAnswer);
      expect(safe.maxWaitSeconds).toBeLessThanOrEqual(limits.maxWaitSeconds);
    }
  });
});

describe("the known hosts", () => {
  it("share no id, client name, project file or folder", () => {
    const names = KNOWN_HOSTS.flatMap(({ id, clientNames, servers, agents }) => [
      `id ${id}`,
      ...clientNames.map((name) => `client ${name}`),
      `file ${servers.projectFile}`,
      `folder ${agents.folder}`,
    ]);
    expect(new Set(names).size).toBe(names.length);
  });

  it("add the argument of Gemini CLI", () => {
    expect([...HOST_ADDED_ARGUMENTS]).toEqual(["wait_for_previous"]);
  });
});
