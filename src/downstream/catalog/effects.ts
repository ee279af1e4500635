/** The effect of a tool: the one that its server declares, unless the user overrides it. */

import type { EffectOverride } from "../../core/definitions/server-config.js";
import { type CatalogTool, type Effect, patternMatches } from "../../core/tools/tool.js";
import { isRecord } from "../../lib/is-record.js";

/** The effect of the last override that matches, else of the annotations; anything unclear counts as effectful. */
export function effectOf(
  tool: Pick<CatalogTool, "name" | "server" | "writtenServer" | "tool">,
  annotations: unknown,
  overrides: readonly EffectOverride[],
): Effect {
  const override = overrides.findLast(({ pattern }) => patternMatches(pattern, tool));
  return override?.effect ?? declaredEffect(annotations);
}

function declaredEffect(annotations: unknown): Effect {
  if (!isRecord(annotations)) return "effectful";
  const { readOnlyHint, idempotentHint, destructiveHint } = annotations;
  if (readOnlyHint === true) return "read_only";
  if (idempotentHint === true && destructiveHint === false) return "idempotent";
  return "effectful";
}
