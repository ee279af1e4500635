/** The tools that read files. */
import { extname } from "node:path";
import { pathToFileURL } from "node:url";
import type { SeenFile } from "../../core/tools/seen-file.js";
import { type Answer, type CallFiles, textAnswer } from "../answer.js";
import type { Location } from "../beneath/locate.js";
import type { Opened } from "../beneath/opened.js";
import { Refusal, systemRefusal } from "../refusal.js";
import type { Workspace } from "../workspace.js";
import { type FileContent, isLarge, MOST_BYTES, partOfFile, readableFile, wholeFile } from "./file-content.js";

export interface ReadTextArguments {
  readonly path: string;
  readonly head?: number;
  readonly tail?: number;
}

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".bmp": "image/bmp",
  ".svg": "image/svg+xml",
  ".mp3": "audio/mpeg",
  ".wav": "audio/wav",
  ".ogg": "audio/ogg",
  ".flac": "audio/flac",
};

export function readText(workspace: Workspace, { path, head, tail }: ReadTextArguments, files: CallFiles): Answer {
  return workspace.at(path, "follow", (location) => {
    if (head && tail) throw new Refusal("Cannot specify both head and tail parameters simultaneously");
    const file = readableFile(workspace, location, files, tail ? "stat" : "open");
    const { text, file: stamped } = tail
      ? lastLines(file, tail, location)
      : head
        ? firstLines(file, head, location)
        : whole(file, location);
    files.seen.push(stamped);
    return textAnswer(text);
  });
}

export function readMany(
  workspace: Workspace,
  { paths }: { readonly paths: readonly string[] },
  files: CallFiles,
): Answer {
  let left = MOST_BYTES;
  const texts = paths.map((path) => {
    try {
      return workspace.at(path, "follow", (location) => {
        const file = readableFile(workspace, location, files);
        const { bytes, file: stamped } = wholeFile(file, location);
        left -= bytes.length;
        if (left < 0) throw new Refusal("the files before it fill the answer: read it in another call");
        files.seen.push(stamped);
        return `${path}:\n${bytes.toString("utf8")}\n`;
      });
    } catch (error) {
      if (error instanceof Refusal) return `${path}: Error - ${error.message}`;
      throw error;
    }
  });
  return textAnswer(texts.join("\n---\n"));
}

export function readMedia(workspace: Workspace, { path }: { readonly path: string }, files: CallFiles): Answer {
  return workspace.at(path, "follow", (location) => {
    const file = readableFile(workspace, location, files);
    const { bytes, file: stamped } = wholeFile(file, location);
    const mimeType = MEDIA_TYPES[extname(location.real).toLowerCase()] ?? "application/octet-stream";
    const data = bytes.toString("base64");
    const kind = mimeType.split("/")[0];
    const item =
      kind === "application"
        ? { type: "resource", resource: { uri: pathToFileURL(location.real).href, mimeType, blob: data } }
        : { type: kind, data, mimeType };
    files.seen.push(stamped);
    return { content: [item], structured: [item] };
  });
}

export function getInfo(workspace: Workspace, { path }: { readonly path: string }): Answer {
  return workspace.at(path, "follow", ({ found, real }) => {
    if (found === null) throw systemRefusal("ENOENT", "stat", real);
    const { stats, kind } = found;
    const facts = {
      size: stats.size,
      created: dateOf(stats.birthtimeMs),
      modified: dateOf(stats.mtimeMs),
      accessed: dateOf(stats.atimeMs),
      isDirectory: kind === "folder",
      isFile: kind === "file",
      permissions: stats.mode.toString(8).slice(-3),
    };
    return textAnswer(
      Object.entries(facts)
        .map(([name, fact]) => `${name}: ${fact}`)
        .join("\n"),
    );
  });
}

function dateOf(milliseconds: bigint): Date {
  return new Date(Number(milliseconds));
}

interface FileText {
  readonly text: string;
  readonly file: SeenFile;
}

function whole(file: Opened, location: Location): FileText {
  if (isLarge(file))
    throw new Refusal(
      `"${location.asked.written}" has ${file.stats.size} bytes, and at most ${MOST_BYTES} are read at once: use head or tail`,
    );
  return withText(wholeFile(file, location));
}

function firstLines(file: Opened, count: number, location: Location): FileText {
  const { text, file: stamped } = withText(
    isLarge(file) ? partOfFile(file, "start", location) : wholeFile(file, location),
  );
  const lines = text.split("\n");
  if (isLarge(file) && lines.length <= count) throw tooManyLines(count, location);
  if (lines.at(-1) === "") lines.pop();
  return { text: lines.slice(0, Math.max(0, Math.ceil(count))).join("\n"), file: stamped };
}

function lastLines(file: Opened, count: number, location: Location): FileText {
  const { text, file: stamped } = withText(
    isLarge(file) ? partOfFile(file, "end", location) : wholeFile(file, location),
  );
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  if (isLarge(file) && lines.length <= count) throw tooManyLines(count, location);
  return { text: count < 1 ? "" : lines.slice(-count).join("\n"), file: stamped };
}

function tooManyLines(count: number, { asked }: Location): Refusal {
  return new Refusal(
    `${count} lines of "${asked.written}" are more than the ${MOST_BYTES} bytes that are read at once: ask for fewer`,
  );
}

function withText({ bytes, file }: FileContent): FileText {
  return { text: bytes.toString("utf8"), file };
}
