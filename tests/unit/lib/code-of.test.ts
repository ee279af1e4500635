/** The codes of errors, from whichever realm they come. */
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { codeOf, isMissing } from "../../../src/lib/code-of.js";

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

it.each<[string, unknown, string | null]>([
  ["of the system", errorOf(() => readFileSync("/nowhere/at/all")), "ENOENT"],
  ["of another realm", runInNewContext('Object.assign(new Error("late"), { code: "LATE" })'), "LATE"],
  ["without a code", new Error("plain"), null],
  ["with a number for a code", Object.assign(new Error("rpc"), { code: -32_001 }), null],
  ["that is no object", "ENOENT", null],
  ["that is nothing", null, null],
])("an error %s", (_, error, code) => {
  expect(codeOf(error)).toBe(code);
});

it("says that there is nothing at a path, also where a file stands in place of a folder", () => {
  expect(isMissing(errorOf(() => readFileSync("/nowhere/at/all")))).toBe(true);
  expect(isMissing(errorOf(() => readFileSync(`${import.meta.filename}/below`)))).toBe(true);
  expect(isMissing(errorOf(() => readFileSync(import.meta.dirname)))).toBe(false); // a folder
});
