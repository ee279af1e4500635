import { expect, it } from "vitest";
import { parseProcessStat } from "../../../src/lib/process-stat.js";

// proc(5): pid, (name), state, parent, group, ... the start is field 22.
const behindName = (state: string) => `${state} 1 42 42 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 987654 1000 200`;

it.each(["node", "a b", "(sd-pam)", "x) Z 9 9 (y", ""])("reads the fields behind the name %j", (name) => {
  expect(parseProcessStat(`42 (${name}) ${behindName("S")}\n`)).toEqual({ state: "S", group: 42, start: "987654" });
});

it("tells a process that has ended", () => {
  expect(parseProcessStat(`42 (node) ${behindName("Z")}\n`)?.state).toBe("Z");
});

it.each(["", "42 (node", "42 (node) S 1 42"])("is null for %j", (text) => {
  expect(parseProcessStat(text)).toBeNull();
});
