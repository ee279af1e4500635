/** The root that the tools work on, and what is open in it. */
import { realpathSync, statSync } from "node:fs";
import { isWithin } from "../files/is-within.js";
import { type Access, createAccess, type Grants } from "./access.js";
import { askedPath, namesBelow } from "./beneath/asked-path.js";
import { openRootByComparison } from "./beneath/by-comparison.js";
import { hasDescriptors, openRootByDescriptor } from "./beneath/by-descriptor.js";
import { type Links, type Location, withLocation } from "./beneath/locate.js";
import type { Opened, OpenRoot } from "./beneath/opened.js";

export interface Workspace {
  /** The real path of the root. */
  readonly path: string;
  readonly access: Access;
  /** Hands the location that a path leads to to `use`, held open. Throws Refusal. */
  at<T>(written: string, links: Links, use: (location: Location) => T): T;
}

export interface WorkspaceSettings extends Grants {
  /** legwork's own folder. */
  readonly home: string | null;
}

/** Throws where the root is no folder that can be opened. */
export function openWorkspace(
  path: string,
  { home, ...grants }: WorkspaceSettings,
  openRoot: OpenRoot = hasDescriptors() ? openRootByDescriptor : openRootByComparison,
): Workspace {
  const real = realpathSync(path);
  let folder = openFolder(real, openRoot);
  const homeNames = home !== null && isWithin(real, home) ? namesBelow(real, home) : null;
  return {
    path: real,
    access: createAccess(homeNames, grants),
    at(written, links, use) {
      if (!isAt(real, folder)) {
        // Somebody has made the folder of the project anew.
        folder.close();
        folder = openFolder(real, openRoot);
      }
      return withLocation({ path: real, folder }, askedPath(real, written), links, use);
    },
  };
}

function openFolder(path: string, openRoot: OpenRoot): Opened {
  const folder = openRoot(path);
  if (folder.kind === "folder") return folder;
  folder.close();
  throw new Error(`${path} is no folder`);
}

function isAt(path: string, { stats }: Opened): boolean {
  const there = statSync(path, { bigint: true, throwIfNoEntry: false });
  return there === undefined || (there.dev === stats.dev && there.ino === stats.ino);
}
