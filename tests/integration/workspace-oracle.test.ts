/** The workspace server answers as the reference file server does, but for the differences that docs/workspace.md lists. */
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type FileAnswer,
  type FileServer,
  openFileServer,
  REFERENCE_SERVER,
  WORKSPACE_SERVER,
} from "../support/file-servers.js";
import { fillTree, treeOf } from "../support/file-trees.js";

const CALLS = 300;
const CALLS_ON_A_TREE = 20;

interface Call {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

let folder: string;
let [reference, ours]: FileServer[] = [];

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "legwork-oracle-")));
  for (const side of ["ref", "own"]) fillTree(join(folder, side, "tree"));
  reference = await openFileServer(REFERENCE_SERVER, join(folder, "ref/tree"));
  ours = await openFileServer(WORKSPACE_SERVER, join(folder, "own/tree"));
});

afterAll(async () => {
  await Promise.all([reference?.close(), ours?.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const existing = [
  ..."a.txt empty.txt windows.txt no-end.txt blank.txt code.py fences.md long.txt image.png sound.MP3 raw.bin .hidden hard.txt".split(
    " ",
  ),
  ...["with space.txt", "caf\u00e9.txt", "cafe\u0301.txt", "\u00fcber/nfd.txt", "\u{1f600}.md"],
  ..."deep deep/one deep/one/two/leaf.md deep/one/b.txt deep/x.js deep/.dot void .".split(" "),
];
const links =
  "to-file to-folder to-folder/one/b.txt deep/up to-outside to-outer-folder/secret.txt to-nothing circle".split(" ");
const missing = "new.txt deep/new.txt not/there.txt a.txt/below deep/one/new/deeper".split(" ");
const odd = [
  "../outside/secret.txt",
  "deep/../a.txt",
  "./a.txt",
  "a.txt/",
  "//a.txt",
  "/etc/hostname",
  "~",
  "~/x",
  "C:\\x",
  "",
  "ROOT/a.txt",
  "ROOT",
  "ROOT/../ref",
  "a\0b",
];

const path = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...existing) },
  { weight: 2, arbitrary: fc.constantFrom(...links) },
  { weight: 2, arbitrary: fc.constantFrom(...missing) },
  { weight: 1, arbitrary: fc.constantFrom(...odd) },
);
const folderPath = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(".", "deep", "deep/one", "void", "ROOT", "to-folder") },
  path,
);
const textPath = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom("a.txt", "code.py", "no-end.txt", "windows.txt", "long.txt") },
  path,
);
const text = fc.constantFrom("", "new\n", "a\r\nb\r\n", "\u{1f600} \u00fc", "```", "x".repeat(3000));
const pattern = fc.constantFrom(
  "*",
  "**",
  "*.txt",
  "**/*.md",
  "deep/**",
  "deep",
  "[a-c]*",
  "{a,no-end}.txt",
  "**/{x,y}.js",
  "?.txt",
  "!*.txt",
  "#x",
  "*/one",
  "",
  "nothing*",
  "one",
  ".*",
);
const patterns = fc.array(pattern, { maxLength: 2 });
const line = fc.constantFrom(
  "alpha",
  "beta\ngamma",
  "  if x:\n      return 1",
  "return 2",
  "not in it",
  "one\r\ntwo",
  "",
  "first",
  "leaf",
  "line of a long file",
);
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const lines = optional(fc.constantFrom(0, 1, 2, 3, 50, 1000, 1.5));
const bad = fc.constantFrom(undefined, null, 3, true, [], {});

const of = (name: string, args: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<Call> =>
  fc.record(args).map((values) => ({
    name,
    args: Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)),
  }));

const anyCall = fc.oneof(
  {
    weight: 6,
    arbitrary: of("read_text_file", { path: textPath, head: lines, tail: fc.oneof(fc.constant(undefined), lines) }),
  },
  of("read_file", { path }),
  { weight: 2, arbitrary: of("read_media_file", { path }) },
  { weight: 2, arbitrary: of("read_multiple_files", { paths: fc.array(path, { maxLength: 4 }) }) },
  { weight: 3, arbitrary: of("write_file", { path, content: text }) },
  {
    weight: 5,
    arbitrary: of("edit_file", {
      path: textPath,
      edits: fc.array(fc.record({ oldText: line, newText: text }), { maxLength: 3 }),
      dryRun: optional(fc.boolean()),
    }),
  },
  { weight: 2, arbitrary: of("create_directory", { path }) },
  { weight: 2, arbitrary: of("list_directory", { path: folderPath }) },
  {
    weight: 2,
    arbitrary: of("list_directory_with_sizes", {
      path: folderPath,
      sortBy: optional(fc.constantFrom("name", "size", "date")),
    }),
  },
  { weight: 3, arbitrary: of("directory_tree", { path: folderPath, excludePatterns: optional(patterns) }) },
  { weight: 3, arbitrary: of("move_file", { source: path, destination: path }) },
  { weight: 4, arbitrary: of("search_files", { path: folderPath, pattern, excludePatterns: optional(patterns) }) },
  { weight: 2, arbitrary: of("get_file_info", { path }) },
  of("list_allowed_directories", {}),
  { weight: 2, arbitrary: of("edit_file", { path: bad, edits: bad, dryRun: bad }) },
  { weight: 2, arbitrary: of("read_multiple_files", { paths: fc.oneof(bad, fc.array(bad)) }) },
  of("no_such_tool", { path }),
);

interface Both {
  readonly call: Call;
  readonly theirs: FileAnswer;
  readonly own: FileAnswer;
}

const CHANGES = ["write_file", "edit_file", "create_directory", "move_file"];

/** The differences, by their names in docs/workspace.md, and how an answer shows each. */
const DIFFERENCES: Readonly<Record<string, (both: Both) => boolean>> = {
  "Links and changes": ({ call, own }) => CHANGES.includes(call.name) && own.text.includes("leads through a link"),
  "Not text": ({ call, own }) => call.name === "edit_file" && own.text.includes("is not UTF-8 text"),
  "Line ends": ({ call, theirs, own }) =>
    call.name === "edit_file" && call.args.path === "windows.txt" && !own.isError && theirs.text === own.text,
  "No file": ({ call, own }) => call.name === "write_file" && own.text.startsWith("EISDIR"),
  "Sizes of links": ({ call, theirs, own }) =>
    call.name === "list_directory_with_sizes" && !own.isError && !theirs.isError,
};

it(`gives the same text, error and files for ${CALLS} generated calls`, async () => {
  const calls = fc.sample(anyCall, { numRuns: CALLS, seed: 20261130 });
  const met = new Set<string>();
  const faults: object[] = [];
  for (const [index, call] of calls.entries()) {
    if (index % CALLS_ON_A_TREE === 0) refill();
    const [theirs, own] = await Promise.all([ask(reference, "ref", call), ask(ours, "own", call)]);
    const isSame = theirs.isError === own.isError && theirs.text === own.text;
    const sameFiles =
      JSON.stringify(treeOf(join(folder, "ref/tree"))) === JSON.stringify(treeOf(join(folder, "own/tree")));
    if (isSame && sameFiles) continue;
    const difference = Object.entries(DIFFERENCES).find(([, shows]) => shows({ call, theirs, own }));
    if (difference === undefined) faults.push({ call, theirs: brief(theirs), own: brief(own), sameFiles });
    else met.add(difference[0]);
    if (!sameFiles) refill();
  }
  expect(faults).toEqual([]);
  const listed = readFileSync(join(import.meta.dirname, "../../docs/workspace.md"), "utf8");
  for (const name of Object.keys(DIFFERENCES)) expect(listed).toContain(`| **${name}**:`);
  // A generated case of each keeps the list honest.
  expect([...met].sort()).toEqual(Object.keys(DIFFERENCES).sort());
});

function refill(): void {
  for (const side of ["ref", "own"]) fillTree(join(folder, side, "tree"));
}

async function ask(server: FileServer | undefined, side: "ref" | "own", { name, args }: Call): Promise<FileAnswer> {
  const tree = join(folder, side, "tree");
  const placed = JSON.parse(JSON.stringify(args).replaceAll("ROOT", tree));
  const answer = await (server as FileServer).call(name, placed);
  const text = answer.text.replaceAll(join(folder, side), "SIDE").replace(/^(created|modified|accessed): .*$/gm, "$1");
  return { ...answer, text };
}

function brief({ isError, text }: FileAnswer) {
  return { isError, text: text.slice(0, 300) };
}
