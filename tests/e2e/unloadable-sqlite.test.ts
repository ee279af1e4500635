/** Node is another one than at the install, or SQLite's binary is missing: the message names both, and what mends it. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { baseEnv, createWorkbench, type Workbench } from "../support/host.js";

const ROOT = resolve(import.meta.dirname, "../..");
const SHIPPED = ["bin", "dist/bundle", "drizzle", "workflows", "package.json"];
const NODE = process.versions.node;
const MAJOR = Number.parseInt(NODE, 10);
const NEEDS_COMPILED = MAJOR < 22;

interface Installation {
  readonly bench: Workbench;
  readonly folder: string;
  run(args: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** Legwork as npm puts it into somebody's project, with no build of SQLite beside it yet. */
function install(): Installation {
  const bench = createWorkbench();
  onTestFinished(() => bench.remove());
  const folder = join(bench.root, "an installation");
  for (const part of SHIPPED) cpSync(join(ROOT, part), join(folder, "node_modules/legwork", part), { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const program = join(folder, "node_modules/legwork/bin/legwork.js");
  return {
    bench,
    folder,
    run: (args) =>
      new Promise((settle) => {
        const options = { cwd: bench.project, env: baseEnv(bench) };
        const child = execFile(process.execPath, [program, ...args], options, (_error, stdout, stderr) =>
          settle({ code: child.exitCode, stdout, stderr }),
        );
      }),
  };
}

/** The package's code without its binary, as `--ignore-scripts` leaves it. */
function addCompiledBuild(folder: string, binary?: string): void {
  const require = createRequire(import.meta.url);
  const source = dirname(require.resolve("better-sqlite3/package.json"));
  const bindings = dirname(createRequire(join(source, "package.json")).resolve("bindings/package.json"));
  const uri = dirname(createRequire(join(bindings, "package.json")).resolve("file-uri-to-path/package.json"));
  const modules = join(folder, "node_modules");
  for (const part of ["lib", "package.json"])
    cpSync(join(source, part), join(modules, "better-sqlite3", part), { recursive: true });
  cpSync(bindings, join(modules, "bindings"), { recursive: true });
  cpSync(uri, join(modules, "file-uri-to-path"), { recursive: true });
  if (binary === undefined) return;
  const release = join(modules, "better-sqlite3/build/Release");
  mkdirSync(release, { recursive: true });
  writeFileSync(join(release, "better_sqlite3.node"), binary);
}

async function expectEverywhere(installation: Installation, sentence: RegExp): Promise<void> {
  const { bench, folder, run } = installation;
  const command = await run(["runs"]);
  expect(command.code).toBe(2);
  expect(command.stderr).toMatch(sentence);
  expect(command.stderr).toContain(` in ${folder} with Node ${MAJOR}`);
  expect(command.stderr).not.toContain("    at ");

  const health = await run(["doctor"]);
  expect(health.code).toBe(1);
  expect(health.stderr).toBe("");
  const faults = health.stdout.split("\n").filter((line) => /^fault +sqlite/.test(line));
  expect(faults).toEqual([expect.stringMatching(sentence)]);
  expect(health.stdout).toMatch(/^ok +node/m);
  expect(health.stdout).toMatch(/configuration/);

  const client = new Client({ name: "unloadable", version: "0" });
  const program = join(folder, "node_modules/legwork/bin/legwork.js");
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [program],
      cwd: bench.project,
      env: baseEnv(bench),
    }),
  );
  onTestFinished(() => client.close());
  const answer = await client.callTool({ name: "list_runs", arguments: {} });
  expect(answer.isError).toBe(true);
  expect(answer.structuredContent).toMatchObject({
    error: { code: "store", message: expect.stringMatching(sentence) },
  });
}

describe.runIf(NEEDS_COMPILED)("on Node 20", () => {
  it("tells that the build for it was left out by a newer Node", async () => {
    const installation = install();
    mkdirSync(join(installation.folder, "node_modules/better-sqlite3-napi"));
    writeFileSync(join(installation.folder, "node_modules/better-sqlite3-napi/package.json"), "{}");
    await expectEverywhere(
      installation,
      new RegExp(`installed with Node 22 or newer, and this is Node ${NODE}: run "npm i" in `),
    );
  });

  it("tells that install scripts have not run", async () => {
    const installation = install();
    addCompiledBuild(installation.folder);
    await expectEverywhere(
      installation,
      new RegExp(`no binary for Node ${NODE}, .*: run "npm rebuild better-sqlite3" in `),
    );
  });

  it("names the Node that a binary was built for", async () => {
    const installation = install();
    addCompiledBuild(installation.folder, "no binary at all, with node_register_module_v127 in it");
    await expectEverywhere(
      installation,
      new RegExp(`built for Node 22 \\(127\\), and this is Node ${NODE} .*: run "npm rebuild better-sqlite3" in `),
    );
  });
});

describe.runIf(!NEEDS_COMPILED)("on Node 22 and newer", () => {
  it("names the Node of the install, and does not load its build", async () => {
    const installation = install();
    const left = join(installation.folder, "node_modules/better-sqlite3");
    mkdirSync(join(left, "build/Release"), { recursive: true });
    writeFileSync(join(left, "package.json"), JSON.stringify({ main: "index.js" }));
    writeFileSync(join(left, "index.js"), "process.abort();");
    writeFileSync(join(left, "build/Release/better_sqlite3.node"), "node_register_module_v115");
    await expectEverywhere(
      installation,
      new RegExp(`installed with Node 20 \\(115\\), and this is Node ${NODE}: run "npm i --ignore-scripts" in `),
    );
  });
});

it("tells that nothing of SQLite is installed", async () => {
  await expectEverywhere(install(), new RegExp(`not installed for Node ${NODE}: run .*--include=optional.* in `));
});
