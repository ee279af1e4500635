/** The floor for the start of Node itself: answers `initialize` without loading any module. */
process.stdin.once("data", (chunk) => {
  const { id, params } = JSON.parse(chunk);
  const serverInfo = { name: "raw", version: "1.0.0" };
  const result = { protocolVersion: params.protocolVersion, capabilities: {}, serverInfo };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
});
