/** The targets of JSON pointers in references. */
import { expect, it } from "vitest";
import { pointerTarget } from "../../../../src/lib/json/unfold-schema.js";

const ROOT = { $defs: { "a/b~c": { type: "string" }, "100%": 1, list: ["first"] } };

it.each<[string, unknown]>([
  ["#", ROOT],
  ["#/$defs/a~1b~0c", ROOT.$defs["a/b~c"]],
  ["#/%24defs/list/0", "first"],
  ["#/$defs/100%", 1],
  ["#/$defs/missing", undefined],
  ["#/$defs/constructor", undefined],
  ["#name", undefined],
  ["other.json#/$defs/list", undefined],
])("%s points to %j", (reference, target) => {
  expect(pointerTarget(reference, ROOT)).toEqual(target);
});
