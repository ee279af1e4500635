/** The log redacts every secret that is known when it writes, and rotates its file while processes write to it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createRedact } from "../../src/core/redact.js";
import { createLog } from "../../src/log/create-log.js";

const LARGE = 5_000_001; // bytes; a file of this size is rotated
const SECRET = 'line one of it "quoted"\nline two';

it("redacts texts, fields and errors with their stacks and causes", () => {
  const home = openHome();
  const log = createLog(home, "info");
  log.info({ early: SECRET }, "before anything is known");
  log.redact = createRedact([{ name: "KEY", value: SECRET }]);
  log.info({ env: { KEY: SECRET }, list: [SECRET] }, `got ${SECRET}`);
  log.info({ err: new Error(`no ${SECRET}`, { cause: new Error(SECRET) }) }, "failed");
  log.debug({}, "not at this level");
  log.level = "debug";
  log.debug({}, "at this level");
  const lines = readFileSync(join(home, "logs", "legwork.log"), "utf8")
    .trim()
    .split("\n");
  const [early, fields, failed, last] = lines.map((line) => JSON.parse(line));
  expect(early).toMatchObject({ early: SECRET });
  expect(fields).toMatchObject({ env: { KEY: "[redacted KEY]" }, list: ["[redacted KEY]"], msg: "got [redacted KEY]" });
  expect(failed.err.message).toContain("no [redacted KEY]");
  expect(lines[2]).not.toMatch(/line (one|two)/);
  expect(last.msg).toBe("at this level");
  expect(lines).toHaveLength(4);
});

it("rotates a large file at its start", () => {
  const home = openHome();
  const file = logOf(home);
  mkdirSync(join(home, "logs"));
  writeFileSync(file, "x".repeat(LARGE));
  createLog(home, "info", QUIET).info({}, "first");
  expect(statSync(`${file}.1`).size).toBe(LARGE);
  expect(messagesIn(file)).toEqual(["first"]);
});

it("rotates a file that has grown large while processes write to it, and all of them go to the new one", () => {
  const home = openHome();
  const file = logOf(home);
  const [one, other] = [createLog(home, "info", QUIET), createLog(home, "info", QUIET)];
  const text = "x".repeat(70_000); // enough for a look at the size of the file
  for (let written = 0; !existsSync(`${file}.1`); written += text.length) {
    expect(written).toBeLessThan(2 * LARGE);
    one.info({ text }, "filling");
  }
  const rotated = statSync(`${file}.1`).size;
  expect(rotated).toBeGreaterThan(LARGE);
  other.info({ text }, "of the other process");
  one.info({}, "last");
  expect(statSync(`${file}.1`).size).toBe(rotated);
  expect(messagesIn(file)).toEqual(["filling", "of the other process", "last"]);
});

const QUIET = { toStderr: false };

function openHome(): string {
  const home = mkdtempSync(join(tmpdir(), "legwork-log-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  return home;
}

function logOf(home: string): string {
  return join(home, "logs", "legwork.log");
}

function messagesIn(file: string): readonly string[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line).msg);
}
