//! Wordings of which a third set of requests by others lost a part, in other words, each beside a neighbour that means something else.

use super::*;
use crate::intake::Lying;

#[test]
fn lists_keep_their_first_and_last_columns() {
    let perhaps = |text: &str| parse(text).perhaps_columns();
    for (text, exclude) in [
        ("predict y in t.csv. Leave out id, zip and grade. 25 epochs", &["id", "zip", "grade"][..]),
        ("predict y in t.csv without area and rooms. 5 epochs", &["area", "rooms"]),
        ("t.csv -> y; -id -sold_on; mlp 64-64", &["id", "sold_on"]),
        ("predict y in t.csv from a and b and no redshift. An MLP", &["redshift"]),
        ("predict y in t.csv. I don't care about the priority column", &["priority"]),
    ] {
        let found = perhaps(text).exclude;
        assert!(exclude.iter().all(|name| found.iter().any(|own| own == name)), "{text}: {found:?}");
    }
    for (text, input) in [
        ("classify t.csv using colours u, g, r and no redshift", &["u", "g", "r"][..]),
        ("predict y in t.csv from the numbers area and rooms", &["area", "rooms"]),
        ("classify t.csv with magnitudes u, g and r", &["u", "g", "r"]),
        ("t.csv; target y; feats u g r z; mlp 64-32", &["u", "g", "r", "z"]),
        ("the score between text_a and text_b in p.csv", &["text_a", "text_b"]),
    ] {
        let found = perhaps(text).input;
        assert!(input.iter().all(|name| found.iter().any(|own| own == name)), "{text}: {found:?}");
    }
    assert_eq!(Request::names_in("subject+body priority"), ["subject", "body", "priority"]);
    // Neither a dash, nor what rows have, nor a value leaves anything out.
    for text in ["t.csv - price by area", "drop rows with no income, t.csv", "lr 1e-3, t.csv"] {
        assert!(!perhaps(text).exclude.iter().any(|name| ["price", "income"].contains(&name.as_str())), "{text}");
    }
    assert!(!perhaps("predict y in t.csv using house age and income").input.contains(&"age".to_string()));
    assert!(!perhaps("predict y from a, lr 1e-3, t.csv").input.contains(&"lr".to_string()));
}

#[test]
fn rows_by_their_place_are_drawn_and_told() {
    let rows = |text: &str| {
        let r = parse(text);
        (r.max_examples, r.lacking.iter().map(|lacking| lacking.words.clone()).collect::<Vec<_>>(), r.not_understood)
    };
    let told = |words: &str| vec![words.to_string()];
    assert_eq!(rows("MiniLM on the first 300 rows of t.csv"), (Some(300), told("first 300 rows"), vec![]));
    assert_eq!(rows("MiniLM on the 250 first rows of t.csv"), (Some(250), told("250 first rows"), vec![]));
    assert_eq!(rows("GPT from scratch on the first 1000 lines of novel.txt"), (None, told("first 1000 lines"), vec![]));
    assert_eq!(rows("MiniLM on the first 40 lines of t.csv"), (Some(40), told("first 40 lines"), vec![]));
    assert_eq!(rows("MiniLM on 300 rows of t.csv"), (Some(300), vec![], vec![]));
    assert_eq!(parse("skip the first 100 rows of t.csv, MiniLM").max_examples, None);
    assert_eq!(parse("MiniLM on t.csv, the last 2 rows of each patient are wrong").max_examples, None);
    let last = parse("Use the last 500 rows of t.csv as test set, MiniLM");
    assert_eq!((last.tested, last.tested_at, last.max_examples), (Some(AskedPart::Examples(500)), Some(Edge::End), None));
    let rest = parse("Train on the first 80% of t.csv and test on the rest, MiniLM");
    assert_eq!((rest.tested, rest.tested_at, rest.data_frac), (Some(AskedPart::Share(0.2)), Some(Edge::End), None), "{rest:?}");
    assert_eq!(parse("Train on 80% of t.csv and test on the rest, MiniLM").tested_at, None);
    assert_eq!(parse("MiniLM on t.csv, use the first 20% of the rows as test set").tested_at, Some(Edge::Start));
}

#[test]
fn measures_that_there_are_not_are_told_as_such() {
    for (text, words) in [
        ("MiniLM on t.csv, report balanced accuracy", "report balanced accuracy"),
        ("MLP on t.csv, metric recall of the yes class", "recall of the yes class"),
        ("MLP on t.csv, optimise recall", "optimise recall"),
        ("MLP on t.csv, weighted kappa", "weighted kappa"),
        ("MiniLM on t.csv, measure sensitivity and specificity", "measure sensitivity, specificity"),
    ] {
        let r = parse(text);
        assert_eq!(r.lacking, [Lacking { of: Lack::Metric, words: words.into() }], "{text}: {r:?}");
        assert_eq!((r.metric, r.not_understood.len()), (None, 0), "{text}: {r:?}");
    }
    let each = parse("MiniLM on t.csv, show precision, recall and F1 for each class");
    assert_eq!((each.metric, each.lacking.len(), each.not_understood), (Some(Metric::F1), 1, vec![]));
    assert_eq!(parse("named entity tagger on n.conll, report recall").metric, Some(Metric::EntityRecall));
    for text in [
        "MiniLM on t.csv, I recall that the file is sorted",
        "MiniLM on t.csv in full precision",
        "precision farming",
        "t.csv has columns area, recall and kappa",
    ] {
        assert!(parse(text).lacking.iter().all(|lacking| lacking.of != Lack::Metric), "{text}");
    }
    assert_eq!(parse("MLP on t.csv, average precision").metric, Some(Metric::AveragePrecision));
}

#[test]
fn the_latest_are_held_out() {
    for text in [
        "hold out the houses sold last (20 %) for testing",
        "test on the 20 % most recently sold",
        "test on the 20% of tickets created last",
        "hold out the newest 20 %",
        "hold out the 20 % newest",
        "the newest 20 % of the rows for testing",
    ] {
        let r = parse(&format!("predict y in t.csv, {text}"));
        assert_eq!((r.tested, r.tested_at), (Some(AskedPart::Share(0.2)), Some(Edge::Latest)), "{text}: {r:?}");
    }
    assert_eq!(parse("predict y in t.csv, hold out 20 % for testing").tested_at, None);
    let rows = parse("use the 200 most recent rows for testing, predict y in t.csv");
    assert_eq!((rows.tested, rows.tested_at), (Some(AskedPart::Examples(200)), Some(Edge::Latest)), "{rows:?}");
    let few = parse("DPO SmolLM2 prefs.jsonl first 120 rows hold out 30");
    assert_eq!((few.tested, few.max_examples), (Some(AskedPart::Examples(30)), Some(120)), "{few:?}");
    assert_eq!(parse("predict y in t.csv, hold out 30").tested, None);
    assert_eq!(parse("test on houses that last 20 years, t.csv").tested, None);
}

#[test]
fn layers_and_embeddings_stay_frozen_together() {
    for text in [
        "with the bottom four layers and the embeddings frozen",
        "freeze the first 4 layers and the embeddings",
        "freeze the 4 lowest layers",
        "freeze the embedding layer plus the lower 4 transformer blocks",
        "with the embeddings and the lowest four layers frozen",
        "keep the lower 4 layers and the word embeddings fixed",
    ] {
        let r = parse(&format!("MiniLM on t.csv {text}, lr 1e-4"));
        assert_eq!((r.frozen, is_clear(&r)), (Some(Frozen::LowerLayers { count: 4 }), true), "{text}: {r:?}");
    }
    assert_eq!(parse("MiniLM on t.csv, freeze the 4 last layers").frozen, None);
    assert_eq!(parse("MiniLM on t.csv, embeddings frozen").frozen, Some(Frozen::Embeddings));
}

#[test]
fn folders_by_their_names_alone() {
    let lying = |word: &str| ["pets", "clips", "data", "clips/metadata.csv"].contains(&word).then_some(Lying::Data);
    for (text, path) in [
        ("pets resnet18 10ep", "pets"),
        ("resnet18 pets 10ep", "pets"),
        ("clips, whisper-tiny, scratch, 3k steps, wer", "clips"),
        ("ViT pets: 25 ep", "pets"),
        ("train a ResNet-20 with the photos of pets", "pets"),
        ("transcribe my recordings (folder clips, theres a metadata.csv in it)", "clips"),
    ] {
        assert_eq!(parse_request(text, lying).data, local(path), "{text}");
    }
    // A word among others is none, nor what is named as data.
    assert_eq!(parse_request("which clips are loud", lying).data, None);
    assert_eq!(parse_request("MiniLM on reviews.csv, pets", lying).data, local("reviews.csv"));
}

#[test]
fn sizes_in_few_signs() {
    for text in ["mlp 64-32", "MLP (64, 32)", "MLP 64/32", "an MLP 64x32"] {
        let r = parse(&format!("{text} on t.csv, 5 epochs"));
        assert_eq!((r.units.as_slice(), r.image_size), (&[64, 32][..], None), "{text}: {r:?}");
    }
    let named = parse("a multilayer perceptron with one hidden layer of 50 neurons on t.csv");
    assert_eq!((named.model.as_ref(), named.size.hidden), (called("mlp").as_ref(), Some(50)), "{named:?}");
    assert!(is_clear(&named), "{named:?}");
    let each = parse("MLP 3x64 on t.csv");
    assert_eq!((each.units.len(), each.size.layers, each.size.hidden), (0, Some(3), Some(64)));
    let vit = parse("ViT from scratch on CIFAR-10: d=64, L=3, h=4, p=8, img 48², bs 20");
    assert_eq!(
        (vit.size.hidden, vit.size.layers, vit.size.heads, vit.size.patch, vit.image_size, vit.batch_size),
        (Some(64), Some(3), Some(4), Some(8), Some([48, 48]), Some(20))
    );
    assert!(is_clear(&vit), "{vit:?}");
    let lora = parse("DPO SmolLM2 prefs.jsonl β=0.05 r=4 α=8 lr=1e-5").adapter.unwrap_or_default();
    assert_eq!((lora.rank, lora.alpha), (Some(4), Some(8.0)));
    assert_eq!(parse("GPT from scratch on n.txt, AdamW b1 .9 b2 .95, seq 128").betas, Some([0.9, 0.95]));
    assert_eq!(parse("1 hidden layer à 100, MLP on t.csv").size.hidden, Some(100));
    let net = parse("resnet20 on CIFAR-10 sgd lr.1 mom.9 no aug");
    assert_eq!((net.lr, net.momentum, net.without.as_slice()), (Some(0.1), Some(0.9), &[Without::Augmentation][..]), "{net:?}");
    // A letter by itself, a split, and no number.
    assert_eq!(parse("MiniLM on t.csv, p=4").size.patch, None);
    assert_eq!(parse("MLP on t.csv, 80/20 split").tested, Some(AskedPart::Share(0.2)));
    assert_eq!(parse("MiniLM on t.csv, r=0.5 is the ratio").adapter, None);
}

#[test]
fn other_languages_say_numbers_parts_and_what_is_not_wanted() {
    let german = parse(
        "MiniLM auf t.csv feinabstimmen, Stapelgröße sechzehn, die letzten 25 % der Zeilen als Testmenge, keine Aufwärmphase",
    );
    assert_eq!((german.batch_size, german.tested, german.tested_at), (Some(16), Some(AskedPart::Share(0.25)), Some(Edge::End)));
    let french = parse("prends MiniLM pour reviews.csv, une trentaine d'époques, lot de 16, et gèle tout sauf la tête");
    assert_eq!((french.epochs, french.batch_size, french.frozen), (Some(30.0), Some(16), Some(Frozen::Body)));
    let french = parse("Je ne veux pas de BERT : prends MiniLM, reviews.csv, seulement les 250 premières lignes, 2 époques");
    assert_eq!((french.model, french.max_examples, french.epochs), (called("minilm"), Some(250), Some(2.0)));
    let spanish = parse(
        "entrena MiniLM con reviews.csv, doce épocas, lote de 16, congela todo menos la cabeza, que no dure más de cinco minutos",
    );
    assert_eq!(
        (spanish.epochs, spanish.batch_size, spanish.frozen, spanish.max_time_secs),
        (Some(12.0), Some(16), Some(Frozen::Body), Some(300))
    );
    let portuguese = parse(
        "treine uma MLP com loans.csv, não use o zip. No máximo 100 épocas, parando cedo se não melhorar por 10 épocas, lote de 32",
    );
    assert_eq!(
        (portuguese.epochs, portuguese.patience, portuguese.batch_size),
        (Some(100.0), Some(10), Some(32)),
        "{portuguese:?}"
    );
    let chinese = parse("用 novel.txt 从头训练一个 GPT:4 层,4 个头,隐藏维度 128,上下文长度 64,训练 2000 步");
    assert_eq!(
        (chinese.size.layers, chinese.size.heads, chinese.size.hidden, chinese.max_seq_len, chinese.steps),
        (Some(4), Some(4), Some(128), Some(64), Some(2000)),
        "{chinese:?}"
    );
    let commas = parse("用 loans.csv 预测 defaulted,MLP,隐藏层 64,30 轮,学习率 1e-3");
    assert_eq!((commas.epochs, commas.lr), (Some(30.0), Some(1e-3)), "{commas:?}");
    assert_eq!(parse("用 novel.txt 训练 GPT,10,000 步").steps, Some(10_000));
    let mixed = parse("pls finetune MiniLM auf reviews.csv, drei epochs, aber con learning rate 2e-5 y batch de 16, merci");
    assert_eq!((mixed.epochs, mixed.lr, mixed.batch_size), (Some(3.0), Some(2e-5), Some(16)));
}

#[test]
fn a_number_is_told() {
    assert_eq!(parse("essays.csv, predict the mark as a number, MiniLM").task, Some(Task::TextRegression));
    assert_eq!(parse("predict pay as a continuous value from p.csv").task, Some(Task::TextRegression));
    let german =
        parse("essays.csv, Note (score) als Zahl vorhersagen mit MiniLM, Lernrate 1e-5 für den Encoder und 1e-3 für den Kopf");
    assert_eq!((german.task, german.lr, german.head_lr), (Some(Task::TextRegression), Some(1e-5), Some(1e-3)), "{german:?}");
    for text in
        ["predict y in t.csv, treat zip as a number", "classify t.csv, the class is given as a number", "t.csv as a whole"]
    {
        assert_eq!(parse(text).task, None, "{text}");
    }
}

#[test]
fn what_is_done_afterwards_has_commands_of_its_own() {
    for (text, words) in [
        ("then export the model to ONNX", "export the model to ONNX"),
        ("save the merged model to ./merged", "save the merged model to ./merged"),
        ("and convert it to gguf", "convert it to gguf"),
        ("finally merge the adapter into the base model", "merge the adapter into the base model"),
        ("then upload it to the hub", "upload it to the hub"),
        ("save the model to ./out", "save the model to ./out"),
        ("and then ONNX", "then ONNX"),
    ] {
        let r = parse(&format!("MiniLM on reviews.csv for 2 epochs, {text}"));
        assert_eq!(r.lacking, [Lacking { of: Lack::Afterwards, words: words.into() }], "{text}: {r:?}");
        assert_eq!((r.data, r.epochs, r.not_understood), (local("reviews.csv"), Some(2.0), vec![]), "{text}");
    }
    for text in ["predict export in trade.csv", "MiniLM on t.csv, do not merge the adapter"] {
        assert_eq!(parse(text).lacking, [], "{text}");
    }
}

#[test]
fn cosine_similarity_is_of_vectors() {
    for text in ["so that cosine similarity matches the score, p.csv, MiniLM", "MiniLM on p.csv, measure cosine similarity"] {
        let r = parse(text);
        assert!(r.embeddings && r.schedule.is_none(), "{text}: {r:?}");
    }
    assert!(!parse("MiniLM on p.csv, cosine schedule").embeddings);
}

#[test]
fn several_labels_to_each() {
    for text in ["assign several labels to every clause in t.csv", "every clause can have more then one tag, t.csv"] {
        assert_eq!(parse(&format!("MiniLM, {text}")).task, Some(Task::TextMultiLabel), "{text}");
    }
    assert_eq!(parse("MiniLM, assign one label to every clause in t.csv").task, None);
    assert_eq!(parse("model: minilm\ndata: p.csv\ntask: text_regression").task, Some(Task::TextRegression));
}

#[test]
fn slips_of_short_words_and_behind_commas() {
    let r = parse("minilm on t.csv, 8 epochs, lr=5e-5,warmpu 50 steps,eval evry 20 steps");
    assert_eq!((r.warmup, r.evaluate_every), (Some(crate::spec::Warmup::Steps(50)), Some(crate::spec::Length::Steps(20))));
    assert!(r.refused.is_empty(), "{:?}", r.refused);
}

#[test]
fn what_is_followed_is_not_told() {
    for text in [
        "MiniLM on t.csv, at most 200 tokens per essay",
        "MLP on t.csv, at most 2 minutes altogether",
        "MLP on t.csv, train for 10 rounds",
        "train a GPT on n.txt, 300 steps, scratch",
        "LoRA on SmolLM2, c.jsonl, r=8, all linear layers",
        "I have 500 reviews in t.csv. MiniLM, 2 epochs",
        "MiniLM on t.csv, keep best by macro-f1",
    ] {
        let r = parse(text);
        assert!(is_clear(&r), "{text}: {:?} {:?}", r.not_understood, r.refused);
    }
    let intern = parse("Last year an intern tried a BERT with 10 epochs and it overfitted. MiniLM on t.csv, 2 epochs");
    assert_eq!((intern.model, intern.epochs), (called("minilm"), Some(2.0)));
    // What is not wanted goes no further than its sentence.
    assert_eq!(parse("MiniLM on t.csv. No zebras. Giraffes").not_understood, ["No zebras", "Giraffes"]);
    assert_eq!(parse("MLP on t.csv, 10 rounds of annotation").epochs, None);
}
