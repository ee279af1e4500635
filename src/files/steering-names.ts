/** The names of files and folders that steer agents, hosts, editors, shells, CI and package managers, by kind. */
import { listed, listedByFolder, type Names } from "./listed-names.js";

/** Hosts, by the word with which their folders and files begin: `.cursor`, `.cursorrules`, `.crush.json`. */
const HOSTS = listed(`
  agent agents ai aiassistant aider amazonq amp antigravity augment claude claude-plugin cline codebuddy codeium codex
  cody continue copilot crush cursor factory firebender gemini goose iflow junie kilocode kiro lingma opencode openhands
  qoder qwen roo rovodev tabnine trae vibe warp windsurf zencoder
`);

const RULES_OF_HOSTS = listed(`
  claude.md claude.local.md gemini.md agents.md agents.override.md agent.md qwen.md warp.md crush.md codex.md iflow.md
  replit.md copilot-instructions.md .rules
  opencode.json opencode.jsonc crush.json firebender.json gemini-extension.json
`);

const EDITORS = listed(`
  .vscode .idea .zed .vs .fleet .nova .helix .theia .idx .replit replit.nix .gitpod.yml .devcontainer
  .exrc .nvimrc .nvim.lua .nvim .vimrc .vimrc.local .gvimrc .lvimrc .vim .ideavimrc .vsvimrc
  .emacs .emacs.el .emacs.d .dir-locals.el .dir-locals-2.el
`);

const SHELLS = listed(`
  .profile .bashrc .bash_profile .bash_login .bash_logout .bash_aliases .zshrc .zshenv .zprofile .zlogin .zlogout
  .cshrc .tcshrc .kshrc .mkshrc .login .logout .inputrc .xprofile .xinitrc .xsession .xsessionrc .tmux.conf .screenrc
  .direnv .mise .curlrc .wgetrc .gdbinit .lldbinit .irbrc .pryrc .rprofile
`);

const HOOKS = listed(`
  .hg .jj .husky .githooks .pre-commit-config.yaml .pre-commit-config.yml .pre-commit-hooks.yaml .overcommit.yml
`);

const CI = listed(`
  .circleci .buildkite .woodpecker .azure-pipelines .semaphore .teamcity .tekton .zuul.d codeowners
  renovate.json renovate.json5
`);

const PACKAGE_MANAGERS = listed(`
  .pnpmfile.cjs .pnpmfile.mjs pnpmfile.js .pnp.cjs .pnp.js .pnp.loader.mjs bunfig.toml .bunfig.toml
  .gemrc .condarc pip.conf pip.ini .pydistutils.cfg .mvn
`);

export const STEERING: Names = {
  whole: new Set([RULES_OF_HOSTS, EDITORS, SHELLS, HOOKS, CI, PACKAGE_MANAGERS].flat()),
  forms: [
    new RegExp(`^\\.(${HOSTS.join("|")})(rules|modes|hints|ignore|exclude|rc)?(?![a-z\\d_])`),
    /\.(code-workspace|sublime-(project|workspace|settings|build|commands))$/,
    /^\.?(devcontainer\.json|devfile\.ya?ml)$/,
    /^\.(envrc|huskyrc|renovaterc)(?![a-z\d])/,
    /^(microsoft\..*_)?profile\.ps1$/,
    /^\.?mise(\.[\w-]+)*\.toml$/,
    /^\.?lefthook(-local)?\.(ya?ml|toml|json)$/,
    /^\.?simple-git-hooks\.(json|c?js|mjs)$/,
    /^\.(gitlab-ci|travis|drone|woodpecker|cirrus|taskcluster|zuul|build)([-.].*)?\.(ya?ml|jsonnet|star)$/,
    /^\.?(azure-pipelines?|bitbucket-pipelines|appveyor|codemagic|bitrise|cloudbuild|buildspec)([-.].*)?\.ya?ml$/,
    /^jenkinsfile(?![a-z\d])/,
  ],
  inFolder: listedByFolder({
    ".github": `
      workflows actions instructions prompts agents chatmodes skills hooks
      copilot-instructions.md dependabot.yml dependabot.yaml
    `,
    ".gitlab": "ci agents duo",
    ".gitea": "workflows actions",
    ".forgejo": "workflows actions",
    ".config": "fish nushell nvim vim emacs helix zed git mise direnv autostart systemd opencode goose crush",
    ".cargo": "config config.toml",
    ".yarn": "releases plugins sdks",
    ".bundle": "config plugin",
    mise: "config.toml",
  }),
};
