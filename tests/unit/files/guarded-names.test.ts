/** guarded-names: which paths hold a name of a secret or steering file, each kind with its siblings and look-alikes. */
import { expect, it } from "vitest";
import { secretPlaces, steeringPlaces } from "../../../src/files/guarded-names.js";

const namesOf = (path: string) => path.split("/");
const listed = (paths: string) => paths.trim().split(/\s+/);

it.each([
  ["variables", ".env .ENV.local .env-prod .env.example.bak sub/prod.env .dev.vars .dev.vars.staging .flaskenv .envrc"],
  ["keys", "a.pem certs/b.KEY id_rsa id_rsa_work id_ed25519-sk id_ecdsa.2024 ssh_host_rsa_key vault.kdbx x.ovpn"],
  [
    "tokens",
    ".npmrc .netrc .authinfo .pypirc .git-credentials .vault_pass ansible-vault-password.txt .mcp.json mcp.json",
  ],
  ["clouds", ".aws/config .azure/x .oci/config .kube/config kubeconfig credentials gcp-service-account.json"],
  ["state", "prod.tfstate terraform.tfstate.backup a.auto.tfvars prod.tfvars.json .terraform.d/credentials.tfrc.json"],
  [
    "secrets",
    "secret.yaml secrets.json secrets.prod.yaml config/secrets.toml .secret google-credentials.json client_secret_1.json",
  ],
  ["package managers", "auth.json .composer/auth.json .cargo/credentials.toml .gem/credentials .m2/settings.xml"],
  ["history", ".bash_history .python_history .lesshst"],
  [
    "copies",
    "id_rsa~ .env~ server.pem.bak .npmrc.bak .netrc.gpg .id_rsa.swp #.npmrc# .netrc.old.2 .cargo/credentials.bak",
  ],
  ["copies before the ending", "credentials.old.json secrets-2024-01-01.yaml secrets_backup.yml"],
])("%s may hold secrets", (_, paths) => {
  expect(listed(paths).filter((path) => secretPlaces(namesOf(path)).length === 0)).toEqual([]);
});

it.each([
  "credentials (1).json",
  "old:server.pem",
  "2024:prod.env",
  ".env:stream",
  "Copy of id_rsa",
  "secrets copy 2.yaml",
  "id_rsa copy",
])("%s may hold secrets", (name) => expect(secretPlaces([name])).toEqual([0]));

it("files that agents have to read are open", () => {
  const open = listed(`
    .env.example .dev.vars.sample id_rsa.pub id_rsa_work.pub src/credentials/index.ts pkg/kubeconfig/load.go
    locales/en/auth.json secrets.ts secrets.example.yaml src/secrets/read.ts config.json settings.xml gradle.properties
    package.json Cargo.toml Makefile Dockerfile .dockerignore .gitignore .gitattributes .gitmodules notes.old
    docs/key.md monkey tokens.json history.md app.tf environment.ts backup.bak
  `);
  expect(open.filter((path) => secretPlaces(namesOf(path)).length > 0)).toEqual([]);
});

it.each([
  ["hosts", "CLAUDE.md WARP.md CRUSH.md .cursorrules .clinerules-code .roomodes .crush.json .augment-guidelines"],
  ["folders of hosts", ".cursor/x .openhands/x .factory/x .qoder/x .tabnine/x .idx/dev.nix .agents/x .ai/rules.md"],
  [
    "editors",
    ".vscode/x .vs/x .fleet/x .nova/x .vim/x .emacs .emacs.d/x .ideavimrc a.sublime-project a.code-workspace",
  ],
  ["what opens a project", ".devcontainer/x devcontainer.json .gitpod.yml .replit .devfile.yaml"],
  ["shells", ".bashrc .bash_login .bash_logout .bash_aliases .zlogin .cshrc .kshrc .login .inputrc .config/fish/x"],
  ["tools of shells", ".envrc .envrc.local mise.toml .mise.local.toml .mise/x .config/mise/x mise/config.toml .curlrc"],
  ["hooks", ".husky/x lefthook.yml .lefthook.yml lefthook-local.yaml .pre-commit-config.yaml .git/config .gitconfig"],
  [
    "CI",
    ".github/workflows/x .github/dependabot.yml .github/CODEOWNERS .gitlab-ci.yaml .gitea/workflows/x .travis.yml",
  ],
  ["other CI", "azure-pipelines.yml bitbucket-pipelines.yml Jenkinsfile Jenkinsfile.prod .drone.yml .buildkite/x"],
  ["package managers", ".npmrc .yarnrc.yml .yarn/releases/y.cjs .pnp.cjs .pnpmfile.cjs bunfig.toml .cargo/config.toml"],
  ["programs that call what they are told", ".aws/config .kube/config .ssh/config"],
])("%s steer", (_, paths) => {
  expect(listed(paths).filter((path) => steeringPlaces(namesOf(path)).length === 0)).toEqual([]);
});

it("files that agents have to write steer nothing", () => {
  const open = listed(`
    package.json package-lock.json Makefile Dockerfile docker-compose.yml Cargo.toml pyproject.toml conftest.py
    tsconfig.json deno.json .gitignore .gitattributes .gitmodules .editorconfig .prettierrc .eslintrc.json .tool-versions
    .github/ISSUE_TEMPLATE/a.md .github/README.md .config/app.json .yarn/cache/a.zip .cargo/audit.toml .airbrake.yml
    .rootrc docs/cursor.md docs/claude.md.txt src/agents/index.ts drone.yml build.yml profile.json emacs.md .root/x
  `);
  expect(open.filter((path) => steeringPlaces(namesOf(path)).length > 0)).toEqual([]);
});
