/** The workspace server's tools without its process, over a folder that vanishes with its test. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { readSeenFiles, SEEN_FILES, type SeenFile } from "../../src/core/tools/seen-file.js";
import { answerCall } from "../../src/workspace-server/answer-call.js";
import { openRootByComparison } from "../../src/workspace-server/beneath/by-comparison.js";
import { openRootByDescriptor } from "../../src/workspace-server/beneath/by-descriptor.js";
import type { OpenRoot } from "../../src/workspace-server/beneath/opened.js";
import { openWorkspace, type WorkspaceSettings } from "../../src/workspace-server/workspace.js";

/** The ways to open entries; the second is for systems that have not got the first. */
export const WAYS: readonly (readonly [string, OpenRoot])[] = [
  ["by descriptor", openRootByDescriptor],
  ["by comparison", openRootByComparison],
];

export interface TestWorkspace {
  readonly root: string;
  /** Writes a file below the root, and its folders. */
  put(name: string, content: string): string;
  call(
    name: string,
    args: object,
    seen?: readonly SeenFile[],
  ): { isError: boolean; text: string; seen: readonly SeenFile[] };
}

interface TestSettings extends Partial<Omit<WorkspaceSettings, "home">> {
  readonly home?: (root: string) => string;
}

export function setWorkspace(openRoot: OpenRoot, { home, ...grants }: TestSettings = {}): TestWorkspace {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "legwork-workspace-")));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const root = join(folder, "project");
  mkdirSync(root);
  const workspace = openWorkspace(root, { home: home?.(root) ?? null, read: [], write: [], ...grants }, openRoot);
  return {
    root,
    put(name, content) {
      const file = join(root, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
      return file;
    },
    call(name, args, seen = []) {
      const answer = answerCall(workspace, { name, arguments: args, _meta: { [SEEN_FILES]: seen } });
      const content = answer.content as readonly { readonly text?: string }[];
      return {
        isError: answer.isError === true,
        text: content.map((item) => item.text ?? JSON.stringify(item)).join("\n"),
        seen: readSeenFiles(answer._meta),
      };
    },
  };
}
