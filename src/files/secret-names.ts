/** The names of files and folders that may hold secrets, by kind. */
import { listed, listedByFolder, type Names } from "./listed-names.js";

const PASSWORDS_AND_TOKENS = listed(`
  .netrc _netrc .authinfo .git-credentials .cvspass .subversion .smbcredentials .htpasswd .pgpass pgpass.conf .my.cnf
  .mylogin.cnf .pypirc .dockercfg .msmtprc .fetchmailrc .vault-token .terraform.d .databrickscfg .sentryclirc
  kaggle.json .password-store .secret .secrets .flaskenv
`);

const CLOUDS = listed(`
  .oci .boto .s3cfg .bluemix .aliyun .cloudflared application_default_credentials.json
`);

const TYPED = listed(".lesshst .histfile");

export const SECRET: Names = {
  whole: new Set([PASSWORDS_AND_TOKENS, CLOUDS, TYPED].flat()),
  forms: [
    /^\.(env|dev\.vars)(?!.*\.(example|sample|template|dist)$)/, // .env.local, .env-prod; examples are made to be shown
    /.\.env$/,
    /\.(pem|key|p12|pfx|pkcs12|p8|jks|jceks|keystore|ppk|kdb|kdbx|ovpn)$/,
    /^id_(rsa|dsa|ecdsa|ed25519)(?![a-z\d])(?!.*\.pub\b)/,
    /^ssh_host_.*_key$/,
    /^(secrets?|credentials?)(?!.*\.(example|sample|template|dist)\.)(\.[\w-]+)*\.(json|ya?ml|toml|ini|env|txt|properties)$/,
    /[-_.](secrets?|credentials?)\.json$/,
    /(^|[-_.])(service[-_]?account|client_secret|firebase-adminsdk).*\.json$/,
    /\.(tfstate|tfvars|tfvars\.json)$/,
    /^\.?(ansible[-_])?vault[-_]pass(word)?(\.txt)?$/,
    /^\.\w+_history$/,
  ],
  inFolder: listedByFolder({
    "": "auth.json", // of Composer; deeper down it may be a translation
    ".docker": "config.json",
    ".config": "gcloud gh git hub glab-cli rclone doctl op containers configstore github-copilot",
    ".cargo": "credentials credentials.toml",
    ".gem": "credentials",
    ".bundle": "config",
    ".composer": "auth.json",
    ".codex": "auth.json",
    ".m2": "settings.xml settings-security.xml",
    ".gradle": "gradle.properties",
    ".nuget": "nuget.config",
  }),
  last: new Set(["credentials", "kubeconfig"]), // a folder of such a name holds code
};
