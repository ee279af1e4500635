/** The environment of a downstream server: the variables that programs need, none of legwork's keys. */

const INHERITED = ["HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER", "LANG", "TMPDIR"];
const INHERITED_ON_WINDOWS = [
  "APPDATA",
  "COMSPEC",
  "HOMEDRIVE",
  "HOMEPATH",
  "LOCALAPPDATA",
  "PATH",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "PROGRAMFILES",
  "SYSTEMDRIVE",
  "SYSTEMROOT",
  "TEMP",
  "USERNAME",
  "USERPROFILE",
];

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables that every program needs, overridden by those that the user declared for this server. */
export function childEnvironment(
  base: Environment,
  declared: Readonly<Record<string, string>>,
): Record<string, string> {
  const windows = process.platform === "win32";
  const inherited = new Set(windows ? INHERITED_ON_WINDOWS : INHERITED);
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(base)) {
    if (!inherited.has(windows ? name.toUpperCase() : name)) continue;
    // A value that starts with "()" is an exported shell function: code, not a setting.
    if (value !== undefined && !value.startsWith("()")) environment[name] = value;
  }
  return { ...environment, ...declared };
}
