/**
 * The rooms of `src` and the arrows between them. A room is a path below `src`; of several that fit, the longest counts;
 * `*` stands for one folder name, each of which is a room of its own. A room may import itself, the rooms listed, and
 * every room inside those.
 */
const ANY = [""];
const ENGINE = ["core", "lib"];
const ADAPTER = [...ENGINE, "yaml"];

/** The folders of the runner, and those of the downstream adapter: each may import all to its right. */
const RUNNER = ["operations", "live", "loop", "calls", "state", "tools", "request"];
const DOWNSTREAM = ["pool", "catalog", "connection", "transport", "process"];

const inOrder = (parent, folders) =>
  Object.fromEntries(
    folders.map((folder, index) => [
      `${parent}/${folder}`,
      [...folders.slice(index + 1).map((later) => `${parent}/${later}`), ...ENGINE],
    ]),
  );

export const ROOMS = {
  "main.ts": ANY,
  "serve.ts": ANY,
  "claim-stdout.ts": ANY,
  composition: ANY,

  lib: [],
  core: ["lib"],
  hosts: ENGINE,
  views: ENGINE,

  "json-schema": ENGINE,
  conditions: ENGINE,
  yaml: ENGINE,
  files: ENGINE,
  log: ENGINE,
  store: ENGINE,
  selftest: ENGINE,
  "providers/*": ADAPTER,
  config: [...ADAPTER, "hosts"],
  definitions: [...ADAPTER, "hosts"],
  ...inOrder("downstream", DOWNSTREAM),

  "runner/create-runner.ts": ["runner", ...ENGINE],
  ...inOrder("runner", RUNNER),

  server: ["runner", "views", "hosts", ...ENGINE],
  cli: ["runner", "views", ...ENGINE],
};

/** Arrows of which only one import may exist. */
export const SINGLE_IMPORTS = [
  { from: "runner/live", to: "runner/loop", only: ["runner/live/drive-run.ts", "runner/loop/run-agent.ts"] },
];

/** Each vendor's package and the rooms that may import it; a package that is not listed may be imported nowhere. */
export const VENDORS = {
  "@google/generative-ai": ["providers/gemini"],
  "@marcbachmann/cel-js": ["conditions"],
  "@modelcontextprotocol/sdk": ["server", "downstream", "selftest", "composition", "serve.ts"],
  ajv: ["json-schema"],
  "better-sqlite3": ["store"],
  commander: ["cli"],
  "cross-spawn": ["downstream/process", "downstream/transport"],
  diff: ["cli"],
  "drizzle-orm": ["store"],
  "js-yaml": ["yaml"],
  "jsonc-parser": ["config"],
  pino: ["log"],
  ulid: ["composition"],
  // Checks what comes from outside, wherever that comes in.
  zod: ["config", "definitions", "downstream", "providers", "runner/tools", "runner/request", "server", "yaml"],
};

/** Rooms that may not import all of Node's own modules, and those that they may. */
export const BUILTINS = { lib: ["node:crypto"], core: [] };

export const MOST_FILES = 14;
export const MOST_LINES = 400;

/** Folders whose files are held to the number of lines. */
export const MEASURED = ["src", "tests", "bench", "checks", "bin"];

/** Folders of the plan: one that holds fewer than two files is mentioned, not refused. */
export const PLANNED = [
  "lib",
  ...["run", "workflow", "tools", "definitions", "ports"].map((folder) => `core/${folder}`),
  "json-schema",
  "views",
  "hosts",
  ...RUNNER.map((folder) => `runner/${folder}`),
  ...DOWNSTREAM.map((folder) => `downstream/${folder}`),
  ...["files", "imports", "trust", "servers"].map((folder) => `config/${folder}`),
  ...["read", "hosts", "workflow"].map((folder) => `definitions/${folder}`),
  ...["connection", "runs", "maintenance"].map((folder) => `store/sqlite/${folder}`),
  ...["commands", "render"].map((folder) => `cli/${folder}`),
];
