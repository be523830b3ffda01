//! The prepared files that the bench trains on.

use crate::bench::Bench;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use tallow_kernels::Stream;

/// Texts end to end, and where each begins.
fn verbatim(texts: &[String]) -> [Vec<u8>; 2] {
    let ends = texts.iter().scan(0, |end, text| {
        *end += text.len() as u64;
        Some(*end)
    });
    let offsets = [0u64].into_iter().chain(ends).flat_map(u64::to_le_bytes).collect();
    [texts.concat().into_bytes(), offsets]
}

impl Bench {
    pub(super) fn write_texts(&self, examples: usize) {
        let text = |i: usize| {
            let (stream, label) = (Stream::root(11).at(i as u64), (i % 2) as u32);
            let word = |t: u64| if stream.below(10 + t, 2) == 0 { 8 - label } else { 9 + stream.below(100 + t, 20) as u32 };
            let words = (0..3 + stream.below(0, 7) as u64).map(word);
            ([1].into_iter().chain(words).chain([2]).collect(), label)
        };
        self.write_as_texts("texts.safetensors", &(0..examples).map(text).collect::<Vec<_>>());
    }

    /// `weighed.safetensors`: the same, with weights of 0 to 4. `one_class.safetensors`: only those of class 0 weigh anything, and so
    /// much that their sum is beyond all numbers. `weightless.safetensors`: none does.
    pub(super) fn write_weighed(&self) {
        let file = std::fs::read(self.path("texts.safetensors")).expect("read");
        let tensors = safetensors::SafeTensors::deserialize(&file).expect("valid");
        let mut written: Vec<_> = tensors
            .tensors()
            .into_iter()
            .map(|(name, view)| (name, view.dtype(), view.shape().to_vec(), view.data().to_vec()))
            .collect();
        let examples = tensors.tensor("labels").expect("labels").shape()[0];
        let mut with = |name: &str, weight: &dyn Fn(usize) -> f64| {
            let bytes = (0..examples).flat_map(|i| weight(i).to_le_bytes()).collect();
            written.push(("weights".into(), safetensors::Dtype::F64, vec![examples], bytes));
            let views: Vec<_> =
                written.iter().map(|(name, dtype, shape, bytes)| (name.as_str(), *dtype, shape.clone(), bytes.clone())).collect();
            write(&self.path(name), &views, r#"["worse","better"]"#);
            written.pop();
        };
        with("weighed.safetensors", &|i| Stream::root(21).below(i as u64, 9) as f64 / 2.0);
        // Labels take turns.
        with("one_class.safetensors", &|i| if i.is_multiple_of(2) { 1e308 } else { 0.0 });
        with("weightless.safetensors", &|_| 0.0);
    }

    /// A stream in pieces of 8 tokens, of which most are the one before plus one, modulo 10.
    pub(super) fn write_words(&self, name: &str, tokens: usize, labels: &str) {
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
    pub(super) fn write_hidden(&self, tokens: usize) {
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
    pub(super) fn write_conversations(&self, examples: usize) {
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
    pub(super) fn write_written(&self, examples: usize) {
        let (mut tokens, mut offsets, mut words) = (Vec::new(), vec![0u64], Vec::new());
        let spelt = |ids: &[u32]| ids.iter().map(|id| format!("w{id}")).collect::<Vec<_>>().join(" ");
        for i in 0..examples {
            let stream = Stream::root(18).at(i as u64);
            let source: Vec<u32> = (0..1 + stream.below(0, 5) as u64).map(|t| 3 + stream.below(1 + t, 20) as u32).collect();
            let target: Vec<u32> = source.iter().rev().chain(&source[..1]).copied().collect();
            words.extend([spelt(&source), spelt(&target)]);
            for text in [source, target] {
                tokens.extend(text.into_iter().chain([1]));
                offsets.push(tokens.len() as u64);
            }
        }
        let [words, ends] = verbatim(&words);
        use safetensors::Dtype::{U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![offsets.len()], offsets.iter().flat_map(|v| v.to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
            ("pair_offsets", U64, vec![ends.len() / 8], ends),
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

    /// `heard.safetensors`: of one to three sounds of six frames, each loud in one of four mel bins, the words `w3` to `w6`, behind a
    /// `w9` with which every text begins; to be told by `spelt.json`.
    pub(super) fn write_heard(&self, examples: usize) {
        let (mut tokens, mut offsets, mut words) = (Vec::new(), vec![0u64], Vec::new());
        let (mut features, mut frames, mut silence) = (Vec::new(), vec![0u64], Vec::new());
        for i in 0..examples {
            let stream = Stream::root(19).at(i as u64);
            let sounds: Vec<usize> = (0..1 + stream.below(0, 3) as u64).map(|at| stream.below(1 + at, 4)).collect();
            let noise = stream.named("noise");
            for mel in 0..4 {
                let loud = |at: usize| if sounds[at / 6] == mel { 1.0 } else { -0.5 };
                features.extend((0..6 * sounds.len()).map(|at| loud(at) + 0.1 * noise.normal((100 * mel + at) as u64)));
            }
            frames.push(frames[i] + 6 * sounds.len() as u64);
            silence.push(-0.5f32);
            let target: Vec<u32> = sounds.iter().map(|sound| 3 + *sound as u32).collect();
            words.extend([format!("{i}.wav"), target.iter().map(|id| format!("w{id}")).collect::<Vec<_>>().join(" ")]);
            tokens.extend([9].into_iter().chain(target).chain([1]));
            offsets.push(tokens.len() as u64);
        }
        let [words, ends] = verbatim(&words);
        let longs = |values: &[u64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        let floats = |values: &[f32]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        use safetensors::Dtype::{F32, U8, U32, U64};
        let tensors = [
            ("offsets", U64, vec![offsets.len()], longs(&offsets)),
            ("frame_offsets", U64, vec![frames.len()], longs(&frames)),
            ("features", F32, vec![features.len()], floats(&features)),
            ("silence", F32, vec![examples], floats(&silence)),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
            ("transcript_offsets", U64, vec![ends.len() / 8], ends),
            ("transcripts", U8, vec![words.len()], words),
        ];
        let metadata = [("begin_token", "0"), ("end_token", "1"), ("forced_tokens", "1"), ("mel_bins", "4"), ("frames", "24")];
        write_with(&self.path("heard.safetensors"), &tensors, &metadata);
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
    pub(super) fn write_values(&self, examples: usize) {
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
    pub(super) fn write_similar(&self, examples: usize) {
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
    pub(super) fn write_labels(&self, examples: usize) {
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
    pub(super) fn write_tags(&self, examples: usize) {
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
    pub(super) fn write_spans(&self, examples: usize) {
        let letters = |ids: &[u32]| ids.iter().map(|id| char::from(b'a' + *id as u8)).collect::<String>();
        let (mut tokens, mut spans, mut characters) = (Vec::new(), Vec::new(), Vec::new());
        let (mut contexts, mut right, mut rights) = (Vec::new(), Vec::new(), vec![0u64]);
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
            right.extend(answered.then(|| letters(&words[at..at + 2])));
            rights.push(right.len() as u64);
            tokens.extend([vec![1, 3], words, vec![2]].concat());
        }
        let ([contexts, context_offsets], [right, right_offsets]) = (verbatim(&contexts), verbatim(&right));
        let longs = |values: &[u64]| values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
        use safetensors::Dtype::{U8, U32, U64};
        let each: Vec<u32> = (0..examples as u32).collect();
        let tensors = [
            ("offsets", U64, vec![examples + 1], (0..=examples as u64).flat_map(|i| (11 * i).to_le_bytes()).collect()),
            ("tokens", U32, vec![tokens.len()], u32s(&tokens)),
            ("questions", U32, vec![examples], u32s(&each)),
            ("spans", U32, vec![examples, 2], u32s(&spans)),
            ("characters", U32, vec![tokens.len(), 2], u32s(&characters)),
            ("type_ids", U8, vec![tokens.len()], vec![0u8; tokens.len()]),
            ("asked_of", U32, vec![examples], u32s(&each)),
            ("right_offsets", U64, vec![rights.len()], longs(&rights)),
            ("contexts", U8, vec![contexts.len()], contexts),
            ("context_offsets", U64, vec![context_offsets.len() / 8], context_offsets),
            ("answers", U8, vec![right.len()], right),
            ("answer_offsets", U64, vec![right_offsets.len() / 8], right_offsets),
        ];
        write(&self.path("spans.safetensors"), &tensors, "[]");
    }

    pub(super) fn write_images(&self, examples: usize) {
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
    pub(super) fn write_table(&self, examples: usize) {
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

    /// `noise.safetensors`: rows of the same columns with a number of which they tell a sixteenth of the variance.
    pub(super) fn write_noise(&self, examples: usize) {
        let row = |i: usize| {
            let stream = Stream::root(15).at(i as u64);
            let (x, y) = (stream.normal(0), stream.normal(1));
            ([x, y], 3.0 + 0.25 * f64::from(x) + f64::from(stream.normal(2)))
        };
        let rows: Vec<([f32; 2], f64)> = (0..examples).map(row).collect();
        use safetensors::Dtype::{F32, F64, U32};
        let tensors = [
            ("numbers", F32, vec![examples, 2], rows.iter().flat_map(|(x, _)| x.map(f32::to_le_bytes)).flatten().collect()),
            ("categories", U32, vec![examples, 1], u32s(&vec![0; examples])),
            ("values", F64, vec![examples], rows.iter().flat_map(|(_, value)| value.to_le_bytes()).collect()),
        ];
        write(&self.path("noise.safetensors"), &tensors, "[]");
    }
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
