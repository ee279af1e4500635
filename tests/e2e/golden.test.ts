/**
 * The wire as it was recorded: every tool, every command, the journals. A change that is meant stands in
 * tests/fixtures/golden/renames.json; `node tests/support/golden/record.mjs --propose` writes its sentences.
 */
import { beforeAll, expect, it } from "vitest";
import { type Difference, differencesOf, propose } from "../support/golden/differences.js";
import { readGolden, readRenames, writeGolden, writeRenames } from "../support/golden/files.js";
import type { Recording } from "../support/golden/json.js";
import { modeOfTest } from "../support/golden/mode.js";
import { recordAll } from "../support/golden/record.js";
import { applyRenames } from "../support/golden/renames.js";

const RECORDING_MS = 180_000;
const MOST_SHOWN = 40;

const mode = modeOfTest();
let fresh: Recording;

beforeAll(async () => {
  fresh = await recordAll();
  if (mode.task !== "record") return;
  writeGolden(fresh);
  writeRenames({ words: [], sentences: [], fields: [] });
}, RECORDING_MS);

/** The first differences, one a line. */
function shown(differences: readonly Difference[]): readonly string[] {
  const lines = differences.map(
    ({ path, expected, fresh: now }) => `${path}: ${JSON.stringify(expected)} is now ${JSON.stringify(now)}`,
  );
  return lines.length <= MOST_SHOWN ? lines : [...lines.slice(0, MOST_SHOWN), `${lines.length - MOST_SHOWN} more`];
}

it.runIf(mode.task === "propose")("the table of renames can express every difference", () => {
  const renames = readRenames();
  const { expected, unused } = applyRenames(readGolden(), renames);
  const { sentences, structural, suspicious } = propose(differencesOf(expected, fresh));
  console.log(JSON.stringify({ sentences }, null, 2));
  if (suspicious.length > 0) console.log(`their numbers or names differ: ${JSON.stringify(suspicious, null, 2)}`);
  if (unused.length > 0) console.log(`these match nothing: ${unused.join("\n")}`);
  if (mode.writes) writeRenames({ ...renames, sentences: [...renames.sentences, ...sentences] });
  expect(shown(structural)).toEqual([]);
});

it.runIf(mode.task !== "propose")("nothing differs from the recordings but by the table of renames", () => {
  const { expected } = applyRenames(readGolden(), readRenames());
  expect(shown(differencesOf(expected, fresh))).toEqual([]);
});

it.runIf(mode.task !== "propose")("every entry of the table of renames matches something", () => {
  expect(applyRenames(readGolden(), readRenames()).unused).toEqual([]);
});
