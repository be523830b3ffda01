//! Writing: texts of small models equal those of transformers' `generate` (`fixtures/generate.py`), and what is remembered changes
//! nothing.

use crate::fixture;
use candle_core::{Device, Tensor};
use serde::Deserialize;
use tallow_kernels::{Stream, Tape, Weights};
use tallow_zoo::{Input, Modality, ModelConfig, Prompt, Search, Settings, Source, generate, generate_all, registry};

#[derive(Deserialize)]
struct Case {
    model: String,
    source: Option<Vec<u32>>,
    /// Of the fixture's features.
    row: Option<usize>,
    prompt: Vec<u32>,
    max_new_tokens: usize,
    eos_token_ids: Vec<u32>,
    tokens: Vec<u32>,
    repetition_penalty: Option<f64>,
    num_beams: Option<usize>,
    length_penalty: Option<f64>,
    early_stopping: Option<bool>,
    #[serde(default)]
    suppress_tokens: Vec<u32>,
    #[serde(default)]
    begin_suppress_tokens: Vec<u32>,
}

#[test]
fn texts_equal_those_of_transformers() {
    let text = std::fs::read_to_string(fixture::folder("generated.json")).expect("generated.json");
    let cases: Vec<Case> = serde_json::from_str(&text).expect("cases");
    let (mut searched, mut ended) = (0, 0);
    for case in &cases {
        let fixture::Loaded { model, expected, .. } = fixture::load(&case.model);
        let heard = case.row.map(|row| expected["input.features"].get(row).expect("features"));
        let search = case.num_beams.map_or(Search::Greedy, |num_beams| Search::Beam {
            num_beams,
            length_penalty: case.length_penalty.unwrap_or(1.0),
            early_stopping: case.early_stopping.unwrap_or(false),
        });
        searched += usize::from(search != Search::Greedy);
        let settings = Settings {
            repetition_penalty: case.repetition_penalty.unwrap_or(1.0),
            suppress_tokens: case.suppress_tokens.clone(),
            begin_suppress_tokens: case.begin_suppress_tokens.clone(),
            search,
            ..Settings::greedy(case.max_new_tokens, &case.eos_token_ids)
        };
        let prompt = Prompt {
            source: case.source.as_deref().map(Source::Text).or(heard.as_ref().map(Source::Speech)),
            start: &case.prompt,
        };
        let found = generate(&*model, prompt, &settings).expect("a text");
        assert_eq!(found, case.tokens, "{}: {:?}, {settings:?}", case.model, case.prompt);
        ended += usize::from(found.len() < case.max_new_tokens);
    }
    assert!(searched > 30 && ended > 30, "{searched} by beams, {ended} ended by themselves");
}

/// The tiny model of every entry that writes.
fn writers(check: impl Fn(&ModelConfig, &dyn tallow_zoo::Model)) {
    let mut seen = 0;
    for entry in registry() {
        let config = (entry.tiny)();
        let weights = Weights::scratch(Stream::root(5), &Device::Cpu);
        let model = config.build(&weights, None).expect("a model");
        if model.generator().is_some() {
            seen += 1;
            check(&config, &*model);
        }
    }
    assert!(seen >= 2, "{seen}");
}

const WORDS: &[u32] = &[7, 3, 9, 2, 5];

/// What a model of speech hears, `[1, M, F]`; one number for others, which do not ask for it.
fn heard(config: &ModelConfig) -> Tensor {
    let (m, f) = config.speech_limits().map_or((1, 1), |limits| (limits.mel_bins, limits.frames));
    let values: Vec<f32> = (0..(m * f) as u64).map(|i| Stream::root(6).normal(i)).collect();
    Tensor::from_vec(values, (1, m, f), &Device::Cpu).expect("features")
}

fn source<'a>(config: &ModelConfig, heard: &'a Tensor) -> Option<Source<'a>> {
    match config.takes() {
        Modality::TextToText => Some(Source::Text(WORDS)),
        Modality::Speech => Some(Source::Speech(heard)),
        Modality::Text | Modality::Image | Modality::Table => None,
    }
}

/// One text, `[1, T]`.
fn row(ids: &[u32]) -> Tensor {
    Tensor::new(ids, &Device::Cpu).and_then(|ids| ids.unsqueeze(0)).expect("ids")
}

/// Words one by one, all at once, in pieces, and two texts side by side: the states are the same.
#[test]
fn what_is_remembered_changes_nothing() {
    writers(|config, model| {
        let writer = model.generator().expect("a writer");
        let ids = [3u32, 1, 4, 1, 5, 9, 2, 6];
        let (batch, heard) = (heard(config), heard(config).get(0).expect("features"));
        let pieces = |cuts: &[usize]| {
            let mut cache = writer.begin(source(config, &heard).as_slice()).expect("a memory");
            let (mut states, mut first) = (Vec::new(), 0);
            for &cut in cuts {
                let piece = row(&ids[first..cut]);
                let output =
                    writer.next(&piece, &mut cache).and_then(|output| output.scores(&Tape::inference())).expect("scores");
                states.extend(output.tensor().squeeze(0).and_then(|t| t.to_vec2::<f32>()).expect("scores"));
                (first, _) = (cut, assert_eq!(cache.len(), cut));
            }
            states
        };
        let lengths = vec![ids.len()];
        let token_ids = row(&ids);
        let input = match source(config, &heard) {
            None => Input::Text { type_ids: token_ids.zeros_like().expect("types"), token_ids, lengths },
            Some(Source::Speech(_)) => Input::Speech { features: batch, target_ids: token_ids, target_lengths: lengths },
            Some(Source::Text(source)) => Input::TextToText {
                source_ids: row(source),
                source_lengths: vec![source.len()],
                target_ids: token_ids,
                target_lengths: lengths,
            },
        };
        let tape = Tape::inference();
        let whole = model.forward(&tape, &input).and_then(|output| output.scores(&tape)).expect("scores");
        let whole = whole.tensor().squeeze(0).and_then(|t| t.to_vec2::<f32>()).expect("scores");
        for cuts in [&[8][..], &[1, 2, 3, 4, 5, 6, 7, 8], &[3, 4, 8]] {
            let found = pieces(cuts);
            let off = found.iter().flatten().zip(whole.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(found.len() == whole.len() && off < 1e-5, "{}: off by {off} in pieces {cuts:?}", config.family());
        }
    });
}

#[test]
fn a_seed_gives_one_text_and_limits_hold() {
    writers(|config, model| {
        let (_, longest) = config.text_limits().expect("a model of texts");
        let heard = heard(config).get(0).expect("features");
        let source = source(config, &heard);
        let write = |seed, new, temperature| {
            let search = Search::Sample { temperature, top_k: Some(20), top_p: Some(0.95), seed };
            let settings = Settings { search, ..Settings::greedy(new, &[]) };
            generate(model, Prompt { source, start: &[3, 1] }, &settings).expect("a text")
        };
        assert_eq!(write(1, 9, 1.0), write(1, 9, 1.0), "{}", config.family());
        assert_ne!(write(1, 9, 1.0), write(2, 9, 1.0), "{}", config.family());
        assert_eq!(write(1, 5, 1.0)[..], write(1, 9, 1.0)[..5], "{}: the limit changes no earlier word", config.family());
        let greedy = |new| {
            let prompt = Prompt { source, start: &[3, 1] };
            generate(model, prompt, &Settings::greedy(new, &[])).expect("a text")
        };
        assert_eq!(write(7, 6, 1e-4), greedy(6), "{}: cold enough, the likeliest", config.family());
        if longest < 1000 {
            assert_eq!(greedy(10_000).len(), longest - 2, "{}: to the last position", config.family());
        }
        assert_eq!(greedy(0), Vec::<u32>::new());
        let told = |prompt| generate(model, prompt, &Settings::greedy(3, &[])).expect_err("a mistake").to_string();
        let empty = told(Prompt { source, start: &[] });
        assert!(empty.contains("expected at least one word, found none"), "{empty}");
        let other = if source.is_some() { None } else { Some(Source::Text(&[1, 2])) };
        assert!(told(Prompt { source: other, start: &[3] }).contains(config.family()), "another kind of model");
    });
}

#[test]
fn others_do_not_write() {
    let entry = registry().iter().find(|entry| entry.family == "mlp").expect("an entry");
    let weights = Weights::scratch(Stream::root(5), &Device::Cpu);
    let model = (entry.tiny)().build(&weights, None).expect("a model");
    let error = generate(&*model, Prompt { source: None, start: &[1] }, &Settings::greedy(3, &[])).expect_err("no words");
    assert!(error.to_string().contains("this model does not write"), "{error}");
}

/// Many texts at once, of sources of several lengths, are those that each source gives by itself, however early some of them end.
#[test]
fn texts_written_side_by_side_are_those_written_alone() {
    let mut ended = 0;
    for name in ["t5", "t5_gated", "marian", "marian_swish"] {
        let model = fixture::load(name).model;
        let all: Vec<Vec<u32>> =
            (0..12u32).map(|i| (0..1 + i * 3 % 7).map(|t| 2 + (i * 5 + t * 7) % 20).collect::<Vec<u32>>()).collect();
        let sources: Vec<Source> = all.iter().map(|ids| Source::Text(ids)).collect();
        for (penalty, search) in [
            (1.0, Search::Greedy),
            (1.3, Search::Greedy),
            (1.0, Search::Beam { num_beams: 3, length_penalty: 1.0, early_stopping: false }),
        ] {
            let settings = Settings { repetition_penalty: penalty, search, ..Settings::greedy(12, &[4, 7, 11, 15, 19]) };
            let found = generate_all(&*model, &sources, &[0], &settings).expect("texts");
            for (source, found) in sources.iter().zip(&found) {
                let alone = generate(&*model, Prompt { source: Some(*source), start: &[0] }, &settings).expect("a text");
                assert_eq!(*found, alone, "{name}: {source:?}");
                ended += usize::from(found.len() < 12);
            }
        }
        assert_eq!(generate_all(&*model, &[], &[0], &Settings::greedy(3, &[])).expect("none"), Vec::<Vec<u32>>::new());
        assert!(generate_all(&*model, &[Source::Text(&[])], &[0], &Settings::greedy(3, &[])).is_err(), "an empty source");
    }
    assert!(ended > 20, "{ended} ended by themselves");
}
