/** The command line of legwork for tests. */
import { execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { createCommandLine } from "../../src/cli/command-line.js";
import { trust } from "../../src/cli/commands/trust.js";
import { LINE_OF_NO_TERMINAL } from "../../src/cli/run-command-line.js";
import { createServices } from "../../src/composition/create-services.js";
import { inPackage } from "../../src/config/files/package-folder.js";
import { findPaths, type Paths } from "../../src/config/files/paths.js";
import { BIN, baseEnv, type Workbench } from "./host.js";

interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `legwork ...` as a user would in the project, or in the folder `cwd`. */
export function legwork(
  bench: Workbench,
  args: readonly string[],
  env: Record<string, string> = {},
  cwd: string = bench.project,
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...baseEnv(bench), ...env } };
    const child = execFile(process.execPath, [BIN, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/**
 * Runs `legwork ...` in this process, which costs a tenth: for what a command prints, refuses and writes. Not for names
 * of files below the working folder, nor for how a process starts, works on a run and ends.
 */
export async function legworkHere(
  bench: Workbench,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandEnd> {
  const { version } = JSON.parse(readFileSync(inPackage("package.json"), "utf8")) as { version: string };
  const shell = { env: { ...baseEnv(bench), ...env }, cwd: bench.project, userHome: bench.root };
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const terminal = {
    width: LINE_OF_NO_TERMINAL,
    write: (text: string) => void stdout.push(text),
    tell: (line: string) => void stderr.push(`${line}\n`),
  };
  const openRunner = async () => {
    throw new Error("a command that works on a run needs a process of its own: use legwork()");
  };
  const openServices = (project: string | null) => {
    const opened = createServices(findPaths(project, shell), version);
    return { ...opened, services: { ...opened.services, openRunner } };
  };
  const code = await createCommandLine(terminal, { version, openServices }).run(args);
  return { code, stdout: stdout.join(""), stderr: stderr.join("") };
}

/** Starts `legwork ...` and lets it go on. */
export function beginLegwork(bench: Workbench, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd: bench.project,
    env: { ...baseEnv(bench), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<CommandEnd>((settle) => child.on("close", (code) => settle({ code, stdout, stderr })));
  return { child, stdout: () => stdout, ended };
}

/** The output of `legwork trust`, run in this process. */
export async function trustHere(paths: Paths): Promise<string> {
  const { services, close } = createServices(paths, "0.0.0");
  try {
    return (await trust.run({ json: false }, services)).text;
  } finally {
    await close();
  }
}
