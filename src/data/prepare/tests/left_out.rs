//! Rows that are no examples: a few are left out and counted, many are a mistake. Images by their names, and of every format.

use super::*;
use crate::job::ChatFormat;

/// What was prepared, and what was told besides.
fn run(bench: &Bench) -> Result<(PreparedSplit, Vec<String>)> {
    let (mut made, mut notes) = (Vec::new(), Vec::new());
    prepare(&bench.job, &mut |event| match event {
        Event::Prepared(split) => made.push(split),
        Event::Note { message } => notes.push(message),
        _ => {}
    })?;
    Ok((made.remove(0), notes))
}

#[test]
fn rows_without_a_text_are_no_examples() {
    let rows = |blank: &[usize]| {
        let row = |i: usize| format!("{},{}\n", if blank.contains(&i) { String::new() } else { format!("text {i}") }, i % 2);
        format!("text,label\n{}", (0..60).map(row).collect::<String>())
    };
    let bench = Bench::text(&[("train", &rows(&[7, 31]))]);
    let (made, notes) = run(&bench).expect("prepared");
    assert_eq!((made.examples, made.label_counts.iter().sum::<usize>()), (58, 58));
    assert_eq!(labels(&bench.open("train.safetensors"))[5..9], [1, 0, 0, 1], "those around the row that is left out");
    assert!(notes[0].contains("2 of 60 examples are left out") && notes[0].contains("line 9, column `text`"), "{notes:?}");
    // Rows without a label are the survey's to tell of, once.
    let unlabelled: String =
        (0..60).map(|i| format!("text {i},{}\n", if i == 5 { String::new() } else { (i % 2).to_string() })).collect();
    let (made, notes) = run(&Bench::text(&[("train", &format!("text,label\n{unlabelled}"))])).expect("prepared");
    assert_eq!((made.examples, notes.as_slice()), (59, &[][..]));
    let (made, _) = run(&Bench::text(&[("train", &rows(&(1..=20).collect::<Vec<_>>()))])).expect("prepared");
    assert_eq!(made.examples, 40);
    let error = run(&Bench::text(&[("train", &rows(&(1..=31).collect::<Vec<_>>()))])).expect_err("too many").to_string();
    assert!(error.contains("there is no text"), "{error}");
}

/// The survey has told of them, and seen that they are few.
#[test]
fn rows_whose_number_is_none_are_no_examples() {
    let row = |i: usize| format!("text {i},{}\n", if i % 20 == 7 { "TBD".into() } else { format!("{i}.5") });
    let mut bench = Bench::text(&[("train", &format!("text,label\n{}", (0..60).map(row).collect::<String>()))]);
    bench.job.task = Task::TextRegression;
    let (made, notes) = run(&bench).expect("prepared");
    assert_eq!((made.examples, notes.as_slice()), (57, &[][..]));
}

/// Whatever file they come from, and whatever a tokenizer adds to a text of which nothing is left.
#[test]
fn blank_texts_are_none_in_files_that_tell_them_from_nothing() {
    let row = |i: usize| {
        let text = match i {
            7 => String::new(),
            31 => "  ".into(),
            _ => format!("text {i}"),
        };
        serde_json::json!({"text": text, "label": i % 2}).to_string() + "\n"
    };
    let mut bench = Bench::new(Task::TextClassification);
    let path = bench.dir.path().join("train.jsonl");
    std::fs::write(&path, (0..60).map(row).collect::<String>()).expect("written");
    bench.add("train", path);
    let (made, notes) = run(&bench).expect("prepared");
    assert_eq!(made.examples, 58);
    assert!(notes[0].contains("2 of 60 examples are left out") && notes[0].contains("line 8, column `text`"), "{notes:?}");
}

#[test]
fn a_few_conversations_without_an_answer_are_no_examples() {
    let prepared = |odd: &[(usize, &str)]| {
        let usual = |i: usize| format!(r#"[{{"role":"user","content":"say {i}"}},{{"role":"assistant","content":"it is {i}"}}]"#);
        let row = |i: usize| {
            let odd = odd.iter().find(|(at, _)| *at == i).map(|(_, turns)| turns.to_string());
            format!("{{\"messages\":{}}}\n", odd.unwrap_or_else(|| usual(i)))
        };
        let mut bench = Bench::new(Task::InstructionTuning);
        let path = bench.dir.path().join("train.jsonl");
        std::fs::write(&path, (0..60).map(row).collect::<String>()).expect("written");
        bench.add("train", path);
        let template = "{% for m in messages %}{{ m.role }} {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant {% endif %}";
        bench.job.chat = ChatFormat { template: Some(template.into()), tokens: Default::default() };
        let words = Bench::text(&[("train", "text,label\nuser say it is assistant,0\n0 1 2 3 4 5 6 7 8 9,1\n")]);
        run(&words).expect("a tokenizer");
        bench.job.tokenizer = TokenizerSource::File(words.job.out.join("tokenizer.json"));
        bench.job.max_seq_len = 64;
        run(&bench)
    };
    let asked = r#"[{"role":"user","content":"say"}]"#;
    let (made, notes) = prepared(&[
        (3, asked),
        (9, r#"[{"role":"user","content":"say"},{"role":"assistant","content":null}]"#),
        (20, r#"[{"role":"user","content":[{"type":"text","text":"say"}]},{"role":"assistant","content":"it"}]"#),
    ])
    .expect("prepared");
    assert_eq!(made.examples, 58, "parts of a text are one");
    assert!(matches!(made.shape, SplitShape::Answers { left_out: 2, .. }), "{:?}", made.shape);
    assert!(notes[0].contains("2 of 60 examples are left out") && notes[0].contains("line 4"), "{notes:?}");
    let error = prepared(&(1..=31).map(|at| (at, asked)).collect::<Vec<_>>()).expect_err("too many").to_string();
    assert!(error.contains("line 2") && error.contains("no turn is the assistant's"), "{error}");
}

#[test]
fn images_are_read_by_their_names_beside_a_table() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = generate("toy_shapes", 8, 1, &Making::quietly(dir.path())).expect("written").join("train");
    let mut bench = Bench::new(Task::ImageClassification);
    let table = folder.join("metadata.csv");
    let named: Vec<PathBuf> = std::fs::read_dir(folder.join("circle")).expect("read").flatten().map(|e| e.path()).collect();
    let circle = named.first().expect("a circle").strip_prefix(&folder).expect("below").display().to_string();
    // The first is not there, as where a jail holds the files of other rows.
    let rows = format!("gone.png,cross\ncross/00005.png,cross\n{circle},circle\n");
    std::fs::write(&table, format!("file_name,label\n{rows}")).expect("written");
    bench.add("train", table);
    let files = crate::data::named_files(&bench.job).expect("names");
    assert_eq!(files.values().map(|files| files.len()).collect::<Vec<_>>(), [2]);
    let (made, notes) = run(&bench).expect("prepared");
    assert_eq!((made.examples, made.labels.join(" ")), (2, "circle cross".into()));
    assert!(notes[0].contains("1 of 3 images are left out"), "{notes:?}");
    let prepared = bench.open("train.safetensors");
    let cross = image::open(folder.join("cross/00005.png")).expect("an image").into_rgb8();
    assert_eq!(prepared.images().expect("images").image(0), cross.as_raw().as_slice());
}

/// Those that cannot be read are named, and not passed over.
#[test]
fn images_of_every_usual_format_are_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let picture =
        image::RgbImage::from_fn(8, 8, |x, y| image::Rgb([if x < 4 { 255 } else { 0 }, if y < 4 { 255 } else { 0 }, 0]));
    for class in ["a", "b"] {
        let folder = dir.path().join("train").join(class);
        std::fs::create_dir_all(&folder).expect("made");
        for ending in crate::data::IMAGES.iter().filter(|ending| !["jpg", "jpeg"].contains(*ending)) {
            picture.save(folder.join(format!("0.{ending}"))).expect(ending);
        }
    }
    std::fs::write(dir.path().join("train/a/1.tif"), b"II*\0 and more").expect("written");
    let mut bench = Bench::new(Task::ImageClassification);
    bench.add("train", dir.path().join("train"));
    let (made, notes) = run(&bench).expect("prepared");
    assert_eq!(made.shape, SplitShape::Image { height: 8, width: 8, channels: 3, left_out: 1 });
    assert!(notes[0].contains("1 of 9 images are left out") && notes[0].contains("a/1.tif"), "{notes:?}");
    let prepared = bench.open("train.safetensors");
    let images = prepared.images().expect("images");
    for at in 0..prepared.len() {
        assert_eq!(images.image(at), picture.as_raw().as_slice(), "image {at}");
    }
}
