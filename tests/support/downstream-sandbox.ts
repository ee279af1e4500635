/** A sandbox for the downstream port: real server processes in a folder of their own. It checks that none outlives its test. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { BrokenServer, ServerConfig } from "../../src/core/definitions/server-config.js";
import { DownstreamError } from "../../src/core/errors.js";
import type { CallOptions, Catalog, Downstream, ToolAnswer } from "../../src/core/ports/downstream.js";
import { createRedact } from "../../src/core/redact.js";
import type { CatalogTool } from "../../src/core/tools/tool.js";
import type { DownstreamOptions } from "../../src/downstream/connection/downstream-options.js";
import { createDownstream } from "../../src/downstream/pool/pool.js";
import { openStore, type Store } from "../../src/store/sqlite/open-store.js";
import { groupLives, serverConfig } from "./transports.js";

const EFFECT_SERVER = fileURLToPath(new URL("effect-server.mjs", import.meta.url));
const HOSTILE_SERVER = fileURLToPath(new URL("hostile-server.mjs", import.meta.url));
const PUBLISHED = new URL("../../node_modules/@modelcontextprotocol/", import.meta.url);

export let folder: string;
export let pids: number[];
export const open: Downstream[] = [];
const stores: Store[] = [];

/** Call it once in a file, or once in a `describe` whose neighbours call it too. Tests that share a sandbox share its servers. */
export function useSandbox(scope: "each test" | "all tests" = "each test"): void {
  const [before, after] = scope === "each test" ? [beforeEach, afterEach] : [beforeAll, afterAll];
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "legwork-downstream-"));
    pids = [];
  });
  after(async () => {
    await Promise.all(open.splice(0).map((downstream) => downstream.close()));
    for (const pid of pids) expect(groupLives(pid), `process group ${pid}`).toBe(false);
    for (const store of stores.splice(0)) await store.runs.close();
    rmSync(folder, { recursive: true, force: true });
  });
}

export function effects(changes: Partial<ServerConfig> = {}): ServerConfig {
  const env = { EFFECT_FILE: path.join(folder, "effects.txt"), EFFECT_LOG: path.join(folder, "effects.log") };
  return { ...server("effects", [EFFECT_SERVER], env), ...changes };
}

export function hostile(
  mode: string,
  changes: Partial<ServerConfig> & { readonly argument?: string; readonly env?: Record<string, string> } = {},
): ServerConfig {
  const { argument, env, ...rest } = changes;
  const name = mode === "grandchild" ? "grandchild" : "hostile";
  return { ...server(name, [HOSTILE_SERVER, mode, ...(argument ? [argument] : [])], env), ...rest };
}

/** The stdio transport of a server of these tests, with changes. */
export function stdio(
  changes: Partial<Extract<ServerConfig["transport"], { kind: "stdio" }>>,
): Pick<ServerConfig, "transport"> {
  return {
    transport: { kind: "stdio", command: process.execPath, args: [], env: {}, cwd: folder, isAway: false, ...changes },
  };
}

/** A server of the Model Context Protocol project, such as `memory`. */
export function published(
  name: "everything" | "filesystem" | "memory" | "sequential-thinking",
  args: readonly string[] = [],
  env: Record<string, string> = {},
): ServerConfig {
  return server(name, [fileURLToPath(new URL(`server-${name}/dist/index.js`, PUBLISHED)), ...args], env);
}

function server(name: string, args: readonly string[], env: Record<string, string> = {}): ServerConfig {
  const identity = { name, from: "/a/config.yaml", definitionHash: `${name} ${args.join(" ")}` };
  return { ...serverConfig(stdio({ args, env }).transport), ...identity };
}

export function pidFile(): { readonly argument: string } {
  return { argument: path.join(folder, "pid") };
}

/** A pool that is closed after the test. Its log lines give the process ids. */
export function pool(...servers: readonly ServerConfig[]): Downstream {
  return poolOf(servers, []);
}

/** The same with servers whose definitions cannot be used. */
export function poolOf(servers: readonly ServerConfig[], broken: readonly BrokenServer[]): Downstream {
  const downstream = createDownstream(servers, broken, options());
  open.push(downstream);
  return downstream;
}

export function options(changes: Partial<DownstreamOptions> = {}): DownstreamOptions {
  const note = (fields: object) => {
    if ("pid" in fields && typeof fields.pid === "number" && !pids.includes(fields.pid)) pids.push(fields.pid);
  };
  const store = openStore(path.join(folder, "legwork.db"), { now: Date.now });
  stores.push(store);
  return {
    baseEnv: process.env,
    clientVersion: "0.0.0",
    command: "legwork",
    project: folder,
    log: { debug: note, info: note, warn: note, error: note },
    redact: createRedact([]),
    cache: store.catalogs,
    pins: store.pins,
    disabledServers: [],
    elicit: async () => ({ action: "cancel", by: "nobody" }),
    ...changes,
  };
}

export async function opened(...servers: readonly ServerConfig[]) {
  const downstream = pool(...servers);
  return { downstream, catalog: await started(downstream) };
}

/** The tools of these servers after the start of each. */
export async function started(downstream: Downstream, names = downstream.servers): Promise<Catalog> {
  await downstream.acquire(names).settled;
  return downstream.catalog(names);
}

export async function open1(config: ServerConfig): Promise<Catalog> {
  return (await opened(config)).catalog;
}

export function tool(catalog: Catalog, name: string): CatalogTool {
  const found = catalog.tools.find((candidate) => candidate.name === name || candidate.tool === name);
  if (!found) throw new Error(`no tool ${name} in the catalog: ${JSON.stringify(catalog.problems)}`);
  return found;
}

export function names(tools: readonly CatalogTool[]): readonly string[] {
  return tools.map(({ name }) => name);
}

export function call(downstream: Downstream, target: CatalogTool, args = {}, timeoutMs = 30_000): Promise<ToolAnswer> {
  return downstream.call(target, args, limits(timeoutMs));
}

export function limits(timeoutMs = 30_000, changes: Partial<CallOptions> = {}): CallOptions {
  const sample = async () => {
    throw new Error("there is no model to ask");
  };
  return {
    timeoutMs,
    mostExtension: 10,
    signal: new AbortController().signal,
    onProgress: () => {},
    sample,
    ...changes,
  };
}

export async function failure(calling: Promise<unknown>): Promise<DownstreamError> {
  const error = await calling.catch((reason: unknown) => reason);
  if (error instanceof DownstreamError) return error;
  throw new Error(`expected a DownstreamError, got ${JSON.stringify(error)}`);
}

/** The stages of the slow calls. */
export function effectLog(): readonly string[] {
  return linesOf("effects.log");
}

/** The lines that calls have added. */
export function addedLines(): readonly string[] {
  return linesOf("effects.txt");
}

/** Empties both, between tests that share a sandbox. */
export function forgetEffects(): void {
  for (const name of ["effects.log", "effects.txt"]) rmSync(path.join(folder, name), { force: true });
}

function linesOf(name: string): readonly string[] {
  const file = path.join(folder, name);
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}
