/** Finds the files of this package. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

let folder: URL | null = null;

/** The absolute path of a file or folder of the package, such as `bin/legwork.js`. */
export function inPackage(path: string): string {
  folder ??= packageFolder(new URL(".", import.meta.url));
  return fileURLToPath(new URL(path, folder));
}

/** Walks up, because the bundle and the compiled sources lie at different depths. */
function packageFolder(from: URL): URL {
  return existsSync(new URL("package.json", from)) ? from : packageFolder(new URL("..", from));
}
