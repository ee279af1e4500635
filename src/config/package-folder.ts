/** Where this package lies, with all that it ships beside its code. */
import { fileURLToPath } from "node:url";

const FOLDER = new URL("../../", import.meta.url); // two folders up from here, and from every file of the bundle

/** The absolute path of a file or folder of the package, such as `bin/legwork.js`. */
export function inPackage(path: string): string {
  return fileURLToPath(new URL(path, FOLDER));
}
