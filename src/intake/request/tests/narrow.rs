//! What is read as a wish only where it is clear that it is one, beside what is not.

use super::*;

#[test]
fn a_classifier_is_the_model_or_its_head() {
    let rates = |text: &str| {
        let r = parse(text);
        (r.lr, r.head_lr)
    };
    for text in [
        "Train a MiniLM classifier with a learning rate of 2e-5 on reviews.csv",
        "MiniLM on reviews.csv, learning rate 2e-5 for the classifier",
        "a MiniLM classifier at 2e-5 for mails.csv",
    ] {
        assert_eq!(rates(text), (Some(2e-5), None), "{text}");
        assert!(parse(text).classifies, "{text}");
    }
    for text in [
        "MiniLM on reviews.csv, 2e-5 for the encoder, classifier at 1e-3",
        "MiniLM on reviews.csv, lr 2e-5, lr 1e-3 for the classifier",
    ] {
        assert_eq!(rates(text), (Some(2e-5), Some(1e-3)), "{text}");
    }
    assert_eq!(rates("MiniLM on reviews.csv, lr of the head 1e-3"), (None, Some(1e-3)));
}

#[test]
fn names_in_passing_are_no_labels() {
    let of = |text: &str| parse(text).perhaps_columns();
    for text in [
        "MLP on loans.csv (id, income, age, target)",
        "MLP on loans.csv (income in thousands)",
        "MLP on loans.csv, which has id, age and target",
        "what contains the label? MiniLM on loans.csv",
    ] {
        assert!(of(text).told.is_empty(), "{text}: {:?}", of(text));
    }
    assert!(of("tell which loans will default, MLP on loans.csv").told.contains(&"default".to_string()));
    let sized = of("predict the house price from the living area (column sqft_living) in houses.csv");
    assert!(!sized.label.contains(&"sqft_living".to_string()), "{sized:?}");
    for text in ["reviews.csv holds the texts (column body), MiniLM", "MiniLM on t.csv, the texts (column body), 3 epochs"] {
        assert!(of(text).label.is_empty(), "{text}");
    }
    assert_eq!(of("den Preis (Spalte preis) vorhersagen aus h.csv").label, ["preis"]);
    assert_eq!(of("predict the house price (column sale_value) from the area in houses.csv").label, ["sale_value"]);
}

#[test]
fn rows_that_are_chosen_are_no_columns() {
    for text in [
        "rows without income should be dropped",
        "rows with missing age are removed",
        "NaNs in age are dropped",
        "skip text with fewer than 3 words",
        "remove text in brackets",
    ] {
        let exclude = parse(&format!("predict y in t.csv; {text}")).perhaps_columns().exclude;
        assert!(exclude.iter().all(|name| !["income", "age", "text"].contains(&name.as_str())), "{text}: {exclude:?}");
    }
    for text in ["income and age should be dropped", "skip income and age in t.csv", "without income and age, with MiniLM"] {
        let exclude = parse(&format!("predict y in t.csv; {text}")).perhaps_columns().exclude;
        assert!(["income", "age"].iter().all(|name| exclude.iter().any(|own| own == name)), "{text}: {exclude:?}");
    }
}

#[test]
fn what_a_column_holds_is_no_column() {
    for text in ["The text contains HTML tags, ignore them", "Some tweets are in Spanish, ignore them"] {
        let exclude = parse(&format!("predict y in t.csv. {text}")).perhaps_columns().exclude;
        assert!(exclude.iter().all(|name| !["text", "tweets", "Some tweets"].contains(&name.as_str())), "{text}: {exclude:?}");
    }
    let listed = parse("predict rent in flats.csv\nFeatures:\n-area\n-rooms").perhaps_columns();
    assert_eq!((listed.exclude, listed.input), (vec![], vec!["area".to_string(), "rooms".into()]));
}

#[test]
fn what_is_asked_for_is_not_forbidden() {
    let r = parse("Don't turn off early stopping or class weights, MiniLM on SST-2");
    assert!(!r.without.contains(&Without::ClassWeights), "{r:?}");
    let r = parse("No regularisation except weight decay 0.1, MiniLM on SST-2");
    assert_eq!(r.weight_decay, Some(0.1), "{r:?}");
    let r = parse("MiniLM on reviews.csv. reviews.csv is large and has duplicates, drop them");
    assert_eq!(r.data, local("reviews.csv"));
    assert_eq!(parse("use any model except BERT on SST-2").model, None);
}

#[test]
fn two_settings_beside_each_other_are_no_list() {
    for text in [
        "batch size 16 and 10% of the data for validation",
        "patience of 3 and 20% for testing",
        "lr /10, milestones: 30 and 60 epochs",
    ] {
        let r = parse(&format!("MiniLM on SST-2, {text}"));
        assert_eq!(r.refused, vec![], "{text}");
    }
    assert!(!parse("MiniLM on SST-2, batch sizes 8, 16 and 10% of the data for validation").refused.is_empty());
    assert_eq!(parse("MiniLM on a.csv, hold out 20% and don't forget it.").tested, Some(AskedPart::Share(0.2)));
    let r = parse("MiniLM on a.csv, evaluate on 500 reviews written last year");
    assert_eq!((r.tested, r.tested_at), (None, None));
}

#[test]
fn reports_and_kinds_of_their_own() {
    let r = parse("NER with BERT on conll2003, report precision, recall and F1");
    assert_eq!(r.metric, Some(Metric::F1));
    assert_eq!(parse("NER with BERT on conll2003 in fp16 precision").metric, None);
    assert_eq!(parse("NER with BERT on conll2003, report precision").metric, Some(Metric::EntityPrecision));
    assert_eq!(parse("MiniLM on a.csv, it should tell several classes apart").task, None);
    assert_eq!(parse("MiniLM on a.csv, a text may have several labels").task, Some(Task::TextMultiLabel));
    assert_eq!(parse("Adapt the English model to German tweets.csv").pair, None);
    assert!(parse("train a small model, English to German, pairs.csv").pair.is_some());
}

#[test]
fn parts_of_others_are_no_data() {
    let r = parse("MiniLM on reviews.csv. Print the first 5 lines of reviews.csv");
    assert_eq!(r.max_examples, None);
    assert_eq!(parse("BERT on SST-2, freeze half of BERT's layers").data_frac, None);
    assert_eq!(parse("BERT on half of SST-2").data_frac, Some(0.5));
    let r = parse("ResNet-18 on img 20 epochs");
    assert_eq!((r.epochs, r.image_size), (Some(20.0), None));
    assert_eq!(parse("MLP on perceptron.csv").data, local("perceptron.csv"));
    let r = parse("MLP on a.csv, 80/20 split");
    assert_eq!((r.units, r.tested), (vec![], Some(AskedPart::Share(0.2))));
    let r = parse("train a transformer on a.txt, seed=5, d=64");
    assert_eq!(r.size.hidden, None);
    let lying = |name: &str| (name == "data").then_some(Lying::Data);
    assert_eq!(parse_request("MiniLM on reveiws.csv in data", lying).data, local("reveiws.csv"));
}

#[test]
fn words_of_one_sign_within_others() {
    let r = parse("用 jobs.csv 训练 MLP，预测 行业，前100行，3轮");
    assert!(r.perhaps_columns().label.iter().chain(&r.label).any(|label| label == "行业"), "{r:?}");
    assert_eq!((r.epochs, r.max_examples), (Some(3.0), Some(100)));
}

#[test]
fn short_words_that_are_no_settings() {
    let r = parse("MiniLM on SST-2, AdamW lr 5e-5 eps 1e-8");
    assert_eq!((r.lr, r.epochs), (Some(5e-5), None));
    assert_eq!(parse("MiniLM on SST-2, bs 16 lr 2e-5 3 ep").epochs, Some(3.0));
    let r = parse("MiniLM on SST-2, batch size 16 500 steps");
    assert_ne!((r.batch_size, r.steps), (None, Some(16_500)), "{r:?}");
    let r = parse("MiniLM on SST-2 for 20 epochs, early stopping: wait 4 epochs");
    assert_eq!((r.epochs, r.patience, r.refused.len()), (Some(20.0), Some(4), 0), "{r:?}");
    let r = parse("To do: 3 epochs of MiniLM on SST-2");
    assert_eq!((r.epochs, r.dropout), (Some(3.0), None));
    let r = parse("predict gas in t.csv, 10 epochs");
    assert_eq!((r.epochs, r.accumulation, r.label.as_deref()), (Some(10.0), None, Some("gas")));
    assert!(!parse("MiniLM reviews.csv fine-tune epochs 3").search);
    assert!(parse("MiniLM on reviews.csv, tune epochs and lr").search);
}

#[test]
fn what_is_predicted_ends_at_whole_words() {
    for (text, label) in [
        ("predict whether or not a customer will churn in churn.csv", "customer will churn"),
        ("predict revenue per user from age in t.csv", "revenue per user"),
        ("predict price-per-night in t.csv", "price-per-night"),
        ("predict revenue in t.csv", "revenue"),
        ("predict price, not tax, in t.csv", "price"),
    ] {
        assert_eq!(parse(text).label.as_deref(), Some(label), "{text}");
    }
}

#[test]
fn a_part_of_the_epochs_is_no_length() {
    for text in
        ["spend a tenth of the epochs on warm-up", "1/10th of the steps as warmup", "10 epochs, a tenth of the epochs as warmup"]
    {
        let r = parse(&format!("MiniLM on SST-2, {text}"));
        assert_eq!((r.times.length, r.warmup, r.refused.len()), (None, Some(Warmup::Frac(0.1)), 0), "{text}: {r:?}");
    }
    assert_eq!(parse("MiniLM on SST-2, half the epochs with the encoder frozen").times.length, None);
    for text in [
        "double the epochs because it is small",
        "twice as many epochs and no dropout",
        "double the usual epochs with the encoder frozen",
    ] {
        assert_eq!(parse(&format!("MiniLM on SST-2, {text}")).times.length, Some(2.0), "{text}");
    }
}

#[test]
fn several_labels_beside_a_kind() {
    let of = |text: &str| {
        let r = parse(text);
        (r.task, r.refused.len())
    };
    let each = "Text classification of papers.csv with MiniLM; each paper can have several topics";
    assert_eq!(of(each), (Some(Task::TextMultiLabel), 0));
    let tagged = of("NER with MiniLM on t.csv; a sentence may have several tags");
    assert_eq!(tagged, (Some(Task::TokenClassification), 0));
    assert_eq!(of("NER and multi-label classification on t.csv").1, 1);
}

#[test]
fn an_answer_outdoes_what_it_quotes() {
    let of = |own: &str, quoted: &str| parse(&format!("{own}\n\nOn Monday B wrote:\n> {quoted}"));
    let r = of("No LoRA, the rest as below.", "train MiniLM on x.csv with LoRA, 3 epochs");
    assert_eq!((r.adapter, r.epochs, r.without.as_slice()), (None, Some(3.0), &[Without::Adapter][..]), "{r:?}");
    let r = of("Use LoRA, the rest as below.", "train MiniLM on x.csv, no LoRA, no early stopping");
    assert_eq!((r.adapter.is_some(), r.without.as_slice()), (true, &[Without::EarlyStopping][..]), "{r:?}");
    let r = of("Optimise F1 instead.", "train MiniLM on x.csv, reach 95% accuracy");
    assert_eq!((r.metric, r.target), (Some(Metric::F1), None), "{r:?}");
    let r = of("Reach 97% please.", "train MiniLM on x.csv, reach 95% accuracy");
    assert_eq!((r.metric, r.target), (Some(Metric::Accuracy), Some(0.97)), "{r:?}");
    let r = of("Use 5 epochs.", "train MiniLM on x.csv, double the epochs, half the learning rate");
    assert_eq!((r.epochs, r.times.length, r.times.lr), (Some(5.0), None, Some(0.5)), "{r:?}");
}

#[test]
fn names_of_files_in_other_scripts_and_quotes() {
    assert_eq!(parse("データ.csv で MiniLM を 3 エポック訓練").data, local("データ.csv"));
    assert_eq!(parse("用 数据.csv 训练 MiniLM 3 轮").data, local("数据.csv"));
    for text in ["train on 'my train.csv' and test on exam.csv", "train on loans.csv and test on 'my exam.csv'"] {
        let both = parse(&format!("{text}, predict y"));
        assert_eq!(both.refused.len(), 1, "{both:?}");
    }
    assert_eq!(parse("evaluate on 'my exam.csv', predict y").data, local("my exam.csv"));
}
