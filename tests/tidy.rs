//! The invariants of ARCHITECTURE.md that can be read off the sources. Each rule fails with its reason.

use std::fs;
use std::path::{Path, PathBuf};

/// A rule: in the files below `within`, except those below `except`, no line outside comments and tests may hold any of `words`.
struct Rule {
    within: &'static [&'static str],
    except: &'static [&'static str],
    words: &'static [&'static str],
    reason: &'static str,
}

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
        within: &["src", "kernels/src", "model-zoo/src"],
        except: &["src/run/process", "src/sandbox"],
        words: &["Command::new", "process::Command", "libc::fork", "libc::execve", "libc::kill("],
        reason: "processes are started and ended in src/run/process alone, jailed by src/sandbox",
    },
    Rule {
        within: &["src", "kernels/src", "model-zoo/src"],
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
        within: &["src", "kernels/src", "model-zoo/src"],
        except: &[],
        words: &["thread_rng", "rand::", "set_seed", "#[allow(", "todo!(", "unimplemented!(", "#[ignore"],
        reason: "randomness comes from named streams; exceptions to lints carry a reason; nothing is left undone or ignored",
    },
    Rule {
        within: &["src", "kernels/src", "model-zoo/src"],
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
        for file in rule.within.iter().flat_map(|p| files_below(Path::new(env!("CARGO_MANIFEST_DIR")), p)) {
            if rule.except.iter().any(|p| file.starts_with(p)) {
                continue;
            }
            for (number, line) in code_lines(&file) {
                for word in rule.words.iter().filter(|word| line.contains(**word)) {
                    broken.push(format!("{}:{number}: `{word}`: {}", file.display(), rule.reason));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{} rule(s) broken:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn no_module_is_a_drawer_for_everything() {
    for file in ["src", "kernels/src", "model-zoo/src"].iter().flat_map(|p| files_below(Path::new(env!("CARGO_MANIFEST_DIR")), p))
    {
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
    for file in ["src", "kernels/src", "model-zoo/src"].iter().flat_map(|p| files_below(Path::new(env!("CARGO_MANIFEST_DIR")), p))
    {
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

/// Rust and TOML files below `place`, relative to the root, in order.
fn files_below(base: &Path, place: &str) -> Vec<PathBuf> {
    let (mut found, mut waiting) = (Vec::new(), vec![base.join(place)]);
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("a folder").flatten().map(|e| e.path()));
        } else if path.extension().is_some_and(|e| e == "rs" || e == "toml") {
            found.push(path.strip_prefix(base).expect("below the root").to_path_buf());
        }
    }
    found.sort();
    found
}

/// Numbered lines without comments, up to the file's unit tests.
fn code_lines(file: &Path) -> Vec<(usize, String)> {
    let text = read(file);
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line.split("//").next().unwrap_or_default().to_string()))
        .filter(|(_, line)| !line.trim().is_empty())
        .collect()
}
