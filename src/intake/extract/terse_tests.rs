//! Settings as lists, brackets and signs give them, without a verb; each beside one that looks alike and means something else.

use super::said_tests::in_markdown;
use super::tests::check;
use crate::intake::FieldKey;

#[test]
fn lengths_in_brackets_and_behind_signs() {
    check(
        "The primary budget is 3,814 steps = 500M tokens ≈ 2.9 epochs, with 250 warmup steps.",
        &[
            "schedule.warmup 250.0 steps [primary budget]",
            "epochs 2.9 epochs [primary budget]",
            "steps 3814.0 steps [primary budget]",
        ],
    );
    check(
        "We train the nets to 1.5B tokens (11,444 steps, 750 warmup, all of them).",
        &["schedule.warmup 750.0 steps", "steps 11444.0 steps"],
    );
    check("Leaf-only models use 146k pairs (2 to 3 epochs).", &["epochs [2.0,3.0] epochs [Leaf]"]);
    check("We fine-tune for 2-3 epochs.", &["epochs [2.0,3.0] epochs [fine-tuning]"]);
    // Of a warm-up, of an interval, and of something that is no training.
    check("We use a linear warmup (5 epochs).", &["schedule.warmup 5.0 epochs"]);
    check("We save the weights every epoch (1,250 steps).", &[]);
    check("The tree grows (3 epochs) in stone.", &[]);
    check("It crosses before either model has completed one pass over the corpus.", &[]);
    check("Training is a single pass over the corpus.", &["epochs 1.0 epochs"]);
}

#[test]
fn one_length_for_each_phase_and_their_sum() {
    check(
        "The pre-training takes 50 and 20 epochs for each phase and the final LS task takes another 50 epochs (a total of 120 epochs).",
        &["epochs 120.0 epochs [total]", "epochs [50.0,20.0] epochs [pre-training]", "epochs 50.0 epochs [LS]"],
    );
    check("We train for a total of 120 epochs.", &["epochs 120.0 epochs"]);
}

#[test]
fn batches_by_their_steps() {
    check(
        "We train with batch 32 sequences = 131,072 tokens per optimizer step.",
        &["batch_size 32.0 examples", "batch_size 131072.0 tokens"],
    );
    check("Training uses 32 sequences per optimizer step.", &["batch_size 32.0 examples"]);
    check("The agent sees 4 images per step.", &[]);
    check("The batch 32 of leaves was lost.", &[]);
}

#[test]
fn optimizers_that_stand_in_a_list() {
    check(
        "AdamW (Ash and Oak, 2019) with β = (0.9, 0.95).",
        &["optimizer.kind \"AdamW\"", "optimizer.beta1 0.9", "optimizer.beta2 0.95"],
    );
    check(
        "Every run has AdamW at peak 6e-4 with cosine decay.",
        &["optimizer.kind \"AdamW\"", "optimizer.lr 0.0006", "schedule.kind \"cosine decay\""],
    );
    check(
        "We fine-tune it (with tags, bf16, Adafactor, single NVIDIA A10G GPU).",
        &[
            "optimizer.kind \"Adafactor\" [fine-tuning]",
            "precision \"bf16\" [fine-tuning]",
            "hardware \"single NVIDIA A10G GPU\" [fine-tuning]",
        ],
    );
    // What is compared, and what only bears the name.
    check("We try 3 epochs, a batch size of 8, SGD, Adagrad.", &["batch_size 8.0 examples"]);
    check("They wrote, Adam, on leaves, in spring.", &[]);
}

#[test]
fn a_sign_between_a_name_and_its_number() {
    check(
        "We use an encoder learning rate α_e = 5e-4 and a decoder/fusion learning rate α_d = 1e-3.",
        &["optimizer.lr 0.0005 [encoder]", "optimizer.lr 0.001 [fusion]"],
    );
    check("We train with adjusted learning rates (α_e = 3e-4, α_d = 5e-4).", &["optimizer.lr 0.0003", "optimizer.lr 0.0005"]);
    check("The learning rate η_{max} = 0.1 is fixed.", &["optimizer.lr 0.1"]);
    check("We take encoder learning rates αe = 5e-4.", &["optimizer.lr 0.0005"]);
    // The weight of a loss.
    check("We sum both with weights α_e = 0.3 and α_d = 0.7.", &[]);
}

#[test]
fn the_constant_of_a_norm_is_not_the_optimizers() {
    check("It has RMSNorm (Ash, 2019; ε = 1e-5) in each layer of width 8.", &[]);
    check("We use layer normalization with ε = 1e-6.", &[]);
    check("We use Adam with batch normalization, and Adam has ε = 1e-8.", &["optimizer.kind \"Adam\"", "optimizer.eps 1e-8"]);
}

#[test]
fn adapters_behind_a_citation() {
    check(
        "We fine-tune Foo-7B-v0.3 (Ash et al., 2023) using LoRA (Hu et al., 2022) with rank r = 16, α = 32, dropout 0.05, applied to all attention and MLP projection matrices.",
        &[
            "init \"Foo-7B-v0.3\"",
            "lora.rank 16.0 [fine-tuning]",
            "lora.alpha 32.0 [fine-tuning]",
            "lora.dropout 0.05 [fine-tuning]",
            "lora.target_modules [\"attention projection matrices\",\"MLP projection matrices\"] [fine-tuning]",
        ],
    );
    check("A matrix of rank r = 16 is used.", &[]);
}

#[test]
fn sizes_by_their_signs() {
    let sizes = |text: &str| in_markdown(&format!("## Nets\n\n{text}\n"), FieldKey::Variants);
    let text = "For the expanded setting, d model = 512 and H = 8 .";
    assert!(sizes(text)[0].contains("\"hidden_size\":512") && sizes(text)[0].contains("expanded setting"), "{:?}", sizes(text));
    let text = "We set the model dimension d model to 256, the head number H to 4, the feed forward layer size dff to 2048.";
    assert!(
        sizes(text)[0].contains("\"num_heads\":4") && sizes(text)[0].contains("\"intermediate_size\":2048"),
        "{:?}",
        sizes(text)
    );
    // A height, and widths of several layers.
    assert!(sizes("Trees of H = 8 and a width of 256 stand here.").is_empty());
    let text = "A feedforward neural network with two hidden layers of 128 and 64 units.";
    assert!(sizes(text)[0].contains("\"hidden_size\":null") && sizes(text)[0].contains("\"num_layers\":2"), "{:?}", sizes(text));
    let text = "We start with leaves/foo-en-1B (1.1B parameters), and we fine-tune Foo-1B.";
    assert!(sizes(text).len() == 1 && sizes(text)[0].contains("1100000000"), "{:?}", sizes(text));
}

#[test]
fn a_head_in_bold_is_what_its_paragraph_is_about() {
    let text = "## 2.5 Model Descriptions\n\n**Leaf Regression.** A plain model that directly says\n\n$$ p = x, y $$\n\nParameters were estimated with a learning rate of 0.1\n\n**Multi-Leaf Tree (MLT).** A net, trained with a learning rate of 0.2.\n\nOthers use a learning rate of 0.3.\n";
    let told = in_markdown(text, FieldKey::Lr);
    assert_eq!(told[..2], ["0.1 [Leaf Regression]", "0.2 [Multi-Leaf Tree (MLT)]"].map(String::from), "{told:?}");
}
