/**
 * An MCP server that talks while it is called: asks its client for roots, a model and a person, reports progress,
 * gives content of every kind, and changes its tools.
 */
import { setTimeout as delay } from "node:timers/promises";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import {
  CallToolRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListRootsResultSchema,
  ListToolsRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const server = new Server(
  { name: "asking", version: "1.0.0" },
  { capabilities: { tools: { listChanged: true } }, enforceStrictCapabilities: false },
);

const tools = {
  roots: async () => text(JSON.stringify(await ask("roots/list", {}, ListRootsResultSchema))),
  ask_model: async ({ question, times = 1 }) => {
    const answers = [];
    for (let time = 0; time < times; time++) {
      const messages = [{ role: "user", content: { type: "text", text: question } }];
      answers.push(await ask("sampling/createMessage", { messages, maxTokens: 100 }, CreateMessageResultSchema));
    }
    return text(answers.map((answer) => answer.error ?? `${answer.model}: ${answer.content.text}`).join("\n"));
  },
  ask_model_at_once: async ({ question, times }) => {
    const answers = await Promise.all(Array.from({ length: times }, () => tools.ask_model({ question })));
    return text(answers.map(({ content }) => content[0].text).join("\n"));
  },
  ask_person: async ({ question }) => {
    const requestedSchema = { type: "object", properties: { name: { type: "string" } } };
    return text(
      JSON.stringify(await ask("elicitation/create", { message: question, requestedSchema }, ElicitResultSchema)),
    );
  },
  capabilities: async () => text(JSON.stringify(server.getClientCapabilities())),
  steps: async ({ count, ms }, token, notify) => {
    for (let step = 1; step <= count; step++) {
      await delay(ms);
      await notify({
        method: "notifications/progress",
        params: { progressToken: token, progress: step, total: count, message: `step ${step}` },
      });
    }
    return text(`${count} steps`);
  },
  picture: async () => ({
    content: [
      { type: "text", text: "a dot" },
      { type: "image", mimeType: "image/png", data: PNG },
      { type: "audio", mimeType: "audio/wav", data: "UklGRg==" },
      { type: "resource_link", uri: "file:///a.txt", name: "a.txt", description: "the letter a" },
      { type: "resource", resource: { uri: "file:///b.bin", mimeType: "application/octet-stream", blob: "AAEC" } },
    ],
    structuredContent: { width: 1, height: 1 },
  }),
  /** Pictures whose bytes end in their names, each of that many bytes. */
  screenshots: async ({ names, bytes = 100, mimeType = "image/png", head = "89504e470d0a1a0a" }) => ({
    content: names.map((name) => {
      const start = Buffer.concat([Buffer.from(head, "hex"), Buffer.from(name)]);
      const data = Buffer.concat([start, Buffer.alloc(Math.max(0, bytes - start.length))]).toString("base64");
      return { type: "image", mimeType, data };
    }),
  }),
  change: async ({ name }) => {
    tools[name] ??= async () => text(`${name} works`);
    await server.sendToolListChanged();
    return text("changed");
  },
  withdraw: async ({ name }) => {
    delete tools[name];
    await server.sendToolListChanged();
    return text("withdrawn");
  },
  die: async () => process.exit(9),
  pid: async () => text(String(process.pid)),
};

server.setRequestHandler(ListToolsRequestSchema, () => ({
  tools: Object.keys(tools).map((name) => ({
    name,
    description: `The ${name} tool.`,
    inputSchema: { type: "object" },
    annotations: { readOnlyHint: true },
  })),
}));

server.setRequestHandler(CallToolRequestSchema, async ({ params }, { sendNotification }) => {
  const tool = tools[params.name];
  if (!tool) throw new Error(`no tool ${params.name}`);
  return tool(params.arguments ?? {}, params._meta?.progressToken, sendNotification);
});

await server.connect(new StdioServerTransport());

/** What the client answers, or its refusal in a field. */
function ask(method, params, schema) {
  return server.request({ method, params }, schema).catch((error) => ({ error: error.message }));
}

function text(value) {
  return { content: [{ type: "text", text: value }] };
}
