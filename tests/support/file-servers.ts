/** Servers of files, called as any client calls them: legwork's own and the reference one. */
import { resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { SEEN_FILES, type SeenFile } from "../../src/core/tools/seen-file.js";

const ROOT = resolve(import.meta.dirname, "../..");
export const WORKSPACE_SERVER = resolve(ROOT, "dist/bundle/workspace-server.js");
export const REFERENCE_SERVER = resolve(ROOT, "node_modules/@modelcontextprotocol/server-filesystem/dist/index.js");

export interface FileAnswer {
  readonly isError: boolean;
  readonly text: string;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  readonly structured: unknown;
  readonly seen: readonly SeenFile[];
}

export interface FileServer {
  readonly client: Client;
  call(name: string, args?: object, seen?: readonly SeenFile[]): Promise<FileAnswer>;
  close(): Promise<void>;
}

export async function openFileServer(program: string, ...args: readonly string[]): Promise<FileServer> {
  const transport = new StdioClientTransport({ command: process.execPath, args: [program, ...args], stderr: "ignore" });
  const client = new Client({ name: "files-test", version: "1.0.0" });
  await client.connect(transport);
  return {
    client,
    async call(name, args = {}, seen) {
      const meta = seen === undefined ? {} : { _meta: { [SEEN_FILES]: seen } };
      const result = await client.callTool({ name, arguments: { ...args }, ...meta });
      const content = result.content as FileAnswer["content"];
      return {
        isError: result.isError === true,
        text: content.map((item) => item.text ?? JSON.stringify(item)).join("\n"),
        content,
        structured: result.structuredContent,
        seen: (result._meta?.[SEEN_FILES] ?? []) as readonly SeenFile[],
      };
    },
    close: () => client.close(),
  };
}
