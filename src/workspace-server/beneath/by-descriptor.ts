/**
 * Linux: an entry is reached through the descriptor of its folder, as `openat` does. The kernel resolves
 * /proc/self/fd/N to the very folder that was opened, so no check is apart from its use.
 */
import { closeSync, constants, existsSync, fstatSync, openSync } from "node:fs";
import { kindOf, type Opened, type OpenRoot, singleName } from "./opened.js";

const DESCRIPTORS = "/proc/self/fd";
const O_PATH = 0o10000000; // Node does not name it. A descriptor of the entry alone: opening a pipe or a device so does nothing
const ENTRY = O_PATH | constants.O_NOFOLLOW;
const BYTES = constants.O_RDONLY | constants.O_NONBLOCK;

/** Whether the kernel offers this way. */
export function hasDescriptors(): boolean {
  return process.platform === "linux" && existsSync(DESCRIPTORS);
}

export const openRootByDescriptor: OpenRoot = (path) => openedAt(path, []);

function openedAt(at: string, names: readonly string[]): Opened {
  const entry = openSync(at, ENTRY);
  let bytes: number | null = null;
  const path = () => `${DESCRIPTORS}/${entry}`;
  const pathOf = (name: string) => `${path()}/${singleName(name)}`;
  const stats = fstatSync(entry, { bigint: true });
  return {
    names,
    kind: kindOf(stats),
    stats,
    path,
    pathOf,
    open: (name) => openedAt(pathOf(name), [...names, name]),
    descriptor() {
      bytes ??= openSync(path(), BYTES);
      return bytes;
    },
    close() {
      if (bytes !== null) closeSync(bytes);
      closeSync(entry);
    },
  };
}
