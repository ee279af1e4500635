/** Self-reference: every way to start legwork is recognised, and no other program is mistaken for it. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isSelfReference } from "../../../../src/config/servers/self-reference.js";

const root = realpathSync(mkdtempSync(join(tmpdir(), "legwork-self-reference-")));
afterAll(() => rmSync(root, { recursive: true }));

function put(name: string, text = ""): string {
  const file = join(root, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

// A checkout, the same package installed, a link to it on PATH, and a project that only shares the name.
put("checkout/package.json", '{"name": "legwork", "bin": {"legwork": "bin/legwork.js"}}');
for (const file of ["bin/legwork.js", "bin/quickstart.js", "dist/main.js", "dist/bundle/main.js", "README.md"])
  put(`checkout/${file}`);
put("other/package.json", '{"name": "other", "bin": "run.js"}');
put("other/run.js");
put("other/legwork/notes.txt");
put("legwork/package.json", '{"name": "my-project"}');
put("legwork/server.js");
put("broken/package.json", "{");
put("broken/bin/legwork-like.js");
mkdirSync(join(root, "path"));
symlinkSync(join(root, "checkout/bin/legwork.js"), join(root, "path/lw"));
symlinkSync(join(root, "checkout"), join(root, "linked"));

function startsLegwork(line: readonly string[]): boolean {
  const [command = "", ...args] = line;
  return isSelfReference({ command, args, cwd: root, path: `/nowhere:${join(root, "path")}` });
}

describe("legwork is recognised", () => {
  it.each([
    ["legwork"],
    ["/usr/local/bin/legwork", "--project", "/x"],
    ["C:\\tools\\legwork.CMD"],
    ["legwork.exe"],
    ["node", "checkout/bin/legwork.js"],
    ["node", join(root, "checkout/bin/legwork.js")],
    ["node", "--enable-source-maps", "linked/bin/legwork.js", "--project", "."],
    ["node", "checkout/dist/main.js"],
    ["node", "checkout/dist/bundle/main.js"],
    ["node", "checkout/bin/legwork"],
    ["node", "--import=checkout/dist/main.js", "x"],
    ["checkout/bin/legwork.js"],
    ["lw"],
    ["npx", "legwork"],
    ["npx", "-y", "legwork@latest"],
    ["npx.cmd", "--yes", "legwork@1.2.3", "--project", "."],
    ["npx", "--package=legwork", "legwork"],
    ["npx", "-y", "-p", "legwork@1", "--", "something"],
    ["npx", "--registry", "https://r.test", "legwork"],
    ["npx", "./checkout"],
    ["npx", "github:somebody/legwork"],
    ["npx", "-c", "legwork --project ."],
    ["npm", "exec", "--yes", "--", "legwork"],
    ["npm", "--silent", "x", "legwork"],
    ["pnpm", "dlx", "legwork"],
    ["yarn", "dlx", "-q", "legwork"],
    ["bunx", "legwork"],
    ["bun", "x", "legwork"],
    ["env", "A=b", "-u", "C", "npx", "-y", "legwork"],
    ["/usr/bin/env", "-S", "node checkout/bin/legwork.js"],
    ["cmd", "/c", "npx", "-y", "legwork"],
    ["cmd.exe", "/d", "/s", "/c", "npx -y legwork"],
    ["sh", "-c", "legwork"],
    ["bash", "-lc", "exec npx -y legwork@latest --project ."],
    ["sh", "-c", "cd checkout && A=1 node 'bin/legwork.js'"],
  ])("%j %j %j %j %j %j", (...line) => {
    expect(startsLegwork(line.filter((word) => word !== undefined))).toBe(true);
  });
});

describe("another program is not mistaken for legwork", () => {
  it.each([
    ["npx", "-y", "@modelcontextprotocol/server-filesystem", join(root, "checkout")],
    ["npx", "-y", "server-git", "--repository", join(root, "checkout")],
    ["npx", "-y", "some-server", "legwork"],
    ["npx", "@someone/legwork"],
    ["npx", "legwork-tools"],
    ["npm", "run", "legwork"],
    ["npm", "install", "legwork"],
    ["node", "legwork/server.js"],
    ["node", "other/run.js", "legwork"],
    ["node", "checkout/bin/quickstart.js"],
    ["cat", "checkout/README.md"],
    ["node", "broken/bin/legwork-like.js"],
    ["other", "--name=legwork"],
    ["sh", "-c", "echo legwork"],
    ["sh", "legwork"],
    ["env", "A=legwork", "other"],
    [""],
  ])("%j %j %j %j", (...line) => {
    expect(startsLegwork(line.filter((word) => word !== undefined))).toBe(false);
  });
});
