//! Whole jobs over small files: what comes out, and what is said of bad input.

use super::prepare;
use crate::data::read::parquet::tests::write as write_parquet;
use crate::data::{Making, Prepared, PreparedTargets, Result, generate};
use crate::error::{Class, Failure};
use crate::job::{Event, PairFormat, Part, PrepareJob, PreparedSplit, SplitShape, SplitSource, TokenizerSource};
use crate::spec::{Columns, Task, TokenizerKind};
use std::path::{Path, PathBuf};

mod labels;
mod left_out;
mod parts;
mod questions;

/// A folder for files, and a job over them.
struct Bench {
    dir: tempfile::TempDir,
    job: PrepareJob,
}

impl Bench {
    fn new(task: Task) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let out = dir.path().join("out");
        let (splits, columns) = (Vec::new(), Columns::default());
        let job = PrepareJob {
            task,
            splits,
            rows: vec![],
            columns,
            tokenizer: TokenizerSource::Trained(TokenizerKind::Wordpiece),
            vocab_size: 200,
            max_seq_len: 16,
            image_shape: None,
            image: None,
            table: None,
            labels: None,
            numbered: None,
            max_examples: None,
            chat: Default::default(),
            pairs: None,
            speech: None,
            out,
        };
        Bench { dir, job }
    }

    fn text(splits: &[(&str, &str)]) -> Self {
        let mut bench = Bench::new(Task::TextClassification);
        for (name, csv) in splits {
            let path = bench.dir.path().join(format!("{name}.csv"));
            std::fs::write(&path, csv).expect("written");
            bench.add(name, path);
        }
        bench
    }

    fn add(&mut self, name: &str, path: PathBuf) {
        self.job.splits.push(SplitSource { name: name.into(), files: vec![path], part: None });
    }

    fn run(&self) -> Result<Vec<PreparedSplit>> {
        let mut made = Vec::new();
        prepare(&self.job, &mut |event| {
            if let Event::Prepared(split) = event {
                made.push(split);
            }
        })?;
        Ok(made)
    }

    fn open(&self, file: &str) -> Prepared {
        Prepared::open(&self.job.out.join(file)).expect("a prepared split")
    }
}

fn labels(prepared: &Prepared) -> &[u32] {
    let PreparedTargets::Classes { of, .. } = prepared.targets() else { panic!("expected classes") };
    of
}

#[test]
fn texts_become_tokens_in_order() {
    let train = "sentence,label\nthe cat sat,no\nthe dog sat on the cat,yes\nthe cat,no\n";
    let bench = Bench::text(&[("train", train), ("dev", "sentence,label\nthe dog,yes\n")]);
    let made = bench.run().expect("prepared");
    let summary: Vec<_> = made.iter().map(|m| (m.split.as_str(), m.examples, m.label_counts.clone())).collect();
    assert_eq!(summary, [("train", 3, vec![2, 1]), ("dev", 1, vec![0, 1])]);
    assert_eq!(
        (made[0].labels.as_slice(), made[0].columns.input.as_slice()),
        (&["no".to_string(), "yes".into()][..], &["sentence".to_string()][..])
    );
    assert_eq!(made[0].sha256, crate::data::sha256_of_file(&bench.job.out.join(&made[0].file)).expect("read"));
    let tokenizer = tokenizers::Tokenizer::from_file(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let prepared = bench.open("train.safetensors");
    assert_eq!((prepared.len(), labels(&prepared)), (3, &[0u32, 1, 0][..]));
    for (i, text) in ["the cat sat", "the dog sat on the cat", "the cat"].iter().enumerate() {
        let expected = tokenizer.encode(*text, true).expect("encoded");
        let (ids, type_ids) = prepared.texts().expect("texts").text(i);
        assert_eq!(ids, expected.get_ids());
        assert!(type_ids.iter().all(|t| *t == 0));
    }
}

#[test]
fn pairs_have_two_types_and_long_ones_are_cut_and_counted() {
    let long = "word ".repeat(40);
    let bench = Bench::text(&[("train", &format!("sentence1,sentence2,label\na b,c d,0\n{long},{long},1\n"))]);
    let made = bench.run().expect("prepared");
    assert!(matches!(made[0].shape, SplitShape::Text { longest: 16, truncated: 1, .. }), "{:?}", made[0].shape);
    let prepared = bench.open("train.safetensors");
    assert_eq!(prepared.texts().expect("texts").text(0).1, [0, 0, 0, 0, 1, 1, 1]);
    assert_eq!(prepared.texts().expect("texts").text_len(1), 16);
}

#[test]
fn the_same_job_gives_the_same_bytes() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = generate("toy_reviews", 300, 1, &Making::quietly(dir.path())).expect("written");
    let run = || {
        let mut bench = Bench::new(Task::TextClassification);
        bench.job.max_seq_len = 64;
        bench.add("train", folder.join("train.jsonl"));
        let sha256 = bench.run().expect("prepared")[0].sha256.clone();
        (sha256, std::fs::read(bench.job.out.join("tokenizer.json")).expect("read"))
    };
    assert_eq!(run(), run());
}

#[test]
fn class_labels_of_parquet_are_indices() {
    let mut bench = Bench::new(Task::TextClassification);
    let path = bench.dir.path().join("t.parquet");
    write_parquet(&path, &[(Some("one"), 1), (Some("two"), 0)], &["1", "0"]);
    bench.add("train", path);
    assert_eq!(bench.run().expect("prepared")[0].labels, ["1", "0"]);
    assert_eq!(labels(&bench.open("train.safetensors")), [1, 0]);
}

#[test]
fn images_become_pixels() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = generate("toy_shapes", 8, 1, &Making::quietly(dir.path())).expect("written");
    let mut bench = Bench::new(Task::ImageClassification);
    bench.add("train", folder.join("train"));
    let made = bench.run().expect("prepared");
    assert_eq!(
        (made[0].shape.clone(), made[0].label_counts.clone()),
        (SplitShape::Image { height: 16, width: 16, channels: 3, left_out: 0 }, vec![2; 4])
    );
    let prepared = bench.open("train.safetensors");
    let cross = image::open(folder.join("train/cross/00005.png")).expect("an image").into_rgb8();
    let images = prepared.images().expect("images");
    assert_eq!((labels(&prepared)[3], images.shape(), images.image(3)), (1, [16, 16, 3], cross.as_raw().as_slice()));
}

#[test]
fn images_that_cannot_be_read_are_left_out_and_others_of_another_size_are_named() {
    let prepared = |spoil: &dyn Fn(&Path)| -> Result<_> {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = generate("toy_shapes", 8, 1, &Making::quietly(dir.path())).expect("written").join("train");
        spoil(&folder);
        let mut bench = Bench::new(Task::ImageClassification);
        bench.add("train", folder);
        let (mut made, mut notes) = (Vec::new(), Vec::new());
        let told = prepare(&bench.job, &mut |event| match event {
            Event::Prepared(split) => made.push(split),
            Event::Note { message } => notes.push(message),
            _ => {}
        });
        told?;
        let labels = labels(&bench.open("train.safetensors")).to_vec();
        Ok((labels, made.remove(0), notes))
    };
    let spoilt = |f: &Path, image: &str| std::fs::write(f.join(image), b"no image").expect("written");
    let (all, _, notes) = prepared(&|_| {}).expect("prepared");
    assert_eq!(notes, [""; 0]);
    let (some, made, notes) = prepared(&|f| spoilt(f, "cross/00005.png")).expect("prepared");
    // The fourth of the images, by name.
    assert_eq!(some, [&all[..3], &all[4..]].concat());
    assert_eq!(made.shape, SplitShape::Image { height: 16, width: 16, channels: 3, left_out: 1 });
    assert_eq!(made.label_counts.iter().sum::<usize>(), all.len() - 1);
    let words = "split `train`: 1 of 8 images are left out, for they cannot be read: ";
    assert!(notes[0].starts_with(words) && notes[0].contains("`cross/00005.png`, column `image`"), "{notes:?}");
    let refused = |spoil: &dyn Fn(&Path), words: &str| {
        let error = prepared(spoil).map(drop).expect_err(words);
        assert!(error.to_string().contains(words), "expected {words:?}, found {error}");
    };
    let all_spoilt = |f: &Path| {
        for class in std::fs::read_dir(f).expect("read").flatten() {
            for image in std::fs::read_dir(class.path()).expect("read").flatten() {
                std::fs::write(image.path(), b"no image").expect("written");
            }
        }
    };
    refused(&all_spoilt, "column `image`: the image cannot be read");
    refused(
        &|f| image::RgbImage::new(20, 16).save(f.join("cross/00005.png")).expect("written"),
        "`cross/00005.png`, column `image`: expected an image of 16 x 16 x 3, found 16 x 20 x 3",
    );
}

/// Rows that end in line breaks go on, others end with the token for it; the pieces are the stream, and their bytes the text's.
#[test]
fn documents_become_a_stream_in_pieces() {
    let documents = ["the cat sat on the mat", "the dog\n", "and the cat\n", "", "é"];
    let rows: String = documents.iter().map(|text| serde_json::json!({"text": text}).to_string() + "\n").collect();
    let mut bench = Bench::new(Task::LanguageModelling);
    bench.job.tokenizer = TokenizerSource::Trained(TokenizerKind::Characters);
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, rows).expect("written");
    bench.add("train", path);
    let made = bench.run().expect("prepared");
    let tokenizer = tokenizers::Tokenizer::from_file(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let prepared = bench.open(&made[0].file);
    let (texts, count) = (prepared.texts().expect("texts"), prepared.len());
    let stream: Vec<u32> = (0..count).flat_map(|i| texts.text(i).0).copied().collect();
    let whole = "the cat sat on the mat<|endoftext|>the dog\nand the cat\né";
    assert_eq!(tokenizer.decode(&stream, false).expect("decoded"), whole);
    assert!((0..count - 1).all(|i| texts.text_len(i) == 16) && texts.text_len(count - 1) <= 16);
    let PreparedTargets::Words { bytes, .. } = prepared.targets() else { panic!("expected words") };
    let text_bytes: usize = documents.iter().map(|text| text.len()).sum();
    assert_eq!(bytes.iter().sum::<u32>() as usize, text_bytes);
    assert_eq!(bytes[0], 16, "letters of one byte");
    let told = SplitShape::Words {
        tokens: stream.len() as u64,
        length: 16,
        bytes: text_bytes as u64,
        vocab_size: tokenizer.get_vocab_size(true),
    };
    assert_eq!((made[0].shape.clone(), made[0].examples), (told, count));
}

#[test]
fn a_row_without_a_text_is_an_empty_document() {
    let lines = "{\"text\":\"the cat\"}\n{\"text\":null}\n{\"text\":\"the dog\"}\n";
    let mut bench = Bench::new(Task::LanguageModelling);
    bench.job.tokenizer = TokenizerSource::Trained(TokenizerKind::Characters);
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, lines).expect("written");
    bench.add("train", path);
    let mut notes = Vec::new();
    prepare(&bench.job, &mut |event| {
        if let Event::Note { message } = event {
            notes.push(message);
        }
    })
    .expect("prepared");
    let tokenizer = tokenizers::Tokenizer::from_file(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let prepared = bench.open("train.safetensors");
    let stream: Vec<u32> = (0..prepared.len()).flat_map(|i| prepared.texts().expect("texts").text(i).0).copied().collect();
    assert_eq!(tokenizer.decode(&stream, false).expect("decoded"), "the cat<|endoftext|>the dog");
    assert_eq!(notes, ["split `train`: 1 of its rows have no text, and count as empty ones"]);
}

/// A job over CSV texts that tells numbers.
fn numbers(csv: &str) -> Bench {
    let mut bench = Bench::text(&[("train", csv)]);
    bench.job.task = Task::TextRegression;
    bench
}

#[test]
fn numbers_are_kept_as_they_are() {
    let bench = numbers("sentence1,sentence2,score\na,b,1.5\nc,d, -3 \ne,f,1e300\ng,h,0\n");
    let made = bench.run().expect("prepared").remove(0);
    let prepared = bench.open("train.safetensors");
    let PreparedTargets::Values { of } = prepared.targets() else { panic!("expected values") };
    assert_eq!((&of[..], made.labels.len()), (&[1.5, -3.0, 1e300, 0.0][..], 0));
    let spread = numbers("text,score\na,1\nb,2\nc,6\n").run().expect("prepared").remove(0).values.expect("a spread");
    assert_eq!((spread.mean, spread.least, spread.most), (3.0, 1.0, 6.0));
    assert!((spread.std - (14.0f64 / 3.0).sqrt()).abs() < 1e-12, "{}", spread.std);
}

#[test]
fn what_is_no_number_is_told_with_its_place() {
    let check = |cell: &str, words: &str| {
        let error = numbers(&format!("text,score\na,1\nb,{cell}\n")).run().expect_err("refused");
        assert_eq!((error.class(), error.hint().is_some()), (Class::Data, true), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    check("", "line 3, column `score`: there is no label");
    check("nan", "line 3, column `score`: expected a finite number, found `nan`");
    check("1e999", "expected a finite number");
    check("much", "expected a finite number, found `much`");
}

#[test]
fn texts_whose_vectors_are_compared_lie_example_by_example() {
    let of = |csv: &str| {
        let mut bench = Bench::text(&[("train", csv)]);
        bench.job.task = Task::SentenceSimilarity;
        let mut notes = Vec::new();
        let mut made = Vec::new();
        let told = prepare(&bench.job, &mut |event| match event {
            Event::Prepared(split) => made.push(split),
            Event::Note { message } => notes.push(message),
            _ => {}
        });
        told.map(|()| (bench.open("train.safetensors"), made.remove(0), notes))
    };
    let (prepared, made, notes) = of("anchor,positive,negative\na b,b a,c\nd, ,e\na b,c,b a b\n").expect("prepared");
    let PreparedTargets::Similar(similar) = prepared.targets() else { panic!("{:?}", prepared.targets()) };
    assert_eq!((prepared.len(), made.examples, similar.each(), similar.scores()), (2, 2, 3, None));
    assert_eq!(notes, ["split `train`: 1 of 3 examples are left out, for one of their texts is blank"]);
    let lengths: Vec<usize> = (0..6).map(|text| prepared.texts().expect("texts").text_len(text)).collect();
    assert_eq!((lengths, prepared.example_len(0)), (vec![4, 4, 3, 4, 3, 5], Some(11)), "each by itself, with its own ends");
    assert_eq!(similar.number(0, 0), similar.number(1, 0), "texts that are the same share a number");
    assert_eq!(similar.number(0, 2), similar.number(1, 1));
    assert_ne!(similar.number(0, 1), similar.number(1, 2));
    let (prepared, ..) = of("sentence1,sentence2,score\na b,c,4.5\nc,d,-1\n").expect("prepared");
    let PreparedTargets::Similar(similar) = prepared.targets() else { panic!("{:?}", prepared.targets()) };
    assert_eq!((similar.each(), similar.scores()), (2, Some(&[4.5, -1.0][..])));
    let told = |csv: &str, words: &str| {
        let error = of(csv).err().expect("refused").to_string();
        assert!(error.contains(words), "{error}");
    };
    told("sentence1,sentence2,score\na b,c,4.5\nc,d,\n", "line 3, column `score`: there is no label");
    told("anchor,positive\na,c\nb,c\n", "split `train`: all texts in column `positive` are the same");
    told("anchor,positive\na,\n,c\n", "all of its 2 rows have a blank text");
}

#[test]
fn several_labels_become_flags() {
    let check = |csv: &str, columns: Columns, expected: (&[&str], &[&[bool]])| {
        let mut bench = Bench::text(&[("train", csv)]);
        (bench.job.task, bench.job.columns) = (Task::TextMultiLabel, columns);
        let made = bench.run().expect(csv).remove(0);
        let prepared = bench.open("train.safetensors");
        let PreparedTargets::Labels { of, names } = prepared.targets() else { panic!("expected labels") };
        let (labels, flags) = expected;
        assert_eq!(
            (names.as_slice(), of.iter().map(|flag| *flag == 1).collect::<Vec<bool>>()),
            (&labels.iter().map(|l| l.to_string()).collect::<Vec<_>>()[..], flags.concat())
        );
        let count = |label: usize| flags.iter().filter(|row| row[label]).count();
        assert_eq!(made.label_counts, (0..labels.len()).map(count).collect::<Vec<_>>());
    };
    let (yes, no) = (true, false);
    let listed = "text,labels\na,y; x\nb,x\nc,x|x\n";
    check(listed, Columns::default(), (&["x", "y"], &[&[yes, yes], &[yes, no], &[yes, no]]));
    let flags = "text,spam,rude\na,0,1\nb,0,0\n";
    check(flags, Columns::default(), (&["spam", "rude"], &[&[no, yes], &[no, no]]));
    let chosen = Columns { labels: vec!["rude".into()], input: vec!["text".into()], label: None, ..Columns::default() };
    check(flags, chosen, (&["rude"], &[&[yes], &[no]]));
}

#[test]
fn labels_that_are_none_are_told_with_their_place() {
    let check = |train: &str, dev: &str, flags: &[&str], words: &str| {
        let mut bench = Bench::text(&[("train", train), ("dev", dev)]);
        bench.job.task = Task::TextMultiLabel;
        bench.job.columns.labels = flags.iter().map(|name| name.to_string()).collect();
        let error = bench.run().expect_err("refused");
        assert!(error.class() == Class::Data && error.to_string().contains(words), "{error}");
    };
    let train = "text,labels\na,x\nb,y\n";
    check(train, "text,labels\na,x|z\n", &[], "line 2, column `labels`: the label is `z`; expected one of 2 classes: `x`, `y`");
    check(train, "text,labels\na,\n", &[], "line 2, column `labels`: there is no label");
    check("text,p,q\na,0,1\nb,1,1\n", "text,p,q\na,2,1\n", &["p", "q"], "column `p`: the label is 2, where 0 or 1 is expected");
}

/// A job over CoNLL sentences.
fn sentences(train: &str, dev: &str) -> Bench {
    let mut bench = Bench::new(Task::TokenClassification);
    for (name, text) in [("train", train), ("dev", dev)] {
        let path = bench.dir.path().join(format!("{name}.conll"));
        std::fs::write(&path, text).expect("written");
        bench.add(name, path);
    }
    bench
}

#[test]
fn the_first_token_of_each_word_has_its_tag() {
    let long: String = (0..20).map(|i| format!("word{i} O\n")).collect();
    let train = format!("the O\ncat B-PET\n\nthecat B-PET\nthe O\n\n{long}");
    let bench = sentences(&train, "cat O\n");
    let made = bench.run().expect("prepared").remove(0);
    assert_eq!((made.labels.join(" "), made.label_counts), ("B-PET O".into(), vec![2, 22]));
    assert!(matches!(made.shape, SplitShape::Text { truncated: 1, longest: 16, .. }), "{:?}", made.shape);
    let prepared = bench.open("train.safetensors");
    let PreparedTargets::Tags(tags) = prepared.targets() else { panic!("expected tags") };
    // A word may be several pieces; the next begins behind them.
    let tokenizer = tokenizers::Tokenizer::from_file(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let pieces = |word: &str| tokenizer.encode(word, false).expect("encoded").len() as u32;
    assert_eq!(tags.text(0), (&[1, 0][..], &[1, 1 + pieces("the")][..]));
    assert_eq!(tags.text(1), (&[0, 1][..], &[1, 1 + pieces("thecat")][..]));
    let (of, firsts) = tags.text(2);
    let seen = firsts.iter().filter(|first| **first != crate::data::NOT_SEEN).count();
    assert!(of.len() == 20 && (1..15).contains(&seen) && firsts[..seen].is_sorted(), "{firsts:?}");
}

#[test]
fn words_and_tags_that_do_not_fit_are_told_with_their_place() {
    let error = sentences("a O\nb B-X\n", "a B-Y\n").run().expect_err("refused").to_string();
    assert!(error.contains("dev.conll`, line 1, column `tags`: the label is `B-Y`; expected one of 2 classes"), "{error}");
    let mut bench = Bench::new(Task::TokenClassification);
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, "{\"tokens\":[\"a\",\"b\"],\"tags\":[\"O\",\"B-X\"]}\n{\"tokens\":[\"a\"],\"tags\":[\"O\",\"O\"]}\n")
        .expect("written");
    bench.add("train", path);
    let error = bench.run().expect_err("refused");
    assert!(
        error.to_string().contains("line 2: expected as many tags as words, found 1 word in `tokens` and 2 tags in `tags`"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Data);
}

/// The ids of the two texts of each example, and their words.
fn written(prepared: &Prepared) -> Vec<([Vec<u32>; 2], [String; 2])> {
    let (PreparedTargets::Texts { words, .. }, Some(texts)) = (prepared.targets(), prepared.texts()) else {
        panic!("expected pairs")
    };
    let of = |i: usize| [0, 1].map(|which| texts.text(prepared.texts_of(i).start + which).0.to_vec());
    (0..prepared.len()).map(|i| (of(i), words.pair(i))).collect()
}

fn pairs(lines: &[serde_json::Value], change: impl FnOnce(&mut PrepareJob)) -> (Bench, Result<Vec<PreparedSplit>>) {
    let mut bench = Bench::new(Task::TextToText);
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
    bench.add("train", path);
    bench.job.tokenizer = TokenizerSource::Trained(TokenizerKind::Bpe);
    bench.job.vocab_size = 300;
    bench.job.pairs = Some(PairFormat { prefix: "translate: ".into(), max_target_len: 8, start: 0, end: 1 });
    change(&mut bench.job);
    let made = bench.run();
    (bench, made)
}

#[test]
fn texts_that_are_written_end_and_what_is_too_long_or_empty_is_counted() {
    let pair = |en: &str, de: serde_json::Value| serde_json::json!({"id": 1, "translation": {"de": de, "en": en}});
    let long = "the cat ".repeat(20);
    let lines = [
        pair("the cat", "die katze".into()),
        pair("", "nichts".into()),
        pair("the dog", serde_json::Value::Null),
        pair(&long, "die katze die katze die katze die katze die katze".into()),
    ];
    let (bench, made) = pairs(&lines, |job| {
        (job.columns.input, job.columns.label) = (vec!["en".into()], Some("de".into()));
    });
    let made = made.expect("prepared");
    assert_eq!(
        (made[0].columns.input.as_slice(), made[0].columns.label.as_deref()),
        (&["translation.en".to_string()][..], Some("translation.de"))
    );
    let SplitShape::Pairs { longest, longest_target, truncated, truncated_targets, left_out, .. } = made[0].shape else {
        panic!("{:?}", made[0].shape)
    };
    assert_eq!((made[0].examples, longest, longest_target, truncated, truncated_targets, left_out), (2, 16, 8, 1, 1, 2));
    let tokenizer = tokenizers::Tokenizer::from_file(bench.job.out.join("tokenizer.json")).expect("a tokenizer");
    let spelt = |ids: &[u32]| tokenizer.decode(ids, true).expect("decoded");
    let found = written(&bench.open("train.safetensors"));
    let ([source, target], words) = &found[0];
    assert_eq!((spelt(source), spelt(target)), ("translate: the cat".into(), "die katze".into()));
    assert_eq!(*words, ["the cat".to_string(), "die katze".into()], "words are as they stand in the data, without the prefix");
    for ([source, target], _) in &found {
        assert_eq!((source.last(), target.last()), (Some(&1), Some(&1)), "each text ends");
    }
}

/// Sources are cut by one file and targets by the other, and what is left beside the splits does the same again.
#[test]
fn marian_cuts_sources_and_targets_each_by_its_own_file() {
    let line = |source: &str, target: &str| serde_json::json!({"source": source, "target": target});
    let lines = [line(">>deu<< the river", "über schöne Straße"), line("the bright house walks under the river", "der Fluss")];
    let place = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tokenizers/marian/source.spm");
    let vocabulary = crate::data::Vocabulary::open(&place).expect("a tokenizer");
    let known: std::collections::BTreeMap<String, u32> =
        serde_json::from_slice(&std::fs::read(place.with_file_name("vocab.json")).expect("read")).expect("JSON");
    let (end, pad) = (known["</s>"], known["<pad>"]);
    let prepared = |tokenizer: &std::path::Path| {
        let (bench, made) = pairs(&lines, |job| {
            job.tokenizer = TokenizerSource::File(tokenizer.into());
            job.vocab_size = known.len();
            job.max_seq_len = 7;
            job.pairs = Some(PairFormat { prefix: String::new(), max_target_len: 64, start: pad, end });
        });
        assert!(matches!(
            made.expect("prepared")[0].shape,
            SplitShape::Pairs { truncated: 1, truncated_targets: 0, longest: 7, .. }
        ));
        (written(&bench.open("train.safetensors")), bench)
    };
    let (found, bench) = prepared(&place);
    let source = vocabulary.ids(">>deu<< the river", true).expect("cut");
    assert_eq!((&found[0].0[0], source[0], source.last()), (&source, known[">>deu<<"], Some(&end)));
    assert_eq!(found[0].0[1].last(), Some(&end));
    // The file of the other language has other pieces.
    assert_ne!(found[0].0[1], vocabulary.ids("über schöne Straße", true).expect("cut"));
    assert_eq!(found[1].1, ["the bright house walks under the river".to_string(), "der Fluss".into()]);
    assert_eq!(prepared(&bench.job.out.join("tokenizer.json")).0, found);
}

/// A tokenizer that adds nothing by itself: targets end all the same, within their longest.
#[test]
fn targets_end_whatever_the_tokenizer_adds() {
    let lines =
        [serde_json::json!({"source": "a b", "target": "a b c d e f g h"}), serde_json::json!({"source": "b", "target": "a"})];
    let plain = tempfile::tempdir().expect("a folder");
    let path = plain.path().join("tokenizer.json");
    let vocab: std::collections::BTreeMap<String, u32> = ["<pad>", "</s>", "a", "b", "c", "d", "e", "f", "g", "h"]
        .iter()
        .zip(0..)
        .map(|(word, id)| (word.to_string(), id))
        .collect();
    let file = serde_json::json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
        "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<pad>"},
    });
    std::fs::write(&path, file.to_string()).expect("written");
    let (bench, made) = pairs(&lines, |job| {
        job.tokenizer = TokenizerSource::File(path.clone());
        job.pairs = Some(PairFormat { prefix: String::new(), max_target_len: 4, start: 0, end: 1 });
    });
    assert!(matches!(made.expect("prepared")[0].shape, SplitShape::Pairs { truncated_targets: 1, longest_target: 4, .. }));
    let found: Vec<_> = written(&bench.open("train.safetensors")).into_iter().map(|(ids, _)| ids).collect();
    assert_eq!(found, [[vec![2, 3], vec![2, 3, 4, 1]], [vec![3], vec![2, 1]]]);
}

#[test]
fn pairs_that_cannot_be_used_are_told() {
    let check = |lines: &[serde_json::Value], change: &dyn Fn(&mut PrepareJob), words: &str, class: Class| {
        let error = pairs(lines, change).1.expect_err(words);
        assert!(error.to_string().contains(words) && error.class() == class, "expected {words:?}, found {error}");
    };
    let line = |source: &str, target: &str| serde_json::json!({"source": source, "target": target});
    check(&[line("a", ""), line(" ", "b")], &|_| (), "of each of its 2 pairs the source or the target is empty", Class::Data);
    check(
        &[serde_json::json!({"source": "a", "target": ["b"]})],
        &|_| (),
        "cannot tell which column holds the source",
        Class::Data,
    );
    let named = |job: &mut PrepareJob| (job.columns.input, job.columns.label) = (vec!["source".into()], Some("summary".into()));
    check(&[line("a", "b")], &named, "no column `summary`: it has `source`, `target`", Class::Data);
    let twice = |job: &mut PrepareJob| (job.columns.input, job.columns.label) = (vec!["source".into()], Some("source".into()));
    check(&[line("a", "b")], &twice, "expected texts, found the other text of the pair", Class::Data);
    let foreign =
        |job: &mut PrepareJob| job.pairs = Some(PairFormat { prefix: String::new(), max_target_len: 8, start: 0, end: 5000 });
    check(&[line("a", "b")], &foreign, "has no token 5000", Class::Model);
    let short =
        |job: &mut PrepareJob| job.pairs = Some(PairFormat { prefix: String::new(), max_target_len: 1, start: 0, end: 1 });
    check(&[line("a", "b")], &short, "max_seq_len is 1", Class::Spec);
}

/// The weights of rows that become examples, and of no others; a split that is not trained on need not have them.
#[test]
fn weights_stand_beside_their_examples() {
    let rows = "text,label,hardness\na b,no,0.5\nc d,yes,0\ne f,no,2\n";
    let mut bench = Bench::text(&[("train", rows), ("dev", "text,label\na c,yes\n")]);
    bench.job.columns.weight = Some("hardness".into());
    let made = bench.run().expect("prepared");
    assert_eq!(made[0].columns.weight.as_deref(), Some("hardness"));
    assert_eq!((made[0].columns.input.as_slice(), made[0].columns.label.as_deref()), (&["text".to_string()][..], Some("label")));
    assert_eq!(bench.open("train.safetensors").weights(), Some(&[0.5, 0.0, 2.0][..]));
    assert_eq!((made[1].columns.weight.as_deref(), bench.open("dev.safetensors").weights()), (None, None));
    // Of a part of the rows, its own; so few are drawn within their classes.
    bench.job.splits[0].part = Some(Part::Rest(0.4));
    let mask = Part::Rest(0.4).mask_within(&[0, 1, 0]);
    let kept: Vec<f64> = [0.5, 0.0, 2.0].into_iter().zip(mask).filter_map(|(w, kept)| kept.then_some(w)).collect();
    bench.job.labels = Some(vec!["no".into(), "yes".into()]);
    bench.run().expect("prepared");
    assert_eq!(bench.open("train.safetensors").weights(), Some(kept.as_slice()));
    // Of pairs those that are not left out.
    let pair = |weight: f64, target: &str| serde_json::json!({"source": "a b", "target": target, "weight": weight});
    let (bench, made) =
        pairs(&[pair(1.0, "c"), pair(7.0, " "), pair(3.0, "d")], |job| job.columns.weight = Some("weight".into()));
    made.expect("prepared");
    assert_eq!(bench.open("train.safetensors").weights(), Some(&[1.0, 3.0][..]));
}

#[test]
fn weights_that_cannot_be_drawn_by() {
    let check = |cells: [&str; 2], words: &str| {
        let rows = format!("text,label,w\na b,no,{}\nc d,yes,{}\n", cells[0], cells[1]);
        let mut bench = Bench::text(&[("train", &rows)]);
        bench.job.columns.weight = Some("w".into());
        let error = bench.run().expect_err("refused");
        assert_eq!((error.class(), error.hint().is_some()), (Class::Data, true), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    };
    check(["1", "-0.5"], "train.csv`, line 3, column `w`: expected a weight, a finite number of at least 0, found `-0.5`");
    check(["nan", "1"], "column `w`: expected a weight, a finite number of at least 0, found");
    check(["1", "inf"], "column `w`: expected a weight, a finite number of at least 0, found");
    check(["1", "often"], "found `often`");
    check(["1", ""], "line 3, column `w`: there is no weight");
    check(["0", "0"], "split `train`, column `w`: each of its 2 examples has the weight 0: none can be drawn");
}
