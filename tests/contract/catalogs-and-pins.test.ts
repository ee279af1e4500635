/** The CatalogCache and PinStore ports: what every implementation must hold, shown on the one there is. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { CatalogStore, Pin, PinStore, ToolList } from "../../src/core/ports/catalog-store.js";
import type { RunStore } from "../../src/core/ports/run-store.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { mentions } from "../support/mentions.js";

interface Stores {
  readonly runs: RunStore;
  readonly catalogs: CatalogStore;
  readonly pins: PinStore;
}
const implementations: Record<string, (file: string, now: () => number) => Stores> = {
  sqlite: (file, now) => openStore(file, { now }),
};
const FIRST_MIGRATION = resolve(import.meta.dirname, "../../drizzle/0000_init.sql");
const DAY_MS = 24 * 3600 * 1000;

describe.each(Object.entries(implementations))("catalogs and pins on %s", (_name, open) => {
  let folder: string;
  let now: number;
  let stores: Stores;

  const file = () => join(folder, "home", "legwork.db");
  const reopen = () => {
    stores = open(file(), () => now);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "legwork-catalogs-"));
    now = 1_000_000_000;
    reopen();
  });
  afterEach(() => {
    stores.runs.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const toolsOf = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `tool_${index}`,
      description: `What number ${index} does ✓. `.repeat(40),
      inputSchema: { type: "object", properties: { path: { type: "string", enum: ["a", "b"] } }, required: ["path"] },
    }));
  const pinOf = (tool: string, definition = `{"name":"${tool}"}`): Pin => ({
    tool,
    hash: `h ${definition}`,
    definition,
  });
  const asMap = (...pins: Pin[]) => new Map(pins.map((pin) => [pin.tool, pin]));

  describe("catalogs", () => {
    it("knows nothing of what was never saved", () => {
      expect(stores.catalogs.load("nothing")).toBeNull();
    });

    it("gives a list back as it was, with its time, also after it is opened again", () => {
      const list: ToolList = {
        tools: [null, 5, { name: "odd", "": [{}], n: 1e300, s: "\u0000é\ud800" }],
        complete: false,
      };
      stores.catalogs.save("a", list);
      now += 5;
      stores.catalogs.save("b", { tools: [], complete: true });
      stores.runs.close();
      reopen();
      expect(stores.catalogs.load("a")).toEqual({ list, at: now - 5 });
      expect(stores.catalogs.load("b")).toEqual({ list: { tools: [], complete: true }, at: now });
    });

    it("gives any JSON back as it was", () => {
      fc.assert(
        fc.property(fc.array(fc.jsonValue()), fc.boolean(), (tools, complete) => {
          const list = JSON.parse(JSON.stringify({ tools, complete })) as ToolList;
          stores.catalogs.save("any", list);
          expect(stores.catalogs.load("any")?.list).toEqual(list);
        }),
        { numRuns: 50 },
      );
    });

    it("keeps the last list of a definition", () => {
      stores.catalogs.save("a", { tools: toolsOf(2), complete: true });
      now += 7;
      stores.catalogs.save("a", { tools: toolsOf(1), complete: true });
      expect(stores.catalogs.load("a")).toEqual({ list: { tools: toolsOf(1), complete: true }, at: now });
    });

    it("forgets what was not saved for 90 days, and nothing sooner", () => {
      stores.catalogs.save("old", { tools: [], complete: true });
      now += DAY_MS;
      stores.catalogs.save("younger", { tools: [], complete: true });
      now += 90 * DAY_MS - DAY_MS;
      stores.catalogs.save("now", { tools: [], complete: true });
      expect(stores.catalogs.load("old")).not.toBeNull();
      now += 1;
      stores.catalogs.save("now", { tools: [], complete: true });
      expect(stores.catalogs.load("old")).toBeNull();
      expect(stores.catalogs.load("younger")).not.toBeNull();
    });

    it("holds 10,000 tools", () => {
      const many: ToolList = { tools: toolsOf(10_000), complete: true };
      stores.catalogs.save("many", many);
      expect(stores.catalogs.load("many")?.list).toEqual(many);
    });

    it("refuses a list that is nested too deeply to be written, and keeps the one before", () => {
      const depth = 200_000;
      const deep = JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`) as object;
      stores.catalogs.save("a", { tools: [], complete: true });
      expect(() => stores.catalogs.save("a", { tools: [deep], complete: true })).toThrow(StoreError);
      expect(stores.catalogs.load("a")?.list).toEqual({ tools: [], complete: true });
    });
  });

  describe("pins", () => {
    it("are none where nothing was accepted", () => {
      expect(stores.pins.load("/a/config.yaml", "s")).toEqual(new Map());
    });

    it("are kept by file and server, also after it is opened again", () => {
      stores.pins.accept("/a/config.yaml", "s", [pinOf("read"), pinOf("write")]);
      stores.pins.accept("/b/config.yaml", "s", [pinOf("read", "other")]);
      stores.pins.accept("/a/config.yaml", "t", []);
      stores.runs.close();
      reopen();
      expect(stores.pins.load("/a/config.yaml", "s")).toEqual(asMap(pinOf("read"), pinOf("write")));
      expect(stores.pins.load("/b/config.yaml", "s")).toEqual(asMap(pinOf("read", "other")));
      expect(stores.pins.load("/a/config.yaml", "t")).toEqual(new Map());
    });

    it("take the place of the tool's earlier one, and of no other", () => {
      stores.pins.accept("f", "s", [pinOf("read"), pinOf("write")]);
      now += 3;
      stores.pins.accept("f", "s", [pinOf("read", "changed")]);
      expect(stores.pins.load("f", "s")).toEqual(asMap(pinOf("read", "changed"), pinOf("write")));
      const database = openSqlite(file(), { readonly: true });
      const times = database.prepare("SELECT tool, accepted_at FROM pins ORDER BY tool").raw().all();
      database.close();
      expect(times).toEqual([
        ["read", now],
        ["write", now - 3],
      ]);
    });

    it("are seen by another process at once", () => {
      const other = open(file(), () => now);
      stores.pins.accept("f", "s", [pinOf("read")]);
      expect(other.pins.load("f", "s")).toEqual(asMap(pinOf("read")));
      other.runs.close();
    });

    it("of 10,000 tools are accepted all at once", () => {
      const pins = Array.from({ length: 10_000 }, (_, index) => pinOf(`tool_${index}`));
      stores.pins.accept("f", "s", pins);
      expect(stores.pins.load("f", "s").size).toBe(10_000);
    });
  });

  it("every verb throws a StoreError in words when the database cannot be used", () => {
    const list: ToolList = { tools: [], complete: true };
    const verbs = [
      () => stores.catalogs.load("a"),
      () => stores.catalogs.save("a", list),
      () => stores.pins.load("f", "s"),
      () => stores.pins.accept("f", "s", [pinOf("read")]),
    ];
    const database = openSqlite(file());
    database.exec("DROP TABLE catalogs; DROP TABLE pins");
    database.close();
    for (const verb of verbs) expect(verb, String(verb)).toThrow(StoreError);
    stores.runs.close();
    for (const verb of verbs) expect(verb, String(verb)).toThrow(mentions("legwork.db", "closed"));
  });

  describe("a file of the first legwork", () => {
    /** As version 0000 left it, with one run in it. */
    function writeOldFile(): string {
      const old = join(folder, "old", "legwork.db");
      mkdirSync(dirname(old));
      const sql = readFileSync(FIRST_MIGRATION, "utf8");
      const database = openSqlite(old);
      database.exec(sql);
      database.exec(
        "CREATE TABLE __drizzle_migrations (id INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, created_at INTEGER)",
      );
      const hash = createHash("sha256").update(sql).digest("hex");
      database.prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, 1)").run(hash);
      database.prepare("INSERT INTO blobs (hash, text, created_at) VALUES ('h', 'kept', 1)").run();
      database.prepare("INSERT INTO tool_pins VALUES ('s', 'read', 'h', 'accepted')").run();
      database.close();
      return old;
    }

    it("gets the new tables and keeps what is in it", () => {
      const old = writeOldFile();
      const opened = open(old, () => now);
      expect(opened.runs.getBlob("h")).toBe("kept");
      opened.catalogs.save("a", { tools: [], complete: true });
      opened.pins.accept("f", "s", [pinOf("read")]);
      opened.runs.close();
      const database = openSqlite(old, { readonly: true });
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
      database.close();
      expect(tables).toEqual(expect.arrayContaining(["runs", "catalogs", "pins"]));
      expect(tables).not.toContain("tool_pins");
    });
  });
});
