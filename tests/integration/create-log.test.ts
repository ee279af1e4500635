/** The log redacts every secret that is known when it writes. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createRedact } from "../../src/core/redact.js";
import { createLog } from "../../src/log/create-log.js";

const SECRET = 'line one of it "quoted"\nline two';

it("redacts texts, fields and errors with their stacks and causes", () => {
  const home = mkdtempSync(join(tmpdir(), "legwork-log-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
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
