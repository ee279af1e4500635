/** The start of legwork: without a command it serves a host, with one it is a command line. */
import { readFileSync } from "node:fs";
import { inPackage } from "./config/files/package-folder.js";

/** Resolves when the command is done; a server lives on until its host ends it. */
export async function main(argv: readonly string[]): Promise<void> {
  const server = readServerArguments(argv);
  if (server === null) {
    const [{ runCommandLine }, { createServices }, { findPaths }] = await Promise.all([
      import("./cli/run-command-line.js"),
      import("./composition/create-services.js"),
      import("./config/files/paths.js"),
    ]);
    const version = packageVersion();
    return runCommandLine(argv, {
      version,
      openServices: (project) => createServices(findPaths(project), version),
    });
  }
  if (process.stdin.isTTY && process.stdout.isTTY) {
    const { greeting } = await import("./cli/greeting.js");
    return void process.stdout.write(greeting(inPackage("bin/legwork.js")));
  }
  const { serve } = await import("./serve.js");
  return serve(server.project, packageVersion());
}

/** The server takes nothing but `--project FOLDER`; null for every other command line. */
function readServerArguments(argv: readonly string[]): { readonly project: string | null } | null {
  const [flag, folder] = argv;
  if (flag === undefined) return { project: null };
  if (argv.length === 1 && flag.startsWith("--project=")) return { project: flag.slice("--project=".length) };
  return argv.length === 2 && flag === "--project" && folder !== undefined ? { project: folder } : null;
}

function packageVersion(): string {
  const text = readFileSync(inPackage("package.json"), "utf8");
  return String((JSON.parse(text) as { version?: unknown }).version);
}
