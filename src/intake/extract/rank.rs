//! Which paragraphs and tables to read for what: for each group of fields the best chunks of the paper, by the words they share with
//! what such chunks say (BM25, Robertson and Zaragoza 2009) and by what the rules found in them.

use crate::intake::{Chunk, Field, Group, Paper, PassageKind, RankedChunks, SectionKind, Span};
use std::collections::HashMap;

/// How many chunks of a group are kept.
const BEST: usize = 10;

/// Words of chunks that hold fields of a group; a word that stands twice counts twice.
const WORDS: &[(Group, &str)] = &[
    (
        Group::Model,
        "model architecture layers hidden size dimension heads attention parameters encoder decoder embedding network width depth \
         block base large variants units feed-forward patch initialization initialize weights residual family propose layer",
    ),
    (
        Group::Optimisation,
        "train trained training learning rate learning rate optimizer Adam AdamW SGD momentum weight decay batch size batch epochs steps \
         iterations warmup schedule decay cosine linear dropout label smoothing gradient clipping hyperparameters fine-tune fine-tuning \
         regularization augmentation crop flip loss objective sequence length rank minibatch",
    ),
    (
        Group::Data,
        "dataset datasets data corpus corpora training set train examples sentences images tokens words pairs collected benchmark tasks \
         split test consists contains classes documents pre-training evaluate",
    ),
    (
        Group::Evaluation,
        "evaluate evaluation metric metrics accuracy F1 BLEU ROUGE perplexity error rate score report measure correlation test development \
         set average runs seeds top-1 top-5",
    ),
    (
        Group::Results,
        "results achieves achieve obtains outperforms state-of-the-art accuracy score F1 BLEU perplexity error test improvement best table \
         performance compared baseline previous average ensemble establishing",
    ),
    (
        Group::Hardware,
        "GPU GPUs TPU TPUs hardware machine trained training days hours took time cores V100 A100 H100 P100 memory compute cloud chips \
         seconds step experiments NVIDIA code available github release",
    ),
];

/// Whether a chunk is more than words: settings, sizes and scores are numbers.
const NUMBERS: f32 = 1.5;

struct Text {
    chunk: Chunk,
    words: HashMap<String, f32>,
    length: f32,
    digits: bool,
}

impl Text {
    /// The fields whose words stand in it, of some in the order of their places.
    fn held<'a>(&self, fields: &'a [&Field]) -> impl Iterator<Item = &'a Field> {
        let (page, own) = (self.chunk.page, self.chunk.span);
        let first = fields.partition_point(|field| place(field) < (page, own.start));
        let within = fields[first..].iter().take_while(move |field| place(field) < (page, own.end));
        within.copied().filter(move |field| field.evidence.quote.span().end <= own.end)
    }
}

/// The page of a field's words, and where on it they begin.
fn place(field: &Field) -> (u32, usize) {
    (field.evidence.quote.page(), field.evidence.quote.span().start)
}

/// The best chunks for each group, the best first.
pub(super) fn chunks(paper: &Paper, fields: &[Field]) -> Vec<RankedChunks> {
    let texts = texts(paper);
    let mean = texts.iter().map(|text| text.length).sum::<f32>() / texts.len().max(1) as f32;
    let holding = |word: &str| texts.iter().filter(|text| text.words.contains_key(word)).count() as f32;
    let mut ranked = Vec::new();
    for (group, words) in WORDS {
        let mut query: HashMap<String, f32> = HashMap::new();
        split(words).for_each(|word| *query.entry(word).or_default() += 1.0);
        let mut query: Vec<(String, f32)> = query.into_iter().collect();
        // In one order, so that sums are the same bits each time.
        query.sort_by(|a, b| a.0.cmp(&b.0));
        let rare = |word: &str| {
            let holding = holding(word);
            ((texts.len() as f32 - holding + 0.5) / (holding + 0.5) + 1.0).ln()
        };
        let query: Vec<(String, f32)> = query.into_iter().map(|(word, count)| (word.clone(), count * rare(&word))).collect();
        let mut scored: Vec<(f32, &Text)> = texts.iter().map(|text| (score(text, &query, mean), text)).collect();
        // Next to the best words, what was found: each further field half as much.
        let most = scored.iter().map(|(score, _)| *score).fold(f32::MIN_POSITIVE, f32::max);
        let mut own: Vec<&Field> = fields.iter().filter(|field| field.key.group() == Some(*group)).collect();
        own.sort_by_key(|field| place(field));
        for (score, text) in &mut scored {
            let found: f32 = text.held(&own).map(|field| field.confidence).sum();
            *score = *score / most + 1.0 - 0.5_f32.powf(found);
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let best = scored.into_iter().filter(|(score, _)| *score > 0.0).take(BEST);
        let chunks = best.map(|(score, text)| Chunk { score: (score * 100.0).round() / 100.0, ..text.chunk.clone() }).collect();
        ranked.push(RankedChunks { group: *group, chunks });
    }
    ranked
}

fn score(text: &Text, query: &[(String, f32)], mean: f32) -> f32 {
    const K1: f32 = 1.2;
    const B: f32 = 0.6;
    let norm = K1 * (1.0 - B + B * text.length / mean.max(1.0));
    let share = |(word, weight): &(String, f32)| text.words.get(word).map_or(0.0, |n| weight * n * (K1 + 1.0) / (n + norm));
    query.iter().map(share).sum::<f32>() * if text.digits { NUMBERS } else { 1.0 }
}

/// Paragraphs with the title of their section, tables with their caption; neither others' work nor the references.
fn texts(paper: &Paper) -> Vec<Text> {
    let mut texts = Vec::new();
    let mut add = |id: String, page: u32, span: Span, section: Option<usize>, words: &str| {
        if matches!(paper.section_kind(section), SectionKind::References | SectionKind::RelatedWork) {
            return;
        }
        let title = section.and_then(|s| paper.sections.get(s)).map(|s| s.title.clone());
        let mut counts: HashMap<String, f32> = HashMap::new();
        split(words).for_each(|word| *counts.entry(word).or_default() += 1.0);
        let length = counts.values().sum();
        split(title.as_deref().unwrap_or_default()).for_each(|word| *counts.entry(word).or_default() += 0.5);
        let chunk = Chunk { id, page, span, section: title, score: 0.0 };
        texts.push(Text { chunk, words: counts, length, digits: words.contains(|c: char| c.is_ascii_digit()) });
    };
    for (index, passage) in paper.passages.iter().enumerate() {
        match passage.kind {
            PassageKind::Prose | PassageKind::Item | PassageKind::Note | PassageKind::Caption => {
                add(format!("p{index}"), passage.page, passage.span, passage.section, paper.passage(passage));
            }
            PassageKind::Heading | PassageKind::Fragment | PassageKind::Reference => {}
        }
    }
    for (index, table) in paper.tables.iter().enumerate() {
        let (Some(first), Some(last)) = (table.rows.first(), table.rows.last()) else { continue };
        let cells = table.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.text.as_str());
        let caption = table.caption.and_then(|c| paper.passages.get(c)).map_or("", |passage| paper.passage(passage));
        let words = std::iter::once(caption).chain(cells).collect::<Vec<_>>().join(" ");
        add(format!("t{index}"), table.page, Span { start: first.span.start, end: last.span.end }, table.section, &words);
    }
    texts
}

/// Words in lower case, cut where endings begin: `optimizer` and `optimization` are one.
fn split(text: &str) -> impl Iterator<Item = String> {
    const STEM: usize = 6;
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1 && word.contains(char::is_alphabetic))
        .map(|word| word.to_lowercase().chars().take(STEM).collect())
}
