/** The workspace guard keeps agents from changing the files that steer agents. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { call, folder, opened, tool, useSandbox, workspace } from "../support/downstream-sandbox.js";
import { mentions } from "../support/mentions.js";

useSandbox();

describe("the workspace guard", () => {
  it("refuses changes only of files that steer agents, by any name", async () => {
    const root = folder; // the project, which is told to the server as its root
    for (const name of ["a/b/.git", ".git/hooks", ".claude", "src"])
      mkdirSync(path.join(root, name), { recursive: true });
    writeFileSync(path.join(root, "src/a.txt"), "old");
    symlinkSync(".git", path.join(root, "notes"));
    symlinkSync(".git/new-hook", path.join(root, "src/dangling"));
    symlinkSync(path.join(root, ".git"), path.join(root, "cafe\u0301"));
    const { downstream, catalog } = await opened(workspace(root));
    const write = (file: string) => downstream.objection(tool(catalog, "write_file"), { path: file, content: "" });
    const move = (source: string, destination: string) =>
      downstream.objection(tool(catalog, "move_file"), { source, destination });

    for (const file of [
      ".git/config",
      ".GIT/hooks/pre-commit",
      "./src/../.git/x",
      path.join(root, ".claude/settings.json"),
      ".mcp.json",
      "src/.Mcp.Json",
      "a/b/.git/config",
      "new/deep/.legwork/config.yaml",
      ".gemini",
      "notes/config",
      "notes",
      "src/dangling",
      "caf\u00e9/config",
      ".git./config",
      ".git::$INDEX_ALLOCATION/config",
      ".g\u200cit/config",
      "~/x",
      "src/\0",
    ]) {
      expect(await write(file), file).toMatch(/protected|resolved/);
    }
    for (const file of ["src/a.txt", "new/deep/file", ".gitignore", "src/git", ".github/x", path.join(root, "b")]) {
      expect(await write(file), file).toBeNull();
    }
    expect(await move(".git/config", "src/config")).toMatch(mentions('".git/config"', "protected"));
    expect(await move("src/a.txt", ".mcp.json")).toMatch(mentions('".mcp.json"', "protected"));
    expect(await move("src/a.txt", "src/b.txt")).toBeNull();
    expect(await downstream.objection(tool(catalog, "write_file"), { paths: ["a", ".git/x", 3] })).toContain(".git/x");
    expect(await downstream.objection(tool(catalog, "read_text_file"), { path: ".git/config" })).toBeNull();

    await call(downstream, tool(catalog, "write_file"), { path: "src/a.txt", content: "new" });
    expect(readFileSync(path.join(root, "src/a.txt"), "utf8")).toBe("new");
  });

  it("checks only names below the root", async () => {
    const root = path.join(folder, ".claude/worktrees/one");
    mkdirSync(root, { recursive: true });
    const { downstream, catalog } = await opened(workspace(root));
    const write = tool(catalog, "write_file");
    expect(await downstream.objection(write, { path: path.join(root, "a.txt") })).toBeNull();
    expect(await downstream.objection(write, { path: path.join(root, ".claude/a.txt") })).toMatch(
      mentions("protected"),
    );
  });
});
