//! Texts whose vectors cannot be learnt.

use crate::program::{Place, Refusal};

const SCORED: &str = "sentence1,sentence2,score\na bird,a red bird,4\na ship,bread,0.5\nan oven,a stove,3\n";
const TOGETHER: &str = "anchor,positive\na bird,a red bird\na ship,an old ship\n";

/// These tables of training and of testing are refused, with what else is set.
fn refused(train: &str, test: &str, set: &[&str], code: i32, words: &[&str], hint: &str) {
    let place = Place::new();
    place.write("data/train.csv", train);
    place.write("data/test.csv", test);
    let source = format!("data.source={{ kind = \"local\", path = {:?} }}", place.path("data"));
    let of_scores = test.starts_with("sentence1");
    let metric = if of_scores { "metric=spearman" } else { "metric=ndcg_at_10" };
    let set = [&["task=sentence_similarity", source.as_str(), metric, "recipe.batch_size=2"], set].concat();
    place.refuses(&set, &Refusal { code, words, hint });
}

#[test]
fn columns_that_are_no_texts_or_no_scores() {
    const HINT: &str = "with `data.columns.input` and `data.columns.label`";
    refused(
        "text\na\nb\n",
        TOGETHER,
        &[],
        20,
        &["cannot tell which column holds the text and which the one that belongs to it: it has `text`"],
        HINT,
    );
    refused(
        SCORED,
        SCORED,
        &["data.columns.label=mark"],
        20,
        &["train.csv` has no column `mark`: it has `sentence1`, `sentence2`, `score`"],
        HINT,
    );
    let words = ["train.csv`, line 3, column `score`: expected a finite number, found", "much"];
    refused(&SCORED.replace("0.5", "much"), SCORED, &[], 20, &words, "correct the value");
    refused(
        &SCORED.replace("0.5", "NaN"),
        SCORED,
        &[],
        20,
        &["train.csv`, line 3, column `score`: expected a finite number"],
        "correct the value",
    );
    refused(&SCORED.replace(",0.5", ","), SCORED, &[], 20, &["train.csv`, line 3, column `score`: there is no label"], "");
}

#[test]
fn nothing_to_tell_apart() {
    refused(
        &SCORED.replace("0.5", "4").replace(",3", ",4"),
        SCORED,
        &[],
        10,
        &["`data.columns.label`: all scores of `train` are 4"],
        "",
    );
    let same = "anchor,positive\na bird,bread\na ship,bread\n";
    refused(same, TOGETHER, &[], 20, &["split `train`: all texts in column `positive` are the same"], "a column `negative`");
    let blank = "anchor,positive\na bird,\n,a ship\n";
    refused(blank, TOGETHER, &[], 20, &["split `train`: all of its 2 rows have a blank text"], "");
    refused(TOGETHER, "anchor,positive\n", &[], 20, &["split `test` is empty"], "");
}

#[test]
fn losses_and_metrics_of_something_else() {
    refused(
        SCORED,
        SCORED,
        &["similarity.kind=contrastive"],
        10,
        &["`metric`: expected a metric of what `contrastive` is for, found Spearman"],
        "",
    );
    let words = [
        "`similarity.kind`: `contrastive` is not for pairs with a score (`cosine` is)",
        "`metric`: nDCG@10 does not measure pairs with a score",
    ];
    refused(SCORED, SCORED, &["similarity.kind=contrastive", "metric=ndcg_at_10"], 10, &words, "");
    refused(TOGETHER, TOGETHER, &["metric=triplet_accuracy"], 10, &["`metric`: triplet accuracy does not measure"], "");
    refused(
        TOGETHER,
        TOGETHER,
        &["recipe.batch_size=1"],
        10,
        &["`recipe.batch_size`: `contrastive` compares the examples of a step: expected at least 2, found 1"],
        "",
    );
    let words = ["`similarity.score_range`: expected two scores, the lower one first, found 5 and 0"];
    refused(SCORED, SCORED, &["similarity={ kind = \"cosine\", score_range = [5.0, 0.0] }"], 10, &words, "");
    refused(
        TOGETHER,
        TOGETHER,
        &["similarity={ kind = \"contrastive\", scale = 0 }"],
        10,
        &["`similarity.scale`: expected a number above 0"],
        "",
    );
    let place = Place::new();
    let set = ["similarity.kind=cosent"];
    place.refuses(&set, &Refusal { code: 10, words: &["`similarity`: expected the task `sentence_similarity`"], hint: "" });
}
