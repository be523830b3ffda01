//! Small prepared files, and runs on them.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use tallow::job::{EvaluateJob, Event, InitFrom, MonitorConfig, Normalize, RunConfig, StepEvent, Writing};
use tallow::spec::{
    Augment, ClassWeights, Decay, EarlyStopping, Ema, Group, Keep, Length, Metric, Optimizer, Preference, Recipe, Sampling,
    Schedule, Similarity, Task, Warmup,
};
use tallow::trainer::{self, Finish};
use tallow_kernels::Stream;
use tallow_zoo::{Adapter, Head, HeadKind, ModelConfig};

const THREADS: usize = 2;

/// A folder with prepared files, and runs on them.
pub(super) struct Bench {
    pub(super) dir: tempfile::TempDir,
}

impl Bench {
    /// `texts.safetensors`: a text is of class 1 if token 7 occurs more often than token 8. `images.safetensors`: 8 x 8 pixels, and
    /// of class c if stripe c is the bright one.
    pub(super) fn new() -> Self {
        let bench = Bench { dir: tempfile::tempdir().expect("a folder") };
        bench.write_texts(160);
        bench.write_images(120);
        bench.write_words("words.safetensors", 1_000, "[]");
        bench.write_table(150);
        bench.write_values(160);
        bench.write_conversations(120);
        bench.write_labels(160);
        bench.write_tags(160);
        bench.write_spans(160);
        bench.write_hidden(1_600);
        bench.write_written(160);
        bench.write_similar(160);
        bench
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write_texts(&self, examples: usize) {
        let text = |i: usize| {
            let (stream, label) = (Stream::root(11).at(i as u64), (i % 2) as u32);
            let word = |t: u64| if stream.below(10 + t, 2) == 0 { 8 - label } else { 9 + stream.below(100 + t, 20) as u32 };
            let words = (0..3 + stream.below(0, 7) as u64).map(word);
            ([1].into_iter().chain(words).chain([2]).collect(), label)
        };
        self.write_as_texts("texts.safetensors", &(0..examples).map(text).collect::<Vec<_>>());
    }

    /// A stream in pieces of 8 tokens, of which most are the one before plus one, modulo 10.
    fn write_words(&self, name: &str, tokens: usize, labels: &str) {
        let stream = Stream::root(13);
        let mut ids = vec![0u32];
        while ids.len() < tokens {
            let (at, last) = (ids.len() as u64, ids[ids.len() - 1]);
            ids.push(if stream.below(at, 8) == 0 { stream.below(tokens as u64 + at, 10) as u32 } else { (last + 1) % 10 });
        }
        let offsets: Vec<u64> = (0..tokens).step_by(8).chain([tokens]).map(|at| at as u64).collect();
        let pieces = offsets.len() - 1;
        use safetensors::Dtype::{U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![pieces + 1], offsets.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens], u32s(&ids)),
            ("bytes", U32, vec![pieces], u32s(&vec![8; pieces])),
            ("type_ids", U8, vec![tokens], vec![0u8; tokens]),
        ];
        write(&self.path(name), &tensors, labels);
    }

    /// `hidden.safetensors`: the same, of which words are hidden by token 25.
    fn write_hidden(&self, tokens: usize) {
        self.write_words("plain.safetensors", tokens, "[]");
        let file = std::fs::read(self.path("plain.safetensors")).expect("read");
        let tensors = safetensors::SafeTensors::deserialize(&file).expect("valid");
        let more = [("mask_token", "25"), ("begin_token", "26"), ("end_token", "27"), ("vocab_size", "30")];
        let metadata: HashMap<String, String> = more.map(|(name, id)| (name.to_string(), id.to_string())).into();
        std::fs::write(
            self.path("hidden.safetensors"),
            safetensors::serialize(tensors.tensors(), Some(metadata)).expect("bytes"),
        )
        .expect("written");
    }

    /// `told.safetensors`: a question of some tokens, and as its answer the last of them three times. `pairs.safetensors`: the same
    /// with another answer beside it.
    fn write_conversations(&self, examples: usize) {
        let question = |i: usize| {
            let stream = Stream::root(15).at(i as u64);
            (0..2 + stream.below(0, 6) as u64).map(|t| 3 + stream.below(1 + t, 20) as u32).collect::<Vec<u32>>()
        };
        let text = |i: usize, better: bool| {
            let question = question(i);
            let word = question[question.len() - 1];
            let answer = if better { [word; 3] } else { [(word + 7) % 20 + 3; 3] };
            let asked: Vec<u8> = question.iter().map(|_| 0).chain([0, 1, 1, 1]).collect();
            ([question, vec![1], answer.to_vec()].concat(), asked)
        };
        let answers: Vec<_> = (0..examples).map(|i| text(i, true)).collect();
        let pairs: Vec<_> = (0..examples).flat_map(|i| [text(i, true), text(i, false)]).collect();
        self.write_as_answers("told.safetensors", "asked", &answers);
        self.write_as_answers("pairs.safetensors", "preferred", &pairs);
    }

    /// `written.safetensors`: what is written from some words is the same words from behind, the first one twice. `spelt.json`: a
    /// tokenizer with a word for each token.
    fn write_written(&self, examples: usize) {
        let (mut tokens, mut offsets, mut words) = (Vec::new(), vec![0u64], Vec::new());
        let spelt = |ids: &[u32]| ids.iter().map(|id| format!("w{id}")).collect::<Vec<_>>().join(" ");
        for i in 0..examples {
            let stream = Stream::root(18).at(i as u64);
            let source: Vec<u32> = (0..1 + stream.below(0, 5) as u64).map(|t| 3 + stream.below(1 + t, 20) as u32).collect();
            let target: Vec<u32> = source.iter().rev().chain(&source[..1]).copied().collect();
            words.push([spelt(&source), spelt(&target)]);
            for text in [source, target] {
                tokens.extend(text.into_iter().chain([1]));
                offsets.push(tokens.len() as u64);
            }
        }
        let words = serde_json::json!(words).to_string().into_bytes();
        use safetensors::Dtype::{U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![offsets.len()], offsets.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
            ("pairs", U8, vec![words.len()], words),
        ];
        let metadata = [("begin_token", "0"), ("end_token", "1")];
        write_with(&self.path("written.safetensors"), &tensors, &metadata);
        let vocab: BTreeMap<String, u32> =
            (0..30).map(|id| (if id < 3 { format!("<{id}>") } else { format!("w{id}") }, id)).collect();
        let special: Vec<serde_json::Value> = (0..3)
            .map(|id| {
                serde_json::json!({
                    "id": id, "content": format!("<{id}>"), "single_word": false, "lstrip": false, "rstrip": false, "normalized": false,
                    "special": true,
                })
            })
            .collect();
        let tokenizer = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": special, "normalizer": null,
            "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
            "model": {"type": "WordLevel", "vocab": vocab, "unk_token": "<2>"},
        });
        std::fs::write(self.path("spelt.json"), tokenizer.to_string()).expect("written");
    }

    /// Texts as token ids, each with its marks.
    pub(super) fn write_as_answers(&self, name: &str, marks: &str, texts: &[(Vec<u32>, Vec<u8>)]) {
        let mut offsets = vec![0u64];
        offsets.extend(texts.iter().scan(0, |end, (ids, _)| {
            *end += ids.len() as u64;
            Some(*end)
        }));
        let tokens: Vec<u32> = texts.iter().flat_map(|(ids, _)| ids.clone()).collect();
        let asked: Vec<u8> = texts.iter().flat_map(|(_, asked)| asked.clone()).collect();
        use safetensors::Dtype::{U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![offsets.len()], offsets.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            (marks, U8, vec![asked.len()], asked),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
        ];
        write(&self.path(name), &tensors, "[]");
    }

    /// Texts as token ids, each with its label.
    pub(super) fn write_as_texts(&self, name: &str, texts: &[(Vec<u32>, u32)]) {
        let (mut tokens, mut offsets, mut labels) = (Vec::new(), vec![0u64], Vec::new());
        for (ids, label) in texts {
            tokens.extend_from_slice(ids);
            offsets.push(tokens.len() as u64);
            labels.push(*label);
        }
        let offsets: Vec<u8> = offsets.iter().flat_map(|v| v.to_le_bytes()).collect();
        let type_ids = vec![0u8; tokens.len()];
        use safetensors::Dtype::{U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![labels.len() + 1], offsets),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("labels", U32, vec![labels.len()], u32s(&labels)),
            ("type_ids", U8, vec![tokens.len()], type_ids),
        ];
        write(&self.path(name), &tensors, r#"["worse","better"]"#);
    }

    /// `values.safetensors`: a text's value is 1000, and 50 more for each token 7 and less for each token 8.
    fn write_values(&self, examples: usize) {
        let text = |i: usize| {
            let stream = Stream::root(14).at(i as u64);
            let words: Vec<u32> = (0..6).map(|t| [7, 8, 9, 10][stream.below(t, 4)]).collect();
            let count = |word: u32| words.iter().filter(|found| **found == word).count() as f64;
            let value = 1000.0 + 50.0 * (count(7) - count(8));
            ([vec![1], words, vec![2]].concat(), value)
        };
        let texts: Vec<(Vec<u32>, f64)> = (0..examples).map(text).collect();
        use safetensors::Dtype::{F64, U8, U32, U64};
        let bytes = |values: &mut dyn Iterator<Item = [u8; 8]>| values.flatten().collect::<Vec<u8>>();
        let tokens: Vec<u32> = texts.iter().flat_map(|(ids, _)| ids.clone()).collect();
        let tensors = [
            ("offsets", U64, vec![examples + 1], bytes(&mut (0..=examples as u64).map(|i| (8 * i).to_le_bytes()))),
            ("values", F64, vec![examples], bytes(&mut texts.iter().map(|(_, value)| value.to_le_bytes()))),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
        ];
        write(&self.path("values.safetensors"), &tensors, "[]");
    }

    /// Texts are about one of the tokens 3 to 14, of which they have three, among others. `scored.safetensors`: pairs about the same
    /// one, with a score of 5, or about two, with 0; `together.safetensors`: pairs about the same; `triples.safetensors`: the same with a
    /// text about another.
    fn write_similar(&self, examples: usize) {
        let text = |about: usize, stream: Stream| {
            let mut words = vec![3 + about as u32; 3];
            words.extend((0..1 + stream.below(0, 5) as u64).map(|t| 15 + stream.below(1 + t, 14) as u32));
            [vec![1], words, vec![2]].concat()
        };
        let (mut scored, mut together, mut triples, mut scores) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for i in 0..examples {
            let stream = Stream::root(21).at(i as u64);
            let (about, other) = (stream.below(0, 12), 1 + stream.below(1, 11));
            let [first, own, apart] =
                [about, about, (about + other) % 12].map(|about| text(about, stream.named("text").at((about * 3) as u64)));
            let own = if i % 3 == 0 { own } else { text(about, stream.named("own")) };
            scored.extend([first.clone(), if i % 2 == 0 { own.clone() } else { apart.clone() }]);
            scores.push(if i % 2 == 0 { 5.0 } else { 0.0 });
            together.extend([first.clone(), own.clone()]);
            triples.extend([first, own, apart]);
        }
        self.write_as_similar("scored.safetensors", 2, &scored, Some(&scores));
        self.write_as_similar("together.safetensors", 2, &together, None);
        self.write_as_similar("triples.safetensors", 3, &triples, None);
    }

    /// Texts as token ids, `each` of an example, and its score.
    pub(super) fn write_as_similar(&self, name: &str, each: usize, texts: &[Vec<u32>], scores: Option<&[f64]>) {
        let mut offsets = vec![0u64];
        offsets.extend(texts.iter().scan(0, |end, ids| {
            *end += ids.len() as u64;
            Some(*end)
        }));
        let tokens: Vec<u32> = texts.concat();
        use safetensors::Dtype::{F64, U8, U32, U64};
        let mut tensors = vec![
            ("offsets", U64, vec![offsets.len()], offsets.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
        ];
        if let Some(scores) = scores {
            let bytes = scores.iter().flat_map(|v| v.to_le_bytes()).collect();
            tensors.insert(1, ("values", F64, vec![scores.len()], bytes));
        }
        write_with(&self.path(name), &tensors, &[("texts_each", &each.to_string())]);
    }

    /// `labels.safetensors`: a text has the labels of those of the tokens 7, 8 and 9 that it holds.
    fn write_labels(&self, examples: usize) {
        let text = |i: usize| {
            let stream = Stream::root(15).at(i as u64);
            let words: Vec<u32> = (0..6).map(|t| 7 + stream.below(t, 12) as u32).collect();
            let flags = [7, 8, 9].map(|word| u8::from(words.contains(&word)));
            ([vec![1], words, vec![2]].concat(), flags)
        };
        let texts: Vec<(Vec<u32>, [u8; 3])> = (0..examples).map(text).collect();
        use safetensors::Dtype::{U8, U32, U64};
        let tokens: Vec<u32> = texts.iter().flat_map(|(ids, _)| ids.clone()).collect();
        let tensors = [
            ("offsets", U64, vec![examples + 1], (0..=examples as u64).flat_map(|i| (8 * i).to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("labels", U8, vec![examples, 3], texts.iter().flat_map(|(_, flags)| *flags).collect()),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
        ];
        write(&self.path("labels.safetensors"), &tensors, r#"["seven","eight","nine"]"#);
    }

    /// `tags.safetensors`: token 7 begins an entity, which goes on with each token 8 behind it; the last word is not seen.
    fn write_tags(&self, examples: usize) {
        let text = |i: usize| {
            let stream = Stream::root(16).at(i as u64);
            let words: Vec<u32> = (0..6).map(|t| [7, 8, 9, 10][stream.below(t, 4)]).collect();
            let mut tags: Vec<u32> = Vec::new();
            for word in &words {
                let inside = tags.last().is_some_and(|tag| *tag > 0);
                tags.push(if *word == 7 {
                    1
                } else if *word == 8 && inside {
                    2
                } else {
                    0
                });
            }
            ([vec![1], words, vec![2]].concat(), [tags, vec![0]].concat())
        };
        let texts: Vec<(Vec<u32>, Vec<u32>)> = (0..examples).map(text).collect();
        use safetensors::Dtype::{U8, U32, U64};
        let offsets = |each: u64| (0..=examples as u64).flat_map(|i| (each * i).to_le_bytes()).collect::<Vec<u8>>();
        let (tokens, tags): (Vec<Vec<u32>>, Vec<Vec<u32>>) = texts.into_iter().unzip();
        let (tokens, tags) = (tokens.concat(), tags.concat());
        let firsts: Vec<u32> = (0..examples).flat_map(|_| [1, 2, 3, 4, 5, 6, u32::MAX]).collect();
        let tensors = [
            ("offsets", U64, vec![examples + 1], offsets(8)),
            ("word_offsets", U64, vec![examples + 1], offsets(7)),
            ("tags", U32, vec![tags.len()], u32s(&tags)),
            ("firsts", U32, vec![tags.len()], u32s(&firsts)),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
        ];
        write(&self.path("tags.safetensors"), &tensors, r#"["O","B-X","I-X"]"#);
    }

    /// `spans.safetensors`: the answer is the token 7 and the one behind it; one question in eight has none. Each question is about a
    /// text of letters, one a token.
    fn write_spans(&self, examples: usize) {
        let letters = |ids: &[u32]| ids.iter().map(|id| char::from(b'a' + *id as u8)).collect::<String>();
        let (mut tokens, mut spans, mut characters) = (Vec::new(), Vec::new(), Vec::new());
        let (mut contexts, mut questions) = (Vec::new(), Vec::new());
        for i in 0..examples {
            let stream = Stream::root(17).at(i as u64);
            let mut words: Vec<u32> = (0..8).map(|t| 8 + stream.below(t, 10) as u32).collect();
            let at = stream.below(20, 7);
            let answered = !i.is_multiple_of(8);
            if answered {
                words[at] = 7;
            }
            let [first, last] = if answered { [at as u32 + 2, at as u32 + 3] } else { [0, 0] };
            spans.extend([first, last]);
            characters.extend([[u32::MAX; 2]; 2].concat());
            characters.extend((0..8u32).flat_map(|c| [c, c + 1]));
            characters.extend([u32::MAX; 2]);
            contexts.push(letters(&words));
            let right = if answered { vec![letters(&words[at..at + 2])] } else { vec![] };
            questions.push(serde_json::json!([i, right]));
            tokens.extend([vec![1, 3], words, vec![2]].concat());
        }
        let told = serde_json::json!({"contexts": contexts, "questions": questions}).to_string().into_bytes();
        use safetensors::Dtype::{U8, U32, U64};
        let each: Vec<u32> = (0..examples as u32).collect();
        let tensors = [
            ("offsets", U64, vec![examples + 1], (0..=examples as u64).flat_map(|i| (11 * i).to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("questions", U32, vec![examples], u32s(&each)),
            ("spans", U32, vec![examples, 2], u32s(&spans)),
            ("characters", U32, vec![tokens.len(), 2], u32s(&characters)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
            ("told", U8, vec![told.len()], told),
        ];
        write(&self.path("spans.safetensors"), &tensors, "[]");
    }

    fn write_images(&self, examples: usize) {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for i in 0..examples {
            let (stream, label) = (Stream::root(12).at(i as u64), i % 3);
            for place in 0..8 * 8 * 3 {
                let (row, noise) = (place / 24, stream.below(place as u64, 100) as u8);
                pixels.push(if row / 3 == label { 140 + noise } else { noise });
            }
            labels.push(label as u32);
        }
        use safetensors::Dtype::{U8, U32};
        let tensors = [("images", U8, vec![examples, 8, 8, 3], pixels), ("labels", U32, vec![examples], u32s(&labels))];
        write(&self.path("images.safetensors"), &tensors, r#"["top","middle","bottom"]"#);
    }

    /// Rows of two numbers and a category, of class 1 where the numbers' sum is above the category's.
    fn write_table(&self, examples: usize) {
        let (mut numbers, mut categories, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..examples {
            let stream = Stream::root(14).at(i as u64);
            let (row, category) = ([stream.normal(0), stream.normal(1)], stream.below(2, 4) as u32);
            labels.push(u32::from(row[0] + row[1] > category as f32 - 1.5));
            numbers.extend(row.iter().flat_map(|x| x.to_le_bytes()));
            categories.push(category);
        }
        use safetensors::Dtype::{F32, U32};
        let tensors = [
            ("numbers", F32, vec![examples, 2], numbers),
            ("categories", U32, vec![examples, 1], u32s(&categories)),
            ("labels", U32, vec![examples], u32s(&labels)),
        ];
        write(&self.path("table.safetensors"), &tensors, r#"["below","above"]"#);
    }

    /// 40 steps of a BERT with one layer.
    pub(super) fn bert(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "bert", "vocab_size": 30, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 32, "max_position_embeddings": 16, "type_vocab_size": 2, "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1, "id2label": {"0": "worse", "1": "better"},
        });
        let optimizer = Optimizer::Adamw { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
        let schedule = Schedule::linear(Warmup::Frac(0.1));
        let recipe = Recipe { grad_clip_norm: Some(1.0), ..Recipe::bare(optimizer, 1e-2, schedule, Length::Steps(40), 32) };
        RunConfig {
            version: 1,
            name: "seed-0".into(),
            task: Task::TextClassification,
            model: ModelConfig::from_public(&model.to_string()).expect("a config"),
            adapter: None,
            preference: None,
            similarity: None,
            init: InitFrom::Scratch,
            train: self.path("texts.safetensors"),
            monitor: MonitorConfig::HoldOut { examples: 40 },
            max_train_examples: None,
            recipe,
            micro_batch_size: 16,
            total_steps: 40,
            metric: Metric::Accuracy,
            writing: None,
            normalize: None,
            seed: 0,
            threads: THREADS,
            checkpoint_every_steps: 7,
            monitor_every_steps: 20,
            log_every_steps: 3,
        }
    }

    /// 40 steps of a GPT of one layer, with dropout.
    pub(super) fn gpt(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "gpt2", "vocab_size": 30, "n_positions": 8, "n_embd": 16, "n_layer": 1, "n_head": 2,
        });
        let mut config = self.bert();
        config.task = Task::LanguageModelling;
        config.metric = Metric::Perplexity;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("words.safetensors");
        config
    }

    /// 40 steps of a perceptron of two layers, with dropout and batch norm.
    pub(super) fn mlp(&self) -> RunConfig {
        let number =
            |name: &str| serde_json::json!({"name": name, "scale": {"mean": 0, "std": 1}, "fill": 0, "indicator": false});
        let model = serde_json::json!({
            "model_type": "mlp", "numeric_columns": [number("x"), number("y")],
            "categorical_columns": [{"name": "colour", "values": ["red", "green", "blue"], "embedding_size": 2}],
            "hidden_sizes": [16, 16], "norm": "batch", "dropout": 0.1, "id2label": {"0": "below", "1": "above"},
        });
        let mut config = self.bert();
        config.task = Task::TabularClassification;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("table.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that tells numbers.
    pub(super) fn regression(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::TextRegression;
        config.metric = Metric::Rmse;
        config.model = config.model.with_head(Head::Value);
        config.train = self.path("values.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that tells which of three tokens a text holds.
    pub(super) fn multi_label(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::TextMultiLabel;
        config.metric = Metric::MicroF1;
        config.model = config.model.with_head(Head::Labels(["seven", "eight", "nine"].map(String::from).to_vec()));
        config.train = self.path("labels.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that tags words.
    pub(super) fn tagger(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::TokenClassification;
        config.metric = Metric::EntityF1;
        config.model = config.model.with_head(Head::Tags(["O", "B-X", "I-X"].map(String::from).to_vec()));
        config.train = self.path("tags.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer that finds the words between two others.
    pub(super) fn answers(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::QuestionAnswering;
        config.metric = Metric::AnswerF1;
        config.model = config.model.with_head(Head::Span);
        config.train = self.path("spans.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer whose vectors are as near as the pairs' scores say.
    pub(super) fn scored(&self) -> RunConfig {
        let mut config = self.together();
        config.metric = Metric::Spearman;
        config.similarity = Some(Similarity::Cosine { score_range: Some([0.0, 5.0]) });
        config.train = self.path("scored.safetensors");
        config
    }

    /// 40 steps of a BERT with one layer whose vectors are near where texts belong together.
    pub(super) fn together(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::SentenceSimilarity;
        config.metric = Metric::NdcgAt10;
        config.model = config.model.with_head(HeadKind::Vector.with(Vec::new()));
        config.similarity = Some(Similarity::Contrastive { scale: 20.0 });
        config.train = self.path("together.safetensors");
        config
    }

    /// The same, with a text for each that does not belong to it.
    pub(super) fn triples(&self) -> RunConfig {
        RunConfig { train: self.path("triples.safetensors"), ..self.together() }
    }

    /// 40 steps of a BERT with one layer that tells hidden words.
    pub(super) fn masked(&self) -> RunConfig {
        let mut config = self.bert();
        config.task = Task::MaskedLanguageModelling;
        config.metric = Metric::Perplexity;
        config.model = config.model.with_head(Head::Words);
        config.train = self.path("hidden.safetensors");
        config
    }

    /// 30 steps of a ResNet with 8 layers.
    pub(super) fn resnet(&self) -> RunConfig {
        let names = BTreeMap::from([("0", "top"), ("1", "middle"), ("2", "bottom")]);
        let model =
            serde_json::json!({"model_type": "resnet_cifar", "depth": 8, "width": 4, "num_channels": 3, "id2label": names});
        let mut config = self.bert();
        config.task = Task::ImageClassification;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("images.safetensors");
        config.normalize = Some(Normalize { mean: vec![0.3; 3], std: vec![0.3; 3] });
        config.total_steps = 30;
        config.recipe.optimizer = Optimizer::Sgd { momentum: 0.9, nesterov: false, weight_decay: 1e-4 };
        config.recipe.lr = 0.05;
        config.recipe.augment = vec![Augment::PadCrop { padding: 1 }, Augment::HorizontalFlip];
        config
    }

    /// 40 steps of a T5 of one layer that writes texts from others; what is watched is written, too.
    pub(super) fn text_to_text(&self) -> RunConfig {
        let model = serde_json::json!({
            "model_type": "t5", "vocab_size": 30, "d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2, "n_positions": 16,
            "dropout_rate": 0.1,
        });
        let mut config = self.bert();
        config.task = Task::TextToText;
        config.metric = Metric::Chrf;
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        config.train = self.path("written.safetensors");
        config.recipe.label_smoothing = 0.1;
        config.writing = Some(Writing {
            tokenizer: self.path("spelt.json"),
            max_new_tokens: 8,
            num_beams: 1,
            length_penalty: 1.0,
            samples: 2,
        });
        config
    }

    /// A run of each kind, by name.
    pub(super) fn all(&self) -> Vec<(&'static str, RunConfig)> {
        let mut all = vec![
            ("bert", self.bert()),
            ("gpt", self.gpt()),
            ("mlp", self.mlp()),
            ("resnet", self.resnet()),
            ("regression", self.regression()),
        ];
        all.extend([("multi-label", self.multi_label()), ("tagger", self.tagger()), ("answers", self.answers())]);
        all.extend([("scored", self.scored()), ("together", self.together()), ("triples", self.triples())]);
        all.extend([("masked", self.masked()), ("instructed", self.instructed()), ("preferences", self.preferences())]);
        all.push(("text to text", self.text_to_text()));
        all
    }

    /// 30 steps of an adapter with dropout beside a small Llama, on answers.
    pub(super) fn instructed(&self) -> RunConfig {
        let mut config = self.adapted();
        config.task = Task::InstructionTuning;
        config.train = self.path("told.safetensors");
        config
    }

    /// As [`Bench::instructed`], on pairs of them.
    pub(super) fn preferences(&self) -> RunConfig {
        let mut config = self.adapted();
        config.task = Task::PreferenceOptimization;
        config.metric = Metric::PreferenceAccuracy;
        config.preference = Some(Preference { beta: 0.5, label_smoothing: 0.0 });
        config.train = self.path("pairs.safetensors");
        config
    }

    /// A small Llama that was trained on words, and an adapter for it.
    fn adapted(&self) -> RunConfig {
        let mut config = self.gpt();
        let model = serde_json::json!({
            "model_type": "llama", "vocab_size": 30, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
            "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 32, "tie_word_embeddings": true,
        });
        config.model = ModelConfig::from_public(&model.to_string()).expect("a config");
        (config.total_steps, config.checkpoint_every_steps) = (30, 0);
        let base = self.path("base").join("model.safetensors");
        if !base.exists() {
            self.train(&config, "base");
        }
        let sha256 = tallow::data::sha256_of_file(&base).expect("hashed");
        config.init = InitFrom::Weights { path: base, sha256 };
        config.adapter = Some(Adapter { r: 4, lora_alpha: 8.0, lora_dropout: 0.1, ..Adapter::of(&["all-linear"]) });
        (config.recipe.batch_size, config.micro_batch_size, config.checkpoint_every_steps) = (8, 4, 7);
        config
    }

    /// Runs whose recipe remembers more than moments, by name.
    pub(super) fn recipes(&self) -> Vec<(&'static str, RunConfig)> {
        let mut best = self.resnet();
        best.recipe.optimizer = Optimizer::Muon {
            momentum: 0.95,
            nesterov: true,
            adamw_lr: 3e-3,
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-10,
            weight_decay: 0.01,
        };
        best.recipe.ema = Some(Ema { decay: 0.9, warmup: true, evaluate: true });
        best.recipe.keep = Keep::Best;
        best.recipe.early_stopping = Some(EarlyStopping { patience: 1000, min_delta: 0.0 });
        best.monitor_every_steps = 2;
        best.recipe.label_smoothing = 0.1;
        best.recipe.augment.extend([
            Augment::RandomResizedCrop { min_area: 0.3, max_area: 1.0, max_ratio: 4.0 / 3.0 },
            Augment::ColorJitter { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 },
            Augment::RandAugment { ops: 2, magnitude: 9 },
            Augment::RandomErasing { p: 0.5, min_area: 0.02, max_area: 0.33, max_ratio: 3.3 },
            Augment::Mixup { alpha: 0.4 },
            Augment::Cutmix { alpha: 1.0 },
        ]);
        let mut layered = self.bert();
        layered.recipe.optimizer = Optimizer::Adafactor {
            beta1: Some(0.9),
            decay: 0.8,
            eps: 1e-30,
            clip: 1.0,
            scale_parameter: true,
            weight_decay: 0.01,
        };
        layered.recipe.schedule = Schedule::OneCycle { warmup: Warmup::Frac(0.3), div_factor: 25.0, final_div_factor: 1e4 };
        layered.recipe.layerwise_lr_decay = Some(0.8);
        layered.recipe.class_weights = Some(ClassWeights::Balanced);
        layered.recipe.focal_gamma = Some(2.0);
        layered.recipe.sampling = Sampling::Balanced;
        layered.recipe.groups = vec![
            Group { pattern: "*embeddings.*".into(), lr_scale: 1.0, weight_decay: None, frozen: true },
            Group { pattern: "classifier.*".into(), lr_scale: 3.0, weight_decay: Some(0.1), frozen: false },
        ];
        let mut clipped = self.gpt();
        clipped.recipe.optimizer = Optimizer::Lamb { beta1: 0.9, beta2: 0.999, eps: 1e-6, weight_decay: 0.01 };
        clipped.recipe.schedule =
            Schedule::Wsd { warmup: Warmup::Steps(2), decay_frac: 0.4, decay: Decay::OneMinusSqrt, min_lr_frac: 0.1 };
        (clipped.recipe.grad_clip_norm, clipped.recipe.grad_clip_value) = (None, Some(0.05));
        clipped.recipe.ema = Some(Ema { decay: 0.5, warmup: false, evaluate: false });
        vec![("muon, mean and best", best), ("adafactor by layer, frozen", layered), ("lamb, clipped", clipped)]
    }

    pub(super) fn train(&self, config: &RunConfig, folder: &str) -> Trained {
        self.attempt(config, folder, None, None).expect("trained")
    }

    /// One attempt; `stop_at`: asked to stop at the event of that step.
    pub(super) fn attempt(
        &self,
        config: &RunConfig,
        folder: &str,
        resume: Option<&str>,
        stop_at: Option<u64>,
    ) -> Result<Trained, trainer::Error> {
        let folder = self.path(folder);
        std::fs::create_dir_all(&folder).expect("made");
        let resume = resume.map(|name| self.path(name).join("checkpoint"));
        in_pool(config.threads, || {
            let (mut events, stop) = (Vec::new(), AtomicBool::new(false));
            let finish = trainer::train(config, &folder, resume.as_deref(), &|_| stop.load(Ordering::Relaxed), &mut |event| {
                if matches!(&event, Event::Step(step) if Some(step.step) == stop_at) {
                    stop.store(true, Ordering::Relaxed);
                }
                events.push(event);
            })?;
            Ok(Trained { finish, events })
        })
    }

    pub(super) fn evaluate(&self, job: &EvaluateJob) -> Result<Vec<Event>, trainer::Error> {
        in_pool(job.threads, || {
            let mut events = Vec::new();
            trainer::evaluate(job, &mut |event| events.push(event)).map(|()| events)
        })
    }

    pub(super) fn evaluate_job(&self, config: &RunConfig, weights: PathBuf, metrics: &[Metric]) -> EvaluateJob {
        EvaluateJob {
            task: config.task,
            model: config.model.clone(),
            weights: weights.into(),
            reference: None,
            writing: config.writing.clone(),
            similarity: config.similarity,
            samples: None,
            data: config.train.clone(),
            normalize: config.normalize.clone(),
            metrics: metrics.to_vec(),
            guess: None,
            batch_size: 32,
            threads: THREADS,
            out: self.dir.path().to_path_buf(),
        }
    }
}

pub(super) struct Trained {
    pub(super) finish: Finish,
    pub(super) events: Vec<Event>,
}

impl Trained {
    pub(super) fn sha256(&self) -> &str {
        match &self.finish {
            Finish::Completed { weights_sha256 } => weights_sha256,
            other => panic!("expected a completed run, found {other:?}"),
        }
    }

    pub(super) fn steps(&self) -> Vec<&StepEvent> {
        self.events.iter().filter_map(|event| if let Event::Step(step) = event { Some(step) } else { None }).collect()
    }

    /// Everything about the steps past `step` but the clock and what is counted from the attempt's start.
    pub(super) fn numbers_after(&self, step: u64) -> Vec<(u64, f64, f64, f64, f64)> {
        self.steps().into_iter().filter(|s| s.step > step).map(|s| (s.step, s.epoch, s.loss, s.lr, s.grad_norm)).collect()
    }

    /// Of the whole run: tokens, examples.
    pub(super) fn work_done(&self) -> (u64, u64) {
        match self.events.last() {
            Some(Event::Finished { tokens, examples, .. }) => (*tokens, *examples),
            other => panic!("expected a finished run, found {other:?}"),
        }
    }

    /// What it noted with these words.
    pub(super) fn notes(&self, words: &str) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Note { message } if message.contains(words))).count()
    }

    pub(super) fn started(&self) -> (u64, bool) {
        let started =
            |event: &Event| if let Event::Started { step, resumed, .. } = event { Some((*step, *resumed)) } else { None };
        self.events.iter().find_map(started).expect("it says that it starts")
    }
}

fn in_pool<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool").install(f)
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn write(path: &Path, tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)], labels: &str) {
    write_with(path, tensors, &[("labels", labels)]);
}

fn write_with(path: &Path, tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)], more: &[(&str, &str)]) {
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
    });
    let mut metadata = HashMap::from([("vocab_size".to_string(), "30".to_string())]);
    metadata.extend(more.iter().map(|(name, value)| (name.to_string(), value.to_string())));
    std::fs::write(path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
}

pub(super) fn checkpoints(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder.join("checkpoint")).expect("there").flatten().map(|e| e.path()).collect();
    files.sort();
    files
}
