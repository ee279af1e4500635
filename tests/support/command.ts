/** The command line of legwork for tests. */
import { execFile } from "node:child_process";
import { BIN, baseEnv, type Workbench } from "./host.js";

interface CommandEnd {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `legwork ...` as a user would in the project. */
export function legwork(
  bench: Workbench,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandEnd> {
  return new Promise((resolve) => {
    const options = { cwd: bench.project, env: { ...baseEnv(bench), ...env } };
    const child = execFile(process.execPath, [BIN, ...args], options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}
