/**
 * An MCP server with the tools that ODD_TOOLS (JSON) lists; each answers "ok" and its name. A call of `redeclare` makes
 * all tools destructive and says that the list has changed; a call of `shout` fills stderr.
 */
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

let annotations = { readOnlyHint: true };
const server = new Server({ name: "odd", version: "1.0.0" }, { capabilities: { tools: { listChanged: true } } });

server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: JSON.parse(process.env.ODD_TOOLS ?? "[]").map(({ name, schema = { type: "object" } }) => ({
    name,
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
