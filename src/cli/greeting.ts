/** The answer of `legwork` on a terminal, where no host speaks to it. */

export function greeting(program: string): string {
  return `legwork is an MCP server: your host starts it, and its sub-agents work for you.

Add it to your host's configuration:
  "mcpServers": { "legwork": { "command": "node", "args": ["${program}"] } }
  or: claude mcp add legwork -- node ${program}

Commands:          legwork help
A demonstration:   npm run quickstart, in the folder of legwork
`;
}
