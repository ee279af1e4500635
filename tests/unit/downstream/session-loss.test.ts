/** The words in which servers say that a session is gone, and words that only look like them. */
import { expect, it } from "vitest";
import { isLostByError, isLostByStatus } from "../../../src/downstream/transport/session-loss.js";

it.each([
  "Received request before initialization was complete",
  "Could not find session 12",
  "Server must be initialized first",
  "Unprocessable Entity: unexpected message, expect initialize request",
  "MCP error -32000: Bad Request: Server not initialized",
])("%s: the session is lost", (text) => {
  expect(isLostByError(-32600, text)).toBe(true);
  expect(isLostByStatus(422, text, false)).toBe(true);
});

it.each([
  "Request timed out",
  "notes of the session: no entry",
  "name must be initialized first",
  "Unprocessable Entity",
])("%s: it is not", (text) => {
  expect(isLostByError(-32600, text)).toBe(false);
  expect(isLostByStatus(422, text, false)).toBe(false);
});
