/** The folders of rehearsal scripts, and the current content of a script. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ConfigError, RequestError } from "../../../../src/core/errors.js";
import { createScripts } from "../../../../src/providers/rehearsal/script.js";
import { mentions } from "../../../support/mentions.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "legwork-scripts-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(folder: string, name: string, text: string): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, `${name}.yaml`), JSON.stringify({ replies: [{ text }] }));
}

const scripts = () => createScripts([join(root, "own"), join(root, "shipped")]);

it("reads the script from the first folder that has it, and again when it has changed", () => {
  const load = scripts();
  write("shipped", "talk", "shipped");
  expect(load("talk").replies).toEqual([{ text: "shipped" }]);
  expect(load("talk")).toBe(load("talk"));
  write("shipped", "talk", "shipped anew");
  expect(load("talk").replies).toEqual([{ text: "shipped anew" }]);
  write("own", "talk", "own");
  expect(load("talk").replies).toEqual([{ text: "own" }]);
  rmSync(join(root, "own"), { recursive: true });
  expect(load("talk").replies).toEqual([{ text: "shipped anew" }]);
});

it("names the file that cannot be read, and the error code", () => {
  mkdirSync(join(root, "shipped"));
  symlinkSync("loop.yaml", join(root, "shipped", "loop.yaml"));
  mkdirSync(join(root, "shipped", "folder.yaml"));
  const load = scripts();
  expect(() => load("none")).toThrow(RequestError);
  expect(() => load("loop")).toThrow(ConfigError);
  expect(() => load("loop")).toThrow(mentions("loop.yaml", "ELOOP"));
  expect(() => load("folder")).toThrow(mentions("folder.yaml", "EISDIR"));
  writeFileSync(join(root, "own"), ""); // a file where the folder should be
  expect(() => load("folder")).toThrow(mentions("own", "folder.yaml", "ENOTDIR"));
});
