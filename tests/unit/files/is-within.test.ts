/** isWithin: whether a path lies in a folder. */
import { describe, expect, it } from "vitest";
import { isWithin } from "../../../src/files/is-within.js";

describe("isWithin", () => {
  it.each([
    ["/a", "/a"],
    ["/a", "/a/b/c"],
    ["/", "/a"],
    ["/a", "/a/..b"],
  ])("%s holds %s", (folder, file) => expect(isWithin(folder, file)).toBe(true));

  it.each([
    ["/a", "/ab"],
    ["/a/b", "/a"],
    ["/a", "/b"],
    ["/a", "/a/../b"],
    ["/a/b", "/a/..b"],
  ])("%s does not hold %s", (folder, file) => expect(isWithin(folder, file)).toBe(false));
});
