/** A home with a database of many runs: built once for each schema, and kept in the system's temporary folder. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { fillStore } from "./stored-runs.mjs";

const MIGRATIONS = fileURLToPath(new URL("../../drizzle", import.meta.url));
const MAKERS = ["./stored-runs.mjs", "./journals.mjs"].map((name) => fileURLToPath(new URL(name, import.meta.url)));

/** The result of fillStore, with the environment of a server on this home. Callers must not change the home. */
export async function openStoredHome(count) {
  const root = join(realpathSync(tmpdir()), `legwork-bench-stored-${count}-${schemaHash()}`);
  const projectPath = (name) => join(root, name);
  const aboutFile = join(root, "about.json");
  if (!existsSync(aboutFile)) {
    process.stderr.write(`storing ${count} runs, once for this schema …\n`);
    rmSync(root, { recursive: true, force: true });
    mkdirSync(join(projectPath("project-0"), ".git"), { recursive: true });
    writeFileSync(join(root, "config.yaml"), JSON.stringify({ mcpServers: { workspace: { disabled: true } } }));
    const about = await fillStore(join(root, "legwork.db"), count, projectPath);
    writeFileSync(`${aboutFile}.new`, JSON.stringify(about));
    renameSync(`${aboutFile}.new`, aboutFile); // only a complete database is used again
  }
  const about = JSON.parse(readFileSync(aboutFile, "utf8"));
  return {
    ...about,
    file: join(root, "legwork.db"),
    env: { PATH: process.env.PATH, HOME: root, LEGWORK_HOME: root },
  };
}

function schemaHash() {
  const hash = createHash("sha256");
  for (const name of readdirSync(MIGRATIONS).filter((file) => file.endsWith(".sql")))
    hash.update(readFileSync(join(MIGRATIONS, name)));
  for (const file of MAKERS) hash.update(readFileSync(file));
  return hash.digest("hex").slice(0, 12);
}
