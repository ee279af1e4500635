/**
 * Puts what tsc has compiled and the packages that it imports into few files, which a host that starts legwork waits for
 * less than for hundreds. What is imported late stays in files of its own.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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

// What stands in the bundle is given on, and most licences ask for their text then.
const folders = [program, alone].flatMap(({ metafile }) => Object.keys(metafile.inputs).flatMap(packageOf));
const licences = [...new Set(folders)].sort().map(licenceIn);
writeFileSync(`${FOLDER}/LICENSES.txt`, [...new Set(licences)].join(`\n${"-".repeat(80)}\n`));

// Of a package that is no module a late import would find none of the names that it finds in Node.
for (const { inputs } of [program.metafile, alone.metafile])
  for (const [file, { imports }] of Object.entries(inputs))
    for (const { path, kind } of imports)
      if (kind === "dynamic-import" && inputs[path]?.format === "cjs")
        throw new Error(`${file} imports ${path} late: do so in a file of its own, and import that late`);

/** The folder of the package that a file belongs to; none for a file of legwork itself. */
function packageOf(file) {
  return file.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/) ?? [];
}

/** The name of a package and what it says on its licence. */
function licenceIn(folder) {
  const { name, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)\b/i.test(file));
  if (files.length === 0 && typeof license !== "string") throw new Error(`${folder} says nothing of its licence`);
  const texts = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
  return `${name} (${license})\n\n${texts.join("\n\n")}\n`;
}
