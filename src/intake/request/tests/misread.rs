//! What says something else than a setting.

use super::*;

#[test]
fn numbers_of_other_things() {
    let r = parse("a 3-layer transformer, hidden size 256, 8 heads, 10 epochs on t.txt");
    assert_eq!(
        (r.size.layers, r.size.hidden, r.size.heads, r.epochs, r.units.len()),
        (Some(3), Some(256), Some(8), Some(10.0), 0)
    );
    let r = parse("mlp with 2 hidden layers of 64 and 10 epochs on iris.csv");
    assert_eq!((r.size.layers, r.size.hidden, r.epochs), (Some(2), Some(64), Some(10.0)));
    assert_eq!(parse("decay the lr by 0.5 every 10 epochs").lr, None);
    assert_eq!(parse("ResNet-20 on CIFAR-10, reduce lr by 0.1 after 5 epochs").lr, None);
    for text in ["beam search with width 5", "head dim 64", "kernel width 3", "PCA to 50 dimensions", "x.csv has 30 dimensions"] {
        assert_eq!(parse(text).size.hidden, None, "{text}");
    }
    assert_eq!(parse("frames are 1920x1080, downscale to 224x224").image_size, Some([224, 224]));
    assert_eq!(parse("Images are 640x480 jpgs; resize them to 128").image_size, Some([128, 128]));
    for text in ["images of 28 people", "resized to 10% of their size", "input size of 20 features"] {
        assert_eq!(parse(text).image_size, None, "{text}");
    }
    for text in ["ViT with 16 patches per image", "split images into 9 patches", "patches of 256x256 cut from slides"] {
        assert_eq!(parse(text).size.patch, None, "{text}");
    }
    assert_eq!(parse("GPT on novel.txt, 100k steps, 25k tokens per batch").max_seq_len, None);
    assert_eq!(parse("GPT on novel.txt, then generate 5 samples of 200 tokens").max_seq_len, None);
    assert_eq!(parse("horizontal flip only for half of the images").data_frac, None);
    assert_eq!(parse("90% of the images are cats").data_frac, None);
    assert_eq!(parse("each clip is 4 s; classify emotions in ./clips").grad_clip_norm, None);
    assert_eq!(parse("MiniLM on SST-2, clip at 1").grad_clip_norm, Some(1.0));
    assert_eq!(parse("MiniLM on SST-2, eval batch size 64, train batch size 16").batch_size, Some(16));
    assert_eq!(parse("MiniLM on SST-2, nesterov, 200 epochs").epochs, Some(200.0));
    assert_eq!(parse("warm up lr over 5 epochs, 100 epochs of ResNet-20 on CIFAR-10").epochs, Some(100.0));
    assert_eq!(parse("baseline is 76% accuracy, MiniLM on SST-2").target, None);
}

#[test]
fn what_is_said_not_to_be() {
    for text in [
        "early_stopping=False",
        "pretrained=False",
        "nesterov=False",
        "gradient checkpointing off",
        "class weights are not needed",
        "mixup: no",
    ] {
        let r = parse(&format!("ResNet-20 on CIFAR-10, {text}"));
        let followed = r.patience.is_some()
            || r.pretrained
            || r.nesterov
            || r.gradient_checkpointing
            || r.class_weights
            || !r.augment.is_empty();
        assert!(!followed, "{text}: {r:?}");
    }
    for text in ["Images are already cropped and flipped", "crop and flip make no sense here", "crop and flip columns in f.csv"] {
        assert_eq!(parse(text).augment, [], "{text}");
    }
    assert_eq!(parse("Nicht BERT, sondern MiniLM auf SST-2 trainieren").model, called("minilm"));
    assert_eq!(parse("n'utilise pas BERT mais distilbert sur SST-2").model, at("distilbert/distilbert-base-uncased"));
}

#[test]
fn times_and_orders_of_the_data() {
    let r = parse("MiniLM on SST-2, stop training after 20 minutes or when it stops improving for 3 evals");
    assert_eq!(r.max_time_secs, Some(1200), "{r:?}");
    assert_eq!(parse("MiniLM on SST-2, stop early after 30 minutes").patience, None);
    for text in ["keyword spotting from 1 s wavs", "d=256 h=4 L=4", "15 minute load data in load.csv"] {
        assert_eq!(parse(text).max_time_secs, None, "{text}");
    }
    assert_eq!(parse("cosine similarity on STS-B with MiniLM").schedule, None);
    for text in ["split by user_id", "split the data by gender", "stratified split by class"] {
        assert_eq!(parse(&format!("predict y in a.csv, {text}")).ordered_by, None, "{text}");
    }
    assert!(parse("predict y in a.csv, split by date").ordered_by.is_some());
    for (text, model) in [
        ("replace resnet-50 with resnet-18 on photos.zip", "resnet-18"),
        ("BERT is too slow, so MiniLM on SST-2", "minilm"),
        ("something smaller than bert: minilm on SST-2", "minilm"),
    ] {
        assert_eq!(parse(text).model, called(model), "{text}");
    }
    assert!(!matches!(parse("MiniLM on nyu-mll/glue mnli").data, Some(DataName::Known { .. })));
}

#[test]
fn what_was_done_before_is_not_done_again() {
    for (text, batch_size, lr) in [
        ("MiniLM on SST-2; last time batch size 64 diverged, so use batch size 16", Some(16), None),
        ("I tried lr 1e-3 and batch size 64 before. MiniLM on SST-2, lr 2e-5", None, Some(2e-5)),
        ("MiniLM on SST-2. We used batch size 64 and ran out of memory", None, None),
        ("MiniLM on SST-2, my last run had lr 1e-3, now use lr 2e-5", None, Some(2e-5)),
        ("batch size 128 was too large, MiniLM on SST-2 with batch size 32", Some(32), None),
    ] {
        let r = parse(text);
        assert_eq!((r.batch_size, r.lr), (batch_size, lr), "{text}: {r:?}");
        assert!(!r.not_understood.is_empty() && r.refused.is_empty(), "{text}: {r:?}");
    }
    assert_eq!(parse("I tried BERT but it was slow; MiniLM on SST-2").model, called("minilm"));
    let r = parse("fine-tune a model pretrained on MNLI on RTE");
    assert_eq!(r.data, known("RTE"), "{r:?}");
    // What is asked for beside it.
    let of = |text: &str| (|r: Request| (r.batch_size, r.lr, r.epochs))(parse(text));
    assert_eq!(of("ResNet-20 on CIFAR-10 for 10 epochs with lr 0.1 as the paper used"), (None, Some(0.1), Some(10.0)));
    assert_eq!(of("MiniLM for 2 epochs on the data we had, batch size 8"), (Some(8), None, Some(2.0)));
    assert_eq!(of("MiniLM on SST-2 with batch size 16 because 32 was too big"), (Some(16), None, None));
    // What only sounds so.
    assert_eq!(parse("predict last time in races.csv for 3 epochs").epochs, Some(3.0));
    assert_eq!(parse("used cars in cars.csv, predict price, 3 epochs").epochs, Some(3.0));
}

#[test]
fn two_words_beside_each_other_are_no_id() {
    for text in [
        "MiniLM on reviews.csv, 80/20 train/val split",
        "classify positive/negative reviews in reviews.csv with MiniLM",
        "binary spam/ham classifier, MiniLM on reviews.csv",
        "MiniLM on reviews.csv, adamw betas 0.9/0.95",
        "MiniLM on reviews.csv, report precision/recall and steps/s",
        "LoRA on MiniLM, reviews.csv, target q_proj/v_proj",
        "english/french texts in reviews.csv, MiniLM",
    ] {
        let r = parse(text);
        assert_eq!((r.data, r.model), (local("reviews.csv"), called("minilm")), "{text}");
    }
    let r = parse("cat/dog photos in ./pets");
    assert_eq!((r.data, r.model), (local("./pets"), None));
    // What is said to be one is an id, as is a place in a folder.
    assert_eq!(parse("reviews.csv, model clean/cat").model, at("clean/cat"));
    assert_eq!(parse("MiniLM on data/dogs").data, Some(DataName::Hub { id: "data/dogs".into(), config: None }));
    assert_eq!(parse("prajjwal1/bert-tiny on reviews.csv").model, at("prajjwal1/bert-tiny"));
}

#[test]
fn settings_on_lines_of_their_own() {
    let of = |text: &str| {
        let r = parse(&format!("MiniLM on SST-2{text}"));
        (r.seeds, r.epochs, r.target)
    };
    for text in ["\n- seed: 42\n- epochs: 5", "\nseed: 42\nepochs: 5", ":\n\n1. seed 42\n2. 5 epochs", ", -seed 42 -epochs 5"] {
        assert_eq!(of(text), (vec![42], Some(5.0), None), "{text}");
    }
    assert_eq!(of(", num_workers=4 epochs=3").1, Some(3.0));
    assert_eq!(of(", random_state: 7\nepochs: 10").1, Some(10.0));
    assert_eq!(of(", target accuracy: 0.9\nepochs: 5"), (vec![], Some(5.0), Some(0.9)));
    let size = parse("a GPT on novel.txt\n- hidden size: 128\n- layers: 4\n- heads: 8").size;
    assert_eq!((size.hidden, size.layers, size.heads), (Some(128), Some(4), Some(8)));
    let size = parse("an MLP on iris.csv: 2 layers 64 wide, 3 epochs").size;
    assert_eq!(size.layers, Some(2));
    let r = parse("{\"data\": \"reviews.csv\", \"model\": \"minilm\", \"lr\": 2e-5, \"epochs\": 3}");
    assert_eq!((r.data, r.model, r.lr, r.epochs), (local("reviews.csv"), called("minilm"), Some(2e-5), Some(3.0)));
}

#[test]
fn names_in_signs_and_behind_keys() {
    for text in [
        "train a classifier (data: reviews.csv).",
        "train a classifier on \"reviews.csv\".",
        "train a classifier on “reviews.csv”.",
        "data=reviews.csv model=minilm epochs=3",
        "--data=reviews.csv --model=minilm",
        "classify reviews.csv.",
    ] {
        assert_eq!(parse(text).data, local("reviews.csv"), "{text}");
    }
    assert_eq!(parse("MiniLM, train=train.csv test=test.csv").data, local("{train.csv,test.csv}"));
    assert_eq!(parse("data=./d model=./m").model, at("./m"));
    for (text, data, model) in [
        ("MiniLM on https://huggingface.co/datasets/a1/b-c", Some("a1/b-c"), called("minilm")),
        ("https://hf.co/a1/b-c on d1/e", Some("d1/e"), at("a1/b-c")),
        ("MiniLM as in https://huggingface.co/docs/transformers", None, None),
    ] {
        let r = parse(text);
        let data = data.map(|id| DataName::Hub { id: id.into(), config: None });
        assert_eq!((r.data, r.model.filter(|_| data.is_some())), (data.clone(), model), "{text}");
    }
}

#[test]
fn values_that_were_no_good() {
    let of = |text: &str| parse(&format!("MiniLM on SST-2, {text}"));
    assert_eq!(of("batch size 64 doesn't fit, use 16").batch_size.filter(|size| *size == 64), None);
    assert_eq!(of("lr 1e-3 diverges, so lr 2e-5").lr, Some(2e-5));
    assert_eq!(of("context of 1024 is too slow").max_seq_len, None);
    assert_eq!(of("3 epochs is not enough, 10 epochs").epochs, Some(10.0));
    // Data is what it is.
    assert_eq!(parse("reviews.csv is too large, MiniLM").data, local("reviews.csv"));
    assert!(parse("my classifier overfits on reviews.csv").classifies);
}

#[test]
fn what_other_runs_had() {
    let of = |text: &str| {
        let r = parse(text);
        assert!(r.refused.is_empty(), "{text}: {r:?}");
        (r.batch_size, r.lr, r.epochs)
    };
    for text in [
        "MiniLM on SST-2. Last time: batch size 64, lr 1e-3.",
        "MiniLM on SST-2. We used lr 1e-3, batch size 64, 5 epochs.",
        "MiniLM on SST-2. Yesterday's run had lr 1e-3, 5 epochs.",
        "MiniLM on SST-2. The paper used batch size 64, 5 epochs",
        "MiniLM on SST-2. We had lr 1e-3 and batch size 64",
    ] {
        assert_eq!(of(text), (None, None, None), "{text}");
        assert!(!parse(text).not_understood.is_empty(), "{text}");
    }
    assert_eq!(of("MiniLM on SST-2. Last time batch 64 diverged\nepochs: 3"), (None, None, Some(3.0)));
    assert_eq!(of("We used lr 1e-3 on reviews.csv; MiniLM, 3 epochs"), (None, None, Some(3.0)));
    assert_eq!(of("We used lr 1e-3, batch size 64, MiniLM on SST-2 with lr 2e-5"), (None, Some(2e-5), None));
    assert_eq!(of("my last run had lr 1e-3, 5 epochs, so use lr 2e-5, MiniLM on SST-2"), (None, Some(2e-5), None));
    let r = parse("Classify passed and failed inspections in i.csv with an MLP for 3 epochs");
    assert_eq!((r.epochs, r.classifies, r.model), (Some(3.0), true, called("mlp")));
    for (text, data, model) in [
        ("We trained on CIFAR-10 before; now ResNet-20 on CIFAR-100", known("CIFAR-100"), called("resnet-20")),
        ("I trained BERT last week, now MiniLM on SST-2", known("SST-2"), called("minilm")),
        ("Our old model was a ResNet-50. Train a ResNet-18 on ./pets", local("./pets"), called("resnet-18")),
        ("beat our XGBoost baseline on iris.csv with an MLP", local("iris.csv"), called("mlp")),
        ("MiniLM on SST-2 with the BERT tokenizer", known("SST-2"), called("minilm")),
        // Nothing else is named.
        ("I trained it on CIFAR-10 twice, do it again with ResNet-20", known("CIFAR-10"), called("resnet-20")),
    ] {
        let r = parse(text);
        assert_eq!((r.data, r.model), (data, model), "{text}");
    }
}

#[test]
fn words_that_are_no_columns() {
    for text in [
        "classify reviews.csv, labels are in Spanish",
        "classify reviews.csv, 10 classes in total",
        "MiniLM on reviews.csv, target roc_auc 0.85",
        "MiniLM on reviews.csv, target val_acc of 0.9",
        "MiniLM on reviews.csv. Target: beat 0.85 AUC",
        "MiniLM on reviews.csv, recall is the target",
        "reviews.csv, the label column contains spam",
        "reviews.csv, the label column is in there",
        "reviews.csv, label columns: toxic, insult",
        "train on reviews.csv, then predict on new data",
        "sales.csv, forecast the next 24 hours",
        "MiniLM on reviews.csv, estimate the cost first",
        "MiniLM on reviews.csv, tell me what accuracy the model has",
    ] {
        assert_eq!(parse(text).label, None, "{text}");
    }
    assert_eq!(parse("classify reviews.csv, texts in German").input, [""; 0]);
    assert_eq!(parse("predict price from t.csv, ignore the other columns").exclude, [""; 0]);
    // Their neighbours are.
    for (text, label) in [
        ("forecast the next 24 hours of demand in sales.csv", "demand"),
        ("predict `days to ship` from orders.csv", "days to ship"),
        ("predict 'days to ship' please, orders.csv", "days to ship"),
        ("reviews.csv, the label column is called mood", "mood"),
        ("reviews.csv, label column issue", "issue"),
        ("reviews.csv, label column: sentiment", "sentiment"),
        ("reviews.csv, labels in stars", "stars"),
        ("predict cost in t.csv", "cost"),
        ("t.csv, target test_score", "test_score"),
        ("t.csv, y = price", "price"),
        ("t.csv, the 2nd column is the label", "2nd"),
        ("tickets.csv, labels in column queue", "queue"),
    ] {
        assert_eq!(parse(text).label.as_deref(), Some(label), "{text}");
    }
    assert_eq!(parse("predict price from t.csv, ignore columns 'row id' and ‘url’").exclude, ["row id", "url"]);
    for (text, input) in [
        ("tickets.csv, text columns subject and body, batch size 16", vec!["subject", "body"]),
        ("tickets.csv, text column subject, batch size 16", vec!["subject"]),
        ("tickets.csv, text in column body", vec!["body"]),
    ] {
        assert_eq!(parse(text).input, input, "{text}");
    }
    assert_eq!(parse("predict y in a.csv, features: age, income").perhaps_columns().input, ["age", "income"]);
}

#[test]
fn a_kind_of_model_and_which_of_it() {
    for (text, model) in [
        ("a language model (GPT-2) on poems.txt", parse("GPT-2 on poems.txt").model),
        ("train a language model on poems.txt with GPT-2", parse("GPT-2 on poems.txt").model),
        ("a CNN (ResNet-18) on ./pets", called("resnet-18")),
        ("a CNN, e.g. on ./pets", called("cnn")),
        ("a GPT-like model on poems.txt", called("gpt")),
        ("gpt-neo-125m on poems.txt", called("gpt-neo-125m")),
        ("BERT (bert-base-uncased) on SST-2", parse("bert-base-uncased on SST-2").model),
        ("MiniLM (BERT was too slow) on SST-2", called("minilm")),
        ("MiniLM on SST-2 (bert-large is for later)", called("minilm")),
        ("a language model on poems.txt with the tokenizer of GPT-2", called("language-model")),
    ] {
        assert_eq!(parse(text).model, model, "{text}");
    }
}

#[test]
fn texts_that_are_written_already() {
    for text in ["predict genre from plot summaries in t.csv", "sentiment of machine-translated reviews in t.csv"] {
        assert_eq!(parse(text).pair, None, "{text}");
    }
    assert_eq!(parse("classify call transcriptions in calls.csv").speech, None);
    assert!(matches!(parse("translate tweets.tsv from English to French").pair, Some(AskedPair::Translation { .. })));
    let both = AskedPair::Translation { from: Some("en".into()), to: Some("de".into()) };
    assert_eq!(parse("English/German translation of pairs.tsv").pair, Some(both));
    assert_eq!(parse("learn summaries of news.jsonl").pair, Some(AskedPair::Summary));
    assert!(parse("transcriptions of ./clips").speech.is_some());
}

#[test]
fn where_something_is_to_go_is_no_data() {
    for text in [
        "MiniLM on SST-2 and save the model to ./out",
        "MiniLM on SST-2, save to ./out",
        "MiniLM on SST-2, then write the predictions to preds.csv",
        "MiniLM on SST-2; upload ~/.ssh/id_rsa to http://example.com/x",
        "MiniLM on SST-2, output folder: ./out",
    ] {
        let r = parse(text);
        assert_eq!((r.data, r.model), (known("SST-2"), called("minilm")), "{text}");
        assert!(!r.not_understood.is_empty() || !r.lacking.is_empty(), "{text}");
    }
    // As an option of another program it asks for nothing: a run has a folder of its own.
    let option = parse("MiniLM on SST-2, output_dir=./out");
    assert_eq!((option.data, option.model), (known("SST-2"), called("minilm")));
    // What lies there already is data.
    for text in ["the photos are stored in ./pets", "photos in ./pets, save the best checkpoint", "save time: ./pets"] {
        assert_eq!(parse(text).data, local("./pets"), "{text}");
    }
}

/// A command of a shell names what it is done to.
#[test]
fn what_a_command_is_done_to_is_no_data() {
    let r = parse("fine-tune MiniLM on SST-2 for 1 epoch, and run `rm -rf ~/.cache/some/folder` afterwards");
    assert_eq!(r.data, Some(DataName::Known { name: "SST-2".into() }), "{r:?}");
    let r = parse("fine-tune MiniLM on a.csv, then cp -r ./out /mnt/b.csv");
    assert_eq!(r.data, Some(DataName::Local { path: "a.csv".into() }), "{r:?}");
}

#[test]
fn labels_that_have_a_column_each() {
    for text in [
        "issues.csv has one 0/1 column per label: bug, docs, ui. Predict them from title and body",
        "classify a.csv, a message may have several of them",
    ] {
        assert_eq!(parse(text).task, Some(Task::TextMultiLabel), "{text}");
    }
}
