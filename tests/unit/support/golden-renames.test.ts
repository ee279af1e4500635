/** The table of renames of the recorded wire: what it lets pass, and what not. */
import { expect, it } from "vitest";
import { differencesOf, propose } from "../../support/golden/differences.js";
import type { Json } from "../../support/golden/json.js";
import { applyRenames, type Renames } from "../../support/golden/renames.js";

const recording = (value: Json) => new Map([["a.json", value]]);

function differences(golden: Json, fresh: Json, renames: Partial<Renames>) {
  const { expected, unused } = applyRenames(recording(golden), { words: [], sentences: [], fields: [], ...renames });
  return { left: differencesOf(expected, recording(fresh)), unused };
}

it("a word is renamed as key, as value and in sentences, where the table says so", () => {
  const words = [{ from: "remark", to: "comment", where: "a.json/here/**" }];
  const golden = { here: { remark: "remark", says: "a remark, remarks" }, there: "remark" };
  const fresh = { here: { comment: "comment", says: "a comment, remarks" }, there: "remark" };
  expect(differences(golden, fresh, { words })).toEqual({ left: [], unused: [] });
});

it("a sentence holds for every run, and for whole texts only", () => {
  const sentences = [{ from: "run-# is gone", to: "The run run-# is gone." }];
  const fresh = ["The run run-1 is gone.", "The run run-2 is gone.", "run-3 is gone now"];
  expect(differences(["run-1 is gone", "run-2 is gone", "run-3 is gone now"], fresh, { sentences })).toEqual({
    left: [],
    unused: [],
  });
});

it("a pair of sentences cannot hide a code", () => {
  const sentences = [{ from: "not_done", to: "The run is not done." }];
  expect(() => differences(["not_done"], [], { sentences })).toThrow("is no pair of sentences");
});

it("a field has a new value, is new, or is gone", () => {
  const fields = [
    { path: "a.json/*/version", from: 2, to: 3 },
    { path: "a.json/*/more", to: true },
    { path: "a.json/0/old", from: "x" },
  ];
  const golden = [{ version: 2, old: "x" }, { version: 2 }];
  const fresh = [
    { version: 3, more: true },
    { version: 3, more: true },
  ];
  expect(differences(golden, fresh, { fields })).toEqual({ left: [], unused: [] });
});

it("the check reports an entry that matches nothing", () => {
  const words = [{ from: "nothing", to: "something" }];
  expect(differences({ a: 1 }, { a: 1 }, { words }).unused).toEqual([JSON.stringify(words[0])]);
});

it("sentences that differ are proposed once for all runs, all else is structural", () => {
  const golden = { says: ["run-1 waits for 2", "run-2 waits for 2"], code: "old", count: 1, gone: true };
  const fresh = { says: ["The run run-1 waits.", "The run run-2 waits."], code: "new", count: 2 };
  const pair = { from: "run-# waits for 2", to: "The run run-# waits." };
  const { sentences, structural, suspicious } = propose(differencesOf(recording(golden), recording(fresh)));
  expect(sentences).toEqual([pair]);
  expect(suspicious).toEqual([pair]);
  expect(structural.map(({ path }) => path)).toEqual(["a.json/code", "a.json/count", "a.json/gone"]);
});

it("the order of keys counts in texts that are JSON only", () => {
  const [golden, fresh] = [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ];
  expect(differencesOf(recording(golden), recording(fresh))).toEqual([]);
  expect(differencesOf(recording({ $json: golden }), recording({ $json: fresh }))).toHaveLength(1);
});
