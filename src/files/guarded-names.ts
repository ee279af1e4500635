/** The one list of names of files that may hold secrets, and of files that steer agents, hosts, editors and shells. */

/** Files and folders that do both: they steer, and they may hold tokens. */
const BOTH = [".git", ".legwork", ".claude", ".gemini", ".mcp.json", ".npmrc", ".yarnrc", ".yarnrc.yml", ".envrc"];

const SECRET = new Set([
  ...BOTH,
  ...[".netrc", "_netrc", ".git-credentials", ".gitconfig", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd"],
  ...[".ssh", ".gnupg", ".aws", ".kube", ".dockercfg", ".vault-token", ".terraformrc", ".boto", ".s3cfg"],
  ...[".secrets", "credentials.json", "secrets.json", "secrets.yml", "secrets.yaml", "secrets.toml"],
  ...["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_ecdsa_sk", "id_ed25519_sk", "terraform.tfstate"],
]);

const SECRET_FORMS = [
  /^\.env(?!.*\.(example|sample|template|dist)$)/, // .env, .env.local, .env-prod; examples are made to be shown
  /.\.env$/,
  /\.(pem|key|p12|pfx|p8|jks|keystore|ppk|kdbx|tfvars)$/,
  /^(service[-_]?account|client_secret).*\.json$/,
];

const STEERING = new Set([
  ...BOTH,
  // Editors, shells, version control and tools that run what they find.
  ...[".vscode", ".idea", ".zed", ".devcontainer", ".devcontainer.json", ".husky", ".githooks"],
  ...[
    ".gitlab-ci.yml",
    ".circleci",
    ".pre-commit-config.yaml",
    "lefthook.yml",
    "lefthook.yaml",
    ".pnpmfile.cjs",
    ".hg",
    ".jj",
  ],
  ...[".exrc", ".nvimrc", ".nvim.lua", ".vimrc", ".lvimrc", ".dir-locals.el", ".gdbinit", ".lldbinit"],
  ...[".bashrc", ".bash_profile", ".profile", ".zshrc", ".zshenv", ".zprofile", ".direnv", ".mise.toml", "mise.toml"],
  // Hosts and their rule files.
  ...["claude.md", "claude.local.md", "gemini.md", "agents.md", "agents.override.md", "agent.md", "qwen.md"],
  ...[".cursor", ".codex", ".copilot", ".windsurf", ".cline", ".roo", ".continue", ".kiro", ".qwen", ".opencode"],
  ...[".agents", ".agent", ".amazonq", ".augment", ".junie", ".goose", ".trae", ".kilocode", ".claude-plugin"],
  ...[".cursorrules", ".windsurfrules", ".clinerules", ".roorules", ".roomodes", ".kilocodemodes", ".goosehints"],
  ...[".rules", ".aider.conf.yml", "opencode.json", "opencode.jsonc", "copilot-instructions.md", "mcp.json"],
]);

const STEERING_FORMS = [/\.code-workspace$/, /^\.(clinerules|roorules|windsurfrules|cursorrules)-/];

/** Names that count only in a folder of another name. */
type Pairs = ReadonlyMap<string, ReadonlySet<string>>;

const SECRET_PAIRS: Pairs = new Map([
  [".docker", new Set(["config.json"])],
  [".config", new Set(["gcloud", "gh", "git"])],
]);

const STEERING_PAIRS: Pairs = new Map([
  [
    ".github",
    new Set([
      "workflows",
      "actions",
      "instructions",
      "prompts",
      "agents",
      "chatmodes",
      "skills",
      "hooks",
      "copilot-instructions.md",
    ]),
  ],
]);

/** The places in a path, by index, at which a file may hold secrets. */
export function secretPlaces(names: readonly string[]): readonly number[] {
  return placesOf(names, SECRET, SECRET_FORMS, SECRET_PAIRS);
}

/** The places in a path, by index, at which a file steers agents, hosts, editors or shells. */
export function steeringPlaces(names: readonly string[]): readonly number[] {
  return placesOf(names, STEERING, STEERING_FORMS, STEERING_PAIRS);
}

/** Whether a folder of this name would make some of its content steer. */
export function halfSteers(name: string): boolean {
  return STEERING_PAIRS.has(comparableName(name));
}

function placesOf(
  names: readonly string[],
  whole: ReadonlySet<string>,
  forms: readonly RegExp[],
  pairs: Pairs,
): readonly number[] {
  const comparable = names.map(comparableName);
  const isGuarded = (name: string, index: number) =>
    whole.has(name) || forms.some((form) => form.test(name)) || pairs.get(comparable[index - 1] ?? "")?.has(name);
  return comparable.flatMap((name, index) => (isGuarded(name, index) ? [index] : []));
}

/** The name in the form in which the most lenient file system compares it. */
export function comparableName(name: string): string {
  const visible = name.normalize("NFKC").replace(/\p{Default_Ignorable_Code_Point}/gu, "");
  return visible
    .replace(/:.*$/s, "") // Windows: the name of a stream inside the file
    .replace(/[. ]+$/, "") // Windows: dropped
    .toLowerCase();
}
