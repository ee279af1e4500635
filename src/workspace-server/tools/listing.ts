/** The tools that list names. */
import path from "node:path";
import { type Answer, textAnswer } from "../answer.js";
import { parseGlob } from "../patterns/glob.js";
import { Refusal } from "../refusal.js";
import type { Workspace } from "../workspace.js";
import { type Entry, entriesOf, folderAt, MOST_ENTRIES, notesOn, type Omissions, visitBelow } from "./visit.js";

interface FolderArguments {
  readonly path: string;
}

export function listDirectory(workspace: Workspace, asked: FolderArguments): Answer {
  return workspace.at(asked.path, "follow", (location) => {
    const entries = entriesOf(folderAt(location), location.real);
    const lines = entries.slice(0, MOST_ENTRIES).map((entry) => `${labelOf(entry.isDirectory())} ${entry.name}`);
    return textAnswer(lines.join("\n"), notesOn(cutTo(entries.length)));
  });
}

interface SizedEntry {
  readonly name: string;
  readonly isFolder: boolean;
  readonly size: number;
}

export function listWithSizes(
  workspace: Workspace,
  asked: FolderArguments & { readonly sortBy: "name" | "size" },
): Answer {
  return workspace.at(asked.path, "follow", (location) => {
    const all = entriesOf(folderAt(location), location.real);
    const entries = all.slice(0, MOST_ENTRIES).map((entry): SizedEntry => {
      const size = sizeOf(workspace, path.join(location.real, entry.name));
      return { name: entry.name, isFolder: entry.isDirectory(), size };
    });
    const inOrder = entries.toSorted((left, right) =>
      asked.sortBy === "size" ? right.size - left.size : left.name.localeCompare(right.name),
    );
    const lines = inOrder.map(
      ({ name, isFolder, size }) =>
        `${labelOf(isFolder)} ${name.padEnd(30)} ${isFolder ? "" : sizeText(size).padStart(10)}`,
    );
    const files = entries.filter(({ isFolder }) => !isFolder);
    const total = files.reduce((sum, { size }) => sum + size, 0);
    const summary = [
      "",
      `Total: ${files.length} files, ${entries.length - files.length} directories`,
      `Combined size: ${sizeText(total)}`,
    ];
    return textAnswer([...lines, ...summary].join("\n"), notesOn(cutTo(all.length)));
  });
}

interface TreeNode {
  readonly name: string;
  readonly type: "file" | "directory";
  readonly children?: TreeNode[];
}

export function directoryTree(
  workspace: Workspace,
  asked: FolderArguments & { readonly excludePatterns: readonly string[] },
): Answer {
  const excludes = asked.excludePatterns.flatMap((pattern) =>
    (pattern.includes("*") ? [pattern] : [pattern, `**/${pattern}`, `**/${pattern}/**`]).map(parseGlob),
  );
  return workspace.at(asked.path, "follow", (location) => {
    const top: TreeNode[] = [];
    const open: TreeNode[][] = [top];
    const omissions: Omissions = { ignored: 0, cut: null };
    let count = 0;
    const enter = ({ name, isFolder, path: below }: Entry) => {
      if (excludes.some((excludesPath) => excludesPath(below))) return false;
      if (!hasRoom(count++, omissions)) return false;
      const node: TreeNode = isFolder ? { name, type: "directory", children: [] } : { name, type: "file" };
      open.at(-1)?.push(node);
      if (node.children) open.push(node.children);
      return true;
    };
    const leave = ({ isFolder }: Entry) => {
      if (isFolder) open.pop();
    };
    visitBelow(workspace, location, { enter, leave }, omissions);
    return textAnswer(JSON.stringify(top, null, 2), notesOn(omissions));
  });
}

export interface SearchArguments extends FolderArguments {
  readonly pattern: string;
  readonly excludePatterns: readonly string[];
}

export function searchFiles(workspace: Workspace, asked: SearchArguments): Answer {
  const matches = parseGlob(asked.pattern);
  const excludes = asked.excludePatterns.map(parseGlob);
  return workspace.at(asked.path, "follow", (location) => {
    const found: string[] = [];
    const omissions: Omissions = { ignored: 0, cut: null };
    const enter = ({ isLink, path: below }: Entry) => {
      if (excludes.some((excludesPath) => excludesPath(below))) return false;
      const file = path.join(location.real, ...below);
      if (isLink && !leadsToSomething(workspace, file)) return false;
      if (!matches(below)) return true;
      if (!hasRoom(found.length, omissions)) return false;
      found.push(file);
      return true;
    };
    visitBelow(workspace, location, { enter }, omissions);
    return textAnswer(found.length > 0 ? found.join("\n") : "No matches found", notesOn(omissions));
  });
}

export function listAllowedDirectories({ path: root }: Workspace): Answer {
  return textAnswer(`Allowed directories:\n${root}`);
}

function labelOf(isFolder: boolean): string {
  return isFolder ? "[DIR]" : "[FILE]";
}

function hasRoom(count: number, omissions: Omissions): boolean {
  if (count >= MOST_ENTRIES) omissions.cut = `the rest is not shown: an answer has at most ${MOST_ENTRIES} entries`;
  return omissions.cut === null;
}

function cutTo(count: number): Omissions {
  const left = count - MOST_ENTRIES;
  return { ignored: 0, cut: left > 0 ? `${left} more entries are not shown` : null };
}

/** The size of what a name leads to; 0 where it leads nowhere in the root. */
function sizeOf(workspace: Workspace, file: string): number {
  try {
    return workspace.at(file, "follow", ({ found }) => Number(found?.stats.size ?? 0));
  } catch (error) {
    if (error instanceof Refusal) return 0;
    throw error;
  }
}

function leadsToSomething(workspace: Workspace, file: string): boolean {
  try {
    return workspace.at(file, "follow", ({ found }) => found !== null);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function sizeText(bytes: number): string {
  if (bytes <= 0) return "0 B";
  const units = ["B", "KB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log(bytes) / Math.log(1024)), units.length - 1);
  return step <= 0 ? `${bytes} B` : `${(bytes / 1024 ** step).toFixed(2)} ${units[step]}`;
}
