/**
 * Runs legwork on the newer Nodes: the packed tarball, installed without a compiler and without install scripts, and the
 * tests that say most. Exits 1 where something failed, and lists at the end each Node that could not be fetched.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

const ROOT = resolve(import.meta.dirname, "..");
const MAJORS = ["22", "24"];
const NODES = join(ROOT, "node_modules/.cache/other-nodes");
const STEP_MS = 480_000;
const TESTS = [
  "tests/unit",
  "tests/contract",
  "tests/attacks/provider-redirects.test.ts", // the guard stands in a part of Node's own fetch
  "tests/e2e/main-job.test.ts",
  "tests/e2e/protocol.test.ts",
  "tests/e2e/recovery.test.ts",
  "tests/e2e/unloadable-sqlite.test.ts",
];
const NOBODY = "http://127.0.0.1:1"; // where no prebuilt binary is
const NPM = realpathSync(found("npm"));

const work = mkdtempSync(join(tmpdir(), "legwork other nodes "));
const skipped = [];
const failed = [];
try {
  const tarball = pack();
  const nodes = MAJORS.flatMap(fetched);
  for (const { major, node } of nodes) {
    await attempt(`Node ${major}, tarball without a compiler`, () => withoutCompiler(major, node, tarball));
    await attempt(`Node ${major}, tarball without install scripts`, () => withoutScripts(major, node, tarball));
  }
  for (const { major, node } of nodes.slice(-1))
    await attempt(`installed with another Node than ${major}`, () => movedBetween(major, node, tarball));
  const newest = nodes.at(-1);
  if (newest !== undefined && (await attempt("a checkout, built", () => checkOut(newest.node))))
    for (const { major, node } of nodes) await attempt(`Node ${major}, tests`, () => runTests(node));
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
for (const name of failed) console.error(`FAILED: ${name}`);
for (const name of skipped) console.error(`SKIPPED, so nothing is known of it: ${name}`);
process.exitCode = failed.length > 0 ? 1 : 0;

/** Whether it passed. */
async function attempt(name, act) {
  const began = performance.now();
  try {
    await act();
    console.log(`ok: ${name} (${Math.round((performance.now() - began) / 1000)} s)`);
    return true;
  } catch (error) {
    console.error(`FAILED: ${name}\n${error.stack}`);
    failed.push(name);
    return false;
  }
}

/** The newest of that major, which npm has as a package; none where it cannot be fetched. */
function fetched(major) {
  const name = `node-${process.platform}-${process.arch}`;
  const folder = join(NODES, major);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const { status, stderr } = spawnSync(
    process.execPath,
    [NPM, "install", "--silent", "--no-save", "--no-package-lock", "--ignore-scripts", `${name}@${major}`],
    { cwd: folder, encoding: "utf8", timeout: STEP_MS },
  );
  const node = join(folder, "node_modules", name, "bin/node");
  if (status === 0 && existsSync(node)) return [{ major, node }];
  console.error(`${name}@${major} cannot be fetched\n${stderr}`);
  skipped.push(`Node ${major}`);
  return [];
}

function pack() {
  const [{ filename, files }] = JSON.parse(
    run(process.execPath, [NPM, "pack", "--json", "--pack-destination", work], ROOT),
  );
  const paths = files.map(({ path }) => path);
  const unwanted = paths.filter((path) => /\.map$|^dist\/(?!bundle\/)|_snapshot/.test(path));
  expect(unwanted.length === 0, `the package holds ${unwanted}`);
  for (const path of [
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "docs/command-line.md",
    "drizzle/meta/_journal.json",
    "dist/bundle/LICENSES.txt",
  ])
    expect(paths.includes(path), `the package lacks ${path}`);
  return join(work, filename);
}

/** The user's way on a machine that has neither a compiler nor GitHub. */
async function withoutCompiler(major, node, tarball) {
  const folder = emptyFolder(`no compiler ${major}`);
  const tools = join(folder, "tools"); // all that is in PATH
  mkdirSync(tools);
  for (const [name, file] of [
    ["node", node],
    ["sh", found("sh")],
  ])
    symlinkSync(file, join(tools, name));
  run(node, [NPM, "install", tarball], folder, { PATH: tools, npm_config_better_sqlite3_binary_host: NOBODY });
  expect(!existsSync(join(folder, "node_modules/better-sqlite3")), "better-sqlite3 12 was not dropped");
  await use(node, folder);
}

async function withoutScripts(major, node, tarball) {
  const folder = emptyFolder(`no scripts ${major}`);
  run(node, [NPM, "install", "--ignore-scripts", tarball], folder);
  const unused = join(folder, "node_modules/better-sqlite3/lib/index.js");
  if (existsSync(unused)) writeFileSync(unused, "process.abort();\n"); // whoever loads it is found out
  await use(node, folder);
  legwork(node, folder, ["selftest", "--crash", "5"]);
}

/** Each of the two Nodes says what is wrong and the command that mends it; what it says is done, where it is quick. */
function movedBetween(major, node, tarball) {
  const folder = emptyFolder("moved");
  run(process.execPath, [NPM, "install", "--ignore-scripts", tarball], folder);
  const own = Number.parseInt(process.versions.node, 10);
  if (own >= Number(MAJORS[0])) return void skipped.push("installed with Node 20, started with a newer one");
  const before = legwork(node, folder, ["doctor"], 1);
  expect(before.includes(`installed with Node ${own}, and this is Node ${major}.`), before);
  expect(before.includes(`"npm i --ignore-scripts" in ${folder}`), before);
  run(node, [NPM, "i", "--ignore-scripts"], folder);
  expect(/^ok +sqlite/m.test(legwork(node, folder, ["doctor"])), "the command mends nothing");
  const back = legwork(process.execPath, folder, ["doctor"], 1);
  expect(back.includes(`no binary for Node ${process.versions.node}`), back);
  expect(back.includes(`"npm rebuild better-sqlite3" in ${folder}`), back);
}

/** Looks at it, and has an agent at work, as a host does. */
async function use(node, folder) {
  expect(/^\d+\.\d+\.\d+\n$/.test(legwork(node, folder, ["--version"])), "no version");
  const health = legwork(node, folder, ["doctor"]);
  expect(/^ok +sqlite/m.test(health), health);
  const [command, ...args] = commandOf(node, folder, []);
  const client = new Client({ name: "other-nodes", version: "0" });
  await client.connect(new StdioClientTransport({ command, args, cwd: folder, env: envOf(node, folder) }));
  const call = async (name, given) => (await client.callTool({ name, arguments: given })).structuredContent;
  const { run_id } = await call("spawn_agent", { prompt: "look around", provider: "rehearsal" });
  const { runs } = await call("wait_for_runs", { run_ids: [run_id] });
  await client.close();
  expect(["success", "partial"].includes(runs[0]?.status), JSON.stringify(runs));
  expect(legwork(node, folder, ["runs"]).includes(run_id), "the run is not listed");
}

/** A clone of what is here, with what the newest Node installs. */
function checkOut(node) {
  const folder = emptyFolder("checkout");
  const files = run("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], ROOT).split("\0");
  for (const file of files.filter((name) => name !== "" && existsSync(join(ROOT, name))))
    cpSync(join(ROOT, file), join(folder, file));
  run(node, [NPM, "ci", "--ignore-scripts"], folder, pathOf(node));
  run(node, [NPM, "run", "--silent", "build"], folder, pathOf(node));
}

function runTests(node) {
  run(node, ["node_modules/vitest/vitest.mjs", "run", ...TESTS], join(work, "checkout"), pathOf(node));
}

function emptyFolder(name) {
  const folder = join(work, name);
  mkdirSync(folder);
  if (name !== "checkout") writeFileSync(join(folder, "package.json"), "{}");
  return folder;
}

/** What it prints. Throws where it ends otherwise than expected. */
function legwork(node, folder, args, expected = 0) {
  const [command, ...rest] = commandOf(node, folder, args);
  return run(command, rest, folder, envOf(node, folder), expected);
}

function commandOf(node, folder, args) {
  return [node, join(folder, "node_modules/legwork/bin/legwork.js"), ...args];
}

function envOf(node, folder) {
  return { ...pathOf(node), HOME: folder, LEGWORK_HOME: join(folder, "home"), GEMINI_API_KEY: "a-key-for-nothing" };
}

function pathOf(node) {
  return { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
}

/** Its stdout. */
function run(command, args, cwd, env = {}, expected = 0) {
  const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8", timeout: STEP_MS, maxBuffer: 2 ** 26 };
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, options);
  if (status !== expected)
    throw new Error(`${command} ${args.join(" ")} ended with ${status ?? signal ?? error}\n${stdout}${stderr}`);
  return stdout;
}

function found(name) {
  return execFileSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).trim();
}

function expect(holds, otherwise) {
  if (!holds) throw new Error(otherwise);
}
