/** The store on a real file: who may read it, when it is refused, and the rows that no port shows. */
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreError } from "../../src/core/errors.js";
import type { Pin } from "../../src/core/ports/catalog-store.js";
import { openSqlite } from "../../src/store/sqlite/driver/open-sqlite.js";
import { openStore, type Store } from "../../src/store/sqlite/open-store.js";
import { created, finish, startedRun } from "../support/contract-bench.js";
import { mentions } from "../support/mentions.js";
import { newRunNamed } from "../support/new-run.js";

const FIRST_MIGRATION = resolve(import.meta.dirname, "../../drizzle/0000_init.sql");

let folder: string;
let now: number;
let store: Store;
const clock = { now: () => now };
const file = () => join(folder, "home", "legwork.db");
const read = <T>(sql: string): T[] => {
  const database = openSqlite(file(), { readonly: true });
  const rows = database.prepare(sql).raw().all() as T[];
  database.close();
  return rows;
};
const pinOf = (tool: string): Pin => ({ tool, hash: `hash of ${tool}`, definition: `{"name":"${tool}"}` });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "legwork-file-"));
  now = 1_000_000;
  store = openStore(file(), clock);
});
afterEach(async () => {
  await store.runs.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("the file", () => {
  it("is readable by its user only", () => {
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "home")).mode & 0o777).toBe(0o700);
  });

  it("is refused by name when it is no database, and left as it was", () => {
    const text = join(folder, "text.db");
    writeFileSync(text, "this is not a database, it is a sentence of some length".repeat(20));
    expect(() => openStore(text, clock)).toThrow(StoreError);
    expect(() => openStore(text, clock)).toThrow(mentions("text.db", "database", "LEGWORK_HOME"));
    expect(statSync(text).size).toBe(55 * 20);
  });

  it("is refused when a newer legwork wrote it", () => {
    const database = openSqlite(file());
    database.prepare("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of the future', 1)").run();
    database.close();
    expect(() => openStore(file(), clock)).toThrow(mentions("newer", "update"));
  });

  it("is refused in a folder that cannot be made", () =>
    expect(() => openStore("/dev/null/home/legwork.db", clock)).toThrow(
      mentions("/dev/null/home/legwork.db", "LEGWORK_HOME"),
    ));

  it("is named by the failures of verbs on a closed store", async () => {
    await store.runs.close();
    await expect(store.runs.getRun("run_1")).rejects.toThrow(mentions("legwork.db", "closed"));
    expect(() => store.catalogs.load("a")).toThrow(mentions("legwork.db", "closed"));
    expect(() => store.pins.accept("f", "s", [pinOf("read")])).toThrow(mentions("legwork.db", "closed"));
  });
});

describe("rows", () => {
  it("hold a host's session once, written with its first run", async () => {
    const hostSession = { id: "ses_host", clientName: "a-host", clientVersion: "1" };
    await created(store.runs, newRunNamed("run_1", { hostSession }));
    await created(store.runs, newRunNamed("run_2", { hostSession: { ...hostSession, clientName: "another" } }));
    expect(read("SELECT client_name FROM sessions WHERE kind = 'host'")).toEqual([["a-host"]]);
  });

  it("hold when the session of a run's agent ended, with the run or the run above it", async () => {
    const top = await startedRun(store.runs, newRunNamed("run_1"));
    const below = { parentRunId: "run_1", rootRunId: "run_1", depth: 2 };
    await startedRun(store.runs, newRunNamed("run_2", { ...below, sessionId: "ses_below" }));
    const ended = () => read("SELECT ended_at IS NOT NULL FROM sessions WHERE kind = 'agent'");
    expect(ended()).toEqual([[0], [0]]);
    await store.runs.append(top, { events: [finish("timeout")], blobs: [] }, { durable: true });
    expect(ended()).toEqual([[1], [1]]);
    await store.runs.reopen({ ...top, epoch: top.epoch + 1 }, [{ type: "run_resumed", by: "request" }]);
    expect(ended().flat()).toEqual(expect.arrayContaining([0, 1]));
  });

  it("hold when each pin was accepted", () => {
    store.pins.accept("f", "s", [pinOf("read"), pinOf("write")]);
    now += 3;
    store.pins.accept("f", "s", [pinOf("read")]);
    expect(read("SELECT tool, accepted_at FROM pins ORDER BY tool")).toEqual([
      ["read", now],
      ["write", now - 3],
    ]);
  });
});

describe("the owner of a run", () => {
  /** Makes another process of this machine the owner, with a lease that is valid. */
  const setOwner = (change: (machine: string, start: string) => string) => {
    const database = openSqlite(file());
    const owner = database.prepare("SELECT owner FROM runs").pluck().get() as string;
    const [machine = "", , start = ""] = owner.split("|");
    database.prepare("UPDATE runs SET owner = ?, lease_expires_at = ?").run(change(machine, start), now + 60_000);
    database.close();
  };

  it("is provably dead where no process has its id", async () => {
    const { runId } = await startedRun(store.runs, newRunNamed("run_1"));
    setOwner((machine) => `${machine}|4194304|1`); // above the largest process id there is
    expect(await store.runs.interruptAbandoned()).toEqual([runId]);
  });

  it("differs from a later process with the same id", async () => {
    const { runId } = await startedRun(store.runs, newRunNamed("run_1"));
    setOwner((machine, start) => `${machine}|${process.ppid}|${start}0`);
    expect(await store.runs.interruptAbandoned()).toEqual([runId]);
  });

  it("counts as alive where it is on another machine", async () => {
    await startedRun(store.runs, newRunNamed("run_1"));
    setOwner(() => "elsewhere|4194304|1");
    expect(await store.runs.interruptAbandoned()).toEqual([]);
  });
});

describe("a file of the first legwork", () => {
  /** As version 0000 left it, with a text and a pin in it. */
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

  it("gets the new tables and keeps what is in it", async () => {
    const old = writeOldFile();
    const opened = openStore(old, clock);
    expect(await opened.runs.getBlob("h")).toBe("kept");
    await opened.catalogs.save("a", { tools: [], complete: true });
    opened.pins.accept("f", "s", [pinOf("read")]);
    await opened.runs.close();
    const database = openSqlite(old, { readonly: true });
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").pluck().all();
    database.close();
    expect(tables).toEqual(expect.arrayContaining(["runs", "catalogs", "pins"]));
    expect(tables).not.toContain("tool_pins");
  });
});
