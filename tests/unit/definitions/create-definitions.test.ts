/** Search for definitions: the order of folders, and the files that are never used. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readProjectDefinitions } from "../../../src/definitions/read/read-project-definitions.js";
import { definitionsIn, faultOf, put, writeFiles } from "../../support/definitions.js";
import { mentions } from "../../support/mentions.js";

const workflow = (description: string) => `description: ${description}\nsteps: [{name: a}]\n`;
const markdown = (name: string, description: string) => `---\nname: ${name}\ndescription: ${description}\n---\n`;

describe("the first folder with a name wins", () => {
  it("among workflows: project, user, shipped", () => {
    const files = {
      "project/.legwork/workflows/w.yaml": workflow("project"),
      "home/workflows/w.yaml": workflow("user"),
      "shipped/w.yaml": workflow("shipped"),
      "home/workflows/x.yml": workflow("user"),
      "shipped/x.yaml": workflow("shipped"),
      "shipped/y.yaml": workflow("shipped"),
    };
    const root = writeFiles(files);
    const definitions = definitionsIn(root);
    expect(definitions.workflow("w")).toMatchObject({ origin: "project", hides: join(root, "home/workflows/w.yaml") });
    expect(definitions.workflow("x")).toMatchObject({ origin: "user", hides: null });
    expect(definitions.workflow("y")).toMatchObject({ origin: "shipped", hides: null });
    expect(definitions.workflow("z")).toBeNull();
    const entries = definitions.workflows().map(({ name, origin, description }) => [name, origin, description]);
    expect(entries).toEqual([
      ["w", "project", "project"],
      ["x", "user", "user"],
      ["y", "shipped", "shipped"],
    ]);
  });

  it("among agents: legwork's folders, Claude Code's, Gemini CLI's, shipped", () => {
    const places = [
      "project/.legwork/agents/a.md",
      "home/agents/a.md",
      "project/.claude/agents/one.md",
      "user/.claude/agents/two.md",
      "project/.gemini/agents/three.md",
      "user/.gemini/agents/four.md",
      "shipped/agents/a.md",
    ];
    for (const [index, expected] of places.entries()) {
      const root = writeFiles(Object.fromEntries(places.slice(index).map((file) => [file, markdown("a", file)])));
      const found = definitionsIn(root).agent("a");
      expect(found?.from).toBe(join(root, expected));
      expect(found?.definition.description).toBe(expected);
      expect(definitionsIn(root).agents()).toHaveLength(1);
    }
  });

  it("also where its file is broken", () => {
    const root = writeFiles({ "home/workflows/w.yaml": "steps: 3", "shipped/w.yaml": workflow("shipped") });
    const definitions = definitionsIn(root);
    expect(faultOf(() => definitions.workflow("w"))).toMatch(mentions("home/workflows/w.yaml:1:1", "steps", "array"));
    expect(definitions.workflows()).toMatchObject([
      { name: "w", origin: "user", description: null, error: expect.stringContaining("w.yaml:1:1") },
    ]);
  });

  it("and a broken file of another host hides no other definition", () => {
    const root = writeFiles({
      "user/.claude/agents/broken.md": "---\nname: [\n---\n",
      "user/.claude/agents/README.md": "Hello",
      "shipped/agents/a.yaml": "description: fine",
    });
    const definitions = definitionsIn(root);
    expect(definitions.agent("a")?.definition.description).toBe("fine");
    expect(faultOf(() => definitions.agent("broken"))).toMatch(mentions("broken.md:2:1", "name"));
    expect(definitions.agents().map(({ name, error }) => [name, error === null])).toEqual([
      ["broken", false],
      ["a", true],
    ]);
  });

  it("and a project that is the user's home folder has no folders of its own there", () => {
    const root = writeFiles({
      "project/.claude/agents/a.md": markdown("a", "mine"),
      "project/.legwork/agents/b.md": markdown("b", "mine"),
    });
    const project = { root: join(root, "project"), folders: [""], trusts: () => false };
    const definitions = definitionsIn(root, {
      project,
      home: join(root, "project/.legwork"),
      userAgents: { claude: join(root, "project/.claude/agents"), gemini: join(root, "project/.gemini/agents") },
    });
    expect(definitions.agent("a")?.origin).toBe("user");
    expect(definitions.agent("b")?.origin).toBe("user");
    expect(definitions.notices).toEqual([]);
  });
});

describe("a project that is not trusted", () => {
  const files = {
    "project/.legwork/workflows/base.yaml": workflow("project"),
    "project/.legwork/agents/a.yaml": "description: project",
    "project/.claude/agents/b.md": markdown("b", "project"),
    "home/workflows/w.yaml": "extends: base",
    "shipped/agents/a.yaml": "description: shipped",
  };

  it("has no usable files, and a notice names the command that trusts it", () => {
    const root = writeFiles(files);
    const definitions = definitionsIn(root, {
      project: { root: join(root, "project"), folders: [""], trusts: () => false },
    });
    expect(definitions.agent("a")?.definition.description).toBe("shipped");
    expect(definitions.agent("b")).toBeNull();
    expect(definitions.workflow("base")).toBeNull();
    expect(faultOf(() => definitions.workflow("w"))).toMatch(mentions("workflow", '"base"'));
    expect(definitions.agents().map(({ origin }) => origin)).toEqual(["shipped"]);
    expect(definitions.notices).toEqual([expect.stringMatching(mentions("3", '"legwork trust"', `${root}/project`))]);
  });

  it("is trusted file by file, by the bytes that legwork uses", () => {
    const root = writeFiles(files);
    const asked: string[] = [];
    const trusts = (name: string, bytes: Uint8Array | null) => {
      asked.push(name);
      return bytes !== null && !Buffer.from(bytes).includes("evil");
    };
    const definitions = definitionsIn(root, { project: { root: join(root, "project"), folders: [""], trusts } });
    expect(definitions.agent("a")?.definition.description).toBe("project");
    put(root, "project/.legwork/agents/a.yaml", "description: evil");
    expect(definitions.agent("a")?.definition.description).toBe("shipped");
    expect(definitions.notices).toEqual([expect.stringMatching(mentions("1", '"legwork trust"'))]);
    expect([...new Set(asked)].sort()).toEqual([
      ".claude/agents/b.md",
      ".legwork/agents/a.yaml",
      ".legwork/workflows/base.yaml",
    ]);
  });

  it("lists its definition files for the user who trusts it", () => {
    const root = writeFiles({ ...files, "project/.gemini/agents/c.md": "x", "project/.legwork/config.yaml": "" });
    const list = readProjectDefinitions(join(root, "project"), [""]);
    expect([...list.keys()]).toEqual([
      ".legwork/workflows/base.yaml",
      ".legwork/agents/a.yaml",
      ".claude/agents/b.md",
      ".gemini/agents/c.md",
    ]);
    expect(Buffer.from(list.get(".legwork/agents/a.yaml") ?? []).toString()).toBe("description: project");
    expect(readProjectDefinitions(join(root, "nowhere"), [""]).size).toBe(0);
  });
});

describe("names and files outside the folders", () => {
  it.each(["../w", "/etc/passwd", "a/b", "..", "", "a b", "a.yaml", "a".repeat(65), "a\0b"])(
    "%j is refused as the name of a workflow, and finds no file as that of an agent",
    (name) => {
      const definitions = definitionsIn(writeFiles({ "home/w.yaml": workflow("outside") }));
      expect(faultOf(() => definitions.workflow(name))).toMatch(mentions("workflow", "name", "64"));
      expect(definitions.agent(name)).toBeNull(); // hosts allow any name, and no name is a path
    },
  );

  it("a file without a legal name is listed with its fault", () => {
    const definitions = definitionsIn(writeFiles({ "home/workflows/my plan.yaml": workflow("x") }));
    expect(definitions.workflows()).toMatchObject([
      { name: "my plan", error: expect.stringMatching(mentions("my plan", "name")) },
    ]);
  });

  it("a link out of a project's folder is refused, one inside it is not", () => {
    const root = writeFiles({
      "elsewhere/w.yaml": workflow("outside"),
      "project/.legwork/workflows/real.yaml": workflow("inside"),
    });
    symlinkSync(join(root, "elsewhere/w.yaml"), join(root, "project/.legwork/workflows/w.yaml"));
    symlinkSync("real.yaml", join(root, "project/.legwork/workflows/v.yaml"));
    symlinkSync("nowhere.yaml", join(root, "project/.legwork/workflows/u.yaml"));
    const definitions = definitionsIn(root);
    expect(faultOf(() => definitions.workflow("w"))).toMatch(mentions("w.yaml", "link"));
    expect(definitions.workflow("v")?.definition.description).toBe("inside");
    expect(faultOf(() => definitions.workflow("u"))).toMatch(mentions("u.yaml", "read"));
  });

  it("a link in the user's own folder leads anywhere", () => {
    const root = writeFiles({
      "dotfiles/w.yaml": workflow("dotfiles"),
      "dotfiles/agents/a.md": markdown("a", "dotfiles"),
      "dotfiles/one.md": markdown("one", "dotfiles"),
      "user/.claude/agents/b.md": markdown("b", "own"),
      "home/workflows/x.yaml": workflow("own"),
    });
    symlinkSync(join(root, "dotfiles/w.yaml"), join(root, "home/workflows/w.yaml"));
    symlinkSync(join(root, "dotfiles/one.md"), join(root, "user/.claude/agents/one.md"));
    symlinkSync(join(root, "dotfiles/agents"), join(root, "user/.claude/agents/linked"));
    symlinkSync(join(root, "user/.claude/agents"), join(root, "user/.claude/agents/circle"));
    const definitions = definitionsIn(root);
    expect(definitions.workflow("w")?.definition.description).toBe("dotfiles");
    const agents = definitions.agents().map(({ name, description }) => [name, description]);
    expect(agents).toEqual([
      ["b", "own"],
      ["a", "dotfiles"],
      ["one", "dotfiles"],
    ]);
  });

  it("a project's folder that is a link out of the project is refused", () => {
    const root = writeFiles({ "elsewhere/w.yaml": workflow("outside"), "project/.legwork/x": "" });
    symlinkSync(join(root, "elsewhere"), join(root, "project/.legwork/workflows"));
    expect(faultOf(() => definitionsIn(root).workflow("w"))).toMatch(mentions("project/.legwork/workflows", "project"));
    expect(readProjectDefinitions(join(root, "project"), [""]).size).toBe(0);
  });

  it("a pipe and a folder are refused at once", () => {
    const root = writeFiles({ "home/workflows/x.yaml": workflow("x") });
    execFileSync("mkfifo", [join(root, "home/workflows/w.yaml")]);
    mkdirSync(join(root, "home/workflows/v.yaml"));
    const definitions = definitionsIn(root);
    expect(faultOf(() => definitions.workflow("w"))).toMatch(mentions("w.yaml", "file"));
    expect(faultOf(() => definitions.workflow("v"))).toMatch(mentions("v.yaml", "file"));
    expect(definitions.workflow("x")).not.toBeNull();
  });

  it("a file in place of a folder holds no definitions", () => {
    expect(definitionsIn(writeFiles({ "home/workflows": "x" })).workflows()).toEqual([]);
  });
});

describe("a file that changes", () => {
  it("is read again after any kind of change", () => {
    const root = writeFiles({ "home/workflows/w.yaml": workflow("one") });
    const definitions = definitionsIn(root);
    const file = join(root, "home/workflows/w.yaml");
    const time = new Date(1_700_000_000_000);
    utimesSync(file, time, time);
    const first = definitions.workflow("w")?.definition;
    expect(first?.description).toBe("one");
    expect(definitions.workflow("w")?.definition).toBe(first);
    // The same size and the same time of change, but not the same file.
    writeFileSync(`${file}.new`, workflow("two"));
    utimesSync(`${file}.new`, time, time);
    renameSync(`${file}.new`, file);
    expect(definitions.workflow("w")?.definition.description).toBe("two");
  });

  it("is found once it exists, and not once it is gone", () => {
    const root = writeFiles({});
    const definitions = definitionsIn(root);
    expect(definitions.workflows()).toEqual([]);
    put(root, "project/.legwork/workflows/w.yaml", workflow("new"));
    expect(definitions.workflow("w")?.definition.description).toBe("new");
    renameSync(join(root, "project/.legwork/workflows"), join(root, "away"));
    expect(definitions.workflow("w")).toBeNull();
  });
});

describe("the folders of other hosts", () => {
  it("are read with the folders below them, and a file without front matter is no agent and no fault", () => {
    const root = writeFiles({
      "user/.claude/agents/team/backend/api.md": markdown("api", "deep"),
      "user/.claude/agents/README.md": "# Our agents",
      "user/.claude/agents/notes.md": "Just notes.\n---\nname: x\n---\n",
      "user/.claude/agents/team/README.md": markdown("readme", "an agent all the same"),
      "user/.gemini/agents/_draft.md": markdown("draft", "x"),
      "user/.gemini/agents/below/c.md": markdown("c", "x"),
    });
    const definitions = definitionsIn(root);
    expect(definitions.agents().map(({ name, error }) => [name, error])).toEqual([
      ["readme", null],
      ["api", null],
    ]);
    expect(definitions.agent("notes")).toBeNull();
  });

  it("are those of each folder from the working folder up to the project, the nearest first, and all need trust", () => {
    const root = writeFiles({
      "project/.claude/agents/a.md": markdown("a", "root"),
      "project/.claude/agents/b.md": markdown("b", "root"),
      "project/web/.claude/agents/sub/a.md": markdown("a", "web"),
      "project/web/app/.gemini/agents/c.md": markdown("c", "app"),
      "project/other/.claude/agents/d.md": markdown("d", "other"),
      "user/.claude/agents/a.md": markdown("a", "user"),
    });
    const folders = ["web/app", "web", ""];
    const of = (trusts: (name: string) => boolean) =>
      definitionsIn(root, { project: { root: join(root, "project"), folders, trusts } });
    const found = of(() => true).agents();
    expect(found.map(({ name, description }) => [name, description])).toEqual([
      ["a", "web"],
      ["b", "root"],
      ["c", "app"],
    ]);
    const partly = of((name) => name === ".claude/agents/a.md");
    expect(partly.agents().map(({ description }) => description)).toEqual(["root"]);
    expect(partly.notices).toEqual([expect.stringMatching(mentions("3", `${root}/project/web/app`))]);
    expect([...readProjectDefinitions(join(root, "project"), folders).keys()]).toEqual([
      "web/.claude/agents/sub/a.md",
      ".claude/agents/a.md",
      ".claude/agents/b.md",
      "web/app/.gemini/agents/c.md",
    ]);
  });
});

describe("the name of an agent of another host", () => {
  it.each([
    ["Frontend Developer", "frontend-developer"],
    ["code.reviewer", "code-reviewer"],
    ["team/api", "team-api"],
    ["Señor Tester", "senor-tester"],
    ["C++ Pro!", "c-pro"],
    ["日本語レビュー", /^agent-[0-9a-f]{6}$/],
    ["Обзор кода", /^agent-[0-9a-f]{6}$/],
    [`a${" very".repeat(20)} long name`, /^a-very[a-z-]+-[0-9a-f]{6}$/],
    ["007", null],
    ["plain-name_1", null],
  ])("%j is kept, and found by itself and by a slug that lists show", (name, slug) => {
    const definitions = definitionsIn(writeFiles({ "user/.claude/agents/x.md": markdown(JSON.stringify(name), "x") }));
    const [entry] = definitions.agents();
    expect(entry?.name).toBe(name);
    if (slug === null) expect(entry).not.toHaveProperty("slug");
    else if (typeof slug === "string") expect(entry?.slug).toBe(slug);
    else expect(entry?.slug).toMatch(slug);
    expect(entry?.slug ?? "").toMatch(/^[a-z0-9_-]{0,64}$/);
    for (const asked of [name, ...(entry?.slug === undefined ? [] : [entry.slug])])
      expect(definitions.agent(asked)?.definition.name).toBe(name);
  });

  it("as it is written stands above the slug of another", () => {
    const definitions = definitionsIn(
      writeFiles({
        "user/.claude/agents/a.md": markdown("Front End", "written"),
        "user/.claude/agents/b.md": markdown("front-end", "exact"),
      }),
    );
    expect(definitions.agent("front-end")?.definition.description).toBe("exact");
    expect(definitions.agent("Front End")?.definition.description).toBe("written");
  });

  it("leads to the reason where the agent cannot run here", () => {
    const definitions = definitionsIn(
      writeFiles({
        "user/.gemini/agents/file.md": "---\nkind: remote\nname: far-away\nagent_card_url: https://x/y\n---\n",
      }),
    );
    expect(faultOf(() => definitions.agent("far-away"))).toMatch(mentions("file.md:2:1", "remote", "local"));
  });
});
