/** Errors as results: without secrets, also where a long one is cut. */
import { expect, it } from "vitest";
import { ConfigError, RequestError } from "../../../src/core/errors.js";
import { createRedact } from "../../../src/core/redact.js";
import { errorResult } from "../../../src/server/error-text.js";

const SECRET = "s3cret-value".repeat(20);
const redact = createRedact([{ name: "KEY", value: SECRET }]);

it("an error's secret goes, whole, before its text is cut", () => {
  for (const length of [0, 1_900, 1_990, 3_000]) {
    const result = errorResult(new ConfigError(`${"x".repeat(length)}${SECRET}`), redact);
    expect(JSON.stringify(result)).not.toContain("s3cret");
  }
  const result = errorResult(new RequestError("unknown", `no "${SECRET}"`), redact);
  expect(result?.structuredContent).toEqual({ error: { code: "unknown", message: 'no "[redacted KEY]"' } });
  expect(errorResult(new Error("a bug"), redact)).toBeNull();
});
