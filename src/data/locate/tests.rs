//! The same rows, however they are packed, are the same prepared data.

use super::*;
use crate::data::packing::tests::{gz, zst};
use crate::data::read::parquet::tests::write as write_parquet;
use crate::data::unpack::tests::{FILE, tar, zip};
use crate::data::{DataSpecHints, Prepared, PreparedTargets, prepare, survey_data};
use crate::error::Failure;
use crate::job::{PrepareJob, SplitSource, TokenizerSource};
use crate::spec::TokenizerKind;

/// A place with these files.
fn files(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }
    dir
}

/// What lies at a path of the place, as splits of file names; or the error with its hint.
fn found(dir: &Path, path: &str) -> std::result::Result<Vec<String>, String> {
    let source = DataSource::Local { path: dir.join(path) };
    let work = dir.join("work");
    let located = locate(&Hub::nowhere(dir), &source, &[], &Making::quietly(&work));
    let located = located.map_err(|e| format!("{e} ({})", e.hint().unwrap_or_default()))?;
    let name = |file: &PathBuf| file.file_name().expect("a name").to_string_lossy().into_owned();
    Ok(located
        .splits
        .iter()
        .map(|(split, files)| format!("{split}: {}", files.iter().map(name).collect::<Vec<_>>().join(" ")))
        .collect())
}

/// What is told of what lies at a path of the place.
fn told(dir: &Path, path: &str) -> Vec<String> {
    let source = DataSource::Local { path: dir.join(path) };
    locate(&Hub::nowhere(dir), &source, &[], &Making::quietly(&dir.join("work"))).expect(path).notes
}

/// The prepared splits of what lies at a path: names and bytes.
fn prepared(dir: &Path, path: &str) -> Vec<(String, Vec<u8>)> {
    let work = dir.join("work");
    let source = DataSource::Local { path: dir.join(path) };
    let facts = survey_data(&Hub::nowhere(dir), &source, &DataSpecHints::default(), &Making::quietly(&work)).expect(path);
    let out = tempfile::tempdir().expect("a folder");
    let split =
        |split: &crate::plan::SplitFacts| SplitSource { name: split.name.clone(), files: split.files.clone(), part: None };
    let job = PrepareJob {
        task: facts.task.expect("a task"),
        splits: facts.splits.iter().map(split).collect(),
        rows: vec![],
        columns: facts.columns,
        tokenizer: TokenizerSource::Trained(TokenizerKind::Wordpiece),
        vocab_size: 100,
        max_seq_len: 16,
        image_shape: facts.image_shape,
        image: None,
        table: None,
        labels: Some(facts.labels),
        numbered: None,
        max_examples: None,
        chat: Default::default(),
        pairs: None,
        speech: None,
        out: out.path().into(),
    };
    prepare(&job, &mut |_| {}).expect(path);
    let mut made: Vec<(String, Vec<u8>)> = std::fs::read_dir(out.path())
        .expect("a folder")
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "safetensors"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), std::fs::read(entry.path()).expect("read")))
        .collect();
    made.sort();
    assert_eq!(made.len(), facts.splits.len(), "{path}");
    made
}

const TRAIN: &str = "text,label\n\"a good, fine film\",1\na bad film,0\na fine play,1\na dull play,0\n";
const TEST: &str = "text,label\na good play,1\na bad play,0\n";

#[test]
fn packed_tables_are_the_same_data() {
    let lines = |csv: &str| -> Vec<u8> {
        let rows = csv.lines().skip(1).map(|line| line.rsplit_once(',').expect("two cells"));
        let line = |(text, label): (&str, &str)| format!("{{\"text\":\"{}\",\"label\":{label}}}\n", text.trim_matches('"'));
        rows.map(line).collect::<String>().into_bytes()
    };
    let check = |ending: &str, train: &[u8], test: &[u8]| {
        let name = |split: &str, more: &str| format!("{split}.{ending}{more}");
        let (a, b) = (name("train", ""), name("test", ""));
        let of_tar = tar(&[(&a, b'0', train), (&b, b'0', test)]);
        let dir = files(&[
            (&format!("plain/{a}"), train),
            (&format!("plain/{b}"), test),
            (&format!("gz/{a}.gz"), &gz(train)),
            (&format!("gz/{b}.GZ"), &gz(test)),
            (&format!("zst/{a}.zst"), &zst(train)),
            (&format!("zst/{b}"), test),
            ("rows.zip", &zip(&[(&a, FILE, train), (&b, FILE, test)], 8)),
            ("rows.tar", &of_tar),
            ("rows.tgz", &gz(&of_tar)),
            ("rows.tar.zst", &zst(&of_tar)),
            // Archives in a folder, each a split.
            ("hub/data/train.zip", &zip(&[(&a, FILE, train)], 8)),
            ("hub/data/test.tar.gz", &gz(&tar(&[(&b, b'0', test)]))),
        ]);
        let plain = prepared(dir.path(), "plain");
        for path in ["gz", "zst", "rows.zip", "rows.tar", "rows.tgz", "rows.tar.zst", "hub", &format!("plain/*.{ending}")] {
            assert!(prepared(dir.path(), path) == plain, "{path} of {ending}");
        }
    };
    check("csv", TRAIN.as_bytes(), TEST.as_bytes());
    check(
        "tsv",
        TRAIN.replace(",1", "\t1").replace(",0", "\t0").replace("t,l", "t\tl").as_bytes(),
        TEST.replace(',', "\t").as_bytes(),
    );
    check("jsonl", &lines(TRAIN), &lines(TEST));
}

#[test]
fn packed_images_are_the_same_data() {
    let dir = tempfile::tempdir().expect("a folder");
    let made = crate::data::generate("toy_shapes", 40, 1, &Making::quietly(dir.path())).expect("made");
    std::fs::rename(made, dir.path().join("plain")).expect("renamed");
    let repo = Repo::at_folder(Kind::Dataset, &dir.path().join("plain")).expect("a folder");
    let read: Vec<(String, Vec<u8>)> = repo
        .paths()
        .into_iter()
        .filter(|path| is_image(path))
        .map(|path| (format!("shapes/{path}"), std::fs::read(dir.path().join("plain").join(&path)).expect("read")))
        .collect();
    let archive = tar(&read.iter().map(|(name, bytes)| (name.as_str(), b'0', &bytes[..])).collect::<Vec<_>>());
    // The order within an archive is not that of the rows.
    let members: Vec<_> = read.iter().rev().map(|(name, bytes)| (name.as_str(), FILE, &bytes[..])).collect();
    for (name, bytes) in [("shapes.tar.zst", zst(&archive)), ("shapes.tar.gz", gz(&archive)), ("shapes.zip", zip(&members, 0))] {
        std::fs::write(dir.path().join(name), bytes).expect("written");
        assert!(prepared(dir.path(), name) == prepared(dir.path(), "plain"), "{name}");
    }
}

/// With what is said in them an archive of recordings is the folder that it was; without, it is told what is missing.
#[test]
fn archives_of_recordings() {
    let wav = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio/signed16.wav")).expect("read");
    let said = b"file_name,transcription\na.wav,one two\nb.wav,three\n".as_slice();
    let names = |folder: &str| [format!("{folder}/a.wav"), format!("{folder}/b.wav"), format!("{folder}/metadata.csv")];
    let (train, test) = (names("sounds/train"), names("sounds/test"));
    let all: Vec<(&str, &[u8])> =
        train.iter().chain(&test).map(|name| (name.as_str(), if name.ends_with("csv") { said } else { &wav[..] })).collect();
    let of_tar: Vec<_> = all.iter().map(|(name, bytes)| (*name, b'0', *bytes)).collect();
    let of_zip: Vec<_> = all.iter().map(|(name, bytes)| (*name, FILE, *bytes)).collect();
    let silent: Vec<_> = of_zip.iter().filter(|(name, ..)| name.ends_with("wav")).copied().collect();
    let dir = files(&[("a.tar.gz", &gz(&tar(&of_tar))), ("a.zip", &zip(&of_zip, 8)), ("silent.zip", &zip(&silent, 0))]);
    for name in ["a.tar.gz", "a.zip"] {
        let expected = vec!["train: metadata.csv".to_string(), "test: metadata.csv".into()];
        assert_eq!(found(dir.path(), name), Ok(expected), "{name}");
        let work = dir.path().join("work");
        let source = DataSource::Local { path: dir.path().join(name) };
        let facts =
            survey_data(&Hub::nowhere(dir.path()), &source, &DataSpecHints::default(), &Making::quietly(&work)).expect(name);
        assert_eq!(facts.task, Some(crate::spec::Task::SpeechRecognition), "{name}");
        assert_eq!((facts.columns.input, facts.columns.label), (vec!["file_name".to_string()], Some("transcription".into())));
        // The recordings lie beside their table.
        assert!(facts.splits.iter().all(|split| split.files[0].with_file_name("b.wav").is_file()));
    }
    let error = found(dir.path(), "silent.zip").expect_err("nothing is said");
    assert!(error.contains("holds recordings such as `") && error.contains("metadata.csv"), "{error}");
}

#[test]
fn arrow_and_parquet_are_the_same_examples() {
    let saved = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/arrow/saved");
    assert_eq!(found(&saved, ""), Ok(vec!["train: data-00000-of-00001.arrow".into(), "test: data-00000-of-00001.arrow".into()]));
    let dir = tempfile::tempdir().expect("a folder");
    let texts = |of: &[(&'static str, i64)]| of.iter().map(|(text, label)| (Some(*text), *label)).collect::<Vec<_>>();
    write_parquet(&dir.path().join("test.parquet"), &texts(&[("well", 1), ("ill", 0)]), &["sad", "glad"]);
    std::fs::create_dir(dir.path().join("arrow")).expect("made");
    std::fs::copy(saved.join("test/data-00000-of-00001.arrow"), dir.path().join("arrow/test.arrow")).expect("copied");
    let examples = |path: &str| {
        let (name, bytes) = prepared(dir.path(), path).remove(0);
        let place = dir.path().join("made").join(name);
        std::fs::create_dir_all(place.parent().expect("a parent")).expect("made");
        std::fs::write(&place, bytes).expect("written");
        let prepared = Prepared::open(&place).expect("a split");
        let PreparedTargets::Classes { of, .. } = prepared.targets() else { panic!("expected classes") };
        let texts: Vec<Vec<u32>> = (0..prepared.len()).map(|i| prepared.texts().expect("texts").text(i).0.to_vec()).collect();
        (of.to_vec(), texts)
    };
    assert_eq!(examples("arrow"), examples("test.parquet"));
}

#[test]
fn patterns_name_files_in_order() {
    let dir = files(&[
        ("a/rows-2.csv", TRAIN.as_bytes()),
        ("a/rows-10.csv", TRAIN.as_bytes()),
        ("a/deep/rows.csv", TEST.as_bytes()),
        ("a/notes.pdf", b""),
        ("b/train-1.csv", TRAIN.as_bytes()),
        ("b/train-0.csv", TRAIN.as_bytes()),
        ("b/dev.csv", TEST.as_bytes()),
        ("b/odd[1].csv", TEST.as_bytes()),
        ("c/rows.csv.bz2", b"BZh"),
    ]);
    let check = |path: &str, expected: &[&str]| {
        assert_eq!(found(dir.path(), path), Ok(expected.iter().map(|split| split.to_string()).collect()), "{path}");
    };
    check("a/*.csv", &["train: rows-10.csv rows-2.csv"]);
    check("a/**/*.csv", &["train: rows.csv rows-10.csv rows-2.csv"]);
    check("a/rows-?.csv", &["train: rows-2.csv"]);
    check("b/train-*.csv", &["train: train-0.csv train-1.csv"]);
    check("b/{dev,train-1}.csv", &["train: train-1.csv", "validation: dev.csv"]);
    // A file that has such a name is itself.
    check("b/odd[1].csv", &["train: odd[1].csv"]);
    let refused = |path: &str, words: &str| {
        let error = found(dir.path(), path).expect_err(words);
        assert!(error.contains(words), "{path}: expected {words:?}, found {error}");
    };
    refused("a/*.jsonl", "matches `*.jsonl`");
    refused("nowhere/*.csv", "matches `*.csv`");
    refused("a/*.pdf", "found `notes.pdf`");
    refused("c/rows.csv.bz2", "rows.csv.bz2` is packed by bzip2: expected .gz or .zst");
    refused("c", "found `rows.csv.bz2`");
    refused("a/gone.csv", "check the path");
    refused("b/trian-1.csv", "did you mean `train-1.csv`");
}

#[test]
fn rows_that_lie_in_several_formats_are_taken_once() {
    let card = b"---\nconfigs:\n- config_name: default\n  data_dir: data\n---\n";
    let dir = files(&[
        ("a/reviews.csv", TRAIN.as_bytes()),
        ("a/reviews.csv.gz", b""),
        ("b/train.csv", TRAIN.as_bytes()),
        ("b/test.parquet", b""),
        ("c/train.csv", TRAIN.as_bytes()),
        ("c/test.csv", TEST.as_bytes()),
        ("c/embeddings.parquet", b""),
        ("d/train.csv", TRAIN.as_bytes()),
        ("d/train-00000-of-00001.parquet", b""),
        ("e/rows.parquet", b""),
        ("e/info.json", b"{}"),
        ("f/README.md", card),
        ("f/data/train.csv", TRAIN.as_bytes()),
        ("f/data/train.csv.gz", b""),
    ]);
    let check = |path: &str, expected: &[&str], notes: &[&str]| {
        assert_eq!(found(dir.path(), path), Ok(expected.iter().map(|split| split.to_string()).collect()), "{path}");
        assert_eq!(told(dir.path(), path), notes, "{path}");
    };
    check("a", &["train: reviews.csv"], &["`reviews.csv.gz`: taken for the same rows in another format; left out"]);
    check("a/*", &["train: reviews.csv"], &["`reviews.csv.gz`: taken for the same rows in another format; left out"]);
    check("b", &["train: train.csv", "test: test.parquet"], &[]);
    let unnamed = "`embeddings.parquet`: no split, by the name; left out";
    check("c", &["train: train.csv", "test: test.csv"], &[unnamed]);
    check("c/*", &["train: train.csv", "test: test.csv"], &[unnamed]);
    let again = "`train.csv`: taken for the same rows in another format; left out";
    check("d", &["train: train-00000-of-00001.parquet"], &[again]);
    check("e", &["train: rows.parquet"], &["`info.json`: taken for the same rows in another format; left out"]);
    check("f", &["train: train.csv"], &["`data/train.csv.gz`: taken for the same rows in another format; left out"]);
}

/// As a pattern takes them. Nothing is dropped for what its file is called.
#[test]
fn files_that_are_called_as_no_split_are_one_where_they_are_alike() {
    let other = b"text,stars\na fine film,5\n".as_slice();
    let dir = files(&[
        ("months/jan.csv", TRAIN.as_bytes()),
        ("months/feb.csv", TEST.as_bytes()),
        ("kinds/jan.csv", TRAIN.as_bytes()),
        ("kinds/feb.csv", other),
        ("deep/jan.csv", TRAIN.as_bytes()),
        ("deep/more/feb.csv", TEST.as_bytes()),
        ("books/a.txt", b"a fine book\n"),
        ("books/b.txt", b"a dull book\n"),
        ("months.zip", &zip(&[("jan.csv", FILE, TRAIN.as_bytes()), ("feb.csv", FILE, TEST.as_bytes())], 8)),
    ]);
    let check = |path: &str, expected: &[&str], words: &str| {
        assert_eq!(found(dir.path(), path), Ok(expected.iter().map(|split| split.to_string()).collect()), "{path}");
        let notes = told(dir.path(), path).join(" ");
        assert!(notes.contains(words), "{path}: {notes}");
    };
    let together = "`feb.csv`, `jan.csv`: taken together as `train`";
    check("months", &["train: feb.csv jan.csv"], together);
    check("months.zip", &["train: feb.csv jan.csv"], together);
    check("books", &["train: a.txt b.txt"], "`a.txt`, `b.txt`: taken together");
    check("kinds", &["feb: feb.csv", "jan: jan.csv"], "`feb.csv`, `jan.csv`: each a split by itself");
    check("deep", &["feb: feb.csv", "jan: jan.csv"], "they lie apart or their columns differ");
    // Whoever names one has that one.
    let source = DataSource::Local { path: dir.path().join("months") };
    let wanted = ["jan".to_string()];
    let located = locate(&Hub::nowhere(dir.path()), &source, &wanted, &Making::quietly(&dir.path().join("work"))).expect("there");
    assert_eq!(located.names, ["feb", "jan"]);
}

#[test]
fn folders_of_splits_may_lie_in_folders_that_are_called_so() {
    let dir = files(&[
        ("a/training_set/training_set/cats/1.png", b""),
        ("a/test_set/test_set/cats/1.png", b""),
        ("b/training_data/train/cat/1.png", b""),
        ("b/training_data/test/cat/1.png", b""),
        ("c/train/cat/old/1.png", b""),
        ("c/train/cat/new/1.png", b""),
    ]);
    let root = dir.path();
    let check = |path: &str, expected: &[&str]| {
        let source = DataSource::Local { path: root.join(path) };
        let located = locate(&Hub::nowhere(root), &source, &[], &Making::quietly(&root.join("work"))).map_err(|e| e.to_string());
        let mut found = Vec::new();
        for (split, folders) in located.expect(path).splits {
            found
                .extend(folders.iter().map(|folder| format!("{split}: {}", folder.strip_prefix(root).expect("below").display())));
        }
        assert_eq!(found, expected);
    };
    check("a", &["train: a/training_set/training_set", "test: a/test_set/test_set"]);
    check("b", &["train: b/training_data/train", "test: b/training_data/test"]);
    check("c", &["train: c/train"]);
}

#[test]
fn tables_beside_images_of_classes_are_no_data() {
    let dir = files(&[
        ("pets/cat/1.jpg", b""),
        ("pets/cat/2.jpg", b""),
        ("pets/dog/1.jpg", b""),
        ("pets/dog/2.jpg", b""),
        ("pets/classes.json", b"[\"cat\", \"dog\"]"),
        ("pets/sizes.csv", b"class,kilograms\ncat,4\ndog,20\n"),
        ("named/cat/1.jpg", b""),
        ("named/cat/2.jpg", b""),
        ("named/dog/3.jpg", b""),
        ("named/dog/4.jpg", b""),
        ("named/labels.csv", b"file,label\ncat/1.jpg,old\ndog/3.jpg,new\n"),
        ("ids/images/7.jpg", b""),
        ("ids/images/8.jpg", b""),
        ("ids/masks/7.jpg", b""),
        ("ids/masks/8.jpg", b""),
        ("ids/labels.csv", b"id,breed\n7,x\n8,y\n"),
        ("splits/train/1.jpg", b""),
        ("splits/train/2.jpg", b""),
        ("splits/test/3.jpg", b""),
        ("splits/test/4.jpg", b""),
        ("splits/breeds.csv", b"text,breed\nsmall,x\nlarge,y\n"),
    ]);
    let check = |path: &str, expected: &str| assert_eq!(found(dir.path(), path), Ok(vec![expected.to_string()]), "{path}");
    check("pets", "train: pets");
    assert_eq!(told(dir.path(), "pets"), ["`classes.json`, `sizes.csv`: beside images in folders of classes; left out"]);
    // These are the data: they name the images, with their endings or without, or nothing says what the images are.
    check("named", "train: labels.csv");
    check("ids", "train: labels.csv");
    check("splits", "train: breeds.csv");
}

/// A download that fails makes no other splits of a data set.
#[test]
fn what_cannot_be_fetched_decides_no_splits() {
    let dir = files(&[("jan.csv", TRAIN.as_bytes()), ("feb.csv", TEST.as_bytes())]);
    let repo = Repo::at_folder(Kind::Dataset, dir.path()).expect("a place");
    let are_one = |names: [&str; 2]| have_the_same_columns(&repo, &names.map(str::to_string));
    assert!(are_one(["feb.csv", "jan.csv"]).expect("read"));
    let gone = are_one(["feb.csv", "mar.csv"]).expect_err("no such file");
    assert!(gone.to_string().contains("mar.csv"), "{gone}");
}
