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
