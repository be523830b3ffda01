//! Tokenizers as the SentencePiece library keeps them (`spiece.model`, `sentencepiece.bpe.model`, `tokenizer.model`), as `tokenizer.json`.
//!
//! The file is a message of Protocol Buffers (`sentencepiece_model.proto`) with pieces, their scores and kinds, and how texts are made
//! even before. What a model adds to the pieces (T5's marks for gaps, the numbering of XLM-R and CamemBERT) its own library adds in
//! code; so it stands here. Merges of pieces: Sennrich et al. 2016, arXiv 1508.07909; the likeliest pieces: Kudo 2018, arXiv 1804.10959.

use base64::Engine;
use serde_json::{Map, Value, json};

/// The space of SentencePiece.
pub(super) const SPACE: &str = "\u{2581}";

/// What a piece is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usual,
    Unknown,
    Control,
    /// Always one token.
    Whole,
}

#[derive(Debug)]
struct Piece {
    text: String,
    score: f64,
    kind: Kind,
}

/// How texts become pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Likeliest,
    Merges,
}

#[derive(Debug)]
struct Model {
    pieces: Vec<Piece>,
    method: Method,
    byte_fallback: bool,
    /// How letters are made even, as the library compiles it.
    charsmap: Vec<u8>,
    prefixed: bool,
}

/// What a model's library adds to the pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Addition {
    /// T5: so many marks for gaps behind the pieces; each text ends with `</s>`.
    T5 {
        gaps: usize,
    },
    XlmRoberta,
    Camembert,
    /// Nothing: Marian numbers pieces by another file.
    Marian,
    /// Llama's: a text begins with `<s>`, or does not.
    Llama {
        begins: bool,
    },
}

/// The `tokenizer.json`.
///
/// # Errors
/// In words.
pub(super) fn tokenizer_json(bytes: &[u8], addition: Addition) -> Result<Value, String> {
    let model = Model::read(bytes)?;
    match (model.method, addition) {
        (Method::Merges, Addition::Llama { begins }) => Ok(llama(&model, begins)),
        (Method::Likeliest, Addition::T5 { .. } | Addition::XlmRoberta | Addition::Camembert | Addition::Marian) => {
            likeliest(model, addition)
        }
        (method, addition) => {
            Err(format!("its pieces are found by {method:?}, which does not go with {addition:?}: fetch its `tokenizer.json`"))
        }
    }
}

impl Model {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut model =
            Model { pieces: Vec::new(), method: Method::Likeliest, byte_fallback: false, charsmap: Vec::new(), prefixed: true };
        for field in Fields(bytes) {
            match field? {
                (1, Wire::Bytes(piece)) => model.pieces.push(Piece::read(piece)?),
                (2, Wire::Bytes(trainer)) => model.trainer(trainer)?,
                (3, Wire::Bytes(normalizer)) => {
                    for field in Fields(normalizer) {
                        match field? {
                            (2, Wire::Bytes(map)) => model.charsmap = map.to_vec(),
                            (3, Wire::Number(on)) => model.prefixed = on != 0,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        if model.pieces.is_empty() { Err("it has no pieces".into()) } else { Ok(model) }
    }

    fn trainer(&mut self, bytes: &[u8]) -> Result<(), String> {
        for field in Fields(bytes) {
            match field? {
                (3, Wire::Number(1)) => self.method = Method::Likeliest,
                (3, Wire::Number(2)) => self.method = Method::Merges,
                (3, Wire::Number(other)) => return Err(format!("expected pieces of kind 1 or 2, found {other}")),
                (35, Wire::Number(on)) => self.byte_fallback = on != 0,
                _ => {}
            }
        }
        Ok(())
    }
}

impl Piece {
    fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut piece = Piece { text: String::new(), score: 0.0, kind: Kind::Usual };
        for field in Fields(bytes) {
            match field? {
                (1, Wire::Bytes(text)) => {
                    piece.text = std::str::from_utf8(text).map_err(|_| "a piece is no UTF-8".to_string())?.into();
                }
                (2, Wire::Four(score)) => piece.score = f64::from(f32::from_le_bytes(score)),
                (3, Wire::Number(2)) => piece.kind = Kind::Unknown,
                (3, Wire::Number(3)) => piece.kind = Kind::Control,
                (3, Wire::Number(4)) => piece.kind = Kind::Whole,
                _ => {}
            }
        }
        if piece.score.is_finite() { Ok(piece) } else { Err(format!("the score of the piece `{}` is no number", piece.text)) }
    }
}

/// A field of a message.
enum Wire<'a> {
    Number(u64),
    Four([u8; 4]),
    Bytes(&'a [u8]),
}

/// Each field of a message with its number.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field.ok_or_else(|| "it is damaged or cut off".into()))
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u64, Wire<'a>)> {
        let key = self.varint()?;
        let wire = match key & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Bytes(self.take(8)?),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Four(self.take(4)?.try_into().ok()?),
            _ => return None,
        };
        Some((key >> 3, wire))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.take(1)?.try_into().ok()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }
}

fn added(id: usize, content: &str, lstrip: bool, special: bool) -> Value {
    json!({"id": id, "content": content, "single_word": false, "lstrip": lstrip, "rstrip": false, "normalized": false, "special": special})
}

/// The likeliest pieces, as a unigram model.
fn likeliest(model: Model, addition: Addition) -> Result<Value, String> {
    let Model { pieces, byte_fallback, charsmap, prefixed, .. } = model;
    let bare = |text: &str, score| Piece { text: text.into(), score, kind: Kind::Control };
    let first = |texts: &[&str]| texts.iter().map(|text| bare(text, 0.0)).collect::<Vec<_>>();
    let pieces: Vec<Piece> = match addition {
        Addition::T5 { gaps } => {
            let gaps = (0..gaps).rev().map(|i| bare(&format!("<extra_id_{i}>"), 0.0));
            pieces.into_iter().chain(gaps).collect()
        }
        Addition::XlmRoberta => {
            let rest = pieces.into_iter().skip(3);
            first(&["<s>", "<pad>", "</s>", "<unk>"]).into_iter().chain(rest).chain([bare("<mask>", 0.0)]).collect()
        }
        Addition::Marian => pieces,
        Addition::Camembert | Addition::Llama { .. } => {
            let unused = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>"];
            let (all, rest) = (first(&unused).into_iter().chain([bare("<unk>NOTUSED", -100.0)]), pieces.into_iter().skip(1));
            all.chain(rest).chain([bare("<mask>", 0.0)]).collect()
        }
    };
    let id = |text: &str| pieces.iter().position(|piece| piece.text == text).ok_or_else(|| format!("it has no piece `{text}`"));
    let unknown = pieces.iter().position(|piece| piece.kind == Kind::Unknown || piece.text == "<unk>");
    let token = |name: &str| json!({"SpecialToken": {"id": name, "type_id": 0}});
    let text = |name: &str| json!({"Sequence": {"id": name, "type_id": 0}});
    let around = |single: Vec<Value>, pair: Vec<Value>, special: &[&str]| -> Result<Value, String> {
        let entry = |name: &&str| Ok((name.to_string(), json!({"id": name, "ids": [id(name)?], "tokens": [name]})));
        let special = special.iter().map(entry).collect::<Result<Map<String, Value>, String>>()?;
        Ok(json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": special}))
    };
    let post_processor = match addition {
        Addition::T5 { .. } => {
            around(vec![text("A"), token("</s>")], vec![text("A"), token("</s>"), text("B"), token("</s>")], &["</s>"])?
        }
        Addition::XlmRoberta | Addition::Camembert | Addition::Llama { .. } => around(
            vec![token("<s>"), text("A"), token("</s>")],
            vec![token("<s>"), text("A"), token("</s>"), token("</s>"), text("B"), token("</s>")],
            &["<s>", "</s>"],
        )?,
        Addition::Marian => Value::Null,
    };
    let marked = |(id, piece): (usize, &Piece)| match piece.kind {
        Kind::Usual => None,
        Kind::Whole => Some(added(id, &piece.text, false, false)),
        Kind::Unknown | Kind::Control if piece.text.ends_with("NOTUSED") || addition == Addition::Marian => None,
        Kind::Unknown | Kind::Control => Some(added(id, &piece.text, piece.text == "<mask>", true)),
    };
    let prepend = if prefixed { "always" } else { "never" };
    let metaspace = json!({"type": "Metaspace", "replacement": SPACE, "prepend_scheme": prepend, "split": true});
    let decoder = match byte_fallback {
        true => json!({"type": "Sequence", "decoders": [{"type": "ByteFallback"}, metaspace]}),
        false => metaspace.clone(),
    };
    let even = base64::engine::general_purpose::STANDARD.encode(&charsmap);
    let normalizer = if charsmap.is_empty() { Value::Null } else { json!({"type": "Precompiled", "precompiled_charsmap": even}) };
    Ok(json!({
        "version": "1.0",
        "added_tokens": pieces.iter().enumerate().filter_map(marked).collect::<Vec<_>>(),
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "post_processor": post_processor,
        "decoder": decoder,
        "model": {"type": "Unigram", "unk_id": unknown, "byte_fallback": byte_fallback,
                  "vocab": pieces.iter().map(|piece| json!([piece.text, piece.score])).collect::<Vec<_>>()},
    }))
}

fn llama(model: &Model, begins: bool) -> Value {
    let tokens: Vec<String> = model.pieces.iter().map(|piece| piece.text.clone()).collect();
    let vocab: Map<String, Value> = tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id))).collect();
    let unknown = model.pieces.iter().find(|piece| piece.kind == Kind::Unknown).map(|piece| piece.text.as_str());
    let mut made = merged_pieces(&tokens, |id| model.pieces[id].score, vocab, unknown, model.prefixed);
    let marked = |(id, piece): (usize, &Piece)| {
        (piece.kind != Kind::Usual).then(|| added(id, &piece.text, false, piece.kind != Kind::Whole))
    };
    made["version"] = json!("1.0");
    made["added_tokens"] = model.pieces.iter().enumerate().filter_map(marked).collect::<Vec<_>>().into();
    if let Some(id) = tokens.iter().position(|token| begins && token == "<s>") {
        made["post_processor"] = begins_with(id, "<s>");
    }
    made
}

/// Before every text, or before the first of two, one token.
pub(super) fn begins_with(id: usize, token: &str) -> Value {
    json!({
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": token, "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {token: {"id": token, "ids": [id], "tokens": [token]}},
    })
}

/// Pieces that are merged in the order of their scores, with bytes for what they lack, as Llama's are: as byte-pair encoding.
///
/// `vocab`: each piece's id; `prefixed`: a space stands before every text.
pub(super) fn merged_pieces(
    tokens: &[String],
    score: impl Fn(usize) -> f64,
    vocab: Map<String, Value>,
    unknown: Option<&str>,
    prefixed: bool,
) -> Value {
    let id = |piece: &str| vocab.get(piece).and_then(Value::as_u64);
    // Every way in which a piece is two others; the likeliest piece first.
    let mut merges: Vec<(f64, [u64; 2], [&str; 2])> = Vec::new();
    for (at, piece) in tokens.iter().enumerate() {
        let begin = merges.len();
        for (cut, _) in piece.char_indices().skip(1) {
            let (left, right) = piece.split_at(cut);
            if let (Some(a), Some(b)) = (id(left), id(right)) {
                merges.push((score(at), [a, b], [left, right]));
            }
        }
        merges[begin..].sort_by_key(|(_, ids, _)| *ids);
    }
    merges.sort_by(|a, b| b.0.total_cmp(&a.0));
    let merges: Vec<[&str; 2]> = merges.into_iter().map(|(_, _, pair)| pair).collect();
    let spaces = json!({"type": "Replace", "pattern": {"String": " "}, "content": SPACE});
    let normalizer = match prefixed {
        true => json!({"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": SPACE}, spaces]}),
        false => spaces,
    };
    let mut decoders = vec![
        json!({"type": "Replace", "pattern": {"String": SPACE}, "content": " "}),
        json!({"type": "ByteFallback"}),
        json!({"type": "Fuse"}),
    ];
    if prefixed {
        decoders.push(json!({"type": "Strip", "content": " ", "start": 1, "stop": 0}));
    }
    let model = json!({
        "type": "BPE", "dropout": null, "unk_token": unknown, "fuse_unk": true, "byte_fallback": true, "ignore_merges": false,
        "vocab": vocab, "merges": merges,
    });
    json!({"normalizer": normalizer, "pre_tokenizer": null, "decoder": {"type": "Sequence", "decoders": decoders}, "model": model})
}
