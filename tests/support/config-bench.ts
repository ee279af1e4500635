/** A bench for loadConfig: a home, a project and an environment of its own, with real files. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import { VENDORS } from "../../src/composition/providers.js";
import type { Paths } from "../../src/config/files/paths.js";
import { type Config, loadConfig } from "../../src/config/load-config.js";
import { ConfigError } from "../../src/core/errors.js";
import { trustHere } from "./command.js";

export const MCP = ".mcp.json";
export const GEMINI = ".gemini/settings.json";
export const CONFIG = ".legwork/config.yaml";
export const dollar = (name: string) => `\${${name}}`;

/** The files of the running test; it may set another project or environment. */
export const bench = { root: "", project: "", env: {} as Readonly<Record<string, string>> };

/** Each test file calls it once. */
export function useConfigBench(): void {
  beforeEach(() => {
    bench.root = realpathSync(mkdtempSync(join(tmpdir(), "legwork-config-")));
    bench.project = join(bench.root, "project");
    mkdirSync(bench.project);
    bench.env = {};
  });
  afterEach(() => rmSync(bench.root, { recursive: true }));
}

export function paths(): Paths {
  const { root, project, env } = bench;
  const home = join(root, ".legwork");
  return { home, userHome: root, project, folders: [""], databaseFile: join(home, "legwork.db"), env };
}

/** Writes a file below the user's home folder, in which the project lies too. */
export function put(file: string, content: string | object): string {
  const path = join(bench.root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

// JSON is YAML too.
export const user = (content: string | object) => put(CONFIG, content);
export const own = (content: string | object) => put(`project/${CONFIG}`, content);
export const load = () => loadConfig(paths(), VENDORS);
export const named = ({ servers }: Config, name: string) => servers.find((server) => server.name === name);
export const names = ({ servers }: Config) => servers.map(({ name }) => name);

/** The message with which loading fails. */
export async function fault(): Promise<string> {
  const error = await load().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
}

/** The faults of broken servers, by name. */
export function faultsOf({ brokenServers }: Config): Readonly<Record<string, string>> {
  return Object.fromEntries(brokenServers.map((broken) => [broken.name, broken.fault]));
}

/** Runs `legwork trust`; resolves to its output. */
export const trustNow = () => trustHere(paths());
