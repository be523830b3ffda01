//! What must not leave this machine by accident: tokens and keys, and paths that say who one is, in the text files that would go.

use super::places::on_this_machine;
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// Something that was found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub kind: Kind,
    /// From 1.
    pub line: usize,
    /// What it is, in words; of a secret no more than its beginning.
    pub shown: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A token or a key: it never goes.
    Secret,
    /// A path below somebody's home, or one that is there on this machine: it goes where that is agreed to.
    Path,
}

/// What secrets look like: what each is, and its form. Each form is long enough that no word is one.
const FORMS: [(&str, &str); 19] = [
    ("a token of Hugging Face", r"\b(?:hf|api_org)_[A-Za-z0-9]{30,}\b"),
    ("a key of Anthropic", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    ("a key of OpenAI", r"\bsk-(?:(?:proj-|svcacct-)?[A-Za-z0-9_-]{32,}|[A-Za-z0-9]{20,})"),
    ("a key of Groq", r"\bgsk_[A-Za-z0-9]{20,}"),
    ("a token of Replicate", r"\br8_[A-Za-z0-9]{20,}"),
    ("a key of NVIDIA", r"\bnvapi-[A-Za-z0-9_-]{20,}"),
    ("a key of xAI", r"\bxai-[A-Za-z0-9]{20,}"),
    ("a key of AWS", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a token of GitHub", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})\b"),
    ("a token of GitLab", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", r"\bxox[abeoprs]-[A-Za-z0-9-]{20,}"),
    ("a key of Google", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("a key of Stripe", r"\b[rs]k_live_[A-Za-z0-9]{20,}\b"),
    ("a token of npm", r"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a token of PyPI", r"\bpypi-[A-Za-z0-9_-]{50,}"),
    ("a JSON web token", r"\beyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    (
        "a signed address",
        r"(?i)[?&](?:amp;)?(?:sig|signature|X-Amz-Signature|X-Amz-Security-Token|X-Goog-Signature|token|access_token|api_key|key)=[^&\s\x22'`<>]{8,}",
    ),
    ("a password in an address", r"\b[a-z][a-z0-9+.-]*://[^\s/:@]+:[^\s/:@]{3,}@[A-Za-z0-9.-]+"),
];

/// What is called a secret, whatever it looks like, and what stands there: see [`may_be_secret`].
const CALLED: &str = r#"(?i)(?:(?:\b|_)(?:api[_-]?key|secret(?:[_-]?key)?|passw(?:or)?d)|\btoken)["'`]?\s*[:=]\s*["'`]?([^\s"'`<>,;(){}\[\]]{8,})"#;

/// A folder of one person, and something in it.
const PATHS: &str = r#"(?:/home/[^/\s"'`<>]+|/Users/[^/\s"'`<>]+|/root|[A-Za-z]:\\+Users\\+[^\\\s"'`<>]+)[/\\][^\s"'`<>,)\]]*"#;

static SECRETS: LazyLock<Vec<(&str, Regex)>> =
    LazyLock::new(|| FORMS.iter().filter_map(|(what, form)| Some((*what, Regex::new(form).ok()?))).collect());
static SO_CALLED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(CALLED).ok());
static HOMES: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(PATHS).ok());

/// Letters of a secret that are shown.
const SHOWN: usize = 6;

/// What a text holds that should not go; `own`: whether a line holds a secret of the one who asks, whatever it looks like.
pub fn scan(text: &str, own: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let is_own = own(line);
        if is_own {
            found.push(Finding { kind: Kind::Secret, line: number, shown: "a key of your own".into() });
        }
        // What has one form may have another that is wider: it is told once, by the first.
        let mut told: Vec<Range<usize>> = Vec::new();
        for (what, form) in SECRETS.iter().filter(|_| !is_own) {
            for secret in form.find_iter(line) {
                if told.iter().any(|range| range.contains(&secret.start())) {
                    continue;
                }
                told.push(secret.range());
                found.push(Finding { kind: Kind::Secret, line: number, shown: format!("{what}, {}", masked(secret.as_str())) });
            }
        }
        for called in SO_CALLED.iter().filter(|_| !is_own).flat_map(|form| form.captures_iter(line)) {
            let (Some(whole), Some(value)) = (called.get(0), called.get(1)) else { continue };
            if may_be_secret(value.as_str()) && !told.iter().any(|range| range.contains(&value.start())) {
                let shown = format!("what is called a secret, {}", masked(whole.as_str()));
                found.push(Finding { kind: Kind::Secret, line: number, shown });
            }
        }
        let homes: Vec<Range<usize>> = HOMES.iter().flat_map(|form| form.find_iter(line)).map(|path| path.range()).collect();
        let here = on_this_machine(line).into_iter().filter(|path| !homes.iter().any(|home| home.contains(&path.start)));
        for path in homes.iter().cloned().chain(here) {
            let shown: String = line.get(path).unwrap_or_default().chars().take(120).collect();
            found.push(Finding { kind: Kind::Path, line: number, shown });
        }
    }
    found
}

/// A text without what looks like a secret.
pub fn redacted(text: &str) -> String {
    let text = SECRETS.iter().fold(text.to_string(), |text, (_, form)| form.replace_all(&text, "***").into_owned());
    let without = |called: &Captures| match (&called[0], &called[1]) {
        (whole, value) if may_be_secret(value) => format!("{}***", whole.strip_suffix(value).unwrap_or_default()),
        (whole, _) => whole.to_string(),
    };
    SO_CALLED.iter().fold(text, |text, form| form.replace_all(&text, without).into_owned())
}

/// Whether what is called a secret is none of the words that may stand there, nor the name of a variable: it has letters and figures.
fn may_be_secret(value: &str) -> bool {
    !value.starts_with('$')
        && value.bytes().any(|byte| byte.is_ascii_digit())
        && value.bytes().any(|byte| byte.is_ascii_alphabetic())
}

fn masked(secret: &str) -> String {
    format!("`{}…`", secret.chars().take(SHOWN).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_one() {
        assert_eq!(SECRETS.len(), FORMS.len());
        assert!(HOMES.is_some() && SO_CALLED.is_some());
    }

    #[test]
    fn secrets_and_homes_are_found_and_words_are_not() {
        let letters = "abcdefghijKLMNOPQRST0123456789abcdefghij";
        let check = |text: &str, expected: &[(Kind, usize)]| {
            let found: Vec<(Kind, usize)> =
                scan(text, &|line| line.contains("my-own-secret")).iter().map(|f| (f.kind, f.line)).collect();
            assert_eq!(found, expected, "{text}");
        };
        let secret = [(Kind::Secret, 1)];
        for text in [
            format!("token = \"hf_{letters}\""),
            format!("sk-ant-{letters}"),
            format!("OPENAI_API_KEY=sk-{letters}"),
            "AKIAABCDEFGHIJKLMNOP".into(),
            format!("ghp_{letters}"),
            "-----BEGIN RSA PRIVATE KEY-----".into(),
            "-----BEGIN PRIVATE KEY-----".into(),
            "postgres://user:passw0rd@db.example.org/x".into(),
            format!("eyJ{letters}.eyJ{letters}.{letters}"),
            "https://acme.blob.core.windows.net/c/x.csv?sv=2022-11-02&se=2030-01-01&sig=aB3%2FdE5gH7%3D".into(),
            "<https://data.example.org/x.csv?X-Amz-Date=1&amp;X-Amz-Signature=0123456789abcdef>".into(),
            "url = \"https://data.example.org/x.csv?token=0123456789\"".into(),
            "it is my-own-secret".into(),
            format!("gsk_{letters}"),
            format!("r8_{letters}"),
            format!("nvapi-{letters}"),
            format!("xai-{letters}"),
            "sk-abcdefghij0123456789".into(),
            "password=hunter22".into(),
            "the api key is api_key: abcd-1234-efgh".into(),
            "{\"secret\": \"s3cretOfMine\"}".into(),
            "DB_PASSWORD='pa55-of-the-base'".into(),
        ] {
            check(&text, &secret);
        }
        check("one\ntwo\ndata = \"/home/ada/data/train.csv\"", &[(Kind::Path, 3)]);
        check(r#"{"base_model_name_or_path": "/root/models/x"}"#, &[(Kind::Path, 1)]);
        check(r"C:\Users\ada\data.csv", &[(Kind::Path, 1)]);
        for text in [
            "a task-specific-classification-head-that-is-trained",
            "hf_hub, sk-learn and AKIA",
            "https://huggingface.co/nyu-mll/glue",
            "https://example.org/get?id=0123456789abcdef&key=short, and token=of-a-model",
            "{\"pad_token\": \"<|reserved_0123|>\", \"token\": \"<|im_end_1|>\", \"token\": 123456789}",
            "password: whatever-you-like, api_key=$API_KEY_2",
            "xai-based-explanations-of-models-of-2024",
            "see /home page, or /usr/share/dict/words",
            "sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ] {
            check(text, &[]);
        }
        assert_eq!(redacted(&format!("a hf_{letters}, sk-ant-{letters} z")), "a ***, *** z");
        assert_eq!(redacted("password: hunter22, \"api_key\": \"abcd1234\""), "password: ***, \"api_key\": \"***\"");
        let signed = "url = \"https://x.org/a.csv?se=1&sig=0123456789abcdef&sp=r\"";
        assert_eq!(redacted(signed), "url = \"https://x.org/a.csv?se=1***&sp=r\"");
        let shown = &scan(&format!("hf_{letters}"), &|_| false)[0].shown;
        assert!(shown.contains("hf_abc") && !shown.contains("defgh"), "{shown}");
    }
}
