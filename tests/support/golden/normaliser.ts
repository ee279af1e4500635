/** Replaces all that differs from one recording to the next. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Workbench } from "../host.js";
import { JSON_TEXT, type Json } from "./json.js";

const PACKAGE = resolve(import.meta.dirname, "../../..");
const LONGEST_TEXT = 3_000; // characters; a longer one is kept as its head and its hash
const HEAD = 200; // characters
const EARLIEST_TIME = 1_600_000_000_000; // a larger whole number is a time in milliseconds
const VOLATILE_NUMBERS = new Map([
  ["milliseconds", "<milliseconds>"],
  ["bytes", "<bytes>"],
  ["before", "<bytes>"],
  ["after", "<bytes>"],
]);

/** Ids are numbered in the order in which this normaliser first sees them. */
export function createNormaliser({ root, home, project }: Workbench): (value: unknown) => Json {
  const { version } = JSON.parse(readFileSync(resolve(PACKAGE, "package.json"), "utf8")) as { version: string };
  const ids = new Map<string, string>();
  const counts = new Map<string, number>();
  const places = [
    [home, "<home>"],
    [project, "<project>"],
    [root, "<root>"],
    [PACKAGE, "<package>"],
  ] as const;

  function numbered(id: string, prefix: string): string {
    const known = ids.get(id);
    if (known !== undefined) return known;
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    ids.set(id, `${prefix}-${count}`);
    return `${prefix}-${count}`;
  }

  function toText(text: string): string {
    let said = text;
    for (const [place, name] of places) said = said.replaceAll(place, name);
    said = said
      .replace(/\b(run|ses|msg)_[0-9a-hjkmnp-tv-z]{26}\b/g, numbered)
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>")
      .replace(/\b[0-9a-f]{64}\b/g, "<hash>")
      .replace(/\b\d+(\.\d+)? (bytes|[KMG]iB)\b/g, "<bytes>")
      .replaceAll(process.versions.node, "<node>")
      .replaceAll(version, "<version>");
    if (said.length <= LONGEST_TEXT) return said;
    const hash = createHash("sha256").update(said).digest("hex").slice(0, 12);
    return `${said.slice(0, HEAD)}<${said.length} characters, hash ${hash}>`;
  }

  return function normalise(value: unknown, key = ""): Json {
    if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
    if (typeof value === "number") {
      if (Number.isInteger(value) && value > EARLIEST_TIME && value < 2 * EARLIEST_TIME) return "<time>";
      return VOLATILE_NUMBERS.get(key) ?? value;
    }
    if (typeof value === "string") {
      if (key === "next_cursor" || key === "cursor") return "<cursor>";
      const inner = parsed(value);
      return inner === null ? toText(value) : { [JSON_TEXT]: normalise(inner) };
    }
    if (Array.isArray(value)) return value.map((item) => normalise(item));
    const fields = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(fields.map(([name, field]) => [toText(name), normalise(field, name)]));
  };
}

/** What a text holds that is a JSON object or list; null for any other. */
function parsed(text: string): object | null {
  if (!/^\s*[{[]/.test(text)) return null;
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}
