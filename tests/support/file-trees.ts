/** Trees of files for the tests of file servers, and what is in a tree. */
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  "a.txt": "alpha\nbeta\ngamma\n",
  "empty.txt": "",
  "windows.txt": "one\r\ntwo\r\nthree\r\n",
  "no-end.txt": "first\nlast",
  "blank.txt": "\n\n\n",
  "code.py": "def f(x):\n    if x:\n        return 1\n    return 2\n",
  "with space.txt": "a b\n",
  "caf\u00e9.txt": "NFC\n",
  "u\u0308ber/nfd.txt": "NFD\n",
  "\u{1f600}.md": "# \u{1f600}\n",
  ".hidden": "h\n",
  "deep/one/two/leaf.md": "leaf\n",
  "deep/one/b.txt": "b\n",
  "deep/x.js": "let x = 1;\n",
  "deep/.dot/y.js": "y\n",
  "long.txt": `${"line of a long file\n".repeat(400)}`,
  "image.png": new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 255, 1]),
  "sound.MP3": new Uint8Array([0x49, 0x44, 0x33]),
  "raw.bin": new Uint8Array([0, 159, 146, 150, 10]),
  "fences.md": "```js\n1\n```\n",
};

const LINKS: Readonly<Record<string, string>> = {
  "to-file": "a.txt",
  "to-folder": "deep",
  "deep/up": "../a.txt",
  "to-outside": "../outside/secret.txt",
  "to-outer-folder": "../outside",
  "to-nothing": "not-there.txt",
  circle: "circle",
};

/** Fills a folder, which keeps its identity, with the same tree again. Beside it lies `outside/secret.txt`. */
export function fillTree(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true });
  for (const [name, content] of Object.entries({ ...FILES, "../outside/secret.txt": "secret\n" })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  for (const [name, target] of Object.entries(LINKS)) symlinkSync(target, join(root, name));
  linkSync(join(root, "a.txt"), join(root, "hard.txt"));
  mkdirSync(join(root, "void"));
}

/** Every entry below a folder: its kind, mode and content. */
export function treeOf(folder: string): Readonly<Record<string, string>> {
  const entries: Record<string, string> = {};
  const visit = (path: string) => {
    for (const name of readdirSync(path)) {
      const file = join(path, name);
      const stats = lstatSync(file);
      const mode = (stats.mode & 0o777).toString(8);
      const key = relative(folder, file);
      if (stats.isSymbolicLink()) entries[key] = `link to ${readlinkSync(file)}`;
      else if (stats.isDirectory()) entries[key] = `folder ${mode}`;
      else entries[key] = stats.isFile() ? `file ${mode} ${readFileSync(file, "base64")}` : "special";
      if (stats.isDirectory()) visit(file);
    }
  };
  visit(folder);
  return entries;
}
