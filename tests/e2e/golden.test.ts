/**
 * The wire as it was recorded: every tool, every command, the journals. A change that is meant stands in
 * tests/fixtures/golden/renames.json; `node tests/support/golden/record.mjs --propose` writes its sentences.
 */
import { beforeAll, expect, it } from "vitest";
import { differencesOf, propose } from "../support/golden/differences.js";
import { readGolden, readRenames, writeGolden, writeRenames } from "../support/golden/files.js";
import type { Recording } from "../support/golden/json.js";
import { modeOfTest } from "../support/golden/mode.js";
import { recordAll } from "../support/golden/record.js";
import { applyRenames } from "../support/golden/renames.js";

const RECORDING_MS = 120_000;

const mode = modeOfTest();
const renames = readRenames();
let fresh: Recording;

beforeAll(async () => {
  fresh = await recordAll();
  if (mode.task === "record") writeGolden(fresh);
}, RECORDING_MS);

it.runIf(mode.task === "propose")("the table of renames can say all that differs", () => {
  const { expected } = applyRenames(readGolden(), renames);
  const { sentences, structural, suspicious } = propose(differencesOf(expected, fresh));
  console.log(JSON.stringify({ sentences }, null, 2));
  if (suspicious.length > 0)
    console.log(`look at these, whose numbers or names differ: ${JSON.stringify(suspicious, null, 2)}`);
  if (mode.writes) writeRenames({ ...renames, sentences: [...renames.sentences, ...sentences] });
  expect(structural).toEqual([]);
});

it.runIf(mode.task !== "propose")("nothing differs from the recordings but by the table of renames", () => {
  const { expected } = applyRenames(readGolden(), renames);
  expect(differencesOf(expected, fresh)).toEqual([]);
});

it.runIf(mode.task === "compare")("every entry of the table of renames matches something", () => {
  expect(applyRenames(readGolden(), renames).unused).toEqual([]);
});
