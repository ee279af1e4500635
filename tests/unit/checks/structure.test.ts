/** The check of structure: each rule refuses a small tree that breaks it, and a clean tree passes. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readImports } from "../../../checks/read-imports.mjs";
import { RULES } from "../../../checks/rooms.mjs";
import { findCircles, judgeStructure, readGraph } from "../../../checks/structure.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "legwork-structure-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const CLEAN = {
  "src/main.ts":
    'import { start } from "./runner/operations/start-run.js";\nawait import("./server/serve.js");\nstart();',
  "src/server/serve.ts": 'import { z } from "zod";\nimport type { Start } from "../runner/operations/start-run.js";',
  "src/runner/operations/start-run.ts":
    'export { driveRun as start } from "../live/drive-run.js";\nexport type Start = 1;',
  "src/runner/live/drive-run.ts": 'import { runAgent } from "../loop/run-agent.js";\nexport const driveRun = runAgent;',
  "src/runner/loop/run-agent.ts":
    'import type { Run } from "../../core/run/run.js";\nexport const runAgent = (run: Run) => run;',
  "src/core/run/run.ts": 'import { hash } from "../../lib/hash.js";\nexport interface Run { id: typeof hash }',
  "src/lib/hash.ts": 'import { createHash } from "node:crypto";\nexport const hash = createHash;',
  "src/providers/gemini/provider.ts": 'export const load = () => import("@google/generative-ai");',
};

function findingsOf(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return judgeStructure(root, RULES).findings;
}

const runScript = () => spawnSync(process.execPath, ["checks/structure.mjs", root], { encoding: "utf8" });

describe("the check of structure", () => {
  it("passes a clean tree", () => {
    expect(findingsOf(CLEAN)).toEqual([]);
    expect(runScript().status).toBe(0);
  });

  it("exits 1 and prints the finding", () => {
    findingsOf({ ...CLEAN, "src/lib/text.ts": 'import "../core/run/run.js";' });
    const { status, stdout } = runScript();
    expect(status).toBe(1);
    expect(stdout).toContain("src/lib/text.ts:1");
  });

  it("names the files and imports of a circle of types only", () => {
    findingsOf({
      "src/core/a.ts": 'import type { B } from "./b.js";\nexport type A = B;',
      "src/core/b.ts": 'import { type C } from "./c.js";\nexport type B = C;',
      "src/core/c.ts": 'export type C = import("./a.js").A;\nimport type { D } from "./d.js";',
      "src/core/d.ts": "export type D = 1;",
    });
    const [circle, ...others] = findCircles(readGraph(root));
    expect(others).toEqual([]);
    expect(circle?.files).toEqual(["core/a.ts", "core/b.ts", "core/c.ts"]);
    expect(judgeStructure(root, RULES).findings.join("\n")).toContain("src/core/c.ts -> src/core/a.ts {A}");
  });

  it.each([
    [
      "an arrow through typeof import()",
      { "src/core/tool.ts": 'export type Server = typeof import("../server/serve.js").serve;' },
      /src\/core\/tool\.ts:1: imports \{serve\} of src\/server\/serve\.ts: core may/,
    ],
    [
      "an arrow against the order inside the runner",
      { "src/runner/calls/make-call.ts": 'import type { runAgent } from "../loop/run-agent.js";' },
      /imports \{runAgent\} of src\/runner\/loop\/run-agent\.ts: runner\/calls may/,
    ],
    [
      "a provider that imports another",
      { "src/providers/rehearsal/provider.ts": 'import { load } from "../gemini/provider.js";' },
      /providers\/rehearsal may import only/,
    ],
    [
      "a second import of the loop by live",
      { "src/runner/live/recovery.ts": 'import { runAgent } from "../loop/run-agent.js";' },
      /src\/runner\/live\/recovery\.ts:1: .*only import of runner\/loop/,
    ],
    ["a folder without a room", { "src/attic/old.ts": "export const old = 1;" }, /src\/attic is in no room/],
    ["a folder of the runner without a room", { "src/runner/attic/old.ts": "" }, /src\/runner\/attic is in no room/],
    ["a vendor's package elsewhere", { "src/server/log.ts": 'import { pino } from "pino";' }, /pino: only log may/],
    ["a package that no room has", { "src/server/a.ts": 'import a from "left-pad/b";' }, /left-pad: only nothing may/],
    [
      "a module of Node in core",
      { "src/core/file.ts": 'import { join } from "node:path";' },
      /node:path: core may not/,
    ],
    ["an import from outside src", { "src/core/a.ts": 'import "../../package.json";' }, /is no file of src/],
    ["an import whose path is worked out", { "src/cli/run.ts": `await import(\`./\${name}.js\`);` }, /not spelled out/],
    ["401 lines", { "bench/long.mjs": "a();\n".repeat(401) }, /bench\/long\.mjs has 401 lines/],
    [
      "15 files in a folder",
      Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`src/views/view-${index}.ts`, ""])),
      /src\/views holds 15 files/,
    ],
  ])("refuses %s", (_, files: Record<string, string>, finding) => {
    expect(findingsOf({ ...CLEAN, ...files })).toEqual([expect.stringMatching(finding)]);
  });

  it("allows 400 lines, and 14 files in a folder", () => {
    const views = Array.from({ length: 14 }, (_, index) => [`src/views/view-${index}.ts`, "a();\n".repeat(400)]);
    expect(findingsOf({ ...CLEAN, ...Object.fromEntries(views) })).toEqual([]);
  });
});

describe("the reader of imports", () => {
  it("takes every way to import, with the imported names", () => {
    const source = `
      import "./effect.js";
      import whole, { a as b, type C } from "./clause.js";
      import type { type } from "./types.js";
      import * as all from "./all.js";
      export { d, type E } from "./exported.js";
      export type * from "./every.js";
      const { f, g: h } = await import("./late.js");
      const i = \`\${(await import("./inside.js")).j}\`;
      type K = Parameters<typeof import("./typeof.js").k>;
    `;
    expect(readImports(source).map(({ from, names }) => `${from} ${names}`)).toEqual([
      "./effect.js ",
      "./clause.js whole,a,C",
      "./types.js type",
      "./all.js *",
      "./exported.js d,E",
      "./every.js *",
      "./late.js f,g",
      "./inside.js j",
      "./typeof.js k",
    ]);
  });

  it("takes nothing that only looks like an import", () => {
    const source = `
      // import { a } from "./comment.js";
      /* export * from "./comment.js"; */
      const text = 'import "./string.js"' + \`import("./template.js")\`;
      const pattern = /import("./regex.js") from "[/]"/;
      const half = total / 2; const quote = "/ import('./divided.js')";
      loader.import("./method.js");
      import.meta.resolve("./meta.js");
      export { text, pattern };
      const from = "./variable.js";
    `;
    expect(readImports(source)).toEqual([]);
  });
});
