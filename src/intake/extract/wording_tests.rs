//! Wordings of settings, each beside one that sounds alike and means something else.

use super::tests::{check, paper};
use crate::intake::extract;

#[test]
fn a_list_ends_where_another_setting_begins() {
    check("We take hyper-parameters β₁, β₂ ∈ [0, 1) of Adam.", &[]);
    check("We train with a learning rate of 1e-4 and 4 A100 GPUs.", &["optimizer.lr 0.0001"]);
    check("We use a learning rate of 2e-5 and 3 different random seeds.", &["optimizer.lr 0.00002"]);
    check("We use a learning rate of 5e-5, 10 runs and the mean of all.", &["optimizer.lr 0.00005"]);
    check("We use a batch size of 8, 80GB of memory and long inputs.", &["batch_size 8.0 examples"]);
    check("We use a batch size of 512 and 0.1 label smoothing.", &["batch_size 512.0 examples"]);
    check("We use a batch size of 32 and 2e-5 learning rate.", &["optimizer.lr 0.00002", "batch_size 32.0 examples"]);
    check("We use a batch size of 16 * 4-GPU and train for 7 epochs.", &["batch_size 64.0 examples", "epochs 7.0 epochs"]);
    check("We train with η = 0.2, α = 0.5 and a batch size of 8.", &["optimizer.lr 0.2", "batch_size 8.0 examples"]);
    check("We sample with η = 0.2 from noise.", &[]);
    check("We use a batch size of 64, 224×224 patches.", &["batch_size 64.0 examples"]);
    // A comma within a number parts nothing, and what may be a list is one.
    check("We use a batch size of 4,096 tokens.", &["batch_size 4096.0 tokens"]);
    check("We try learning rates of 0.1, 1 and 2.", &["optimizer.lr [0.1,1.0,2.0]"]);
}

#[test]
fn clipping_has_its_own_number() {
    check("We use gradient clipping and a batch size of 64.", &["batch_size 64.0 examples"]);
    check("We use gradient clipping, 0.1 dropout and Adam.", &["dropout 0.1"]);
    check("We use gradient clipping with a maximum norm of 1.0.", &["grad_clip_norm 1.0"]);
}

#[test]
fn a_warm_up_ends_before_what_follows_it() {
    check(
        "We use linear warmup followed by cosine decay over 300 epochs.",
        &["schedule.kind \"cosine decay\"", "epochs 300.0 epochs"],
    );
    check("The learning rate is warmed up for 5 epochs and then decayed.", &["schedule.warmup 5.0 epochs"]);
    check("We use a warm-up of 500 steps, 10 epochs and Adam.", &["schedule.warmup 500.0 steps"]);
}

#[test]
fn an_exception_takes_nothing_back() {
    check("We use a weight decay of 0.1 and no weight decay on biases.", &["optimizer.weight_decay 0.1"]);
    check("We use a dropout of 0.1 but no dropout in the last layer.", &["dropout 0.1"]);
    check("We use no weight decay on biases.", &[]);
    check("There is no dropout at test time.", &[]);
    check("We train with no weight decay.", &["optimizer.weight_decay 0.0"]);
}

#[test]
fn what_happens_every_so_many_steps_is_no_length() {
    check("We log the training loss every 100 steps.", &[]);
    check("We validate the model during training every 2,000 steps.", &[]);
    check("Each model is trained for 100k steps.", &["steps 100000.0 steps"]);
    // Totals, and steps of their kind.
    check("Training runs with a total of 500k steps.", &["steps 500000.0 steps"]);
    check("We train for 200k parameter updates.", &["steps 200000.0 steps"]);
    check("We optimize over 20k gradient steps.", &["steps 20000.0 steps"]);
    check("We adapt with 5 gradient steps during training.", &[]);
    check("After training we sample in 50 steps.", &[]);
}

#[test]
fn numbers_of_other_kinds() {
    check("We use an input size of 224 × 224.", &[]);
    check("The training set has a total size of 1,000,000 images.", &[]);
    check("Clips have a maximum length of 20 seconds.", &[]);
    check("The maximum sequence length is 512 tokens.", &["max_seq_len 512.0 tokens"]);
    check("We pre-train on about 60k hours of speech.", &[]);
    check("Training took 3 days of computation on speech.", &["training_time 3.0 days"]);
    check("We draw 50 dropout masks at test time.", &[]);
    check("We report the mean reciprocal rank at 10.", &[]);
    check("The values have a rank of 8.", &[]);
    check("We use LoRA with a rank of 8.", &["lora.rank 8.0"]);
}

#[test]
fn a_batch_for_each_device() {
    check(
        "We train on 4 nodes with 8 A100 GPUs each, using a batch size of 4 per GPU.",
        &["batch_size 128.0 examples", "hardware \"8 A100 GPUs\""],
    );
    let of_eight = ["batch_size 32.0 examples", "hardware \"8 GPUs\""];
    check("We train with a batch size (per GPU) of 4 on 8 GPUs.", &of_eight);
    check("We train with a batch size per GPU of 4 on 8 GPUs.", &of_eight);
    check("The batch size per GPU is 4.", &[]);
    // Steps that add up say nothing of how many devices there are.
    check("We use a per-device batch size of 4 with 8 gradient accumulation steps.", &[]);
    check("We train on a single GPU with a batch size of 4 per GPU.", &["batch_size 4.0 examples", "hardware \"a single GPU\""]);
}

#[test]
fn machines_in_the_plural() {
    check("We train on 8 V100s.", &["hardware \"8 V100s\""]);
}

#[test]
fn steps_that_are_not_of_training() {
    check("We train agents with episodes of 1000 steps.", &[]);
    check("We train on windows of 1,024 steps.", &[]);
    check("We train a diffusion model with 1000 steps.", &[]);
    check("Adversarial examples for training are found with 100 optimization steps.", &[]);
    check("We train a diffusion model for 200k steps.", &["steps 200000.0 steps"]);
}

#[test]
fn schedules_of_something_else() {
    check("The noise schedule is linear from 1e-4 to 0.02.", &[]);
    check("Masking schedule: cosine", &[]);
    check("The learning rate schedule is linear.", &["schedule.kind \"linear decay\""]);
}

#[test]
fn rotations_of_no_image() {
    check("The activations of the transformer are multiplied by a random rotation matrix.", &[]);
    check("The images of the transformer are augmented by a random rotation.", &["augmentation [\"random rotation\"]"]);
}

#[test]
fn a_number_before_its_name() {
    check("We train with a 32 batch size.", &["batch_size 32.0 examples"]);
    check("The values are in the Table 3 batch size column.", &[]);
    check("We study the ResNet-50 batch size.", &[]);
    check("We use SGD with 0.9 momentum.", &["optimizer.kind \"SGD\"", "optimizer.momentum 0.9"]);
    check("Keys come from a 0.999 momentum encoder.", &[]);
    check("We use 3e-4 for the learning rate.", &["optimizer.lr 0.0003"]);
    check("We use a 0.1 learning rate decay.", &[]);
    check("We try 3 learning rates.", &[]);
    check("We use dropout 0.1 learning rate 0.001.", &["optimizer.lr 0.001", "dropout 0.1"]);
}

#[test]
fn rates_that_move() {
    check("The learning rate is annealed from 1e-3 to 1e-5.", &["optimizer.lr 0.001"]);
    check("The learning rate is constant and the weight decay increases from 0.04 to 0.4.", &["schedule.kind \"constant\""]);
    check("We linearly increase the learning rate over the first 4,000 steps.", &["schedule.warmup 4000.0 steps"]);
    check("We raise the learning rate tenfold and train for 10 epochs.", &["epochs 10.0 epochs"]);
}

#[test]
fn schedules_and_their_steps() {
    let is = |sentence: &str, schedule: &str| check(sentence, &[&format!("schedule.kind \"{schedule}\"")]);
    is(
        "The learning rate is divided by 10 at the 60th, 120th and 160th epochs.",
        "step decay, divided by 10 at 60 and 120 and 160 epochs",
    );
    is("We reduce the learning rate by 10x at epochs [30, 60].", "step decay, divided by 10 at 30 and 60 epochs");
    is("The learning rate is decayed by 10 at epoch 60.", "step decay, divided by 10 at 60 epochs");
    check("The loss weight is divided by 10 at epoch 60.", &[]);
    is("The learning rate is decayed every 30 epochs by a factor of 10.", "step decay, divided by 10 every 30 epochs");
    check("The temperature is decayed every 30 epochs by a factor of 10, the learning rate is 0.1.", &["optimizer.lr 0.1"]);
    is("We decay the learning rate linearly to zero.", "linear decay");
    check("The temperature is reduced linearly while the learning rate is 0.1.", &["optimizer.lr 0.1"]);
    is("We use CosineAnnealingLR.", "cosine decay");
    is("We use CosineAnnealingWarmRestarts.", "cosine decay with restarts");
    is("We use StepLR.", "step decay");
    is("We use ExponentialLR.", "exponential decay");
    check("Pairs are ranked by CosineSimilarity.", &[]);
}

#[test]
fn optimizers_that_were_taken() {
    check("When optimizing with Adam, the scale acts like the rate.", &[]);
    check("We adopted AdamW for all runs.", &["optimizer.kind \"AdamW\""]);
    check("We take AdamW as the optimizer.", &["optimizer.kind \"AdamW\""]);
    check("We selected Adam and SGD to compare.", &[]);
    check("It is stable, unlike Adam as the optimizer.", &[]);
}

#[test]
fn epochs_said_otherwise() {
    let is = |sentence: &str, epochs: u32| check(sentence, &[&format!("epochs {epochs}.0 epochs")]);
    is("The models were trained using 100 epochs.", 100);
    check("We evaluate the trained network every 5 epochs.", &[]);
    is("The training epochs are set to 50.", 50);
    is("We set the epochs to 50.", 50);
    check("We vary the number of training epochs from 10 to 100.", &[]);
    is("Training runs up to 100 epochs with early stopping (patience 10).", 100);
    is("We use early stopping (patience of 10) with at most 100 epochs.", 100);
    check("Up to 5 epochs of patience are allowed in training.", &[]);
    is("We use a 300-epoch training schedule.", 300);
    check("It is better than the usual 100-epoch schedule.", &[]);
}

#[test]
fn penalties_and_dropout_said_otherwise() {
    check("We add ℓ₂ regularization of 1e-4.", &["optimizer.weight_decay 0.0001"]);
    check("We use L2 regularization with a coefficient of 1e-4.", &["optimizer.weight_decay 0.0001"]);
    check("We use a weight decay strength of 0.1.", &["optimizer.weight_decay 0.1"]);
    check("The ℓ₂ norm of 0.5 bounds the noise.", &[]);
    check("Dropout is applied after each layer with a rate of 0.3.", &["dropout 0.3"]);
    check("Dropout is used and the learning rate is 0.1.", &["optimizer.lr 0.1"]);
}

#[test]
fn names_as_programs_spell_them() {
    check(
        "We pass learning_rate=1e-4, batch_size=32, weight_decay=0.01 and max_seq_length=128 to the script.",
        &["optimizer.lr 0.0001", "optimizer.weight_decay 0.01", "batch_size 32.0 examples", "max_seq_len 128.0 tokens"],
    );
    check("We pass max_grad_norm=1.0 and num_train_epochs=3 to the script.", &["epochs 3.0 epochs", "grad_clip_norm 1.0"]);
    check("The flag learning_rate_decay=0.1 is set.", &[]);
}

#[test]
fn warm_ups_said_otherwise() {
    check("We use a linear warmup (10% of the steps).", &["schedule.warmup 0.1 fraction"]);
    check("The first 5 epochs are used for warm-up.", &["schedule.warmup 5.0 epochs"]);
    check("We train with 5 epochs of gradual warmup.", &["schedule.warmup 5.0 epochs"]);
    check("We warm up the cache and prune weights (10% of all).", &[]);
}

#[test]
fn texts_that_are_cut() {
    check("Reviews are truncated to 256 tokens.", &["max_seq_len 256.0 tokens"]);
    check("Only the first 512 tokens are kept.", &["max_seq_len 512.0 tokens"]);
    check("We cut the corpus to 100k tokens.", &[]);
}

#[test]
fn what_adapters_are_put_on() {
    check(
        "We train a rank-16 LoRA on all attention layers.",
        &["lora.rank 16.0", "lora.target_modules [\"all attention layers\"]"],
    );
    check("The LoRA target modules are q_proj and v_proj.", &["lora.target_modules [\"q_proj\",\"v_proj\"]"]);
    check("Unlike LoRA, we add gates to all attention layers.", &[]);
}

#[test]
fn settings_in_other_words() {
    let is = |sentence: &str, fields: &[&str]| check(sentence, fields);
    is("We set the max number of the epoch to 6.", &["epochs 6.0 epochs"]);
    is("The number of local epochs is 12.", &["epochs 12.0 epochs"]);
    is("We use a learning rate of 1e-4 and 70 epochs.", &["optimizer.lr 0.0001", "epochs 70.0 epochs"]);
    check("The learning rate falls by 0.2 at 60, 120 and 160 epochs.", &[]);
    check("The figure has 3 panels and 70 epochs on its axis.", &[]);
    is("Training makes a single pass over the data.", &["epochs 1.0 epochs"]);
    is("We train with B = 24 as the mini-batch size.", &["batch_size 24.0 examples"]);
    is("We train with a batch size (after accumulation) of 96.", &["batch_size 96.0 examples"]);
    is("We set the learning rate η to 0.02.", &["optimizer.lr 0.02"]);
    is("We train with momentum coefficient α of 0.8.", &["optimizer.momentum 0.8"]);
    is("We use a warmup of 300 batches.", &["schedule.warmup 300.0 steps"]);
    is("Label-smoothed targets are used by setting ε = 0.2 in training.", &["label_smoothing 0.2"]);
    is("Gradients are clipped to a maximum norm of one.", &["grad_clip_norm 1.0"]);
    is("We set β to be (0 . 8 , 0 . 95).", &["optimizer.beta1 0.8", "optimizer.beta2 0.95"]);
    is("We train for 40 communication rounds.", &["steps 40.0 steps"]);
    check("Games last 40 rounds.", &[]);
}

#[test]
fn optimizers_and_schedules_in_other_words() {
    let is = |sentence: &str, field: &str| check(sentence, &[field]);
    is("We use a grid, early stopping, and Adam [X14] for optimization.", "optimizer.kind \"Adam\"");
    is("Weights are updated with RMSPROP.", "optimizer.kind \"RMSProp\"");
    check("A bound on updates is simpler with AdaMax than Adam.", &[]);
    let rates = |sentence: &str, shape: &str| check(sentence, &[&format!("schedule.kind \"{shape}\"")]);
    rates("We anneal the learning rate by 1/4 when validation accuracy drops.", "reduce on plateau, divided by 4");
    rates("The learning rate is lowered by 10 times at epoch 30 and 60.", "step decay, divided by 10 at 30 and 60 epochs");
    rates("We decay the learning rate at the 8-th epoch by 0.1.", "step decay, divided by 10 at 8 epochs");
    rates("We use a slanted triangular learning rate.", "linear decay");
    rates("The learning rate is kept constant.", "constant");
    check("The loss is lowered when the accuracy drops.", &[]);
}

/// Layers, hidden size, intermediate size and heads of each model that a sentence gives.
fn sizes(sentence: &str) -> Vec<[Option<u32>; 4]> {
    let spec = extract(&paper(&[("Model", &[sentence])]));
    spec.variants().map(|(v, _)| [v.num_layers, v.hidden_size, v.intermediate_size, v.num_heads]).collect()
}

#[test]
fn sizes_by_their_signs() {
    let signs = "We use a 6-layer Transformer with d_model = 512, d_ff = 2048 and 8 attention heads.";
    assert_eq!(sizes(signs), [[Some(6), Some(512), Some(2048), Some(8)]]);
    let names = "We use a 6-layer encoder with an FFN hidden size of 2048, a hidden dim of 512 and 8-head attention.";
    assert_eq!(sizes(names), [[Some(6), Some(512), Some(2048), Some(8)]]);
    let embedding = "We use a 6-layer encoder with an embedding dimension of 256 and a hidden size of 512.";
    assert_eq!(sizes(embedding), [[Some(6), Some(512), None, None]]);
    assert_eq!(sizes("We train a two-layer LSTM with 256 units."), [[Some(2), Some(256), None, None]]);
    assert!(sizes("The projection head is a two-layer MLP with 2048 units.").is_empty());
}
