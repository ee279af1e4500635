/** Definition files in a fresh folder, and what is loaded from them. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { createConditions } from "../../src/conditions/create-conditions.js";
import { createDefinitions, type DefinitionsDeps } from "../../src/definitions/create-definitions.js";
import { createProjectPath } from "../../src/files/project-path.js";

export const SHIPPED = fileURLToPath(new URL("../../workflows", import.meta.url));

/** Writes files by their names in a new folder: `project/…`, `home/…` (legwork's), `user/…` (the user's), `shipped/…`. */
export function writeFiles(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "definitions-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) put(root, name, text);
  return root;
}

export function put(root: string, name: string, text: string | Uint8Array): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
}

/** The definitions of such a folder. */
export function definitionsIn(root: string, changes: Partial<DefinitionsDeps> = {}) {
  return createDefinitions({
    project: { root: join(root, "project"), folders: [""], trusts: () => true },
    home: join(root, "home"),
    userAgents: { claude: join(root, "user/.claude/agents"), gemini: join(root, "user/.gemini/agents") },
    shippedFolder: join(root, "shipped"),
    conditions: createConditions(createProjectPath(process.cwd())),
    trustCommand: "legwork trust",
    ...changes,
  });
}

/** What is said when a definition cannot be used. */
export function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was found wrong");
}

/** The settings of an agent definition that sets nothing. */
export const NO_SETTINGS = {
  isImported: false,
  description: null,
  prompt: null,
  provider: null,
  model: null,
  effort: null,
  temperature: null,
  maxOutputTokens: null,
  tools: null,
  blockedTools: [],
  servers: null,
  workflow: null,
  variables: {},
  maxTurns: null,
  timeoutSeconds: null,
  maxCostUsd: null,
  maxTokens: null,
  maxDepth: null,
  outputSchema: null,
  notes: [],
};
