/** The secrets that must not be stored, for whoever needs nothing else of the configuration. */
import { ConfigError } from "../../core/errors.js";
import type { Secret } from "../../core/redact.js";
import type { Paths } from "../files/paths.js";
import { loadConfig } from "../load-config.js";
import { providerSecrets } from "./secrets.js";

/** Those of the configuration; where that cannot be used, the providers' keys, which are all that is known of it. */
export async function knownSecrets(paths: Paths): Promise<readonly Secret[]> {
  try {
    return (await loadConfig(paths)).secrets;
  } catch (error) {
    if (error instanceof ConfigError) return providerSecrets(paths.env);
    throw error;
  }
}
