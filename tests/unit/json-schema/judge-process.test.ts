/** The process that judges, with a program in place of ours: its limit on memory, and what follows from its death. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createJudgeProcess } from "../../../src/json-schema/judge-process.js";

/** Tells the limit on its heap in MB; dies of the schema "swell" as V8 does where the heap is full. */
const PROGRAM = `
  import { createInterface } from "node:readline";
  import { getHeapStatistics } from "node:v8";
  console.log("ready");
  const fault = String(Math.round(getHeapStatistics().heap_size_limit / 1024 / 1024));
  for await (const line of createInterface({ input: process.stdin })) {
    if (JSON.parse(line).schema === "swell") process.abort();
    console.log(JSON.stringify({ kind: "misfit", fault }));
  }
`;

it("has little memory; where that is full it ends, says so, and is started anew for the next question", async () => {
  const folder = mkdtempSync(join(tmpdir(), "legwork-judge-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "program.mjs");
  writeFileSync(program, PROGRAM);
  const { judge } = createJudgeProcess(program);
  const ask = (schema: string) => judge({ schema, mode: "lenient", values: [{}] });
  const [first, full, next] = await Promise.all([ask("true"), ask("swell"), ask("true")]);
  if (first.kind !== "misfit") throw new Error(JSON.stringify(first));
  expect(Number(first.fault)).toBeLessThan(512); // V8 adds the space for young values: on Node 24 three times 64 MB
  expect(full).toEqual({ kind: "unfinished", lasting: true, reason: expect.stringMatching(/128 MB of memory/) });
  expect(next).toEqual(first);
});
