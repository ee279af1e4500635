/** The words in which servers say that a session is gone, and words that only look like them. */
import { expect, it } from "vitest";
import { lossByError, lossByStatus } from "../../../src/downstream/transport/session-loss.js";

it.each([
  "Received request before initialization was complete",
  "Could not find session 4-f2",
  "Server must be initialized first",
  "Unprocessable Entity: unexpected message, expect initialize request",
  "MCP error -32000: Bad Request: Server not initialized",
  "Session '4-f2' not found.",
  "Bad Request: No valid session ID provided",
  "Invalid or expired Mcp-Session-Id header",
  "The session does not exist: it has been terminated",
])("%s: the session is lost", (text) => {
  expect(lossByError(-32600, text, "4-f2")).toBe("certain");
  expect(lossByStatus(422, text, "4-f2")).toBe("certain");
});

it.each([
  "Session 42 not found",
  "Could not find session main",
  "Session of the browser has expired",
  "Invalid session: log in at the bank again",
  "Client not initialized: call connect first",
])("%s: it may be, or a session of the tool", (text) => {
  expect(lossByError(-32603, text, "4-f2")).toBe("likely");
  expect(lossByStatus(400, text, "4-f2")).toBe("likely");
});

it.each(["Request timed out", "name must be initialized first", "Unprocessable Entity"])("%s: it is not", (text) => {
  expect(lossByError(-32600, text, "4-f2")).toBe("none");
  expect(lossByStatus(422, text, "4-f2")).toBe("none");
});

it("is lost by a status that names no other reason", () => {
  expect(lossByStatus(404, "no such page", "4-f2")).toBe("certain");
  expect(lossByStatus(404, "no such page", null)).toBe("none");
  expect(lossByStatus(400, "notes of the session: no entry", "4-f2")).toBe("likely");
  expect(lossByStatus(500, "Session not found", "4-f2")).toBe("none");
});
