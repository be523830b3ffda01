//! The invariants of ARCHITECTURE.md that can be read off the sources. Each rule fails with its reason.

use regex::Regex;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tallow::spec::ExperimentSpec;

/// A rule: in the files below `within`, except those below `except`, no line outside comments and tests may hold any of `words`.
struct Rule {
    within: &'static [&'static str],
    except: &'static [&'static str],
    words: &'static [&'static str],
    reason: &'static str,
}

/// Where all our code lies.
const CODE: &[&str] = &["src", "kernels/src", "model-zoo/src", "grammar/src"];

const PURE: &[&str] = &[
    "src/spec",
    "src/plan",
    "src/run/recovery",
    "src/run/outcome.rs",
    "src/eval",
    "src/search",
    "src/report",
    "src/provenance",
    "src/intake/extract",
];

const RULES: &[Rule] = &[
    Rule {
        within: &["kernels/src", "kernels/Cargo.toml"],
        except: &[],
        words: &["tallow_zoo", "tallow-zoo", "tallow::", "tokenizers", "reqwest", "hf_hub", "serde"],
        reason: "the training layer knows Candle, and the libraries that Candle computes with, alone",
    },
    Rule {
        within: &["model-zoo/src"],
        except: &[],
        words: &["candle_nn", "candle_transformers", "tallow::", "std::fs", ".matmul(", "softmax_last_dim"],
        reason: "models call the kernels' operations alone, never Candle's, and touch no files",
    },
    Rule {
        within: &["grammar/src"],
        except: &[],
        words: &[
            "candle",
            "tallow_kernels",
            "tallow_zoo",
            "tallow::",
            "tokenizers",
            "std::fs",
            "std::env",
            "std::net",
            "println!",
        ],
        reason: "what may be written next is decided without a model, a device or a file",
    },
    Rule {
        within: &["src/trainer"],
        except: &[],
        words: &["crate::llm", "crate::plan", "crate::intake", "crate::cli", "reqwest", "hf_hub", "data::hub"],
        reason: "the trainer reads prepared files; it knows no planner, paper, language model or network",
    },
    Rule {
        within: PURE,
        except: &[],
        words: &[
            "std::fs",
            "std::env",
            "std::net",
            "std::process",
            "Instant::now",
            "SystemTime",
            "Timestamp::now",
            "reqwest",
            "hf_hub",
            "Device::",
            "thread_rng",
            "println!",
            "File::",
        ],
        reason: "decisions are pure: no I/O, clock, environment, device or unseeded randomness",
    },
    Rule {
        within: CODE,
        except: &["src/run/process", "src/sandbox"],
        words: &["Command::new", "process::Command", "libc::fork", "libc::execve", "libc::kill("],
        reason: "processes are started and ended in src/run/process alone, jailed by src/sandbox",
    },
    Rule {
        within: CODE,
        except: &["src/cli", "src/sandbox/inheritance.rs"],
        words: &["env::var", "env::vars", "var_os("],
        reason: "environment variables are read in src/cli/environment.rs",
    },
    Rule {
        within: &["src"],
        except: &["src/cli", "src/main.rs"],
        words: &["println!", "eprintln!", "print!(", "eprint!(", "stdout()"],
        reason: "the terminal and stdout are written by src/cli alone",
    },
    Rule {
        within: &["src"],
        except: &[],
        words: &["println!", "print!("],
        reason: "these panic where whoever read is gone: `cli::mention` and `cli::say` do not",
    },
    Rule {
        within: &["src"],
        except: &["src/intake/arxiv", "src/data/hub", "src/llm"],
        words: &["reqwest", "hf_hub", "TcpStream", "UdpSocket"],
        reason: "the network is reached by intake/arxiv, data/hub and llm alone",
    },
    Rule {
        within: &["src"],
        except: &["src/data/hub", "src/llm/client.rs"],
        words: &[".reveal("],
        reason: "a secret is looked into by the clients that send it to its own host alone",
    },
    Rule {
        within: &["src"],
        except: &["src/trainer"],
        words: &["Device::Cpu", "Device::new_cuda", "Device::cuda_if_available"],
        reason: "a device is opened by the trainer alone",
    },
    Rule {
        within: CODE,
        except: &[],
        words: &["thread_rng", "rand::", "set_seed", "#[allow(", "todo!(", "unimplemented!(", "#[ignore"],
        reason: "randomness comes from named streams; exceptions to lints carry a reason; nothing is left undone or ignored",
    },
    Rule {
        within: CODE,
        except: &[],
        words: &["untagged", "serde(flatten"],
        reason: "untagged and flattened types give bad messages",
    },
    Rule {
        within: &["src"],
        except: &["src/store"],
        words: &["\"ledger.jsonl\"", "\"plan.json\"", "\"spec.toml\"", "\"events.jsonl\"", "\"eval.json\"", "\"report.html\""],
        reason: "paths inside a run folder are made in src/store",
    },
];

#[test]
fn rules_hold() {
    let mut broken = Vec::new();
    for rule in RULES {
        for place in rule.except {
            assert!(root(place).exists(), "`{place}` is gone, which a rule excepts");
        }
        for file in rule.within.iter().flat_map(|place| files_below(place)) {
            if rule.except.iter().any(|p| file.starts_with(p)) {
                continue;
            }
            for (number, line) in code_lines(&read(&file)) {
                for word in rule.words.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{}:{number}: `{word}`: {}", file.display(), rule.reason));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{} rule(s) broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn code_is_read_but_for_comments_and_tests() {
    let text = "mod a;\n#[cfg(test)]\nmod tests;\n\nfn b() {} // c\n#[cfg(test)]\n#[path = \"d.rs\"]\nmod d;\nimpl E {\n    \
                #[cfg(test)]\n    fn f() {\n        g();\n    }\n    fn h() {}\n}\n#[cfg(test)]\nmod i {\n    j();\n}\nk();\n";
    let lines: Vec<_> = code_lines(text).into_iter().map(|(number, line)| format!("{number} {}", line.trim())).collect();
    assert_eq!(lines, ["1 mod a;", "5 fn b() {}", "9 impl E {", "14 fn h() {}", "15 }", "20 k();"]);
}

#[test]
fn no_module_is_a_drawer_for_everything() {
    for file in CODE.iter().flat_map(|place| files_below(place)) {
        let stem = file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        assert!(
            !["utils", "util", "helpers", "common", "misc"].contains(&stem.as_str()),
            "{}: name it by what it does",
            file.display()
        );
    }
}

#[test]
fn unsafe_code_says_why_it_is_sound() {
    for file in CODE.iter().flat_map(|place| files_below(place)) {
        let text = read(&file);
        let lines: Vec<&str> = text.lines().collect();
        for (i, line) in lines.iter().enumerate() {
            if line.contains("unsafe {") && !line.trim_start().starts_with("//") {
                let before = &lines[i.saturating_sub(8)..=i];
                assert!(
                    before.iter().any(|l| l.contains("SAFETY")),
                    "{}:{}: unsafe without a SAFETY comment",
                    file.display(),
                    i + 1
                );
            }
        }
    }
}

/// What decides by the name of a field, and what tells of one, means a field that an experiment has: one that is renamed in the spec alone
/// would pass for another.
#[test]
fn keys_of_an_experiment_are_in_its_schema() {
    let schema = schemars::schema_for!(ExperimentSpec).to_value();
    let places = ["src/plan", "src/search", "src/eval", "src/report", "src/pipeline", "src/cli"];
    let tables = schema["properties"].as_object().expect("tables").keys().map(String::as_str).collect::<Vec<_>>().join("|");
    let key = Regex::new(&format!(r#""((?:{tables})(?:\.[a-z_0-9]+)+)""#)).expect("a pattern");
    let field = Regex::new(r#"(?:deviate\(|\bfield: |\.field == )\s*"([^"]*)""#).expect("a pattern");
    let is_file = |name: &str| [".safetensors", ".gguf", ".onnx", ".json"].iter().any(|end| name.ends_with(end));
    let (mut found, mut unknown) = (0, Vec::new());
    for file in places.iter().flat_map(|place| files_below(place)) {
        let code = code_lines(&read(&file)).into_iter().map(|(_, line)| line + "\n").collect::<String>();
        let keys = key.captures_iter(&code).map(|m| m.extract::<1>().1[0]).filter(|key| !is_file(key));
        // What a request says and nobody understands is no field.
        let fields = field.captures_iter(&code).map(|m| m.extract::<1>().1[0]).filter(|field| *field != "request");
        for key in keys.chain(fields) {
            found += 1;
            if !has(&schema, &schema, &key.split('.').collect::<Vec<_>>()) {
                unknown.push(format!("{}: `{key}`", file.display()));
            }
        }
    }
    assert!(found > 100, "only {found} keys are found: the patterns are of other code");
    assert!(unknown.is_empty(), "no such field in the schema of an experiment:\n{}", unknown.join("\n"));
}

/// Whether a schema, or one of its alternatives, has properties of these names within each other.
fn has(root: &Value, schema: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else { return true };
    let meant = schema["$ref"].as_str().and_then(|name| root.pointer(name.trim_start_matches('#')));
    let others = ["anyOf", "oneOf", "allOf"].iter().flat_map(|of| schema[of].as_array().into_iter().flatten());
    schema["properties"].get(first).is_some_and(|inner| has(root, inner, rest))
        || meant.into_iter().chain(others).any(|other| has(root, other, path))
}

#[test]
fn architecture_page_is_short_and_names_every_module() {
    let page = read(Path::new("ARCHITECTURE.md"));
    assert!(page.lines().count() <= 200, "ARCHITECTURE.md has {} lines, at most 200", page.lines().count());
    for entry in fs::read_dir(root("src")).expect("src").flatten().filter(|e| e.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(page.contains(&format!("`src/{name}`")), "ARCHITECTURE.md does not name `{name}`");
    }
}

fn root(path: impl AsRef<Path>) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(file: &Path) -> String {
    fs::read_to_string(root(file)).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

/// Rust and TOML files below `place`, relative to the root, in order. A place that is gone is no place without files.
fn files_below(place: &str) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![root(place)]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("a folder").flatten().map(|e| e.path()));
        } else if path.extension().is_some_and(|e| e == "rs" || e == "toml") {
            found.push(path.strip_prefix(root("")).expect("below the root").to_path_buf());
        }
    }
    assert!(!found.is_empty(), "there is no file at `{place}`, which a rule is about");
    found.sort();
    found
}

/// Numbered lines without comments and without items that only tests are built with. As code is laid out here, an item ends on its
/// first line, or with the brace below the beginning of that.
fn code_lines(text: &str) -> Vec<(usize, String)> {
    let (mut found, mut lines) = (Vec::new(), text.lines().enumerate());
    while let Some((i, line)) = lines.next() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            let Some((_, item)) = lines.find(|(_, line)| !line.trim_start().starts_with("#[")) else { break };
            let end = format!("{}}}", &item[..item.len() - item.trim_start().len()]);
            if !item.ends_with([';', '}']) {
                lines.find(|(_, line)| *line == end);
            }
            continue;
        }
        let code = line.split("//").next().unwrap_or_default();
        if !code.trim().is_empty() {
            found.push((i + 1, code.to_string()));
        }
    }
    found
}
