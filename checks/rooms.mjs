/**
 * The rules that structure.mjs holds `src` to: its rooms and the arrows between them. A room is a path below `src`; of several that fit, the longest counts;
 * `*` stands for one folder name, each of which is a room of its own. A room may import itself, the rooms listed, and
 * every room inside those.
 */
const ANY = [""];
const ENGINE = ["core", "lib"];
const ADAPTER = [...ENGINE, "yaml"];

/** The folders of the runner, and those of the downstream adapter: each may import all to its right. */
const RUNNER = ["operations", "live", "loop", "calls", "pace", "state", "tools", "request"];
const DOWNSTREAM = ["pool", "catalog", "connection", "transport", "process"];

const inOrder = (parent, folders) =>
  Object.fromEntries(
    folders.map((folder, index) => [
      `${parent}/${folder}`,
      [...folders.slice(index + 1).map((later) => `${parent}/${later}`), ...ENGINE],
    ]),
  );

const ROOMS = {
  "main.ts": ANY,
  "serve.ts": ANY,
  "claim-stdout.ts": ANY,
  // It wires the adapters to the runner, and no part inside the runner to another.
  composition: [
    ...["cli", "server", "config", "definitions", "downstream", "providers", "selftest", "store"],
    ...["conditions", "files", "json-schema", "log"],
    ...["runner/create-runner.ts", "runner/create-attendant.ts", "runner/request"],
    ...ENGINE,
  ],
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
  // A program of its own: what it imports, its start has to load.
  "workspace-server": [
    "files/guarded-names.ts",
    "files/file-url.ts",
    "files/is-within.ts",
    "core/tools/seen-file.ts",
    "lib",
  ],
  providers: ENGINE,
  "providers/http": ENGINE,
  "providers/*": [...ADAPTER, "providers/http", "providers/definition.ts"],
  config: [...ADAPTER, "files", "hosts"],
  definitions: [...ADAPTER, "files", "hosts"],
  ...inOrder("downstream", DOWNSTREAM),

  "runner/create-runner.ts": ["runner", ...ENGINE],
  "runner/create-attendant.ts": ["runner/live", ...ENGINE],
  ...inOrder("runner", RUNNER),

  server: ["runner", "views", "hosts", ...ENGINE],
  cli: ["runner", "views", ...ENGINE],
};

/** Folders of the plan. */
const PLANNED = [
  "lib",
  ...["run", "journal", "workflow", "tools", "definitions", "ports"].map((folder) => `core/${folder}`),
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

export const RULES = {
  rooms: ROOMS,

  /** Arrows that only one import may use. */
  singleImports: [
    { from: "runner/live", to: "runner/loop", only: ["runner/live/drive-run.ts", "runner/loop/run-agent.ts"] },
  ],

  /** Each vendor's package and the rooms that may import it; a package that is not listed may be imported nowhere. */
  vendors: {
    "@anthropic-ai/sdk": ["providers/anthropic"],
    "@google/generative-ai": ["providers/gemini"],
    "@marcbachmann/cel-js": ["conditions"],
    "@modelcontextprotocol/sdk": ["server", "downstream", "selftest", "composition", "serve.ts"],
    ajv: ["json-schema"],
    "better-sqlite3": ["store"],
    commander: ["cli"],
    "cross-spawn": ["downstream"],
    diff: ["cli", "runner/calls", "workspace-server"],
    "drizzle-orm": ["store"],
    "js-yaml": ["yaml"],
    "jsonc-parser": ["config"],
    openai: ["providers/openai"],
    pino: ["log"],
    re2js: ["json-schema"],
    ulid: ["composition"],
    // Checks data from outside, wherever that comes in.
    zod: ["config", "definitions", "downstream", "providers", "runner/tools", "runner/request", "server", "yaml"],
  },

  /** Rooms that may import only some of Node's own modules. */
  builtins: { lib: ["node:crypto"], core: [] },

  mostFiles: 14,
  mostLines: 400,
  /** Folders whose files are held to `mostLines`. */
  measured: ["src", "tests", "bench", "checks", "bin"],

  /** Folders that should hold two files or more; fewer are mentioned and pass. */
  planned: PLANNED,
};
