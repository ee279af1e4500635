/** The workspace server over real files, in both ways of opening them: what it closes, what it leaves out, what it refuses. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { setWorkspace, type TestWorkspace, WAYS } from "../support/workspaces.js";

const write = (workspace: TestWorkspace, path: string) => workspace.call("write_file", { path, content: "changed" });
const read = (workspace: TestWorkspace, path: string) => workspace.call("read_text_file", { path });

describe.each(WAYS)("the workspace server, %s", (_, way) => {
  it("stays in its root: links count for reads where they stay inside, and for no change", () => {
    const workspace = setWorkspace(way);
    const { root, put } = workspace;
    put("src/a.txt", "a");
    put("../outside/secret.txt", "secret");
    symlinkSync("src", join(root, "inside"));
    symlinkSync(join(root, "src/a.txt"), join(root, "absolute"));
    symlinkSync("../outside", join(root, "out"));
    symlinkSync("../project/src", join(root, "out-and-in"));
    symlinkSync("circle", join(root, "circle"));
    for (const path of ["inside/a.txt", "absolute", "out-and-in/a.txt"])
      expect(read(workspace, path).text, path).toBe("a");
    for (const path of ["out/secret.txt", "out", "../outside/secret.txt", join(root, "../outside/secret.txt")])
      expect(read(workspace, path), path).toMatchObject({
        isError: true,
        text: expect.stringContaining("Access denied"),
      });
    expect(read(workspace, "circle").text).toContain("ELOOP");
    for (const path of ["inside/a.txt", "absolute", "out/new.txt", "inside/new.txt", "inside"]) {
      expect(write(workspace, path), path).toMatchObject({ isError: true });
      expect(workspace.call("create_directory", { path: `${path}/x` }).isError, path).toBe(true);
      expect(workspace.call("move_file", { source: path, destination: "moved" }).isError, path).toBe(true);
      expect(workspace.call("move_file", { source: "src/a.txt", destination: `${path}/b` }).isError, path).toBe(true);
    }
    expect(readFileSync(join(root, "src/a.txt"), "utf8")).toBe("a");
    expect(readdirSync(join(root, "../outside"))).toEqual(["secret.txt"]);
  });

  it("replaces the name of a hard link, keeps permissions and leaves no draft behind", () => {
    const workspace = setWorkspace(way);
    const outer = workspace.put("../outside.txt", "outer");
    linkSync(outer, join(workspace.root, "hard.txt"));
    const script = workspace.put("run.sh", "old");
    execFileSync("chmod", ["755", script]);
    expect(write(workspace, "hard.txt").isError).toBe(false);
    const edit = { path: "run.sh", edits: [{ oldText: "old", newText: "new" }] };
    expect(workspace.call("edit_file", edit).isError).toBe(false);
    expect(readFileSync(outer, "utf8")).toBe("outer");
    expect(readFileSync(script, "utf8")).toBe("new");
    expect(statSync(script).mode & 0o777).toBe(0o755);
    expect(readdirSync(workspace.root).sort()).toEqual(["hard.txt", "run.sh"]);
  });

  it.each([
    ["a\r\nb\r\nc\r\n", "b", "x\ny", "a\r\nx\r\ny\r\nc\r\n"],
    ["a\r\nb\nc\r\nd", "b\nc", "x\ny\nz", "a\r\nx\ny\nz\r\nd"],
    ["a\nb\nc\r\n", "a", "x", "x\nb\nc\r\n"],
    ["a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n"],
    ["a\r\nb", "b", "b\nc", "a\r\nb\r\nc"],
    ["  a\r\n  b\r\nc\n", "a\nb", "x\ny", "  x\r\ny\r\nc\n"],
    ["a\r\nb\r\n", "\n", "", "ab\r\n"],
    ["\u{1f600}\r\r\nb\r\n", "b", "", "\u{1f600}\r\r\n\r\n"],
  ])("keeps the line ends of %j where %j becomes %j", (content, oldText, newText, expected) => {
    const workspace = setWorkspace(way);
    const file = workspace.put("a.txt", content);
    expect(workspace.call("edit_file", { path: "a.txt", edits: [{ oldText, newText }] }).isError).toBe(false);
    expect(readFileSync(file, "utf8")).toBe(expected);
  });

  it("never waits for a pipe", () => {
    const workspace = setWorkspace(way);
    execFileSync("mkfifo", [join(workspace.root, "pipe")]);
    for (const tool of ["read_text_file", "read_media_file"])
      expect(workspace.call(tool, { path: "pipe" }).text).toContain("no regular file");
    expect(write(workspace, "pipe").text).toContain("no regular file");
    expect(workspace.call("get_file_info", { path: "pipe" }).isError).toBe(false);
  });

  it("closes files that may hold secrets, by any name of them", () => {
    const workspace = setWorkspace(way, { read: [".env.test", "keys/*.pem", "deep"] });
    const closed = [
      ...[
        ".env",
        ".env.local",
        ".ENV",
        "sub/.env",
        ".env.",
        ".e\u200dnv",
        ".envrc",
        "prod.env",
        ".npmrc",
        "sub/.netrc",
      ],
      ...["id_rsa", "server.key", "certs/a.PEM", ".git/config", ".ssh/known_hosts", ".docker/config.json", "deep/.env"],
    ];
    for (const path of closed) workspace.put(path, "TOKEN=1");
    workspace.put("plain.txt", "TOKEN=1");
    symlinkSync(".env", join(workspace.root, "innocent"));
    symlinkSync("plain.txt", join(workspace.root, ".env.link"));
    for (const path of [...closed, "innocent", ".env.link", "sub/../.env", join(workspace.root, ".env"), ".env/"]) {
      expect(read(workspace, path), path).toMatchObject({ isError: true, text: expect.stringContaining("allow_read") });
      expect(workspace.call("read_media_file", { path }).isError, path).toBe(true);
      expect(workspace.call("read_multiple_files", { paths: [path] }).text, path).not.toContain("TOKEN=1");
      const edits = [{ oldText: "TOKEN", newText: "X" }];
      expect(workspace.call("edit_file", { path, edits, dryRun: true }).text, path).not.toContain("TOKEN=1");
      expect(workspace.call("move_file", { source: path, destination: "open.txt" }).isError, path).toBe(true);
    }
    for (const path of [
      ".env.example",
      ".env.test",
      "keys/a.pem",
      "id_rsa.pub",
      ".dockerignore",
      ".docker/nginx.conf",
    ]) {
      workspace.put(path, "shown");
      expect(read(workspace, path), path).toMatchObject({ text: "shown" });
    }
    expect(workspace.call("list_directory", { path: "." }).text).toContain("[FILE] .env");
    expect(read(workspace, "sub/../certs/a.PEM").text).toContain("since certs/a.PEM may hold");
    expect(write(workspace, ".github/agents/b.md").text).toContain("may not change .github/agents or anything in it");
  });

  it("protects files that steer hosts, editors and shells, by any name of them", () => {
    const workspace = setWorkspace(way);
    const steering = [
      ...[
        ".git/config",
        ".GIT/hooks/x",
        "a/b/.git/x",
        ".git",
        ".git./config",
        ".git::$INDEX_ALLOCATION/config",
        ".g\u200cit/x",
      ],
      ...[".legwork/config.yaml", ".claude/settings.json", "sub/.claude/x", ".gemini", ".mcp.json", "src/.Mcp.Json"],
      ...[".npmrc", ".envrc", ".vscode/tasks.json", ".cursor/rules/a.mdc", ".codex/config.toml", ".husky/pre-commit"],
      ...[
        ".githooks/x",
        ".devcontainer/devcontainer.json",
        ".github/workflows/ci.yml",
        ".github/copilot-instructions.md",
      ],
      ...[
        "CLAUDE.md",
        "claude.MD",
        "sub/CLAUDE.md",
        "GEMINI.md",
        "AGENTS.md",
        ".windsurfrules",
        ".clinerules",
        "a.code-workspace",
      ],
    ];
    for (const path of steering) {
      expect(write(workspace, path), path).toMatchObject({ isError: true, text: expect.stringContaining("protected") });
      expect(workspace.call("create_directory", { path }).text, path).toContain("protected");
      workspace.put("from/file.txt", "");
      expect(workspace.call("move_file", { source: "from", destination: path }).isError, path).toBe(true);
    }
    for (const path of ["src/a.txt", ".gitignore", "src/git", ".github/x.md", "docs/claude.md.txt", "notes/agents"]) {
      workspace.put(path, "");
      expect(write(workspace, path), path).toMatchObject({ isError: false });
    }
  });

  it("protects them from moves of the folders around them", () => {
    const workspace = setWorkspace(way);
    const { root, put } = workspace;
    put("parts/workflows/ci.yml", "");
    put("nested/.vscode/tasks.json", "");
    put("module/.git/config", "");
    put("hidden/.env", "");
    mkdirSync(join(root, "linked"));
    symlinkSync("..", join(root, "linked/up"));
    const move = (source: string, destination: string) => workspace.call("move_file", { source, destination });
    expect(move("parts", ".github").text).toContain("protected");
    expect(move("parts/workflows", ".github/workflows").isError).toBe(true);
    expect(move("nested", "elsewhere").text).toContain("protected");
    expect(move("module", "elsewhere").text).toContain("protected");
    expect(move("linked", "elsewhere").text).toContain("links");
    expect(move("hidden", "shown").isError).toBe(false); // its name still closes it
    expect(move("hidden", "shown/.env").isError).toBe(true);
    expect(read(workspace, "shown/.env").isError).toBe(true);
  });

  it("moves a secret to no other name, and to no name that a grant opens", () => {
    const workspace = setWorkspace(way, { read: [".env.test", "pub/*.pem", "shown/.ssh"] });
    const { put } = workspace;
    for (const path of [".env", "id_rsa", "sub/.env.test", "keys/a.pem", ".ssh/config", "pub/readme", "shown/x"])
      put(path, "TOKEN=1");
    const move = (source: string, destination: string) => workspace.call("move_file", { source, destination });
    for (const [source, destination] of [
      [".env", ".env.test"],
      [".env", ".env.local"],
      ["sub/.env.test", ".env.test"],
      ["id_rsa", "pub/x.pem"],
      ["keys/a.pem", "pub/a.pem"],
      ["keys/a.pem", "keys/b.pem"],
      ["keys/a.pem", "id_rsa/a.pem"],
      [".ssh", "shown/.ssh"],
      [".ssh/config", "sub/.env"],
    ] as const)
      expect(move(source, destination), `${source} to ${destination}`).toMatchObject({ isError: true });
    put(".env.test", "PORT=1");
    expect(move(".env.test", ".env.other").isError).toBe(false); // the user has opened it
    expect(move("keys/a.pem", "sub/a.pem").isError).toBe(false); // its name still closes it
    expect(read(workspace, "sub/a.pem").isError).toBe(true);
  });

  it("takes a file: URL for its path, and refuses what may be a URL or a name", () => {
    const workspace = setWorkspace(way);
    workspace.put("with space.txt", "a");
    workspace.put("../outside.txt", "outside");
    const url = pathToFileURL(join(workspace.root, "with space.txt")).href;
    for (const path of [url, decodeURI(url)]) expect(read(workspace, path).text, path).toBe("a");
    for (const path of [url.replace("file", "FILE"), `${url}?x`, ` ${url}`, "file:new.txt", "file:/x/new.txt"]) {
      expect(write(workspace, path).text, path).toContain("URL");
      expect(workspace.call("create_directory", { path }).isError, path).toBe(true);
    }
    expect(read(workspace, pathToFileURL(join(workspace.root, "../outside.txt")).href).text).toContain("Access denied");
    expect(readdirSync(workspace.root)).toEqual(["with space.txt"]);
  });

  it("opens to changes only files that a grant names", () => {
    const granted = ["**/AGENTS.md", ".github/workflows/*.yml", ".claude/agents"];
    const workspace = setWorkspace(way, { write: granted });
    mkdirSync(join(workspace.root, ".claude/agents"), { recursive: true });
    mkdirSync(join(workspace.root, ".github/workflows"), { recursive: true });
    mkdirSync(join(workspace.root, "docs"));
    for (const path of ["AGENTS.md", "docs/agents.md", ".github/workflows/ci.yml", ".claude/agents/a.md"])
      expect(write(workspace, path), path).toMatchObject({ isError: false });
    for (const path of ["CLAUDE.md", ".github/workflows/ci.sh", ".claude/settings.json", ".claude/agents/.mcp.json"])
      expect(write(workspace, path), path).toMatchObject({ isError: true });
  });

  it("closes legwork's home, and moves no folder that holds it", () => {
    const workspace = setWorkspace(way, { home: (root) => join(root, "var/lw") });
    workspace.put("var/lw/legwork.db", "data");
    for (const path of ["var/lw/legwork.db", "var/LW/legwork.db"]) {
      expect(read(workspace, path).text, path).toContain("legwork's home");
      expect(write(workspace, path).text, path).toContain("legwork's home");
    }
    expect(workspace.call("move_file", { source: "var", destination: "elsewhere" }).isError).toBe(true);
    expect(workspace.call("search_files", { path: ".", pattern: "**" }).text).not.toContain("legwork.db");
  });

  it("leaves out .git and all that .gitignore names, but not where it is asked for", () => {
    const workspace = setWorkspace(way);
    const { put } = workspace;
    put(".git/config", "");
    put(".gitignore", "node_modules/\n*.log\n!keep.log\n/build\n");
    put("sub/.gitignore", "local.txt\n");
    for (const path of [
      "node_modules/a/index.js",
      "x.log",
      "keep.log",
      "build/out.js",
      "sub/build/in.js",
      "sub/local.txt",
    ])
      put(path, "");
    const found = workspace.call("search_files", { path: ".", pattern: "**/*.{js,log,txt}" }).text;
    expect(found).toContain("keep.log");
    expect(found).toContain("sub/build/in.js");
    for (const path of ["node_modules", "x.log", "build/out.js", "local.txt"]) expect(found, path).not.toContain(path);
    expect(found).toContain("[not shown: 4 entries that .gitignore names]");
    const tree = workspace.call("directory_tree", { path: "." }).text;
    for (const name of ["node_modules", '".git"', "x.log"]) expect(tree).not.toContain(name);
    expect(workspace.call("directory_tree", { path: "node_modules" }).text).toContain("index.js");
    expect(workspace.call("list_directory", { path: "." }).text).toContain("[DIR] node_modules");
  });

  it.each(["!(a.txt)", "a!(b)", "+(a)*", "!!(a)", "@(a).txt", "x/!(a|b)", "{1..3}"])(
    "refuses the pattern %s, which it does not know",
    (pattern) => {
      const workspace = setWorkspace(way);
      workspace.put("a.txt", "");
      for (const args of [{ pattern }, { pattern: "**", excludePatterns: [pattern] }])
        expect(workspace.call("search_files", { path: ".", ...args })).toMatchObject({
          isError: true,
          text: expect.stringContaining("not understood"),
        });
    },
  );

  it("cuts what is too large, and says so", () => {
    const workspace = setWorkspace(way);
    mkdirSync(join(workspace.root, "many"));
    for (let index = 0; index < 5_010; index++) writeFileSync(join(workspace.root, `many/${index}`), "");
    expect(workspace.call("list_directory", { path: "many" }).text).toContain("[10 more entries are not shown]");
    expect(workspace.call("directory_tree", { path: "." }).text).toContain("[the rest is not shown");
    expect(workspace.call("search_files", { path: ".", pattern: "**" }).text).toContain("[the rest is not shown");
    workspace.put("large.txt", `first\n${"x".repeat(9 * 1024 * 1024)}\nlast`);
    expect(read(workspace, "large.txt").text).toContain("use head or tail");
    expect(workspace.call("read_text_file", { path: "large.txt", head: 1 }).text).toBe("first");
    expect(workspace.call("read_text_file", { path: "large.txt", tail: 1 }).text).toBe("last");
    expect(workspace.call("read_text_file", { path: "large.txt", head: 2 }).text).toContain("ask for fewer");
    const tooMany = [
      workspace.call("read_multiple_files", { paths: Array(1_001).fill("large.txt") }),
      workspace.call("edit_file", { path: "large.txt", edits: Array(201).fill({ oldText: "a", newText: "b" }) }),
    ];
    for (const answer of tooMany)
      expect(answer).toMatchObject({ isError: true, text: expect.stringMatching(/<=\d+ items/) });
    let deep = "deep";
    for (let level = 0; level < 70; level++) deep += "/d";
    mkdirSync(join(workspace.root, deep), { recursive: true });
    expect(workspace.call("search_files", { path: "deep", pattern: "nothing" }).text).toContain("folders deep");
  });

  it.each([
    ["write_file", { content: "mine" }],
    ["edit_file", { edits: [{ oldText: "1", newText: "2" }] }],
  ] as const)("refuses %s where the file has changed since it was seen", (tool, args) => {
    const workspace = setWorkspace(way);
    const { root, put } = workspace;
    const file = put("a.txt", "1");
    const first = read(workspace, "a.txt").seen;
    expect(first).toEqual([{ path: "a.txt", stamp: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
    put("a.txt", "1, changed");
    const refused = workspace.call(tool, { path: "a.txt", ...args }, first);
    expect(refused).toMatchObject({ isError: true, text: expect.stringContaining("read it again") });
    expect(readFileSync(file, "utf8")).toBe("1, changed");
    const made = workspace.call(tool, { path: "./a.txt", ...args }, read(workspace, "a.txt").seen);
    expect(made.isError).toBe(false);
    expect(workspace.call(tool, { path: "a.txt", content: "x", edits: [] }, made.seen).isError).toBe(false);
    rmSync(file);
    expect(workspace.call("write_file", { path: "a.txt", content: "" }, made.seen).isError).toBe(true);
    const gone = read(workspace, "a.txt");
    expect(gone.seen).toEqual([{ path: "a.txt", stamp: null }]);
    expect(workspace.call("write_file", { path: "a.txt", content: "" }, gone.seen).isError).toBe(false);
    expect(workspace.call("write_file", { path: "a.txt", content: "" }, gone.seen).isError).toBe(true);
    expect(existsSync(join(root, "a.txt"))).toBe(true);
  });

  it("takes a file for seen that a dry run has shown", () => {
    const workspace = setWorkspace(way);
    const file = workspace.put("a.txt", "1\n");
    const dry = { path: "a.txt", edits: [{ oldText: "1", newText: "2" }], dryRun: true };
    const shown = workspace.call("edit_file", dry);
    expect(shown.seen).toEqual(read(workspace, "a.txt").seen);
    workspace.put("a.txt", "1, changed\n");
    expect(workspace.call("write_file", { path: "a.txt", content: "" }, shown.seen).text).toContain("read it again");
    expect(readFileSync(file, "utf8")).toBe("1, changed\n");
    const again = workspace.call("edit_file", dry, shown.seen);
    expect(workspace.call("write_file", { path: "a.txt", content: "" }, again.seen).isError).toBe(false);
  });

  it("moves the knowledge of files with them", () => {
    const workspace = setWorkspace(way);
    workspace.put("from/a.txt", "1");
    const seen = read(workspace, "from/a.txt").seen;
    const moved = workspace.call("move_file", { source: "from", destination: "to" }, seen);
    expect(moved.seen).toEqual([
      { path: "from/a.txt", stamp: null },
      { path: "to/a.txt", stamp: seen[0]?.stamp },
    ]);
    workspace.put("to/a.txt", "2");
    expect(workspace.call("write_file", { path: "to/a.txt", content: "" }, moved.seen).isError).toBe(true);
  });

  it("goes on where the folder of the project was made anew", () => {
    const workspace = setWorkspace(way);
    workspace.put("a.txt", "old");
    renameSync(workspace.root, `${workspace.root}-old`);
    workspace.put("a.txt", "new");
    expect(read(workspace, "a.txt").text).toBe("new");
  });
});
