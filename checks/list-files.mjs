import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";

const SOURCE = /\.(?:ts|mjs|js)$/;

/** The files below a folder whose names match, relative to `root` and sorted; none where the folder does not exist. */
export function listFiles(root, folder, name = SOURCE) {
  const start = join(root, folder);
  if (!existsSync(start)) return [];
  return readdirSync(start, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
    .sort();
}
