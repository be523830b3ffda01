use super::*;
use tokenizers::Tokenizer;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers").join(name)
}

fn opened(place: &Path) -> Tokenizer {
    let repo = Repo::at_folder(crate::data::hub::Kind::Model, place).expect("a folder");
    let path = fetch(&repo).expect("fetched").expect("a tokenizer");
    let (json, _) = tokenizer_json(&path).expect("a tokenizer");
    Tokenizer::from_bytes(json).expect("read")
}

/// Ids as transformers or SentencePiece give them (`tests/fixtures/tokenizers/make.py`).
#[test]
fn older_folders_cut_texts_as_their_own_libraries_do() {
    let json = std::fs::read(folder("expected.json")).expect("read");
    let expected: Map<String, Value> = serde_json::from_slice(&json).expect("JSON");
    let ids = |value: &Value| -> Vec<u64> { value.as_array().expect("ids").iter().filter_map(Value::as_u64).collect() };
    assert_eq!(expected.len(), 14);
    for (name, cases) in expected.iter().filter(|(name, _)| !name.starts_with("marian")) {
        let place = folder(name.trim_end_matches(" pair"));
        let tokenizer = opened(&place);
        let cases = cases.as_array().expect("cases");
        if name.ends_with(" pair") {
            let pair = ("the river walks under the bright house.", "Naïve CAFÉ don't 12,345");
            let found = tokenizer.encode(pair, true).expect("encoded");
            assert_eq!(found.get_ids().iter().map(|id| u64::from(*id)).collect::<Vec<_>>(), ids(&cases[0]), "{name}");
            continue;
        }
        for case in cases {
            let text = case[0].as_str().expect("a text");
            let found = tokenizer.encode(text, true).expect("encoded");
            assert_eq!(found.get_ids().iter().map(|id| u64::from(*id)).collect::<Vec<_>>(), ids(&case[1]), "{name}: {text:?}");
        }
    }
}

/// Source and target as transformers' MarianTokenizer cuts them, and what it spells.
#[test]
fn marian_cuts_each_text_of_a_pair_by_a_file_of_its_own() {
    use super::super::marian::{Side, parted};
    let json = std::fs::read(folder("expected.json")).expect("read");
    let expected: Map<String, Value> = serde_json::from_slice(&json).expect("JSON");
    let repo = Repo::at_folder(crate::data::hub::Kind::Model, &folder("marian")).expect("a folder");
    let path = fetch(&repo).expect("fetched").expect("a tokenizer");
    assert_eq!(tokenizer_files(&path).len(), 5);
    let marian = parted(tokenizer_json(&path).expect("made").0).expect("parted").1.expect("one of Marian's");
    let vocabulary = crate::data::Vocabulary::open(&path).expect("read");
    let ids = |value: &Value| -> Vec<u32> {
        value.as_array().expect("ids").iter().map(|id| id.as_u64().expect("an id") as u32).collect()
    };
    for case in expected["marian"].as_array().expect("cases") {
        let text = case[0].as_str().expect("a text");
        assert_eq!(vocabulary.ids(text, true).expect("cut"), ids(&case[1]), "{text:?}");
        for (side, wanted) in [(Side::Source, &case[1]), (Side::Target, &case[2])] {
            let wanted = ids(wanted);
            assert_eq!(marian.ids(side, text, usize::MAX).expect("cut"), (wanted.clone(), false), "{side:?}: {text:?}");
            let most = wanted.len() - 1;
            if let Some(cut) = most.checked_sub(1) {
                let (found, is_cut) = marian.ids(side, text, most).expect("cut");
                assert_eq!((&found[..cut], found.last(), is_cut), (&wanted[..cut], wanted.last(), true), "{text:?}");
            }
        }
    }
    for case in expected["marian spelt"].as_array().expect("cases") {
        let (ids, text) = (ids(&case[0]), case[1].as_str().expect("a text"));
        assert_eq!(vocabulary.spell(&ids).expect("spelt"), text, "{ids:?}");
    }
}

/// It is found at every place, and would be for ever.
#[test]
fn an_added_token_without_letters_is_none_of_marians() {
    use super::super::marian::{Side, parted};
    let json = String::from_utf8(tokenizer_json(&folder("marian/source.spm")).expect("made").0).expect("UTF-8");
    let list = "\"added_tokens\":[";
    let at = json.rfind(list).expect("a list of its own") + list.len();
    let (before, behind) = json.split_at(at);
    let odd = format!("{before}{{\"content\":\"\",\"id\":0}},{behind}");
    let ids = |json: String| {
        let marian = parted(json.into_bytes()).expect("parted").1.expect("one of Marian's");
        marian.ids(Side::Source, "the river", usize::MAX).expect("cut")
    };
    assert_eq!(ids(odd), ids(json));
}

#[test]
fn the_files_of_a_tokenizer_in_parts_are_named() {
    let names = |path: PathBuf| -> Vec<String> {
        let name = |path: &PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        tokenizer_files(&path).iter().map(name).collect()
    };
    assert_eq!(names(folder("gpt2/vocab.json")), ["vocab.json", "merges.txt", "config.json"]);
    assert_eq!(names(folder("elsewhere/tokenizer.json")), ["tokenizer.json"]);
}

#[test]
fn what_is_damaged_is_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let cases: [(&str, &[(&str, &[u8])], &str); 7] = [
        ("vocab.txt", &[("vocab.txt", b"[PAD]\n[UNK]\na\n")], "expected a line `[CLS]`"),
        ("vocab.txt", &[("vocab.txt", b"\xff\xfe")], "utf-8"),
        ("vocab.json", &[("vocab.json", b"[]"), ("merges.txt", b"")], "expected a map"),
        ("vocab.json", &[("vocab.json", b"{}"), ("config.json", br#"{"model_type": "qwen2"}"#)], "`qwen2` cuts texts"),
        ("vocab.json", &[("merges.txt", b"a b\nabc\n"), ("config.json", br#"{"model_type": "gpt2"}"#)], "line 2"),
        ("spiece.model", &[("spiece.model", b"\x0a\xff\xff"), ("config.json", br#"{"model_type": "t5"}"#)], "cut off"),
        ("spiece.model", &[("spiece.model", b""), ("config.json", br#"{"model_type": "t5"}"#)], "no pieces"),
    ];
    for (name, files, expected) in cases {
        files.iter().for_each(|(name, bytes)| std::fs::write(dir.path().join(name), bytes).expect("written"));
        let told = tokenizer_json(&dir.path().join(name)).map(drop).expect_err(expected).to_string();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
fn a_whole_one_does_not_ask_what_lies_beside_it() {
    let dir = tempfile::tempdir().expect("a folder");
    std::fs::write(dir.path().join("tokenizer.json"), "{}").expect("written");
    std::fs::write(dir.path().join("tokenizer_config.json"), "broken").expect("written");
    assert_eq!(tokenizer_json(&dir.path().join("tokenizer.json")).expect("read").0, b"{}");
}
