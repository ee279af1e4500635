/** The process that judges, with a program that does what a schema might make it do. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createJudgeProcess } from "../../../src/json-schema/judge-process.js";

/** Says that it is ready, and fills its memory for the schema "swell"; all else fits. */
const PROGRAM = `
  import { createInterface } from "node:readline";
  console.log("ready");
  const kept = [];
  for await (const line of createInterface({ input: process.stdin })) {
    while (JSON.parse(line).schema === "swell") kept.push(new Array(1_000_000).fill(kept.length));
    console.log('{"kind":"fits"}');
  }
`;

it("ends where its memory is full, says so, and is started anew for the next question", async () => {
  const folder = mkdtempSync(join(tmpdir(), "legwork-judge-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "program.mjs");
  writeFileSync(program, PROGRAM);
  const { judge } = createJudgeProcess(program);
  const question = { schema: "swell", mode: "lenient", values: [{}] } as const;
  const judged = await Promise.all([
    judge({ ...question, schema: "true" }),
    judge(question),
    judge({ ...question, schema: "true" }),
  ]);
  expect(judged).toEqual([
    { kind: "fits" },
    { kind: "unfinished", lasting: true, reason: expect.stringMatching(/memory/) },
    { kind: "fits" },
  ]);
}, 30_000);
