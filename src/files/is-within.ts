/** Compares paths. */
import path from "node:path";

/** Whether a path is a folder or lies in it. Both have to be absolute and free of links, or equal in their links. */
export function isWithin(folder: string, file: string): boolean {
  const relative = path.relative(folder, file);
  return relative === "" || !(relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative));
}
