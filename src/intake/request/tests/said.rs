//! Settings as people say them.

use super::*;
use crate::spec::{Augment, Length};

/// Nothing is left that was not understood.
fn all_of(text: &str) -> Request {
    let request = parse(text);
    assert!(is_clear(&request), "{text}: {:?} {:?} {:?}", request.not_understood, request.refused, request.lacking);
    request
}

#[test]
fn images_are_changed_as_was_said() {
    let changes = |text: &str| all_of(&format!("train ResNet-20 on CIFAR-10 {text}")).augment;
    let (crop, flip) = (Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip);
    for text in ["with flip and crop", "with random crops and flips", "using random crop + horizontal flip"] {
        assert_eq!(changes(text), [crop, flip], "{text}");
    }
    assert_eq!(changes("with random flips"), [flip]);
    assert_eq!(changes("with random cropping"), [crop]);
    assert_eq!(changes("with mixup 0.4"), [Augment::Mixup { alpha: 0.4 }]);
    assert_eq!(changes("with mixup (alpha=0.1) for 2 epochs"), [Augment::Mixup { alpha: 0.1 }]);
    assert_eq!(changes("with cutmix alpha 0.5"), [Augment::Cutmix { alpha: 0.5 }]);
    assert_eq!(changes("with random rotations of up to 10 degrees"), [Augment::Rotation { degrees: 10.0 }]);
    assert_eq!(changes("with mixup, 2 epochs"), [Augment::Mixup { alpha: 0.2 }]);
    // Words that are none of images.
    for text in ["predict crop yield in farms.csv", "classify coin flips in coins.csv", "MiniLM on SST-2, flip the labels"] {
        assert_eq!(parse(text).augment, [], "{text}");
    }
    let upside_down = parse("train ResNet-20 on CIFAR-10 with vertical flips");
    assert!(upside_down.augment.is_empty() && !upside_down.not_understood.is_empty(), "{:?}", upside_down.not_understood);
}

#[test]
fn sizes_of_a_model_from_scratch() {
    let size = |text: &str| all_of(text).size;
    let gpt = size("train a character-level GPT with 6 layers, 6 heads, 384 embedding dim on novel.txt");
    assert_eq!((gpt.layers, gpt.heads, gpt.hidden), (Some(6), Some(6), Some(384)));
    for text in [
        "BERT from scratch, 4 layers 256 wide",
        "BERT from scratch with 4 layers of width 256",
        "a BERT from scratch: 256-dimensional, 4 layers",
    ] {
        let size = size(&format!("{text} on SST-2"));
        assert_eq!((size.layers, size.hidden), (Some(4), Some(256)), "{text}");
    }
    let both =
        "a Transformer with 2 encoder and 2 decoder layers, d_model 128, 4 heads, ffn 512, vocabulary 8000 on toy_translation";
    let both = parse(both).size;
    assert_eq!(
        (both.layers, both.hidden, both.heads, both.intermediate, both.vocab),
        (Some(2), Some(128), Some(4), Some(512), Some(8000))
    );
    let uneven = parse("translate toy_translation with 6 encoder layers and 2 decoder layers");
    assert_eq!(uneven.refused.len(), 1, "{:?}", uneven.refused);
    assert_eq!(size("BERT from scratch on SST-2 with a vocab size of 8k").vocab, Some(8000));
    assert_eq!(size("BERT from scratch on SST-2 with intermediate size 1024").intermediate, Some(1024));
    let tiny = all_of("train ViT-Tiny from scratch on CIFAR-10");
    assert_eq!((tiny.model, tiny.size.layers, tiny.size.hidden), (called("vit"), Some(12), Some(192)));
}

#[test]
fn letters_are_tokens() {
    for text in
        ["a character-level GPT on novel.txt", "GPT on novel.txt, char-level", "a GPT on novel.txt with characters as tokens"]
    {
        assert!(all_of(text).characters, "{text}");
    }
    for text in ["train a character GPT on novel.txt", "a char GPT on novel.txt", "a GPT on characters of novel.txt"] {
        let r = all_of(text);
        assert!(r.characters && r.model == called("gpt"), "{text}: {:?}", r.model);
    }
    for text in ["classify characters in novel.csv", "a ResNet on characters of x.zip", "a GPT on the letters.txt"] {
        assert!(!parse(text).characters, "{text}");
    }
}

#[test]
fn lengths_and_ends() {
    assert_eq!(all_of("GPT on novel.txt for 5000 iterations").steps, Some(5000));
    assert_eq!(all_of("GPT on novel.txt, max_iters=300").steps, Some(300));
    assert_eq!(all_of("what accuracy does ResNet-20 reach on CIFAR-10 after 1 epoch with seed 7?").epochs, Some(1.0));
    let watched = all_of("fine-tune MiniLM on SST-2, evaluate after every 2 epochs");
    assert_eq!((watched.epochs, watched.evaluate_every), (None, Some(Length::Epochs(2.0))));
    let patient = all_of("MiniLM on SST-2 until validation accuracy stops improving for 3 evaluations");
    assert_eq!(patient.patience, Some(3));
    assert!(all_of("MiniLM on SST-2, keep the best").keep_best);
    assert_eq!(all_of("MNIST >= 99%").target, Some(0.99));
    assert_eq!(all_of("a model for MNIST that gets at least 0.98 accuracy").target, Some(0.98));
    assert!(all_of("make the best language model of novel.txt you can in 10 minutes").search);
}

#[test]
fn what_is_said_twice_is_one_wish() {
    let probe = all_of("linear probe of MiniLM on SST-2 (freeze the encoder)");
    assert_eq!((probe.frozen, probe.lacking.len()), (Some(Frozen::Body), 0));
}

#[test]
fn optimizers_and_losses() {
    let sgd = all_of("MiniLM on CoLA w/ sgd lr 0.01 nesterov, no weight decay, poly decay, no warmup");
    assert!(sgd.nesterov);
    assert_eq!(
        (sgd.lr, sgd.weight_decay, sgd.schedule),
        (Some(0.01), Some(0.0), Some(ScheduleShape::Polynomial { power: None }))
    );
    assert_eq!(all_of("T5-small on opus_books with a noam schedule").schedule, Some(ScheduleShape::InverseSqrt));
    assert_eq!(all_of("MNIST with lr warmup of 20 steps").warmup, Some(Warmup::Steps(20)));
    assert!(all_of("predict a in b.csv, class weights balanced").class_weights);
    // The trainer hides 15 %: what is asked beyond that is refused, and what is that is followed.
    let hidden = |text: &str| parse(&format!("masked language modelling on WikiText-2 {text}"));
    for text in ["with 15% masking", "masking 15 % of the tokens", "mlm_probability=0.15"] {
        let request = hidden(text);
        assert!(request.refused.is_empty() && request.not_understood.is_empty(), "{text}: {request:?}");
    }
    assert_eq!(hidden("with 40% masking").refused.len(), 1);
    let distilled = parse("distil MiniLM into a 2-layer student on SST-2");
    assert_eq!((distilled.lacking.len(), distilled.refused.len()), (0, 1), "{distilled:?}");
}

#[test]
fn an_optimizer_with_its_values() {
    let adam = all_of("roberta-base on SST-2, adamw betas (0.9, 0.98) eps 1e-6 wd 0.1");
    assert_eq!((adam.betas, adam.eps, adam.weight_decay), (Some([0.9, 0.98]), Some(1e-6), Some(0.1)));
    let sgd = all_of("WRN-28-10 on CIFAR-100, sgd nesterov 0.9, wd 5e-4, lr 0.1 divided by 5 at 60, 120, 160 epochs, 200 epochs");
    assert_eq!((sgd.momentum, sgd.nesterov, sgd.weight_decay, sgd.lr), (Some(0.9), true, Some(5e-4), Some(0.1)));
    let fall =
        ScheduleShape::Milestones { at: vec![60.0, 120.0, 160.0], unit: Some(crate::intake::Unit::Epochs), divisor: Some(5.0) };
    assert_eq!((sgd.schedule, sgd.epochs), (Some(fall), Some(200.0)));
    assert_eq!(all_of("mlp on iris.csv with adam 1e-3").lr, Some(1e-3));
    let cosine = all_of("ResNet-20 on CIFAR-10, cosine lr from 1e-3 to 1e-5 over 50 epochs");
    assert_eq!((cosine.lr, cosine.min_lr, cosine.epochs), (Some(1e-3), Some(1e-5), Some(50.0)));
    assert_eq!(all_of("ResNet-20 on CIFAR-10, lr 0.1, min lr 1e-4").min_lr, Some(1e-4));
    assert_eq!(all_of("ViT-B/16 on CIFAR-10 with layer decay 0.75").layerwise_lr_decay, Some(0.75));
}

#[test]
fn images_and_models_of_them() {
    let vit = all_of("ViT with patch size 4, depth 6, dim 192, 3 heads on CIFAR-10 from scratch");
    assert_eq!((vit.size.patch, vit.size.layers, vit.size.hidden, vit.size.heads), (Some(4), Some(6), Some(192), Some(3)));
    assert_eq!(all_of("resnet18 on photos.zip, 224x224").image_size, Some([224, 224]));
    assert_eq!(all_of("resnet18 on photos.zip at 96px").image_size, Some([96, 96]));
    assert_eq!(all_of("ViT with 16x16 patches on photos.zip from scratch").image_size, None);
    assert_eq!(parse("a CNN-free classifier: ViT on CIFAR-10").model, called("vit"));
    let mlp = all_of("mlp 3x64 on iris.csv").size;
    assert_eq!((mlp.layers, mlp.hidden), (Some(3), Some(64)));
}

#[test]
fn adapters_texts_and_speech() {
    let lora = all_of("lora on llama-3.2-1b with chats.jsonl, r=8, lora_alpha=16, target q_proj and v_proj");
    assert_eq!(lora.adapter_targets, ["q_proj", "v_proj"]);
    let all = all_of("LoRA of rank 8 on all linear layers of smollm2 with chats.jsonl");
    assert!(all.adapter_targets.is_empty() && all.adapter.is_some());
    assert_eq!(all_of("t5-small to summarize news.csv, beam size 4").num_beams, Some(4));
    assert_eq!(all_of("translate opus.csv with num_beams=2").num_beams, Some(2));
    assert!(all_of("fine-tune gpt2 on wikitext-2 with gradient checkpointing on").gradient_checkpointing);
    let speech = all_of("whisper tiny on recordings.zip, language German, 10 epochs").speech.and_then(|speech| speech.language);
    assert_eq!(speech.as_deref(), Some("de"));
    assert_eq!(all_of("gpt2 medium on wikitext-2").model, called("gpt2-medium"));
    assert_eq!(all_of("pretrain a small bert from scratch on corpus.txt: 4 layers, hidden 256").model, called("bert"));
}

#[test]
fn data_and_what_is_measured() {
    let three = all_of("MiniLM with train.csv for training, val.csv for validation and test.csv for testing");
    assert_eq!(three.data, local("{train.csv,val.csv,test.csv}"));
    assert_eq!(parse("predict the number of stars from yelp.csv").label.as_deref(), Some("stars"));
    assert_eq!(all_of("predict price in houses.csv, report RMSE and R2").not_understood, Vec::<String>::new());
    let more = parse("use data augmentation: back translation, on tweets.csv");
    assert_eq!(more.pair, None);
    assert_eq!(all_of("early stop after 2 evals w/o improvement, MiniLM sst2").patience, Some(2));
    assert_eq!(all_of("bert sst-2 bs32 lr2e-5 ep3").epochs, Some(3.0));
}

#[test]
fn columns_as_they_are_named() {
    let r = parse("MiniLM; data in headlines.csv; text in headline, label in is_clickbait");
    assert_eq!((r.input.as_slice(), r.label.as_deref()), (&["headline".to_string()][..], Some("is_clickbait")), "{r:?}");
    assert_eq!(parse("regress house prices in houses.csv, target SalePrice").label.as_deref(), Some("SalePrice"));
    let perhaps = |text: &str| parse(text).perhaps_columns();
    assert_eq!(perhaps("predict price in a.csv with everything but the Id and the Note").exclude, ["Id", "Note"]);
    assert_eq!(perhaps("classify text into mood, train.csv").label, ["mood"]);
    let pair = perhaps("summarize news.csv: article -> highlights");
    assert_eq!((pair.input, pair.label), (vec!["article".to_string()], vec!["highlights".to_string()]));
}

#[test]
fn layers_that_differ_and_classes_that_do() {
    let mlp = all_of("MLP with hidden layers 128, 64 and 32 on houses.csv to predict price");
    assert_eq!(mlp.units, [128, 64, 32]);
    assert_eq!(all_of("predict y in data.csv, 3 hidden layers 128-64-32").units, [128, 64, 32]);
    for text in ["handle the class imbalance", "weight the classes by frequency", "deal with imbalance"] {
        assert!(parse(&format!("predict fraud in cards.csv, {text}")).class_weights, "{text}");
    }
    assert!(all_of("MiniLM on pairs.csv with in-batch negatives").embeddings);
}

#[test]
fn what_is_no_setting_of_training() {
    let written = parse("fine-tune GPT-2 on poems.txt for 3 epochs, then generate 5 samples");
    assert_eq!((written.max_examples, written.epochs), (None, Some(3.0)));
    assert_eq!(parse("sentence similarity on STS-B with MiniLM, cosine").schedule, None);
    assert_eq!(parse("predict both price and rent from flats.csv").refused.len(), 1);
    for method in [
        "multi-task learning",
        "ORPO",
        "drop path 0.1",
        "whole word masking",
        "stochastic weight averaging",
        "federated learning",
    ] {
        assert_eq!(parse(&format!("MiniLM on SST-2 with {method}")).lacking.len(), 1, "{method}");
    }
}

#[test]
fn models_with_spaces_and_bare_rates() {
    let model = |text: &str| parse(text).model;
    let one = Some(ModelName::At { id: "meta-llama/Llama-3.2-1B".into() });
    assert_eq!(
        (model("LoRA on llama 3.2 1b with chats.jsonl"), model("LoRA on llama-3.2-1b with chats.jsonl")),
        (one.clone(), one)
    );
    assert_eq!(model("train a llama from scratch, 2 layers, 3 epochs, on corpus.txt"), called("llama"));
    assert_eq!(all_of("bert-base-uncased on SQuAD, 2 epochs, 3e-5, batch 12").lr, Some(3e-5));
    assert_eq!(all_of("NER on CoNLL-2003 with bert-base for 3 epochs at 3e-5").lr, Some(3e-5));
    let pieces = all_of("MiniLM on SST-2, batch 4 grad accum 4");
    assert_eq!((pieces.batch_size, pieces.micro_batch_size), (Some(16), Some(4)));
}

#[test]
fn the_same_in_other_languages() {
    let r = all_of("Predice la columna precio de casas.csv usando un perceptrón con dos capas ocultas de 64");
    assert_eq!((r.label.as_deref(), r.model, r.size.layers, r.size.hidden), (Some("precio"), called("mlp"), Some(2), Some(64)));
    let r = all_of("Affine BERT sur MRPC, gèle l'encodeur, 3 graines");
    assert_eq!((r.frozen, r.seeds), (Some(Frozen::Body), vec![0, 1, 2]));
    let r = all_of("Vorhersage der Spalte preis in haeuser.csv, ohne die Spalte id");
    assert_eq!((r.label.as_deref(), r.exclude), (Some("preis"), vec!["id".to_string()]));
    let r = all_of("用MiniLM在SST-2上训练2个epoch，学习率2e-5，批大小32");
    assert_eq!((r.model, r.epochs, r.lr, r.batch_size), (called("minilm"), Some(2.0), Some(2e-5), Some(32)));
    let r = all_of("Addestra una ResNet-20 da zero su CIFAR-10 per 3 epoche con dimensione del batch 64");
    assert_eq!((r.epochs, r.batch_size, r.from_scratch), (Some(3.0), Some(64), true));
    let r = all_of("Preveja o preço em casas.csv com no máximo 10 minutos");
    assert_eq!((r.label.as_deref(), r.max_time_secs), (Some("preço"), Some(600)));
}

#[test]
fn rates_that_fall_again_and_again() {
    use crate::intake::Unit;
    let fall = |text: &str| all_of(&format!("ResNet-20 on CIFAR-10, lr 0.1, {text}")).schedule;
    let stairs = |every: f64, unit: Unit, by: f64| Some(ScheduleShape::Staircase { every, unit, divisor: Some(by) });
    for text in [
        "divide the lr by 10 every 30 epochs",
        "every 30 epochs, reduce the learning rate by a factor of 10",
        "multiply lr by 0.1 every 30 epochs",
        "step lr every 30 epochs with gamma 0.1",
        "StepLR(step_size=30, gamma=0.1)",
        "step decay every 30 epochs",
    ] {
        assert_eq!(fall(text), stairs(30.0, Unit::Epochs, 10.0), "{text}");
    }
    assert_eq!(fall("halve the learning rate every epoch"), stairs(1.0, Unit::Epochs, 2.0));
    assert_eq!(fall("decayed by 2 every 1000 steps"), stairs(1000.0, Unit::Steps, 2.0));
    assert_eq!(parse("ResNet-20 on CIFAR-10, evaluate every 30 epochs").schedule, None);
}

#[test]
fn one_of_two_betas() {
    assert_eq!(all_of("MiniLM on SST-2, Adam with beta2 0.98").betas, Some([0.9, 0.98]));
    assert_eq!(all_of("MiniLM on SST-2, Adam with beta1=0.8").betas, Some([0.8, 0.999]));
    let paper = all_of("MiniLM on SST-2, AdamW(0.9, 0.95)");
    assert_eq!((paper.betas, paper.lr), (Some([0.9, 0.95]), None));
    let both = all_of("MiniLM on SST-2, lr 6e-4, Adam (0.9, 0.98)");
    assert_eq!((both.betas, both.lr), (Some([0.9, 0.98]), Some(6e-4)));
    assert_eq!(all_of("MiniLM on SST-2, Adam(1e-3)").lr, Some(1e-3));
}

#[test]
fn how_much_of_a_part_is_frozen_is_its_name() {
    let plain = all_of("MiniLM on SST-2, keep the encoder frozen").frozen;
    assert!(plain.is_some());
    assert_eq!(all_of("MiniLM on SST-2, keep the encoder completely frozen").frozen, plain);
}

#[test]
fn changes_beside_their_word() {
    let changes = |text: &str| all_of(&format!("train ResNet-20 on CIFAR-10 {text}")).augment;
    let (crop, flip, turn) = (Augment::PadCrop { padding: 4 }, Augment::HorizontalFlip, Augment::Rotation { degrees: 15.0 });
    assert_eq!(changes("with augmentation: flip, rotate"), [flip, turn]);
    assert_eq!(changes("and augment the images with random crops, flips and rotations"), [crop, flip, turn]);
    assert_eq!(changes("with data augmentation (mirroring)"), [flip]);
}

#[test]
fn columns_by_place_or_in_quotes() {
    for (text, label) in [
        ("t.csv, the last column is the label", "last"),
        ("t.csv, the label is in the first column", "first"),
        ("predict the last column of t.csv", "last column"),
        ("t.csv with target column \"house price\"", "house price"),
        ("t.csv, column `star rating` is the target", "star rating"),
    ] {
        assert_eq!(parse(text).label.as_deref(), Some(label), "{text}");
    }
    let r = parse("predict price from t.csv, ignore columns \"row id\", url and `last seen`");
    assert_eq!(r.exclude, ["row id", "url", "last seen"]);
}

#[test]
fn settings_as_programs_call_them() {
    let of = |text: &str| all_of(&format!("MiniLM on SST-2, {text}"));
    assert_eq!((of("dropout_rate=0.2").dropout, of("Dropout(0.3)").dropout), (Some(0.2), Some(0.3)));
    assert_eq!((of("grad_clip=1.0").grad_clip_norm, of("clip_grad_norm=0.5").grad_clip_norm), (Some(1.0), Some(0.5)));
    assert_eq!((of("max_epochs=20").epochs, of("num_train_epochs=3").epochs), (Some(20.0), Some(3.0)));
    assert!(of("gradient_checkpointing=True").gradient_checkpointing);
    assert_eq!(of("lr_scheduler_type=linear").schedule, Some(ScheduleShape::Linear));
    assert_eq!(of("linear decay to 0").schedule, Some(ScheduleShape::Linear));
    assert_eq!(of("num_warmup_steps=500").warmup, Some(Warmup::Steps(500)));
    assert_eq!(of("500-step warmup").warmup, Some(Warmup::Steps(500)));
    assert_eq!(of("eval_interval=250").evaluate_every, Some(Length::Steps(250)));
    assert_eq!(of("eval_strategy=\"epoch\"").evaluate_every, Some(Length::Epochs(1.0)));
    assert!(of("load_best_model_at_end=True").keep_best);
    let adapter = of("lora_r=16, lora_alpha=32").adapter.map(|asked| (asked.rank, asked.alpha));
    assert_eq!(adapter, Some((Some(16), Some(32.0))));
    assert_eq!(all_of("MiniLM on SST-2 at lr 2e-5").lr, Some(2e-5));
    assert_eq!(of("stop early if the val loss stops improving").patience, Some(3));
    assert_eq!(of("train until convergence").patience, Some(3));
    let third = Some(AskedPart::Share(0.3));
    assert_eq!(all_of("MiniLM on a.csv, 70/30 train/test").tested, third);
    assert_eq!(all_of("MiniLM on a.csv, 70/30 stratified split").tested, third);
    let r = all_of("MiniLM on SST-2, val_acc > 90%");
    assert_eq!((r.metric, r.target), (Some(Metric::Accuracy), Some(0.9)));
    let turned = all_of("ResNet-20 on CIFAR-10, augment with flips and rotations up to 10 degrees").augment;
    assert_eq!(turned, [Augment::HorizontalFlip, Augment::Rotation { degrees: 10.0 }]);
    assert_eq!(all_of("MLP on iris.csv, hidden_layer_sizes=(64, 32)").units, [64, 32]);
    // What only looks so.
    assert_eq!(parse("MiniLM on SST-2, dropout (see below), 2 epochs").dropout, None);
    assert_eq!(parse("MiniLM on SST-2, eval at epoch 3").epochs, None);
}

#[test]
fn rates_in_percent_and_per_mille() {
    let r = all_of("MLP on loans.csv, lr 1‰, wd 5 ‰, warmup 20 ‰");
    assert_eq!((r.lr, r.weight_decay, r.warmup), (Some(0.001), Some(0.005), Some(crate::spec::Warmup::Frac(0.02))));
    assert_eq!(all_of("MLP on loans.csv with a learning rate of 0.1 %").lr, Some(0.001));
    assert_eq!(all_of("MLP on loans.csv with a learning rate of 0.1").lr, Some(0.1));
    let r = parse("MiniLM auf reviews.csv, 2 Epochen, Lernrate drei mal zehn hoch minus fünf");
    assert_eq!(r.lr, Some(3e-5), "{r:?}");
}

#[test]
fn dropout_behind_the_layers_of_an_adapter_is_its_own() {
    let own = |text: &str| {
        let r = all_of(&format!("SmolLM2 on chats.jsonl, {text}"));
        (r.adapter.and_then(|adapter| adapter.dropout), r.dropout)
    };
    for text in [
        "LoRA rank 16 on q_proj, k_proj and o_proj, dropout 0.05",
        "LoRA r=8 alpha=16 on all linear layers with dropout 0.05",
        "LoRA on the query and value projections, dropout 0.05, 2 epochs",
        "QLoRA (rank 4, target q_proj/v_proj, dropout 0.05)",
        "DoRA rank 4 for q and v, with a dropout of 5%",
    ] {
        assert_eq!(own(text), (Some(0.05), None), "{text}");
    }
    assert_eq!(own("LoRA rank 16 on q_proj and v_proj, 2 epochs, dropout 0.05"), (None, Some(0.05)));
}

#[test]
fn several_labels_as_people_say_it() {
    for text in [
        "assign several tags to every clause in t.csv",
        "MiniLM on t.csv, each clause can hav more then one tag",
        "tag each clause of t.csv with one or more topics",
        "each clause of t.csv gets one or more labels",
        "clauses may fall into many categories, MiniLM on t.csv",
        "MiniLM on t.csv, several topics per clause",
    ] {
        assert_eq!(parse(text).task, Some(Task::TextMultiLabel), "{text}");
    }
    for text in ["MiniLM on t.csv with several categories", "MiniLM on t.csv, which has more than one label column"] {
        assert_eq!(parse(text).task, None, "{text}");
    }
}
