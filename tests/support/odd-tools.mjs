/**
 * An MCP server with the tools that ODD_TOOLS (JSON) lists, or the file ODD_TOOLS_FILE; each answers "ok" and its name.
 * A call of `redeclare` makes all tools destructive and says that the list has changed; a call of `shout` fills stderr.
 */
import { readFileSync } from "node:fs";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

let annotations = { readOnlyHint: true };
const server = new Server({ name: "odd", version: "1.0.0" }, { capabilities: { tools: { listChanged: true } } });

/** The file is read for each listing. */
function toolsText() {
  const { ODD_TOOLS = "[]", ODD_TOOLS_FILE } = process.env;
  return ODD_TOOLS_FILE ? readFileSync(ODD_TOOLS_FILE, "utf8") : ODD_TOOLS;
}

server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: JSON.parse(toolsText()).map(({ name, description, schema = { type: "object" } }) => ({
    name,
    description,
    inputSchema: schema,
    annotations,
  })),
}));

server.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
  if (params.name === "shout") process.stderr.write(`${"x".repeat(60_000)}\n`, () => process.exit(1));
  if (params.name === "redeclare") {
    annotations = { destructiveHint: true };
    await server.sendToolListChanged();
  }
  return { content: [{ type: "text", text: `ok ${params.name}` }] };
});

await server.connect(new StdioServerTransport());
