/** The title of a run, and the reasons why the store did not write it. */
import { describe, expect, it } from "vitest";
import { refusal, titleFrom } from "../../../../src/runner/operations/start-run.js";

describe("a title", () => {
  it.each([
    ["Fix the build", "Fix the build"],
    ["\n  Fix the build\nand then rest", "Fix the build"],
    ["x".repeat(80), "x".repeat(80)],
    ["x".repeat(81), `${"x".repeat(79)}…`],
    [`${"x".repeat(78)}🦿${"x".repeat(9)}`, `${"x".repeat(78)}…`], // never half a character
    ["", ""],
  ])("of %j is %j", (prompt, title) => {
    expect(titleFrom(prompt)).toBe(title);
  });
});

describe("a run that was not written", () => {
  const [open, closing] = [{ closing: new AbortController().signal }, { closing: AbortSignal.abort() }];

  it.each([
    ["aborted", open, "cancelled"],
    ["aborted", closing, "shutting_down"],
    ["parent_ended", open, "parent_ended"],
    ["parent_ended", closing, "parent_ended"],
    ["too_many_children", open, "too_many_children"],
    ["source_gone", open, "unknown_run"],
  ] as const)("is a RequestError: %s", (reason, live, code) => {
    expect(refusal({ kind: "refused", reason }, live)).toMatchObject({ name: "RequestError", code });
  });
});
