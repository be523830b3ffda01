//! Ways of saying a setting, a result or a model, as whole papers in Markdown, HTML or text give them.

use super::tests::check;
use crate::intake::{FieldKey, FlatSpec, PaperFormat, extract, read_paper};

/// `value [scope]` of a key that the reader stands by.
pub(super) fn said(format: PaperFormat, source: &str, key: FieldKey) -> Vec<String> {
    let paper = read_paper(source.as_bytes(), format, "x").expect("read");
    let spec = extract(&paper);
    let fields = FlatSpec::from(&spec).fields.into_iter().filter(|field| field.key == key);
    fields.map(|field| format!("{} [{}]", field.value, field.scope.unwrap_or_default())).collect()
}

pub(super) fn in_markdown(source: &str, key: FieldKey) -> Vec<String> {
    said(
        PaperFormat::Markdown,
        &format!("# FooNet: A Study\n\n## Abstract\n\nWe present FooNet, which we train.\n\n{source}"),
        key,
    )
}

#[test]
fn signs_and_groups_in_tables() {
    let table = "## Nets\n\nThe learning rate η is fixed.\n\nTable 1: Settings.\n\n| Stage | Setting | Value |\n|---|---|---|\n| Pre-training | η | 7e-4 |\n| | batch size | 512 |\n| Fine-tuning | η | 2e-5 |\n| | batch size | 24 |\n";
    assert_eq!(in_markdown(table, FieldKey::Lr), ["0.0007 [pre-training]", "0.00002 [fine-tuning]"]);
    assert_eq!(in_markdown(table, FieldKey::BatchSize), ["512.0 [pre-training]", "24.0 [fine-tuning]"]);
    let tried = "## Nets\n\nTable 1: The hyperparameter space.\n\n| Setting | Values |\n|---|---|\n| learning rate | {0.1, 0.5} |\n| batch size | {8, 16} |\n";
    assert_eq!(in_markdown(tried, FieldKey::Lr), Vec::<String>::new());
}

#[test]
fn a_value_belongs_where_its_sentence_says() {
    let text = "## Experiments\n\nOn LeafQA we use a batch size of 8.\n\n### Training protocol\n\nFor pair sorting, we use a dropout of 0.1, while for triple sorting, we use a dropout of 0.2.\n";
    assert_eq!(in_markdown(text, FieldKey::Dropout), ["0.1 [pair sorting]", "0.2 [triple sorting]"]);
    let turn = "## Experiments\n\nOn CIFAR and SVHN we train for 30 and 40 epochs, respectively.\n";
    assert_eq!(in_markdown(turn, FieldKey::Epochs), ["30.0 [CIFAR]", "40.0 [SVHN]"]);
}

#[test]
fn the_dropout_of_adapters_is_not_the_models() {
    check("We use a LoRA dropout of 0.05.", &["lora.dropout 0.05"]);
    check(
        "We train LoRA with rank 8, alpha 16 and a dropout of 0.05.",
        &["lora.rank 8.0", "lora.alpha 16.0", "lora.dropout 0.05"],
    );
    check("We use a dropout of 0.1.", &["dropout 0.1"]);
    let table = "## Setup\n\n| Hyperparameters | A-7B | A-13B |\n|---|---|---|\n| Rank r | 16 | 32 |\n| α | 32 | 64 |\n| Dropout | 0.05 | 0.05 |\n| Where | Q,K,V | Q,K,V |\n\nTable 1: Settings on the commonsense reasoning tasks.\n";
    assert_eq!(in_markdown(table, FieldKey::LoraDropout), ["0.05 [commonsense reasoning]"]);
    assert_eq!(in_markdown(table, FieldKey::LoraTargets), ["[\"Q\",\"K\",\"V\"] [commonsense reasoning]"]);
    assert!(in_markdown(table, FieldKey::Dropout).is_empty());
    assert!(in_markdown(table, FieldKey::LoraAlpha)[0].starts_with("32.0 [A-7B"));
    let named = "## Setup\n\n| Parameter | Value |\n|---|---|\n| LoRA dropout | 0.05 |\n| Batch size | 8 |\n";
    assert_eq!(in_markdown(named, FieldKey::LoraDropout), ["0.05 []"]);
}

#[test]
fn citations_stand_between_a_name_and_its_value() {
    check("We use dropout (Srivastava et al., 2014) of 0.2.", &["dropout 0.2"]);
    check(
        "We use label smoothing [30] of 0.1 and weight decay [5] of 0.01.",
        &["optimizer.weight_decay 0.01", "label_smoothing 0.1"],
    );
    check(
        "We increase dropout (Srivastava et al., 2014) ratio from 0.2 for FooNet-B0 to 0.5 for FooNet-B7.",
        &["dropout 0.2 [FooNet-B0]", "dropout 0.5 [FooNet-B7]"],
    );
}

#[test]
fn decays_that_come_again_and_again() {
    check(
        "We use an initial learning rate of 0.256 that decays by 0.97 every 2.4 epochs.",
        &["optimizer.lr 0.256", "schedule.kind \"exponential decay, times 0.97 every 2.4 epochs\""],
    );
    check(
        "The learning rate is multiplied by 0.1 every 30 epochs.",
        &["schedule.kind \"step decay, divided by 10 every 30 epochs\""],
    );
    check("Layer-wise decay means exponentially decaying the learning rates of individual layers.", &[]);
}

#[test]
fn sizes_in_capitals_have_their_own_lengths() {
    check(
        "LARGE trains for 250k updates, BASE for 400k updates.",
        &["steps 250000.0 steps [LARGE]", "steps 400000.0 steps [BASE]"],
    );
}

#[test]
fn what_is_no_batch_or_no_training() {
    check("We train on 8 GPUs; the total batch size is 1.6h.", &["hardware \"8 GPUs\""]);
    check("Decoding takes 2.6 seconds per batch (using a batch size of 10).", &[]);
    check("Training takes 0.2 hours per epoch on 22K examples.", &[]);
}

#[test]
fn other_ways_to_say_it() {
    check("Adam is used with a learning rate of 0.02.", &["optimizer.kind \"Adam\"", "optimizer.lr 0.02"]);
    check(
        "Adam optimization algorithm (Kingma and Ba 2014) and Glorot uniform initialization are used for training of all models.",
        &["init \"Glorot uniform initialization\"", "optimizer.kind \"Adam\""],
    );
    check(
        "We explored a batch size ∈ {16, 32}, and epochs ∈ {3, 4}.",
        &["batch_size [16.0,32.0] examples", "epochs [3.0,4.0] epochs"],
    );
    check("Hardware: NVIDIA A100 GPU.", &["hardware \"NVIDIA A100 GPU\""]);
    check(
        "It took roughly 17–18 days of computational runtime using a single GeForce GTX TITAN X.",
        &["hardware \"a single GeForce GTX TITAN X\"", "training_time [17.0,18.0] days"],
    );
}

#[test]
fn a_label_tells_what_its_paragraph_is_about() {
    let text = "## Hyperparameters\n\nAdult income: The model is trained for 7.7k iterations.\n\nPoker hands: The model is trained for 50k iterations.\n\nLearning rate: The value of 0.1 is used.\n";
    assert_eq!(in_markdown(text, FieldKey::Steps), ["7700.0 [Adult income]", "50000.0 [Poker hands]"]);
}

#[test]
fn a_name_that_runs_into_a_sentence_heads_what_follows() {
    let text = "## Training\n\nAll of it is on paper. Leaf En-De For the teacher, we train for 5k steps. Leaf Fi-Sv For the teacher, we train for 7k steps. Dropout stays at 0.3.\n";
    assert_eq!(in_markdown(text, FieldKey::Steps), ["5000.0 [Leaf En-De]", "7000.0 [Leaf Fi-Sv]"]);
    assert_eq!(in_markdown(text, FieldKey::Dropout), ["0.3 [Leaf Fi-Sv]"]);
}

#[test]
fn an_item_within_a_paragraph_is_about_what_it_begins_with() {
    let text = "## Training\n\nDetails. 1) For CIFAR-10 and CIFAR-100, we follow a similar scheme. We use a batch size of 64. 2) For COCO, we use a batch size of 16.\n";
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["64.0 [CIFAR-10 CIFAR-100]", "16.0 [COCO]"]);
}

#[test]
fn names_of_data_begin_headings() {
    let text =
        "## ADE20K segmentation\n\nWe use a batch size of 64.\n\n## Kinetics-400 recognition\n\nWe use a batch size of 80.\n";
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["64.0 [ADE20K segmentation]", "80.0 [Kinetics-400 recognition]"]);
}

#[test]
fn signs_that_copies_of_a_pdf_keep() {
    let text = "## Training\n\nIn ﬁne-tuning we use a batch size of 64.\n";
    assert_eq!(in_markdown(text, FieldKey::BatchSize), ["64.0 [fine-tuning]"]);
}

#[test]
fn a_model_a_row_with_its_rate() {
    let table = "## Architecture\n\n| params | dimension | $n$ heads | $n$ layers | learning rate | batch size |\n|---|---|---|---|---|---|\n| 6.7B | 4096 | 32 | 32 | $3.0e^{-4}$ | 4M |\n| 65.2B | 8192 | 64 | 80 | $1.5e^{-4}$ | 4M |\n";
    assert_eq!(in_markdown(table, FieldKey::Lr), ["0.0003 [6.7B]", "0.00015 [65.2B]"]);
    let variants = in_markdown(table, FieldKey::Variants);
    assert!(
        variants.len() == 2 && variants[0].contains("\"hidden_size\":4096") && variants[1].contains("\"num_layers\":80"),
        "{variants:?}"
    );
}

#[test]
fn a_mixture_of_data_is_no_table_of_scores() {
    let table = "## Pre-training data\n\n| Dataset | Sampling prop. | Disk size |\n|---|---|---|\n| CommonCrawl | 67.0% | 3.3 TB |\n| Books | 4.5% | 85 GB |\n\nTable 1: Pre-training data.\n";
    assert!(in_markdown(table, FieldKey::Results).is_empty());
    let data = in_markdown(table, FieldKey::Datasets);
    assert!(data.len() == 2 && data.iter().all(|d| d.contains("train")), "{data:?}");
}

#[test]
fn results_listed_with_their_data() {
    let text = "## Results\n\nIt achieves state-of-the-art accuracy on CIFAR-100 (91.7%), Roses (98.8%), and others. On speech it has 1.8/3.3 WER on the LibriSpeech test sets.\n";
    let results = in_markdown(text, FieldKey::Results);
    for (dataset, value) in [("CIFAR-100", "91.7"), ("Roses", "98.8"), ("LibriSpeech", "1.8")] {
        assert!(results.iter().any(|r| r.contains(dataset) && r.contains(value)), "{dataset}: {results:?}");
    }
}

#[test]
fn a_title_alone_names_the_family() {
    let source = "# Swin Transformer V2: Scaling Up\n\n## Training\n\nWe use a batch size of 64 for all of our runs.\n";
    assert_eq!(said(PaperFormat::Markdown, source, FieldKey::Family), ["\"swin\" []"]);
}

#[test]
fn an_address_that_bears_the_papers_name() {
    let text = "## Results\n\nWe release it to the community.[^1]\n\n[^1]: https://github.com/example/foonet\n";
    assert_eq!(in_markdown(text, FieldKey::CodeUrl), ["\"https://github.com/example/foonet\" []"]);
}

#[test]
fn authors_in_other_places() {
    let check = |format, source: &str, expected: &str| {
        assert_eq!(said(format, source, FieldKey::FirstAuthor), [format!("\"{expected}\" []")], "{source}");
    };
    let body = "We train a small net with a learning rate of 0.1 for long.";
    check(
        PaperFormat::Markdown,
        &format!("# A Study\n\n## Authors\n* **Ann One**, University of X\n* **Bo Two**, Y\n\n## Abstract\n\n{body}\n"),
        "Ann One",
    );
    check(
        PaperFormat::Html,
        &format!("<html><body><h1>A Study</h1><p>Ann One, Bo Two</p><h2>Abstract</h2><p>{body}</p></body></html>"),
        "Ann One",
    );
    check(
        PaperFormat::Text,
        &format!("A Study of Nets\n\nAnn One   Bo Two   Cy Three\n{{ann,bo}}@x.org\n\nAbstract\n\n{body}\n"),
        "Ann One",
    );
}

#[test]
fn values_in_the_order_of_their_names() {
    check(
        "Batch size and learning rate are set to 32 and 1e-4, respectively.",
        &["optimizer.lr 0.0001", "batch_size 32.0 examples"],
    );
    check(
        "The learning rate, batch size and dropout were 0.001, 64 and 0.3, respectively.",
        &["optimizer.lr 0.001", "batch_size 64.0 examples", "dropout 0.3"],
    );
    check("Precision and recall are 0.9 and 0.8, respectively.", &[]);
}

#[test]
fn lengths_said_otherwise() {
    check("We set the number of epochs to 4.", &["epochs 4.0 epochs"]);
    check(
        "Settings: batch size 16; epochs 5; max length 512.",
        &["batch_size 16.0 examples", "epochs 5.0 epochs", "max_seq_len 512.0 tokens"],
    );
    check("We trained each model for at most 30 epochs.", &["epochs 30.0 epochs"]);
    check("The training length is set 30 epochs.", &["epochs 30.0 epochs"]);
    check(
        "We train with a learning rate of 0.1, annealed with a cosine schedule over 200 epochs.",
        &["optimizer.lr 0.1", "schedule.kind \"cosine decay\"", "epochs 200.0 epochs"],
    );
    check("Input sequences are padded or truncated to 256 tokens.", &["max_seq_len 256.0 tokens"]);
    check("A dropout layer with a rate of 0.25 follows each convolution.", &["dropout 0.25"]);
    check("We use a warmup ratio of 0.03 and no weight decay.", &["optimizer.weight_decay 0.0", "schedule.warmup 0.03 fraction"]);
}

#[test]
fn steps_down_said_otherwise() {
    let decays = |sentence: &str, divisor: &str| check(sentence, &[&format!("schedule.kind \"{divisor}\"")]);
    decays("The learning rate is decreased by a factor of 10 every 30 epochs.", "step decay, divided by 10 every 30 epochs");
    decays("The learning rate is divided by 10 at 50% and 75% of the total number of epochs.", "step decay, divided by 10");
    decays("We train while halving the learning rate every 10 epochs.", "step decay, divided by 2 every 10 epochs");
    decays("The learning rate is reduced by a factor of 10 when the loss does not improve.", "reduce on plateau, divided by 10");
    decays("We train with Foo, reducing the learning rate on plateau with factor 0.5.", "reduce on plateau, divided by 2");
}

#[test]
fn columns_that_are_no_systems() {
    let table = "## Setup\n\n| Parameter | Search space | Best value | Description |\n|---|---|---|---|\n| Learning rate | 0.1, 0.01 | 0.01 | Step size |\n| Batch size | 16, 32 | 32 | Images |\n";
    assert_eq!(in_markdown(table, FieldKey::Lr), ["0.01 []"]);
    assert_eq!(in_markdown(table, FieldKey::BatchSize), ["32.0 []"]);
    let table = "## Setup\n\n| Hyperparameter | image-text | video-text |\n|---|---|---|\n| Learning rate | 1e-3 | 3e-4 |\n| Batch size | 300 | 40 |\n";
    assert_eq!(in_markdown(table, FieldKey::Lr), ["0.001 [image-text]", "0.0003 [video-text]"]);
}

#[test]
fn brackets_behind_a_setting_say_its_measure() {
    let words = |rows: &str, key: FieldKey| -> Vec<String> {
        let source = format!("# FooNet: A Study\n\n## Setup\n\n| Parameter | Value |\n|---|---|\n{rows}");
        let spec = extract(&read_paper(source.as_bytes(), PaperFormat::Markdown, "x").expect("read"));
        spec.all(key).map(|field| field.in_words()).collect()
    };
    let rows = "| Warmup (epochs) | 5 |\n| Dropout (%) | 10 |\n| Training steps (k) | 500 |\n| Learning rate (×10⁻⁴) | 5 |\n| Batch size (per GPU) | 4 |\n";
    assert_eq!(words(rows, FieldKey::Warmup), ["5 epochs"]);
    assert_eq!(words(rows, FieldKey::Dropout), ["0.1"]);
    assert_eq!(words(rows, FieldKey::Steps), ["500,000 steps"]);
    assert_eq!(words(rows, FieldKey::Lr), ["5e-4"]);
    assert!(words(rows, FieldKey::BatchSize).is_empty());
    // What is written out is not measured again, and a sign is none.
    let rows = "| Warmup (%) | 10 |\n| Dropout (%) | 0.2 |\n| Steps (k) | 300000 |\n| Learning rate (1e-4) | 3e-4 |\n| Epochs (K) | 3 |\n";
    assert_eq!(words(rows, FieldKey::Warmup), ["0.1 fraction"]);
    assert_eq!(words(rows, FieldKey::Dropout), ["0.2"]);
    assert_eq!(words(rows, FieldKey::Steps), ["300,000 steps"]);
    assert_eq!(words(rows, FieldKey::Lr), ["3e-4"]);
    assert_eq!(words(rows, FieldKey::Epochs), ["3 epochs"]);
}

#[test]
fn a_first_place_alone_is_an_accuracy_unless_errors_are_told() {
    let check = |caption: &str, metric: &str| {
        let table = format!("## Results\n\n| Model | top-1 |\n|---|---|\n| FooNet | 81.3 |\n\n{caption}\n");
        let results = in_markdown(&table, FieldKey::Results);
        assert!(results.len() == 1 && results[0].contains(metric), "{results:?}");
    };
    check("Table 1: Results on ImageNet.", "\"top-1 accuracy\"");
    check("Table 1: Error rates on ImageNet.", "\"top-1 error\"");
    let text = "## Results\n\nFooNet reaches 81.3% top-1 on ImageNet.\n";
    assert!(in_markdown(text, FieldKey::Results)[0].contains("\"top-1 accuracy\""));
    let text = "## Results\n\nThe error of the top-1 of 5.5 on ImageNet is told.\n";
    assert!(!in_markdown(text, FieldKey::Results).iter().any(|result| result.contains("\"top-1 accuracy\"")));
}

#[test]
fn scores_of_data_that_nobody_knows() {
    let table = "## Results\n\n| Method | Accuracy | F1 |\n|---|---|---|\n| Trees | 0.81 | 0.78 |\n| FooNet | 0.89 | 0.87 |\n\nTable 1: Results on the Adult data set.\n";
    let results = in_markdown(table, FieldKey::Results);
    assert!(results.len() == 4 && results.iter().all(|r| r.contains("Adult")), "{results:?}");
    // One that is known makes the others data, too.
    let table = "## Results\n\n| Model | MedNLI | i2b2 2010 | i2b2 2012 |\n|---|---|---|---|\n| FooNet | 82.7 | 87.2 | 78.9 |\n\nTable 1: Scores.\n";
    let results = in_markdown(table, FieldKey::Results);
    assert!(results.iter().any(|r| r.contains("i2b2 2012") && r.contains("78.9")), "{results:?}");
    check("We compile FooCorp, a parallel corpus of sentences.", &[]);
    let text = "## Data\n\nWe compile FooCorp, a parallel corpus of sentences.\n";
    assert!(in_markdown(text, FieldKey::Datasets)[0].contains("FooCorp"));
}

#[test]
fn more_ways_to_say_it() {
    check("Adam's β1 and β2 are 0.9 and 0.98.", &["optimizer.beta1 0.9", "optimizer.beta2 0.98"]);
    check("We use a lower learning rate (1e-5) and train for 2 epochs.", &["optimizer.lr 0.00001", "epochs 2.0 epochs"]);
    check("The gradients are clipped at 1.0.", &["grad_clip_norm 1.0"]);
    check("The rate is halved whenever the validation loss plateaus.", &["schedule.kind \"reduce on plateau, divided by 2\""]);
    let text = "## Models\n\nFooNet-S, FooNet-M and FooNet-L have 5M, 22M and 86M parameters, respectively.\n";
    let variants = in_markdown(text, FieldKey::Variants);
    assert!(variants.len() == 3 && variants[1].contains("FooNet-M") && variants[1].contains("22000000"), "{variants:?}");
    let text = "## Results\n\nIt reaches 76.3% top-1 accuracy on ImageNet, and 94.5% on CIFAR-10. It has an F1-score of 0.899 on AG News.\n";
    let results = in_markdown(text, FieldKey::Results);
    for (dataset, value) in [("ImageNet", "76.3"), ("CIFAR-10", "94.5"), ("AG News", "0.899")] {
        assert!(results.iter().any(|r| r.contains(dataset) && r.contains(value)), "{dataset}: {results:?}");
    }
}

#[test]
fn a_rate_that_ends_lower() {
    check(
        "The learning rate is warmed up in the first 2000 steps, maintained at 2.7e-4 for most of the training. Near the end we decay the learning rate to 2.7e-5.",
        &["optimizer.lr 0.00027", "schedule.warmup 2000.0 steps"],
    );
    check("We use a multi-step learning rate schedule for training.", &["schedule.kind \"step decay\""]);
    check(
        "The learning rate is decayed every two epochs using an exponential rate of 0.94.",
        &["schedule.kind \"exponential decay\""],
    );
    check("Number of epochs: maximum of 150 epochs.", &["epochs 150.0 epochs"]);
    check("The input token length of 1024 is used.", &["max_seq_len 1024.0 tokens"]);
}
