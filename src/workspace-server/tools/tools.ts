/** The tools: the names, arguments and annotations of the reference file server, which users and models know. */
import type { Answer, CallFiles } from "../answer.js";
import type { Workspace } from "../workspace.js";
import type { ArgumentSchema } from "./arguments.js";
import { createDirectory, editFile, writeFile } from "./changing.js";
import { directoryTree, listAllowedDirectories, listDirectory, listWithSizes, searchFiles } from "./listing.js";
import { moveFile } from "./move.js";
import { getInfo, readMany, readMedia, readText } from "./reading.js";

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: ArgumentSchema;
  readonly outputSchema: object;
  readonly annotations: Readonly<Record<string, boolean>>;
  /** `args` have been checked against the schema. Throws Refusal. */
  call(workspace: Workspace, args: never, files: CallFiles): Answer;
}

const READS = { readOnlyHint: true, openWorldHint: false };
const changes = (hints: { readonly destructiveHint: boolean; readonly idempotentHint: boolean }) => ({
  readOnlyHint: false,
  ...hints,
  openWorldHint: false,
});

// The server works on one call at a time: a call has to end before others have waited long.
const MOST_PATHS = 1_000;
const MOST_EDITS = 200;

const text = (description?: string): ArgumentSchema => ({ type: "string", ...(description ? { description } : {}) });
const number = (description: string): ArgumentSchema => ({ type: "number", description });
const patterns: ArgumentSchema = { default: [], type: "array", items: { type: "string" } };
const object = (
  properties: Readonly<Record<string, ArgumentSchema>>,
  required: readonly string[] = [],
): ArgumentSchema => ({
  type: "object",
  properties,
  ...(required.length > 0 ? { required } : {}),
});

const closed = (schema: ArgumentSchema) => ({ ...schema, additionalProperties: false });
const TEXT_OUTPUT = closed(object({ content: text() }, ["content"]));

const MEDIA_OUTPUT = {
  type: "object",
  properties: {
    content: {
      type: "array",
      items: {
        anyOf: [
          closed(
            object({ type: { type: "string", enum: ["image", "audio"] }, data: text(), mimeType: text() }, [
              "type",
              "data",
              "mimeType",
            ]),
          ),
          {
            type: "object",
            properties: {
              type: { type: "string", const: "resource" },
              resource: closed(object({ uri: text(), mimeType: text(), blob: text() }, ["uri", "blob"])),
            },
            required: ["type", "resource"],
            additionalProperties: false,
          },
        ],
      },
    },
  },
  required: ["content"],
  additionalProperties: false,
};

const readArguments = object(
  {
    path: text(),
    tail: number("If provided, returns only the last N lines of the file"),
    head: number("If provided, returns only the first N lines of the file"),
  },
  ["path"],
);

export const TOOLS: readonly Tool[] = [
  {
    name: "read_file",
    title: "Read File (Deprecated)",
    description: "The older name of read_text_file.",
    inputSchema: readArguments,
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: readText,
  },
  {
    name: "read_text_file",
    title: "Read Text File",
    description:
      "Reads a file of the project as UTF-8 text, whole or only its first lines (head) or last lines (tail). Files that may hold secrets, such as .env, are closed.",
    inputSchema: readArguments,
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: readText,
  },
  {
    name: "read_media_file",
    title: "Read Media File",
    description: "Reads an image, a sound or any other file as bytes in base64, with its MIME type.",
    inputSchema: object({ path: text() }, ["path"]),
    outputSchema: MEDIA_OUTPUT,
    annotations: READS,
    call: readMedia,
  },
  {
    name: "read_multiple_files",
    title: "Read Multiple Files",
    description:
      "Reads several text files in one call. Each comes with its path; one that cannot be read does not keep the others back.",
    inputSchema: object(
      {
        paths: {
          minItems: 1,
          maxItems: MOST_PATHS,
          type: "array",
          items: { type: "string" },
          description: "The paths of the files.",
        },
      },
      ["paths"],
    ),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: readMany,
  },
  {
    name: "write_file",
    title: "Write File",
    description:
      "Creates a file with this text, or replaces all that an existing file holds. Refused where the file has changed since you last read it: then read it again. Its folder has to exist.",
    inputSchema: object({ path: text(), content: text() }, ["path", "content"]),
    outputSchema: TEXT_OUTPUT,
    annotations: changes({ destructiveHint: true, idempotentHint: true }),
    call: writeFile,
  },
  {
    name: "edit_file",
    title: "Edit File",
    description:
      "Replaces texts in a file and answers with the diff. Each oldText has to stand in the file as written; blanks at the beginning and end of lines may differ. dryRun shows the diff and changes nothing. Refused where the file has changed since you last read it: then read it again.",
    inputSchema: object(
      {
        path: text(),
        edits: {
          maxItems: MOST_EDITS,
          type: "array",
          items: object(
            {
              oldText: text("Text to search for - must match exactly"),
              newText: text("Text to replace with"),
            },
            ["oldText", "newText"],
          ),
        },
        dryRun: { default: false, description: "Preview changes using git-style diff format", type: "boolean" },
      },
      ["path", "edits"],
    ),
    outputSchema: TEXT_OUTPUT,
    annotations: changes({ destructiveHint: true, idempotentHint: false }),
    call: editFile,
  },
  {
    name: "create_directory",
    title: "Create Directory",
    description: "Makes a folder, and the folders above it that are missing. One that exists already is no error.",
    inputSchema: object({ path: text() }, ["path"]),
    outputSchema: TEXT_OUTPUT,
    annotations: changes({ destructiveHint: false, idempotentHint: true }),
    call: createDirectory,
  },
  {
    name: "list_directory",
    title: "List Directory",
    description: "Lists the entries of one folder, each with [FILE] or [DIR] in front.",
    inputSchema: object({ path: text() }, ["path"]),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: listDirectory,
  },
  {
    name: "list_directory_with_sizes",
    title: "List Directory with Sizes",
    description: "Lists the entries of one folder with the size of each file, and their sum.",
    inputSchema: object(
      {
        path: text(),
        sortBy: {
          default: "name",
          description: "Sort entries by name or size",
          type: "string",
          enum: ["name", "size"],
        },
      },
      ["path"],
    ),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: listWithSizes,
  },
  {
    name: "directory_tree",
    title: "Directory Tree",
    description:
      "Shows everything below a folder as JSON: name, type (file or directory) and the children of folders. Leaves out .git, all entries that .gitignore names, and those that excludePatterns match.",
    inputSchema: object({ path: text(), excludePatterns: patterns }, ["path"]),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: directoryTree,
  },
  {
    name: "move_file",
    title: "Move File",
    description:
      "Moves or renames a file or a folder. Refused where something is at the destination, and for folders that hold links.",
    inputSchema: object({ source: text(), destination: text() }, ["source", "destination"]),
    outputSchema: TEXT_OUTPUT,
    annotations: changes({ destructiveHint: true, idempotentHint: false }),
    call: moveFile,
  },
  {
    name: "search_files",
    title: "Search Files",
    description:
      "Finds files and folders by the pattern of their path below a folder: *.ts in the folder itself, **/*.ts at any depth. Looks at names only, not into files. Leaves out .git and all entries that .gitignore names.",
    inputSchema: object({ path: text(), pattern: text(), excludePatterns: patterns }, ["path", "pattern"]),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: searchFiles,
  },
  {
    name: "get_file_info",
    title: "Get File Info",
    description: "Tells the size, times, type and permissions of a file or a folder.",
    inputSchema: object({ path: text() }, ["path"]),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: getInfo,
  },
  {
    name: "list_allowed_directories",
    title: "List Allowed Directories",
    description: "Names the folder of the project. Relative paths begin there, and no tool of this server leaves it.",
    inputSchema: object({}),
    outputSchema: TEXT_OUTPUT,
    annotations: READS,
    call: listAllowedDirectories,
  },
];
