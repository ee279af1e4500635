/** The tools that write files and make folders. */
import { isUtf8 } from "node:buffer";
import { mkdirSync } from "node:fs";
import { createTwoFilesPatch } from "diff";
import { codeOf } from "../../lib/code-of.js";
import { type Answer, type CallFiles, textAnswer } from "../answer.js";
import type { Location } from "../beneath/locate.js";
import type { Opened } from "../beneath/opened.js";
import { named, Refusal, systemRefusal } from "../refusal.js";
import type { Workspace } from "../workspace.js";
import { applyEdits, type Edit } from "./apply-edits.js";
import { readableFile, regularFile, wholeFile } from "./file-content.js";
import { toLines, toWritten } from "./line-ends.js";
import { changed, replaceFile, requireSeen } from "./replace-file.js";

const DIFF_BUDGET_MS = 2_000; // a diff of two large texts that share nothing takes minutes

export interface WriteArguments {
  readonly path: string;
  readonly content: string;
}

export interface EditArguments {
  readonly path: string;
  readonly edits: readonly Edit[];
  readonly dryRun: boolean;
}

export function writeFile(workspace: Workspace, { path, content }: WriteArguments, files: CallFiles): Answer {
  return workspace.at(path, "refuse", (location) => {
    requireChangeable(workspace, location);
    if (location.found?.kind === "folder") throw systemRefusal("EISDIR", "open", location.real);
    if (location.found !== null) regularFile(location.found, path);
    requireSeen(location, files);
    const holds = files.known.has(location.names.join("/"));
    replaceFile(location, { bytes: Buffer.from(content, "utf8"), holds }, files);
    return textAnswer(`Successfully wrote to ${path}`);
  });
}

export function editFile(workspace: Workspace, { path, edits, dryRun }: EditArguments, files: CallFiles): Answer {
  return workspace.at(path, "refuse", (location) => {
    requireChangeable(workspace, location);
    const { bytes, file } = wholeFile(readableFile(workspace, location, files), location);
    if (!isUtf8(bytes)) throw new Refusal(`"${path}" is not UTF-8 text, so an edit would damage it: write it whole`);
    const known = files.known.get(file.path);
    if (!dryRun && known !== undefined && known !== file.stamp) throw changed(location);
    const before = toLines(bytes.toString("utf8"));
    const after = applyEdits(before, edits);
    if (dryRun) files.seen.push(file);
    else replaceFile(location, { bytes: Buffer.from(toWritten(after), "utf8"), holds: true }, files);
    return textAnswer(fencedDiff(before.text, after.text, location.real));
  });
}

export function createDirectory(workspace: Workspace, { path }: { readonly path: string }): Answer {
  return workspace.at(path, "refuse", (location) => {
    requireChangeable(workspace, location);
    if (location.found === null) makeFolders(location);
    else if (location.found.kind !== "folder") throw systemRefusal("EEXIST", "mkdir", location.real);
    return textAnswer(`Successfully created directory ${path}`);
  });
}

function requireChangeable({ access }: Workspace, { asked, names }: Location): void {
  access.requireChangeable(asked.written, asked.names);
  access.requireChangeable(asked.written, names);
}

function makeFolders({ folders, names, real }: Location): void {
  const opened: Opened[] = [];
  try {
    let folder = folders.at(-1) as Opened;
    for (const name of names.slice(folder.names.length)) {
      const parent = folder;
      folder = named("mkdir", real, () => {
        makeFolder(parent, name);
        return parent.open(name);
      });
      opened.push(folder);
      if (folder.kind !== "folder") throw systemRefusal("EEXIST", "mkdir", real);
    }
  } finally {
    for (const folder of opened) folder.close();
  }
}

/** Another process may have made it a moment ago. */
function makeFolder(parent: Opened, name: string): void {
  try {
    mkdirSync(parent.pathOf(name));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** The difference as a block of Markdown whose fence stands nowhere in it. */
function fencedDiff(before: string, after: string, file: string): string {
  const options = { timeout: DIFF_BUDGET_MS };
  const diff =
    createTwoFilesPatch(file, file, before, after, "original", "modified", options) ?? "(too different to be shown)\n";
  let fence = "```";
  while (diff.includes(fence)) fence += "`";
  return `${fence}diff\n${diff}${fence}\n\n`;
}
