/** Entries of the root that are held open: they stay the ones that were judged, even where their paths change meanwhile. */
import type { BigIntStats } from "node:fs";

export type EntryKind = "file" | "folder" | "link" | "other";

export interface Opened {
  /** From the root to the entry, free of links; empty for the root. */
  readonly names: readonly string[];
  readonly kind: EntryKind;
  readonly stats: BigIntStats;
  /** The path by which the system finds this entry. */
  path(): string;
  /** The path by which the system finds a name in this folder. */
  pathOf(name: string): string;
  /** Opens an entry of this folder: follows no link and waits for nobody. Throws the system's error. */
  open(name: string): Opened;
  /** A descriptor for the bytes of this file; closed with the entry. Throws the system's error. */
  descriptor(): number;
  close(): void;
}

/** Opens a root. Throws the system's error. */
export type OpenRoot = (path: string) => Opened;

export function kindOf(stats: BigIntStats): EntryKind {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "folder";
  return stats.isSymbolicLink() ? "link" : "other";
}

/** Refuses what is more than one name: a path could lead out of the folder. */
export function singleName(name: string): string {
  if (name === "" || name === "." || name === ".." || name.includes("/") || name.includes("\0"))
    throw new Error(`"${name}" is not one name`);
  return name;
}
