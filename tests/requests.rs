//! Requests in ordinary words, as a user gives them to the program: what is planned for data and model at hand.

use program::{Place, said, succeeds};
use std::path::Path;

#[expect(dead_code, reason = "others use the rest")]
mod program;

/// A GPT of one layer that has learnt a few words, and where it lies.
fn decoder(place: &Place) -> std::path::PathBuf {
    let text = "the cat sat on the mat and the dog sat on the cat. ".repeat(60);
    let (text, out) = (place.write("words.txt", text), place.run());
    let mut train = place.tallow(["train", "--offline", "--threads=2", "--out"]);
    train.arg(&out).arg(place.write(
        "gpt.toml",
        format!(
            r#"
version = 1
title = "A tiny GPT"
task = "language_modelling"
metric = "perplexity"
seeds = [0]

[data]
source = {{ kind = "local", path = {text:?} }}
train = "train"
held_out = "test"
held_out_frac = 0.1
monitor = {{ kind = "none" }}

[model]
kind = "scratch"

[model.config]
family = "gpt2"
vocab_size = 300
n_positions = 128
n_embd = 16
n_layer = 1
n_head = 2
activation_function = "gelu_new"
resid_pdrop = 0.0
embd_pdrop = 0.0
attn_pdrop = 0.0
layer_norm_epsilon = 1e-5
initializer_range = 0.02
tie_word_embeddings = true

[recipe]
optimizer = {{ kind = "adamw" }}
lr = 1e-3
schedule = {{ kind = "constant", warmup = {{ steps = 0 }} }}
length = {{ steps = 2 }}
batch_size = 4
max_seq_len = 32
"#
        ),
    ));
    succeeds(&mut train);
    out.join("model")
}

/// The experiment that is planned for a request.
fn planned(place: &Place, request: &str, model: &Path) -> serde_json::Value {
    let mut plan = place.tallow(["plan", request, "--offline", "--json", "--model"]);
    let said = succeeds(plan.arg(model));
    serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said:#?}"))
}

/// A model that tells words learns answers where the rows are conversations, and preferences where there are two answers each.
#[test]
fn rows_say_what_a_model_of_words_learns() {
    let place = Place::new();
    let model = decoder(&place);
    let rows = |row: &dyn Fn(usize) -> serde_json::Value| serde_json::Value::Array((0..60).map(row).collect()).to_string();
    let asked = rows(&|i| serde_json::json!({"instruction": format!("Say {i}."), "input": "", "output": format!("It is {i}.")}));
    let preferred = rows(&|i| {
        let says = |from: &str, value: String| serde_json::json!({"from": from, "value": value});
        serde_json::json!({
            "conversations": [says("human", format!("Say {i}."))],
            "chosen": says("gpt", format!("It is {i}.")), "rejected": says("gpt", "No.".into()),
        })
    });
    let words = rows(&|i| serde_json::json!({"text": format!("the cat sat on mat {i}")}));
    for (name, rows, task) in [
        ("asked.json", asked, "instruction_tuning"),
        ("preferred.json", preferred, "preference_optimization"),
        ("words.json", words, "language_modelling"),
    ] {
        let file = place.write(name, rows);
        let plan = planned(&place, &format!("fine-tune with LoRA on {}", file.display()), &model);
        assert_eq!(plan["spec"]["task"], task, "{name}: {plan:#}");
        assert!(plan["spec"]["adapter"].is_object(), "{name}");
    }
}

/// Languages that are named choose the columns that are called by them; where none are, the pairs that there are.
#[test]
fn languages_choose_columns_and_demand_none() {
    let place = Place::new();
    let of = |name: &str, [first, second]: [&str; 2]| {
        let rows: String = (0..80).map(|i| format!("the cat {i},die Katze {i}\n")).collect();
        let file = place.write(name, format!("{first},{second}\n{rows}"));
        let request = format!("train a transformer to translate German to English on {}", file.display());
        let said = succeeds(&mut place.tallow(["plan", &request, "--offline", "--json"]));
        let plan: serde_json::Value = serde_json::from_str(&said.stdout).expect("a plan");
        let columns = plan["spec"]["data"]["columns"].clone();
        let assumed = plan["assumptions"].to_string().contains("for no columns are called so");
        assert_eq!(plan["spec"]["task"], "text_to_text", "{plan:#}");
        (columns["input"][0].clone(), columns["label"].clone(), assumed)
    };
    assert_eq!(of("named.csv", ["en", "de"]), ("de".into(), "en".into(), false));
    assert_eq!(of("others.csv", ["source", "target"]), ("source".into(), "target".into(), true));
}

/// What a paper is read by tells of itself, too: not where a machine reads the plan.
#[test]
fn the_plan_of_a_paper_is_one_value() {
    let place = Place::new();
    let said = succeeds(&mut place.tallow(["plan", "--example", "--offline", "--json"]));
    let plan: serde_json::Value = serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said:#?}"));
    assert!(plan["spec"]["task"].is_string(), "{plan:#}");
}

/// Rows whose label is what programs write where nothing is known are left out, which is said; images without a class are, too.
#[test]
fn what_may_not_be_meant_is_told() {
    let place = Place::new();
    let rows: String = (0..80).map(|i| format!("the cat {i} sat,{}\n", ["good", "bad", "NaN"][i % 3])).collect();
    let file = place.write("labels.csv", format!("text,label\n{rows}"));
    let plan = plan_of(&place, &format!("train a BERT of 1 layer with hidden size 16 on {} from scratch", file.display()));
    let left_out = "26 of 80 rows of `train` are left out, for they have no `label`";
    assert!(plan["assumptions"].to_string().contains(left_out), "{:#}", plan["assumptions"]);
    assert_eq!(plan["facts"]["data"]["labels"], serde_json::json!(["bad", "good"]));
    let data = |path: &Path| {
        let mut command = place.tallow(["data"]);
        succeeds(command.arg(path).arg("--offline")).stdout
    };
    let said = data(&file);
    assert!(said.contains("26 rows with the label `NaN`"), "{said}");
    let png = {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(8, 8).write_to(&mut bytes, image::ImageFormat::Png).expect("an image");
        bytes.into_inner()
    };
    for name in ["cat/a", "cat/b", "cat/old/c", "dog/a", "dog/new/b", "stray"] {
        place.write(&format!("animals/{name}.png"), &png);
    }
    let said = data(&place.path("animals"));
    assert!(said.contains("train") && said.contains("1 image outside any class folder, such as `stray.png`"), "{said}");
    assert!(said.contains("5 rows") || said.contains("5"), "{said}");
}

/// The jail that looks at a table holds the files that its rows name as well; one that is not there is told.
#[test]
fn files_that_rows_name_are_looked_at_with_them() {
    let place = Place::new();
    let mut png = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8).write_to(&mut png, image::ImageFormat::Png).expect("an image");
    (0..3).for_each(|i| drop(place.write(&format!("pictures/{i}.png"), png.get_ref())));
    let rows: String = (0..4).map(|i| format!("{i}.png,{}\n", ["cat", "dog"][i % 2])).collect();
    let said = succeeds(
        place.tallow(["data", "--offline"]).arg(place.write("pictures/metadata.csv", format!("file_name,label\n{rows}"))),
    );
    for words in ["image classification", "images; 1 different", "`file_name` names 1 file such as `3.png` that cannot be read"] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
}

fn plan_of(place: &Place, request: &str) -> serde_json::Value {
    let said = succeeds(&mut place.tallow(["plan", request, "--offline", "--json"]));
    serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said:#?}"))
}

#[test]
fn a_llama_from_scratch_is_one_of_the_zoo() {
    let place = Place::new();
    let text = place.write("words.txt", "the cat sat on the mat and the dog sat on the cat. ".repeat(400));
    let plan = plan_of(&place, &format!("train a Llama of 2 layers with hidden size 64 on {} from scratch", text.display()));
    let config = &plan["spec"]["model"]["config"];
    assert_eq!(
        (&config["family"], &config["num_hidden_layers"], &config["hidden_size"]),
        (&"llama".into(), &2.into(), &64.into())
    );
}

#[test]
fn a_question_names_its_column() {
    let place = Place::new();
    let rows: String =
        (0..120).map(|i| format!("{},{},{}\n", i % 2 * 10 + i % 7, ["a", "b"][i / 60], ["rose", "tulip"][i % 2])).collect();
    let file = place.write("flowers.csv", format!("height,place,species\n{rows}"));
    for words in ["which species is it?", "tell me what species a flower is"] {
        let plan = plan_of(&place, &format!("{words} {}", file.display()));
        assert_eq!(plan["facts"]["data"]["columns"]["label"], "species", "{words}");
    }
}

/// A tokenizer that cannot be had is told; the same model is not proposed again and again.
#[test]
fn a_model_from_scratch_whose_tokenizer_is_not_there() {
    let place = Place::new();
    let refused = said(&mut place.tallow(["plan", "train a T5-small from scratch on toy_translation", "--offline"]));
    assert!(refused.code == Some(60) && refused.stderr.contains("google-t5/"), "{refused:#?}");
    // The family by its name alone has one that is made from the data.
    let planned = said(&mut place.tallow(["plan", "train a T5 from scratch on toy_translation", "--offline"]));
    assert_eq!(planned.code, Some(0), "{planned:#?}");
}

/// What an hour of the machine costs is told in plan and report, and what may be spent is kept.
#[test]
fn what_a_machine_costs() {
    let place = Place::new();
    let prices = place.write(
        "prices.toml",
        "[host]\nusd_per_hour = 36000.0\n[gpus.big]\nusd_per_hour = 2.5\ntflops = 100.0\nmemory_gib = 24\n",
    );
    let with = |mut command: std::process::Command| {
        command.arg("--offline").env("TALLOW_PRICES", &prices);
        said(&mut command)
    };
    let out = place.run();
    let poor = {
        let mut train = place.train(&[], &out);
        train.args(["--max-usd", "0.5"]);
        with(train)
    };
    assert_eq!(poor.code, Some(42), "{poor:#?}");
    for words in ["`budget.max_usd` is $0.5 for the whole run", "at $36000 an hour", "--max-usd 10"] {
        assert!(poor.stderr.contains(words), "{words}: {poor:#?}");
    }
    let mut resume = place.tallow(["resume"]);
    resume.arg(&out).args(["--max-usd", "100000"]);
    let done = with(resume);
    assert_eq!(done.code, Some(0), "{done:#?}");
    let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("an hour of this machine that is"), "{report}");
    let plan = with(place.tallow(["plan".as_ref(), place.path("tiny.toml").as_os_str()]));
    for words in ["of this machine, at $36000 an hour", "big: about", "cost: training takes about"] {
        assert!(plan.stdout.contains(words), "{words}: {plan:#?}");
    }
    // Nobody says what an hour costs: the limit holds for nothing here, and that is said.
    let unpriced = |command: &str, what: &std::path::Path| {
        let mut command = place.tallow([command.as_ref(), what.as_os_str()]);
        said(command.args(["--max-usd", "0.5", "--offline"]))
    };
    let tiny = place.path("tiny.toml");
    for done in [unpriced("plan", &tiny), unpriced("train", &tiny)] {
        let told = format!("{}{}", done.stdout, done.stderr);
        assert!(
            done.code == Some(0) && told.contains("cost: the limit of $0.5 cannot be held for the time of this machine"),
            "{done:#?}"
        );
    }
    place.write("prices.toml", "[host]\nusd_per_hour = -1.0\n");
    let wrong = with(place.tallow(["plan".as_ref(), place.path("tiny.toml").as_os_str()]));
    assert!(
        wrong.code == Some(2) && wrong.stderr.contains("`host.usd_per_hour`: expected US dollars, at least 0, found -1"),
        "{wrong:#?}"
    );
}

/// What is said of a model from scratch, its data and its optimiser stands in the experiment.
#[test]
fn settings_reach_the_experiment() {
    let place = Place::new();
    let plan = |request: &str| -> serde_json::Value {
        let said = succeeds(&mut place.tallow(["plan", request, "--offline", "--json"]));
        serde_json::from_str(&said.stdout).unwrap_or_else(|e| panic!("{e}: {said:#?}"))
    };
    let novel = place.write("novel.txt", "the cat sat on the mat and the dog sat on the cat. ".repeat(400));
    let gpt = plan(&format!(
        "train a character-level GPT with 2 layers, 2 heads, 32 embedding dim, ffn 64, context 16 on {} for 50 iterations, adamw betas \
         (0.9, 0.98) eps 1e-6, cosine lr from 1e-3 to 1e-4, batch size 8",
        novel.display()
    ));
    let (model, recipe) = (&gpt["spec"]["model"], &gpt["spec"]["recipe"]);
    assert_eq!(model["tokenizer"]["trained"], "characters", "{gpt:#}");
    // The letters of `acdeghmnost`, blank and stop, what stands between texts, and what is none of these.
    assert_eq!(model["config"]["vocab_size"], 15, "{model:#}");
    let sizes = ["n_layer", "n_head", "n_embd", "n_inner"].map(|key| model["config"][key].as_u64());
    assert_eq!(sizes, [2, 2, 32, 64].map(Some), "{model:#}");
    assert_eq!((&recipe["length"]["steps"], &recipe["lr"]), (&50.into(), &1e-3.into()));
    assert_eq!((&recipe["schedule"]["kind"], &recipe["schedule"]["min_lr_frac"]), (&"cosine".into(), &0.1.into()), "{recipe:#}");
    assert_eq!((&recipe["optimizer"]["beta2"], &recipe["optimizer"]["eps"]), (&0.98.into(), &1e-6.into()));
    assert_eq!(gpt["deviations"].as_array().map(Vec::len), Some(0), "{:#}", gpt["deviations"]);

    let images = plan(
        "train a ViT from scratch with patch size 8, depth 2, dim 32, 2 heads on toy_shapes at 24px with flip and crop, mixup 0.4, sgd \
         nesterov 0.8, wd 1e-3, 1 epoch, gradient checkpointing",
    );
    let (spec, recipe) = (&images["spec"], &images["spec"]["recipe"]);
    assert_eq!(spec["data"]["image"]["height"], 24, "{images:#}");
    assert_eq!((&spec["model"]["config"]["patch_size"], &spec["model"]["config"]["image_size"]), (&8.into(), &24.into()));
    let augment: Vec<_> = recipe["augment"].as_array().into_iter().flatten().map(|change| change["kind"].clone()).collect();
    for kind in ["pad_crop", "horizontal_flip", "mixup"] {
        assert!(augment.contains(&kind.into()), "{kind}: {augment:?}");
    }
    assert_eq!(recipe["optimizer"], serde_json::json!({"kind": "sgd", "momentum": 0.8, "nesterov": true, "weight_decay": 1e-3}));
    assert_eq!(recipe["gradient_checkpointing"], true);

    let pairs =
        plan("translate toy_translation with 2 encoder and 2 decoder layers, d_model 32, 2 heads, vocabulary 500, beam size 3");
    assert_eq!(pairs["spec"]["text_to_text"]["num_beams"], 3, "{pairs:#}");
    assert_eq!(pairs["spec"]["model"]["config"]["vocab_size"], 500);
}

/// Of a table whose rows are of patients, from the request to the files that are trained on: no patient is in two of them, nor is any row
/// lost; and from a date on what is held out is later than what is trained on.
#[test]
fn rows_that_belong_together_stand_on_one_side() {
    let place = Place::new();
    // The number tells who it is of, so that it can be found again behind what is prepared.
    let row = |i: usize| format!("p{},{},{},{}\n", i % 30, i % 30, 2015 + i % 8, ["ill", "well"][(i % 30 + i / 30) % 2]);
    let rows: String = (0..300).map(row).collect();
    let file = place.write("visits.csv", format!("patient_id,number,year,state\n{rows}"));
    let numbers = |file: &Path| -> Vec<Vec<u32>> {
        let tensors = candle_core::safetensors::load(file, &candle_core::Device::Cpu).expect("prepared");
        let numbers = tensors["numbers"].to_vec2::<f32>().expect("numbers");
        numbers.into_iter().map(|row| row.into_iter().map(f32::to_bits).collect()).collect()
    };
    let run = |words: &str| {
        let out = place.run();
        let mut run = place.tallow(["do", "--offline", "--threads=2", "--out"]);
        run.arg(&out).arg(format!("predict state in {} with a perceptron, 1 epoch, {words}", file.display()));
        succeeds(&mut run);
        let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
        let [train, held_out] = ["data/prepared/train.safetensors", "data/held_out/test.safetensors"].map(|file| out.join(file));
        (numbers(&train), numbers(&held_out), report, out)
    };
    let (train, held_out, report, out) = run("using number, split by patient, hold out 30 rows for validation");
    assert_eq!((train.len() + held_out.len(), held_out.len()), (300, 60));
    assert!(train.iter().all(|row| !held_out.contains(row)), "a patient on both sides");
    assert!(report.contains("those of one `patient_id` together"), "{report}");
    assert!(report.contains("60 of 300 rows of `train`, those of 6 among 30 values of `patient_id`"), "{report}");
    let of = |file: &str| candle_core::safetensors::load(out.join(file), &candle_core::Device::Cpu).expect("prepared");
    assert!(of("data/prepared/train.safetensors").contains_key("groups"), "what is watched is drawn by them");
    let (train, held_out, report, _) = run("using year, train on everything before 2021 and test on 2021 and later");
    assert_eq!((train.len() + held_out.len(), held_out.len()), (300, 74));
    assert!(train.iter().all(|row| !held_out.contains(row)), "a year on both sides");
    assert!(report.contains("74 of 300 rows of `train`, those whose `year` is 2021 or later, 24.7 %"), "{report}");
    let mut early = place.tallow(["plan", "--offline"]);
    early.arg(format!("predict state in {}, test on everything from 2031 on", file.display()));
    let refused = said(&mut early);
    assert!(refused.code == Some(20) && refused.stderr.contains("it goes from 2015 to 2022; found `2031`"), "{refused:#?}");
}

/// Rows that a request chooses are all that is prepared, of what is trained on and of what is held out; what chooses none is told.
#[test]
fn rows_are_chosen_by_what_they_hold() {
    let place = Place::new();
    let row = |i: usize| format!("{i},{},{},{}\n", 18 + i % 50, ["DE", "FR", "US"][i % 3], ["ill", "well"][i / 3 % 2]);
    let rows: String = (0..300).map(row).collect();
    let file = place.write("people.csv", format!("number,age,country,state\n{rows}"));
    let count = |file: std::path::PathBuf| {
        let tensors = candle_core::safetensors::load(file, &candle_core::Device::Cpu).expect("prepared");
        tensors["numbers"].dims()[0]
    };
    let out = place.run();
    let mut run = place.tallow(["do", "--offline", "--threads=2", "--out"]);
    run.arg(&out).arg(format!(
        "predict state in {} with a perceptron from age, 1 epoch, only rows where country is DE or FR, skip the rows where age is under 30",
        file.display()
    ));
    succeeds(&mut run);
    let wanted = (0..300).filter(|i| i % 3 < 2 && 18 + i % 50 >= 30).count();
    let [train, held_out] =
        ["data/prepared/train.safetensors", "data/held_out/test.safetensors"].map(|file| count(out.join(file)));
    assert_eq!(train + held_out, wanted);
    let report = std::fs::read_to_string(out.join("report.md")).expect("a report");
    assert!(report.contains("country") && report.contains("is DE or FR; without those whose"), "{report}");
    succeeds(&mut place.tallow(["verify".as_ref(), out.as_os_str()]));
    let plan =
        plan_of(&place, &format!("predict state in {} with a perceptron, only rows where country is Spain", file.display()));
    assert!(plan["spec"]["data"]["rows"].is_null(), "{plan}");
    let told = plan["spec"]["deviations"].to_string();
    assert!(told.contains("only rows where country is Spain"), "{told}");
}
