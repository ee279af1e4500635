/** The recordings that are checked in, and the table of renames beside them. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Json, Recording } from "./json.js";
import type { Renames } from "./renames.js";

const FOLDER = resolve(import.meta.dirname, "../../fixtures/golden");
const TABLE = "renames.json";

export function readGolden(): Recording {
  return new Map(namesIn(FOLDER).map((name) => [name, JSON.parse(readFileSync(join(FOLDER, name), "utf8")) as Json]));
}

/** Puts a fresh recording in the place of the one that is there. */
export function writeGolden(recording: Recording): void {
  for (const name of namesIn(FOLDER)) if (!recording.has(name)) rmSync(join(FOLDER, name));
  for (const [name, value] of recording) {
    const file = join(FOLDER, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
  }
}

export function readRenames(): Renames {
  return JSON.parse(readFileSync(join(FOLDER, TABLE), "utf8")) as Renames;
}

export function writeRenames(renames: Renames): void {
  writeFileSync(join(FOLDER, TABLE), `${JSON.stringify(renames, null, 2)}\n`);
}

function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(".json") && name !== TABLE).toSorted();
}
