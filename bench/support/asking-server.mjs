/** The floor of the first model request: a server of the MCP SDK with one tool, which asks the model. */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "bare", version: "1.0.0" });
server.registerTool("ask", { description: "Asks the model.", inputSchema: { url: z.string() } }, async ({ url }) => {
  const contents = [{ role: "user", parts: [{ text: "Go on until done." }] }];
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, { method: "POST", headers, body: JSON.stringify({ contents }) });
  return { content: [{ type: "text", text: await response.text() }] };
});
await server.connect(new StdioServerTransport());
