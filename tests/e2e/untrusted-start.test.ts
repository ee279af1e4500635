/** The code of a clone from the wire: the user's own servers do not run it before the user trusts the project. */
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { legwork } from "../support/command.js";
import { EFFECT_SERVER, type Workbench } from "../support/host.js";
import { mentions } from "../support/mentions.js";
import { rehearse, runScript, setBench, setHost } from "../support/rehearsals.js";

const PACKAGE = "shadowed-server";

/** A clone whose program has the name of one that the user starts; it leaves a mark, and is a good server. */
function setClone() {
  const bench = setBench();
  const [folder, bin] = [join(bench.root, "ran"), join(bench.project, "node_modules/.bin")];
  mkdirSync(folder);
  const program = `import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(`${folder}/`)} + (process.env.MARK ?? "other"), "");
await import(${JSON.stringify(EFFECT_SERVER)});
`;
  bench.write("server.mjs", program);
  for (const name of [PACKAGE, "grep", "sleep"]) {
    const script = `#!${process.execPath}\nimport(${JSON.stringify(join(bench.project, "server.mjs"))});\n`;
    bench.write(`node_modules/.bin/${name}`, script);
    chmodSync(join(bin, name), 0o755);
  }
  bench.write("package.json", '{ "name": "clone" }');
  rehearse(bench, "look", [{ text: "I have looked." }]);
  return { bench, bin, marks: () => readdirSync(folder).sort() };
}

/** Servers of the user by name. */
function configure(bench: Workbench, servers: Readonly<Record<string, object>>): void {
  bench.configure(`mcpServers: ${JSON.stringify({ ...servers, workspace: { disabled: true } })}\n`);
}

describe("a server of the user's own, in a clone that nobody has trusted", () => {
  it("takes no program of the clone through npx, and asks no registry that the clone names", async () => {
    const { bench, marks } = setClone();
    const asked: string[] = [];
    const registry = createServer((request, response) => {
      asked.push(request.url ?? "");
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void registry.close());
    bench.write(".npmrc", `registry=http://127.0.0.1:${(registry.address() as AddressInfo).port}/\n`);
    const userconfig = join(bench.root, "npmrc");
    writeFileSync(userconfig, "registry=http://127.0.0.1:9/\nfetch-retries=0\nupdate-notifier=false\n");
    const env = { npm_config_userconfig: userconfig, npm_config_cache: join(bench.root, "cache") };
    configure(bench, { one: { command: "npx", args: ["-y", PACKAGE], env } });

    const host = await setHost(bench);
    const run = await runScript(host, "look", { tools: ["read_only"] });
    expect(run.status).toBe("success");
    await host.close();
    const shown = (await legwork(bench, ["doctor"])).stdout;
    expect(marks()).toEqual([]);
    expect(asked).toEqual([]);
    expect(shown).toMatch(mentions(bench.home, "legwork trust"));

    await legwork(bench, ["trust"]);
    await legwork(bench, ["tools"]);
    expect(marks()).toEqual(["other"]);
  });

  it("takes no program of the clone through PATH or a relative path", async () => {
    const { bench, bin, marks } = setClone();
    const path = { PATH: [bin, "node_modules/.bin", "", process.env.PATH].join(delimiter) };
    const node = { command: process.execPath };
    configure(bench, {
      named: { command: PACKAGE, env: { MARK: "named" } },
      pointed: { command: `node_modules/.bin/${PACKAGE}`, env: { MARK: "pointed" } },
      argued: { ...node, args: ["./server.mjs"], env: { MARK: "argued" } },
      placed: { ...node, args: ["server.mjs"], cwd: ".", env: { MARK: "placed" } },
    });
    await legwork(bench, ["tools"], path);
    expect(marks()).toEqual([]);
    await legwork(bench, ["trust"]);
    await legwork(bench, ["tools"], path);
    expect(marks()).toEqual(["argued", "named", "placed", "pointed"]);
  });
});
