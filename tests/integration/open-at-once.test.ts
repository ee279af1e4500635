/** Many processes open, switch to WAL and migrate the same new file at the same moment. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openStore } from "../../src/store/sqlite/open-store.js";
import { repetitions } from "../support/repetitions.js";

const OPENER = join(import.meta.dirname, "../support/open-at-barrier.mjs");
const ROUNDS = repetitions(2, 10);
const PROCESSES = 8;

it(`${PROCESSES} processes at a barrier, ${ROUNDS} rounds: each opens the new file and writes`, {
  timeout: 120_000,
}, async () => {
  for (let round = 1; round <= ROUNDS; round++) {
    const folder = mkdtempSync(join(tmpdir(), "legwork-barrier-"));
    const [file, start] = [join(folder, "home", "legwork.db"), join(folder, "start")];
    const openers = Array.from({ length: PROCESSES }, (_, index) => opener([file, start, `run_${index}`]));
    await Promise.all(openers.map(({ ready }) => ready));
    writeFileSync(start, "");
    const ends = await Promise.all(openers.map(({ ended }) => ended));
    expect(ends, `round ${round}`).toEqual(Array(PROCESSES).fill({ code: 0, stderr: "" }));
    const { runs: store } = openStore(file, { now: Date.now });
    const everything = { status: null, agent: null, project: null, parentSessionId: null, parentRunId: null };
    expect(await store.listRuns({ ...everything, since: null, after: null, limit: 100 })).toHaveLength(PROCESSES);
    await store.close();
    rmSync(folder, { recursive: true });
  }
});

function opener(args: readonly string[]) {
  const child = spawn(process.execPath, [OPENER, ...args]);
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ready = new Promise<void>((settle) => child.stdout.once("data", () => settle()));
  const ended = new Promise<{ code: number | null; stderr: string }>((settle) =>
    child.on("close", (code) => settle({ code, stderr })),
  );
  return { ready, ended };
}
