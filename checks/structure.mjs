/**
 * Checks the import graph of `src`, types included: no circle of files, only the arrows of rooms.mjs, each vendor's package
 * in its room, and bounds on files and folders. `node checks/structure.mjs [root]` prints what it finds and exits 1.
 */
import { existsSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { listFiles } from "./list-files.mjs";
import { readImports } from "./read-imports.mjs";
import { RULES } from "./rooms.mjs";

const BUILTIN = new Set(builtinModules);

/**
 * Reads all imports of `<root>/src`; paths are relative to `src`.
 *
 * @returns {{ files: string[], edges: Edge[] }}
 * @typedef {{ from: string, to: string | undefined, kind: "file" | "package" | "builtin" | "unknown", names: string[], line: number }} Edge
 *   `to` is a file, the name of a package, or undefined where a dynamic import does not spell it out.
 */
export function readGraph(root) {
  const src = join(root, "src");
  const files = listFiles(src, ".", /\.ts$/);
  const known = new Set(files);
  const edges = files.flatMap((file) =>
    readImports(readFileSync(join(src, file), "utf8")).map(({ from, names, line }) => ({
      from: file,
      names,
      line,
      ...resolveTarget(file, from, known),
    })),
  );
  return { files, edges };
}

function resolveTarget(file, target, known) {
  if (target === undefined) return { kind: "unknown", to: undefined };
  if (target.startsWith(".")) {
    const path = posix.join(posix.dirname(file), target);
    const to = [path, path.replace(/\.js$/, ".ts")].find((candidate) => known.has(candidate));
    return to === undefined ? { kind: "unknown", to: path } : { kind: "file", to };
  }
  const bare = target.replace(/^node:/, "");
  if (BUILTIN.has(bare)) return { kind: "builtin", to: `node:${bare}` };
  return { kind: "package", to: target.split("/", target.startsWith("@") ? 2 : 1).join("/") };
}

/**
 * The strongly connected components of more than one file, or of one that imports itself (Tarjan).
 *
 * @returns {{ files: string[], edges: Edge[] }[]}
 */
export function findCircles({ files, edges }) {
  const targets = groupBy(
    edges.filter(({ kind }) => kind === "file"),
    ({ from }) => from,
  );
  const numbers = new Map();
  const lowest = new Map();
  const stack = [];
  const circles = [];

  const visit = (file) => {
    numbers.set(file, numbers.size);
    lowest.set(file, numbers.get(file));
    stack.push(file);
    for (const { to } of targets.get(file) ?? []) {
      if (!numbers.has(to)) visit(to);
      if (stack.includes(to)) lowest.set(file, Math.min(lowest.get(file), lowest.get(to)));
    }
    if (lowest.get(file) !== numbers.get(file)) return;
    const members = stack.splice(stack.indexOf(file));
    const inside = members.flatMap((from) => (targets.get(from) ?? []).filter(({ to }) => members.includes(to)));
    if (inside.length > 0) circles.push({ files: members.sort(), edges: inside });
  };
  for (const file of files) if (!numbers.has(file)) visit(file);
  return circles;
}

/** Judges the tree below `root`; notes do not fail the check. */
export function judgeStructure(root, rules = RULES) {
  const graph = readGraph(root);
  return {
    findings: [
      ...findCircles(graph).map(describeCircle),
      ...judgeRooms(graph.files, rules),
      ...graph.edges.flatMap((edge) =>
        judgeEdge(edge, rules).map((fault) => `src/${edge.from}:${edge.line}: ${fault}`),
      ),
      ...judgeSizes(root, graph.files, rules),
    ],
    notes: rules.planned
      .filter((folder) => graph.files.filter((file) => isIn(file, folder)).length < 2)
      .map((folder) => `src/${folder} holds fewer than two files`),
  };
}

function describeCircle({ files, edges }) {
  const lines = edges.map(({ from, to, names }) => `    src/${from} -> src/${to} {${names.join(", ")}}`);
  return [`circle of ${files.length} files:`, ...lines].join("\n");
}

function judgeRooms(files, { rooms }) {
  const strangers = files.filter((file) => roomOf(file, rooms) === undefined);
  const places = new Set(strangers.map((file) => (file.includes("/") ? posix.dirname(file) : file)));
  return [...places].map((place) => `src/${place} is in no room: add it to checks/rooms.mjs`);
}

function judgeEdge({ from, to, kind, names }, rules) {
  const room = roomOf(from, rules.rooms);
  const what = `imports {${names.join(", ")}} of`;
  if (to === undefined) return ["imports a path that is not spelled out"];
  if (kind === "unknown") return [`${what} ${to}, which is no file of src`];
  if (room === undefined) return []; // judgeRooms has said so
  if (kind === "builtin") {
    const allowed = Object.entries(rules.builtins).find(([prefix]) => isIn(from, prefix))?.[1];
    return allowed && !allowed.includes(to) ? [`${what} ${to}: ${room.path} may not`] : [];
  }
  if (kind === "package") {
    const allowed = rules.vendors[to] ?? [];
    return allowed.some((prefix) => isIn(from, prefix)) ? [] : [`${what} ${to}: only ${listed(allowed)} may`];
  }
  if (!isIn(to, room.path) && !room.imports.some((prefix) => isIn(to, prefix)))
    return [`${what} src/${to}: ${room.path} may import only ${listed(room.imports)}`];
  return rules.singleImports
    .filter((single) => isIn(from, single.from) && isIn(to, single.to))
    .filter(({ only: [source, target] }) => from !== source || to !== target)
    .map(
      (single) => `${what} src/${to}: the only import of ${single.to} in ${single.from} is ${single.only.join(" -> ")}`,
    );
}

/** Map.groupBy, which Node 20 has not got. */
function groupBy(items, keyOf) {
  const groups = new Map();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const listed = (rooms) => (rooms.length > 0 ? rooms.join(", ") : "nothing");

const isIn = (file, prefix) => prefix === "" || file === prefix || file.startsWith(`${prefix}/`);

/** The room with the longest path that fits, with that path as it is for this file. */
function roomOf(file, rooms) {
  const segments = file.split("/");
  return Object.entries(rooms)
    .map(([pattern, imports]) => ({ parts: pattern.split("/"), imports }))
    .filter(({ parts }) =>
      parts.every((part, index) => part === segments[index] || (part === "*" && segments[index + 1])),
    )
    .map(({ parts, imports }) => ({ path: segments.slice(0, parts.length).join("/"), imports }))
    .sort((one, other) => other.path.length - one.path.length)[0];
}

function judgeSizes(root, files, { mostFiles, mostLines, measured }) {
  const crowded = [...groupBy(files, (file) => posix.dirname(file))]
    .filter(([, inside]) => inside.length > mostFiles)
    .map(([folder, inside]) => `${posix.join("src", folder)} holds ${inside.length} files: at most ${mostFiles}`);
  const long = measured
    .flatMap((folder) => listFiles(root, folder))
    .map((file) => ({ file, lines: readFileSync(join(root, file), "utf8").trimEnd().split("\n").length }))
    .filter(({ lines }) => lines > mostLines)
    .map(({ file, lines }) => `${file} has ${lines} lines: at most ${mostLines}`);
  return [...crowded, ...long];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.argv[2] ?? dirname(dirname(fileURLToPath(import.meta.url)));
  if (!existsSync(join(root, "src"))) throw new Error(`${root} holds no src`);
  const { findings, notes } = judgeStructure(root);
  for (const note of notes) process.stdout.write(`note: ${note}\n`);
  for (const finding of findings) process.stdout.write(`${finding}\n`);
  if (findings.length > 0) process.exitCode = 1;
}
