/**
 * Puts what tsc has compiled and the packages that it imports into few files, which a host that starts legwork waits for
 * less than for hundreds. What is imported late stays in files of its own.
 */
import { rmSync } from "node:fs";
import { build } from "esbuild";

const FOLDER = "dist/bundle";

rmSync(FOLDER, { recursive: true, force: true });

let languagesLeftOut = 0;

/** zod carries its messages in fifty languages; legwork uses English only. */
const oneLanguage = {
  name: "one-language",
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => {
      languagesLeftOut++;
      return { contents: 'export { default as en } from "./en.js";' };
    });
  },
};

const settings = {
  outdir: FOLDER,
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Packages that are not modules yet ask for Node's own by `require`, which a module has not got.
  banner: {
    js: 'import { createRequire as requiringFrom } from "node:module"; const require = requiringFrom(import.meta.url);',
  },
  mainFields: ["module", "main"],
  // Less to read at each start; names and short lines keep stack traces usable.
  plugins: [oneLanguage],
  minifyWhitespace: true,
  lineLimit: 160,
  logLevel: "warning",
  metafile: true,
};
const program = await build({
  ...settings,
  entryPoints: { main: "dist/main.js", "effect-server": "dist/selftest/effect-server.js" },
  splitting: true,
  chunkNames: "[name]-[hash]",
});
// Each in one file of its own, since shared chunks would make their start read more files.
const alone = await build({
  ...settings,
  entryPoints: {
    "workspace-server": "dist/workspace-server/main.js",
    "schema-judge": "dist/json-schema/judge-program.js",
  },
});

if (languagesLeftOut === 0)
  throw new Error("zod keeps its languages elsewhere now: mend the plugin that leaves them out");

// Of a package that is no module a late import would find none of the names that it finds in Node.
for (const { inputs } of [program.metafile, alone.metafile])
  for (const [file, { imports }] of Object.entries(inputs))
    for (const { path, kind } of imports)
      if (kind === "dynamic-import" && inputs[path]?.format === "cjs")
        throw new Error(`${file} imports ${path} late: do so in a file of its own, and import that late`);
