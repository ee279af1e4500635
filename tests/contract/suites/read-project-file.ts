/** The ReadProjectFile port: the files that may be read, and the refusals. */
import { execFileSync } from "node:child_process";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { ReadProjectFile } from "../../../src/core/ports/project-files.js";
import { writeFiles } from "../../support/definitions.js";
import { mentions } from "../../support/mentions.js";

export interface ReadProjectFileImplementation {
  readonly name: string;
  /** Reads files of the project `root`; `home` is the folder of legwork. */
  create(folders: { readonly root: string; readonly home: string }): ReadProjectFile;
}

const MOST = 1_000;

export function describeReadProjectFile({ name: implementation, create }: ReadProjectFileImplementation): void {
  describe(`ReadProjectFile ${implementation}`, () => {
    function project(files: Readonly<Record<string, string | Uint8Array>>) {
      const root = writeFiles({ "project/notes.txt": "notes", "outside/key.txt": "key", ...files });
      const folders = { root: join(root, "project"), home: join(root, "project/our-home") };
      const reader = create(folders);
      return { root, inside: (name: string) => join(folders.root, name), read: (name: string) => reader(name, MOST) };
    }

    it("reads text inside the project, by any path", async () => {
      const { inside, read } = project({ "project/a/b.txt": "\uFEFFgrüße\r\n", "project/env/.env.example": "KEY=" });
      symlinkSync("a/b.txt", inside("link.txt"));
      symlinkSync(inside("."), inside("again"));
      for (const name of ["a/b.txt", "./a/../a/b.txt", inside("a/b.txt"), "link.txt", "again/a/b.txt"])
        expect(await read(name), name).toEqual({ kind: "text", text: "grüße\r\n" });
      expect(await read("env/.env.example")).toEqual({ kind: "text", text: "KEY=" });
    });

    it("reads a file of exactly the largest size, and refuses a larger one", async () => {
      const { read } = project({ "project/fits": "x".repeat(MOST), "project/large": "x".repeat(10 * 1024 * 1024) });
      expect(await read("fits")).toEqual({ kind: "text", text: "x".repeat(MOST) });
      expect(await read("large")).toEqual({
        kind: "fault",
        fault: expect.stringMatching(mentions("10485760", "1000")),
      });
    });

    it("refuses files outside the project, also behind links", async () => {
      const { root, inside, read } = project({ "project-twin/key.txt": "key" });
      symlinkSync("../outside/key.txt", inside("link.txt"));
      symlinkSync(join(root, "outside"), inside("folder"));
      for (const name of [
        "../outside/key.txt",
        "link.txt",
        "folder/key.txt",
        "/etc/hosts",
        "../project-twin/key.txt",
        "..",
      ])
        expect(await read(name), name).toEqual({ kind: "fault", fault: expect.stringMatching(mentions("outside")) });
    });

    it("refuses files that may hold secrets, by any name", async () => {
      const { inside, read } = project({
        "project/.git/config": "x",
        "project/.env": "x",
        "project/a/.env.local": "x",
        "project/.mcp.json": "{}",
        "project/.legwork/config.yaml": "x",
        "project/our-home/config.yaml": "x",
      });
      symlinkSync(".git", inside("plain"));
      symlinkSync(".env", inside("plain.txt"));
      mkdirSync(inside("settings"));
      writeFileSync(inside("settings/settings.json"), "{}");
      symlinkSync("settings", inside(".claude"));
      for (const name of [
        ".git/config",
        ".env",
        "a/.env.local",
        ".mcp.json",
        ".legwork/config.yaml",
        "our-home/config.yaml",
        "plain/config",
        "plain.txt",
        ".claude/settings.json",
      ])
        expect(await read(name), name).toEqual({ kind: "fault", fault: expect.stringMatching(mentions("secrets")) });
    });

    it("gives the reason where it cannot read a file", async () => {
      const { inside, read } = project({
        "project/folder/a.txt": "x",
        "project/nul.bin": "a\0b",
        "project/latin.txt": Buffer.from([0x67, 0xfc]),
      });
      execFileSync("mkfifo", [inside("pipe")]);
      symlinkSync("loop", inside("loop"));
      const faults: Readonly<Record<string, RegExp>> = {
        gone: /\bno\b.*\bfile\b/,
        "notes.txt/x": /\bno\b.*\bfile\b/,
        "~/notes.txt": /\bno\b.*\bfile\b/,
        folder: /folder/,
        ".": /folder/,
        "": /folder/,
        pipe: /regular file/,
        loop: /links/,
        "nul.bin": /binary/,
        "latin.txt": /UTF-8/,
        "a\0b": /opened/,
        [`${"x".repeat(300)}`]: /ENAMETOOLONG/,
      };
      for (const [name, fault] of Object.entries(faults))
        expect(await read(name), name).toEqual({ kind: "fault", fault: expect.stringMatching(fault) });
    });

    it("returns nothing from outside while another process swaps a folder for a link", async () => {
      const { root, inside, read } = project({ "project/swapped/key.txt": "mine" });
      const seen = new Set<string>();
      for (let round = 0; round < 300; round++) {
        const reading = read("swapped/key.txt");
        await Promise.resolve();
        renameSync(inside("swapped"), join(root, "aside"));
        symlinkSync(join(root, "outside"), inside("swapped"));
        const result = await reading;
        seen.add(result.kind === "text" ? result.text : result.fault);
        rmSync(inside("swapped"));
        renameSync(join(root, "aside"), inside("swapped"));
      }
      expect(seen).not.toContain("key");
    });
  });
}
