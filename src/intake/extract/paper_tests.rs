//! What whole papers give: the example, one written out, and their way through a file.

use crate::intake::{
    Cell, EXAMPLE_PAPER, FieldKey, Page, Paper, PaperFormat, PaperSpec, Passage, PassageKind, Row, Section, SectionKind, Span,
    Table, Value, Wanted, extract, read_paper,
};

fn example_paper() -> Paper {
    read_paper(EXAMPLE_PAPER, PaperFormat::Pdf, "example").expect("read")
}

#[test]
fn the_example_paper_gives_its_whole_recipe() {
    let paper = example_paper();
    let spec = extract(&paper);
    assert_eq!(spec.title.as_deref(), Some("Small Transformers Learn to Sort Reviews"));
    let recipe = spec.recipe(&Wanted { phase: None, dataset: Some("toy_reviews"), variant: None });
    let number = |field: Option<&crate::intake::Field>| field.map(|f| f.value.numbers()).unwrap_or_default();
    assert!(matches!(recipe.optimizer.map(|f| &f.value), Some(Value::Optimizer { optimizer }) if optimizer.name() == "AdamW"));
    for (field, expected) in [
        (recipe.lr, 1e-3),
        (recipe.beta1, 0.9),
        (recipe.beta2, 0.999),
        (recipe.weight_decay, 0.01),
        (recipe.warmup, 0.1),
        (recipe.batch_size, 32.0),
        (recipe.epochs, 3.0),
        (recipe.dropout, 0.1),
        (recipe.max_seq_len, 64.0),
        (recipe.grad_clip_norm, 1.0),
    ] {
        assert_eq!(number(field), [expected]);
    }
    assert_eq!(spec.family().map(|(family, _)| family.name()), Some("bert"));
    let (variant, _) = spec.variants().next().expect("a variant");
    assert_eq!(
        (variant.num_layers, variant.hidden_size, variant.intermediate_size, variant.num_heads),
        (Some(2), Some(64), Some(256), Some(2))
    );
    let ours = spec
        .results_on("toy_reviews")
        .find(|(r, _)| r.variant.as_deref().is_some_and(|v| v.starts_with("BERT")))
        .expect("its result");
    assert_eq!((ours.0.value, ours.0.metric.as_deref()), (95.0, Some("accuracy")));
}

#[test]
fn values_read_as_words() {
    let spec = extract(&example_paper());
    let line = |key: FieldKey| spec.all(key).next().map(|field| field.in_words()).expect("a field");
    assert_eq!(line(FieldKey::Optimizer), "AdamW");
    assert_eq!(
        (line(FieldKey::Lr), line(FieldKey::Epochs), line(FieldKey::MaxSeqLen)),
        ("0.001".into(), "3 epochs".into(), "64 tokens".into())
    );
    assert!(
        line(FieldKey::Variants).contains("2 layers, hidden size 64, 2 heads, intermediate size 256"),
        "{}",
        line(FieldKey::Variants)
    );
    assert!(line(FieldKey::Datasets).starts_with("toy_reviews (train"), "{}", line(FieldKey::Datasets));
    assert!(
        spec.all(FieldKey::Results).any(|field| field.in_words().contains("accuracy 95 on toy_reviews")),
        "{}",
        line(FieldKey::Results)
    );
    for field in &spec.fields {
        let words = field.in_words();
        assert!(!words.is_empty() && !words.contains(['{', '"']) && !words.contains("null"), "{words}");
    }
}

#[test]
fn paper_and_spec_survive_a_file() {
    let paper = example_paper();
    let spec = extract(&paper);
    let again: Paper = serde_json::from_str(&serde_json::to_string(&paper).expect("written")).expect("read");
    assert_eq!(extract(&again), spec);
    let spec_again: PaperSpec = serde_json::from_str(&serde_json::to_string(&spec).expect("written")).expect("read");
    assert_eq!(spec_again, spec);
}

/// Texts in the many ways papers say things: name, Markdown, then all that is to be found of the recipe and the sizes, and nothing else.
const SAID: &str = include_str!("../../../tests/fixtures/papers/said.txt");

/// A paper of one page from headings, paragraphs, captions and tables with bars.
fn written(body: &str) -> Paper {
    let mut paper = Paper { name: "test".into(), ..Paper::default() };
    let mut text = String::new();
    let (mut section, mut caption, mut in_table) = (None, None, false);
    for line in body.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let start = text.len();
        if let Some(row) = line.strip_prefix('|') {
            let mut cells = Vec::new();
            for (column, words) in
                row.trim_end_matches('|').split('|').map(str::trim).enumerate().filter(|(_, words)| !words.is_empty())
            {
                let at = text.len();
                text.push_str(words);
                let span = Span { start: at, end: text.len() };
                let x0 = column as f32 * 100.0;
                cells.push(Cell { text: words.into(), span, x0, x1: x0 + 60.0 });
                text.push(' ');
            }
            if !std::mem::replace(&mut in_table, true) {
                paper.tables.push(Table { page: 1, section, caption, rows: Vec::new() });
            }
            let table = paper.tables.last_mut().expect("a table");
            table.rows.push(Row { span: Span { start, end: text.trim_end().len() }, cells });
            text.push('\n');
            continue;
        }
        in_table = false;
        let heading = line.strip_prefix("## ");
        let words = heading.unwrap_or(line);
        text.push_str(words);
        let span = Span { start, end: text.len() };
        text.push_str("\n\n");
        let mut kind = PassageKind::Prose;
        if let Some(title) = heading {
            section = Some(paper.sections.len());
            let kind_of = match title {
                "Abstract" => SectionKind::Abstract,
                "Related work" => SectionKind::RelatedWork,
                _ => SectionKind::Body,
            };
            paper.sections.push(Section { number: None, title: title.into(), kind: kind_of, depth: None });
            kind = PassageKind::Heading;
        } else if line.starts_with("Table ") {
            caption = Some(paper.passages.len());
            kind = PassageKind::Caption;
        }
        paper.passages.push(Passage { page: 1, span, section, kind, continues: false });
    }
    paper.pages.push(Page { number: 1, text, whole: true });
    paper
}

#[test]
fn settings_as_papers_say_them() {
    for text in SAID.split("[[").skip(1) {
        let (name, rest) = text.split_once("]]\n").expect("a name");
        let (body, expected) = rest.split_once("---\n").expect("what is said");
        let paper = written(body);
        let spec = extract(&paper);
        let of_recipe = |key: FieldKey| {
            key == FieldKey::Variants || key >= FieldKey::Init && key < FieldKey::Datasets || key == FieldKey::Licence
        };
        let said: Vec<String> = spec
            .sure()
            .filter(|field| of_recipe(field.key))
            .map(|field| {
                let key = serde_json::to_value(field.key).expect("a key");
                let scope = if field.scope.is_empty() { String::new() } else { format!(" [{}]", field.scope) };
                format!("{} {}{scope}", key.as_str().expect("text"), field.in_words())
            })
            .collect();
        assert_eq!(said, expected.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(), "{name}");
        for field in &spec.fields {
            let quote = &field.evidence.quote;
            assert_eq!(paper.words(quote.page(), quote.span()), quote.verbatim(), "{name}");
        }
    }
}

/// The results of a text with tables: data set, metric, system, value.
fn results_of(body: &str) -> Vec<String> {
    let spec = extract(&written(body));
    let words = |text: &Option<String>| text.clone().unwrap_or_default();
    spec.results().map(|(r, _)| format!("{} {} {} {}", r.dataset, words(&r.metric), words(&r.variant), r.value)).collect()
}

#[test]
fn columns_of_tables_are_what_they_say() {
    let body = "## Results
Table 1: Results on GLUE.
| Model | MNLI | SST | WidgetQA | Params |
| Ours | 86.6 | 93.2 | 71.5 | 11.2 |
| Standard deviation | 0.2 | 0.3 | 0.1 | 0.1 |
Table 2: Accuracy on ImageNet.
| Model | throughput (image / s) | top-1 acc. |
| Ours | 757.9 | 81.3 |
Table 3: Reading.
| Model | SQuAD (EM/F1) |
| Ours | 77.7/85.8 |
";
    assert_eq!(
        results_of(body),
        [
            "MNLI  Ours 86.6",
            "SST  Ours 93.2",
            "WidgetQA  Ours 71.5",
            "ImageNet top-1 accuracy Ours 81.3",
            "SQuAD EM Ours 77.7",
            "SQuAD F1 Ours 85.8"
        ]
    );
}

#[test]
fn the_usual_paper_is_read() {
    // It is read for the patterns that this puts together: of most keys there is something in it.
    let text = include_bytes!("usual.md");
    let paper = crate::intake::markdown::read(text, "usual.md").expect("a paper");
    let keys: std::collections::BTreeSet<_> = extract(&paper).fields.iter().map(|field| field.key).collect();
    for key in [FieldKey::Lr, FieldKey::BatchSize, FieldKey::Epochs, FieldKey::Datasets, FieldKey::Results, FieldKey::Hardware] {
        assert!(keys.contains(&key), "{key:?}");
    }
    assert!(keys.len() > 25, "{keys:?}");
}
