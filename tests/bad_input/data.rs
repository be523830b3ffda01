//! Data that cannot be used. What can be seen before anything runs is said before; the rest by the worker that prepares it.

use crate::program::{Place, Refusal};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const TRAIN: &str = "text,label\na good film,1\na bad film,0\na fine play,1\na dull play,0\n";
const TEST: &str = "text,label\na good play,1\na bad play,0\n";

/// These files of a folder are refused with this exit code.
fn check(files: &[(&str, &[u8])], set: &[&str], code: i32, words: &[&str], hint: &str) {
    let place = Place::new();
    for (name, bytes) in files {
        place.write(&format!("data/{name}"), bytes);
    }
    refuses(&place, set, code, words, hint);
}

/// The folder `data` is refused.
fn refuses(place: &Place, set: &[&str], code: i32, words: &[&str], hint: &str) {
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let set: Vec<&str> = std::iter::once(source.as_str()).chain(set.iter().copied()).collect();
    place.refuses(&set, &Refusal { code, words, hint });
}

/// Two tables, of training and of testing.
fn tables(train: &str, test: &str, set: &[&str], words: &[&str], hint: &str) {
    check(&[("train.csv", train.as_bytes()), ("test.csv", test.as_bytes())], set, 20, words, hint);
}

const COLUMNS: &str = "with `data.columns.input` and `data.columns.label`";

#[test]
fn columns_that_are_not_there() {
    tables("text\na\nb\n", "text\na\n", &[], &["train.csv`: cannot tell which column holds the label: it has `text`"], COLUMNS);
    tables(TRAIN, TEST, &["data.columns.label=mood"], &["train.csv` has no column `mood`: it has `text`, `label`"], COLUMNS);
    tables(TRAIN, "words,label\na,1\n", &[], &["test.csv` has no column `text`: it has `words`, `label`"], COLUMNS);
}

#[test]
fn splits_that_are_empty_or_not_there() {
    tables(TRAIN, "text,label\n", &[], &["split `test` is empty", "test.csv` has no rows"], "take another split");
    tables("", TEST, &[], &["train.csv`, line 1: expected a line with the names of the columns, found none"], "");
    tables(
        TRAIN,
        TEST,
        &["data.held_out=dev"],
        &["has no split `dev`: it has `train`, `test`"],
        "`data.train` and `data.held_out` in an experiment",
    );
    // A part that is cut off does not go by the name of a split that there is.
    let both: [(&str, &[u8]); 2] = [("train.csv", TRAIN.as_bytes()), ("test.csv", TEST.as_bytes())];
    let words = ["`data.held_out_frac`: ", "already has a split `test`"];
    check(&both, &["data.held_out_frac=0.5"], 10, &words, "give the part another name with `data.held_out`");
}

#[test]
fn labels_that_are_missing_or_unknown() {
    let unlabelled = "text,label\na,\nb,\n";
    let words = ["`data.train`: the split `train` has no labels"];
    check(&[("train.csv", unlabelled.as_bytes()), ("test.csv", TEST.as_bytes())], &[], 10, &words, "");
    let holes = format!("{TRAIN}a film,\na play,\nno play,\nno film,\nnothing,\n");
    tables(&holes, TEST, &[], &["train.csv`, line 6, column `label`: there is no label"], "use a split that has them");
    let words = ["test.csv`, line 3, column `label`: the label is", "7", "expected one of 2 classes: `0`, `1`"];
    tables(TRAIN, &TEST.replace("play,0", "play,7"), &[], &words, "correct the label");
    // Classes that are numbers: another number is none of them, not the place of one.
    let (one_two, zero) = (TRAIN.replace(",1", ",2").replace(",0", ",1"), TEST.replace(",1", ",0"));
    tables(
        &one_two,
        &zero,
        &[],
        &["test.csv`, line 2, column `label`: the label is", "0", "expected one of 2 classes: `1`, `2`"],
        "correct the label",
    );
    let measured: String = (0..30).map(|i| format!("a film,{}.5\n", i)).collect();
    tables(
        &format!("text,label\n{measured}"),
        TEST,
        &[],
        &["train.csv`, column `label`: expected classes, found 30 numbers such as"],
        COLUMNS,
    );
    tables(&TRAIN.replace(",1", ",0"), TEST, &[], &["split `train` has a single class, `0`: there is nothing to learn"], "");
}

#[test]
fn tables_that_are_broken() {
    tables(
        "text,label\na,1\nb\n",
        TEST,
        &[],
        &["train.csv`, line 3: expected 2 cells as in the header, found 1"],
        "repair or remove it",
    );
    check(
        &[("train.csv", b"text,label\na\xff,1\n"), ("test.csv", TEST.as_bytes())],
        &[],
        20,
        &["train.csv`", "it is not UTF-8: byte", "of line 2 is 0x", "iconv"],
        "repair",
    );
    let lines = b"{\"text\":\"a\",\"label\":1}\n{\"text\":\n";
    check(&[("train.jsonl", lines), ("test.jsonl", lines)], &[], 20, &["train.jsonl`, line 2"], "repair");
    check(
        &[("train.parquet", b"PAR1 and no more"), ("test.parquet", b"")],
        &[],
        20,
        &["train.parquet`: it is no Parquet file"],
        "repair",
    );
    check(&[("notes.md", b"nothing")], &[], 20, &["holds no table and no image folder that can be read", "found `notes.md`"], "");
}

/// A table as the `datasets` library writes it, whose labels are indices into two class names.
fn parquet_table(path: &Path, labels: &[i64]) {
    let schema =
        parquet::schema::parser::parse_message_type("message schema { required binary text (UTF8); required int64 label; }");
    let features = serde_json::json!({"info": {"features": {"label": {"names": ["bad", "good"], "_type": "ClassLabel"}}}});
    let metadata = vec![KeyValue::new("huggingface".to_string(), features.to_string())];
    let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(Some(metadata)).build());
    let file = File::create(path).expect("a file");
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema.expect("a schema")), properties).expect("a writer");
    let mut group = writer.next_row_group().expect("a group");
    let mut column = group.next_column().expect("a column").expect("text");
    let texts: Vec<ByteArray> = (0..labels.len()).map(|i| ByteArray::from(format!("text {i}").into_bytes())).collect();
    column.typed::<ByteArrayType>().write_batch(&texts, None, None).expect("written");
    column.close().expect("closed");
    let mut column = group.next_column().expect("a column").expect("label");
    column.typed::<Int64Type>().write_batch(labels, None, None).expect("written");
    column.close().expect("closed");
    group.close().expect("closed");
    writer.close().expect("closed");
}

#[test]
fn an_index_beyond_the_class_names_is_no_class() {
    let place = Place::new();
    std::fs::create_dir(place.path("data")).expect("a folder");
    parquet_table(&place.path("data/train.parquet"), &[0, 1, 2, 1]);
    parquet_table(&place.path("data/test.parquet"), &[0, 1]);
    let words = ["train.parquet`, row 3, column `label`: the label is 2; expected one of 2 classes: `bad`, `good`"];
    refuses(&place, &[], 20, &words, "correct the label");
    let whole = std::fs::read(place.path("data/train.parquet")).expect("read");
    place.write("data/train.parquet", &whole[..whole.len() / 2]);
    refuses(&place, &[], 20, &["train.parquet`: it is no Parquet file"], "repair");
}

#[test]
fn data_whose_licence_forbids_something_needs_consent() {
    let place = Place::new();
    place.write("data/train.csv", TRAIN);
    place.write("data/test.csv", TEST);
    place.write("data/README.md", "---\nlicense: cc-by-nc-4.0\n---\n");
    let words = ["licence cc-by-nc-4.0", "no commercial use"];
    refuses(&place, &[], 10, &words, "--accept-license \"cc-by-nc-4.0\"");
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let agreed = ["--offline", "--accept-license", "CC-BY-NC-4.0"];
    crate::program::succeeds(place.train(&[source.as_str(), "recipe.length={ steps = 1 }"], &place.run()).args(agreed));
}

/// What the Hub gives to those alone who agreed to its terms is told, and somebody has to have agreed.
#[test]
fn what_is_gated_is_asked_for_by_its_own_id() {
    let place = Place::new();
    let readme = "---\nlicense: apache-2.0\nextra_gated_prompt: You agree not to tell.\n---\n";
    for (name, text) in [("train.csv", TRAIN), ("test.csv", TEST), ("README.md", readme)] {
        place.write(&format!("hub/datasets/acme/moods/{name}"), text);
    }
    let set = ["data.source={ kind = \"hub\", id = \"acme/moods\" }", "recipe.length={ steps = 1 }"];
    let with = |accepted: &[&str]| {
        let mut train = place.train(&set, &place.run());
        train.args(["--offline", "--hub"]).arg(place.path("hub"));
        for id in accepted {
            train.args(["--accept-license", id]);
        }
        crate::program::said(&mut train)
    };
    for accepted in [&[][..], &["apache-2.0"]] {
        let refused = with(accepted);
        assert_eq!(refused.code, Some(10), "{refused:#?}");
        for words in ["the data set `acme/moods`", "it is gated", "--accept-license \"acme/moods\""] {
            assert!(refused.stderr.contains(words), "{words}: {refused:#?}");
        }
    }
    let agreed = with(&["acme/moods"]);
    assert_eq!(agreed.code, Some(0), "{agreed:#?}");
}

/// A folder of eight images, two classes, two splits.
fn images() -> Place {
    let place = Place::new();
    for (i, class) in ["dark", "light"].iter().enumerate() {
        for (split, count) in [("train", 3), ("test", 1)] {
            for n in 0..count {
                let path = place.write(&format!("data/{split}/{class}/{n}.png"), "");
                image::RgbImage::from_pixel(16, 16, image::Rgb([200 * i as u8; 3])).save(path).expect("an image");
            }
        }
    }
    place
}

/// What makes the tiny experiment one on images.
const ON_IMAGES: [&str; 4] = [
    "task=image_classification",
    "model={ kind = \"scratch\", config = { family = \"resnet_cifar\", depth = 8, num_channels = 3, width = 4, head = { classes = [\"0\", \"1\"] } } }",
    "recipe.batch_size=2",
    "recipe.length={ steps = 1 }",
];

#[test]
fn images_that_are_broken_or_of_another_size() {
    let place = images();
    for image in ["dark/0", "dark/1", "dark/2", "light/0", "light/1", "light/2"] {
        place.write(&format!("data/train/{image}.png"), b"\x89PNG and no more");
    }
    refuses(&place, &ON_IMAGES, 20, &["`dark/0.png`, column `image`: the image cannot be read"], "repair or remove it");
    let place = images();
    image::RgbImage::new(16, 8).save(place.path("data/test/dark/0.png")).expect("an image");
    let words = ["`dark/0.png`, column `image`: expected an image of 16 x 16 x 3, found 8 x 16 x 3"];
    refuses(&place, &ON_IMAGES, 20, &words, "");
    // And those that are as they should be are trained on, without one that is not.
    let place = images();
    place.write("data/train/light/1.png", b"\x89PNG and no more");
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let set: Vec<&str> = std::iter::once(source.as_str()).chain(ON_IMAGES).collect();
    crate::program::succeeds(place.train(&set, &place.run()).arg("--offline"));
}

/// There is nothing to learn from a split of one class, and something to score.
#[test]
fn a_split_of_one_class_can_be_scored() {
    let place = Place::new();
    let run = place.run();
    crate::program::succeeds(place.train(&["recipe.length={ steps = 1 }"], &run).arg("--offline"));
    let table = place.write("one.csv", "text,label\na good film,positive\na fine play,positive\n");
    let said = crate::program::succeeds(&mut place.tallow([
        "eval".as_ref(),
        run.as_os_str(),
        "--data".as_ref(),
        table.as_os_str(),
        "--offline".as_ref(),
        "--json".as_ref(),
    ]));
    let told: serde_json::Value = serde_json::from_str(said.stdout.lines().last().expect("a line")).expect("JSON");
    assert_eq!(told["score"]["examples"], 2, "{told}");
}
