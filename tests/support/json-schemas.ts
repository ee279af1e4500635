/** JSON Schemas with the process of this build. */
import { inPackage } from "../../src/config/files/package-folder.js";
import type { JsonSchemas } from "../../src/core/ports/json-schemas.js";
import { createJsonSchemas, JUDGE_PROGRAM } from "../../src/json-schema/json-schema.js";

export function builtJsonSchemas(): JsonSchemas {
  return createJsonSchemas({ program: inPackage(JUDGE_PROGRAM) });
}
