/** The bundle of version 0.1.0, to be started beside this build. */
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join, resolve } from "node:path";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const NODE = Number(process.versions.node.split(".")[0]);

/** Why the bundle does not start here; null where it does. */
export const CANNOT_START =
  NODE < 22 ? null : `the bundle of 0.1.0 cannot load better-sqlite3 12 on Node ${NODE}: run it on Node 20`;

/** Unpacks it into a folder and returns its program. */
export function unpackOlderLegwork(folder: string): string {
  execFileSync("tar", ["xzf", join(REPOSITORY, "tests/fixtures/legwork-0.1.0.tar.gz"), "-C", folder]);
  const unpacked = join(folder, "legwork-0.1.0");
  symlinkSync(join(REPOSITORY, "node_modules"), join(unpacked, "node_modules"));
  return join(unpacked, "bin/legwork.js");
}
