import { describe, expect, it } from "vitest";
import { modelIdFault, traitsOf } from "../../../../src/providers/anthropic/models.js";

describe("traitsOf", () => {
  it.each([
    ["claude-sonnet-5-5", true, true, 128_000],
    ["claude-fable-5-2", true, true, 128_000],
    ["claude-opus-4-8", true, true, 32_000],
    ["claude-opus-4-10", true, true, 32_000],
    ["claude-opus-6", true, true, 128_000],
    ["anthropic/claude-opus-5.5", true, true, 128_000],
    ["us.anthropic.claude-haiku-5-5-v1:0", true, true, 128_000],
    ["claude-opus-latest", true, true, 32_000],
    ["claude-sonnet-5", true, false, 128_000],
    ["claude-sonnet-4-6", true, false, 32_000],
    ["claude-haiku-4-5-20251001", false, false, 32_000],
    ["claude-opus-4-20250514", false, false, 32_000],
    ["claude-3-5-sonnet-20241022", false, false, 8192],
    ["claude-3-opus-20240229", false, false, 4096],
    ["glm-5.3", false, false, 32_000],
  ])("reads %s from its name", (model, thinks, takesToolChanges, mostOutputTokens) => {
    expect(traitsOf(model)).toMatchObject({ thinks, takesToolChanges, mostOutputTokens });
  });
});

describe("effort", () => {
  it.each(["claude-opus-5-5", "claude-sonnet-4-6", "glm-5.3"])("goes to %s", (model) => {
    expect(traitsOf(model).takesEffort).toBe(true);
  });

  it("does not go to models from before it", () => {
    expect(traitsOf("claude-haiku-4-5-20251001").takesEffort).toBe(false);
  });
});

describe("modelIdFault", () => {
  it.each(["a/b:free", "qwen3.8:27b", "anthropic.claude@x", "名"])("takes %s", (model) => {
    expect(modelIdFault(model)).toBeNull();
  });

  it.each(["", "  ", "a\tb", "a\u007f"])("refuses %j with a model that there is", (model) => {
    expect(modelIdFault(model)).toContain("claude-sonnet-5-5");
  });
});
