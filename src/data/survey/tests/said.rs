//! Columns that a request says in other words than their names, and tables of which a model of texts is to read the texts.

use super::*;

/// What is found of a table with these hints, or why nothing is.
fn found(table: (&str, &str), hints: &DataSpecHints) -> std::result::Result<DataFacts, String> {
    let dir = folder(&[table]);
    let place = DataSource::Local { path: dir.path().join(table.0) };
    hinted(&place, hints, dir.path()).map_err(|error| error.to_string())
}

fn perhaps(perhaps: PerhapsColumns) -> DataSpecHints {
    DataSpecHints { perhaps, ..DataSpecHints::default() }
}

fn label_of(facts: std::result::Result<DataFacts, String>) -> std::result::Result<String, String> {
    facts.map(|facts| facts.columns.label.unwrap_or_default())
}

fn loans() -> String {
    let row =
        |i: usize| format!("{i},{},{},{},{}\n", i * 23 % 61 * 500, ["A", "B", "C"][i % 3], 10_000 + i * 37 % 61 * 100, i / 3 % 2);
    "loan_id,income,grade,zip,defaulted\n".to_string() + &(0..60).map(row).collect::<String>()
}

fn tickets() -> String {
    let row = |i: usize| {
        let subject = ["refund charge", "password locked", "crash error"][i % 3];
        let (category, priority) = (["billing", "login", "bug"][i % 3], ["low", "high"][i / 3 % 2]);
        let body = format!("hello I have a question about my account number {i} please");
        format!("{i},{subject},{body},{category},{priority},2024-{:02}-{:02}\n", 1 + i % 12, 1 + i % 28)
    };
    "id,subject,body,category,priority,created\n".to_string() + &(0..60).map(row).collect::<String>()
}

#[test]
fn a_label_is_said_in_another_form() {
    let row = |i: usize| format!("p{i},{},{}\n", 20 + i % 11, ["no", "yes"][i % 2]);
    let patients = "patient_id,age,readmitted\n".to_string() + &(0..60).map(row).collect::<String>();
    let of = |label: &str| {
        let columns = Columns { label: Some(label.into()), ..Columns::default() };
        label_of(found(("patients.csv", &patients), &DataSpecHints { columns, ..DataSpecHints::default() }))
    };
    for label in ["readmission", "hospital readmissions", "readmitted"] {
        assert_eq!(of(label), Ok("readmitted".into()), "{label}");
    }
    // What is called otherwise is none, nor is the number of a row.
    for label in ["prix", "patients"] {
        let error = of(label).expect_err("none");
        assert!(error.contains(&format!("has no column `{label}`: it has `patient_id`, `age`, `readmitted`")), "{error}");
    }
}

#[test]
fn a_label_is_said_in_passing() {
    let of = |open: &[&str]| {
        label_of(found(("loans.csv", &loans()), &perhaps(PerhapsColumns { open: names(open), ..PerhapsColumns::default() })))
    };
    for phrase in ["loans default", "flags defaults", "default risk"] {
        assert_eq!(of(&[phrase]), Ok("defaulted".into()), "{phrase}");
    }
    assert_eq!(of(&["a grade", "flags defaults"]), Ok("grade".into()), "the one that is called so");
    for open in [&["loans"][..], &[]] {
        let error = of(open).expect_err("unclear");
        assert!(error.contains("cannot tell which column holds the label: it has `loan_id`, `income`"), "{error}");
    }
    let error = of(&["grade", "income"]).expect_err("one of two");
    assert!(error.contains("of `grade`, `income`, which the request names, not what they are for"), "{error}");
    // Nor is one that is said to be left out.
    let (open, exclude) = (names(&["catch every default", "income figures come"]), names(&["income figures", "income"]));
    let hints = PerhapsColumns { open, exclude, ..Default::default() };
    assert_eq!(label_of(found(("loans.csv", &loans()), &perhaps(hints))), Ok("defaulted".into()));
    // Columns that it is told from are none.
    let hints = PerhapsColumns { open: names(&["income", "flags defaults"]), input: names(&["income"]), ..Default::default() };
    assert_eq!(label_of(found(("loans.csv", &loans()), &perhaps(hints))), Ok("defaulted".into()));
}

#[test]
fn what_is_not_to_be_used_is_said_in_other_words() {
    let left_out = |exclude: &str, open: &str| {
        let label = names(&["defaulted"]);
        let hints = PerhapsColumns { label, exclude: names(&[exclude]), open: names(&[open]), ..PerhapsColumns::default() };
        let facts = found(("loans.csv", &loans()), &perhaps(hints)).expect("surveyed");
        facts.table.expect("a table").left_out
    };
    let is_out = |found: &[String], name: &str| found.iter().any(|own| own == name);
    assert!(is_out(&left_out("ZIP code", "ZIP code must"), "zip"));
    assert!(is_out(&left_out("grades", "no grades"), "grade"));
    // Of words that something else came of, or that say more, no column is meant.
    assert!(!is_out(&left_out("grades", "something else"), "grade"));
    assert!(!is_out(&left_out("low grades", "low grades"), "grade"));
}

#[test]
fn a_model_of_texts_reads_the_texts_of_a_table() {
    let of = |input: &[&str], exclude: &[&str], reads_texts: bool| {
        let (label, input, exclude) = (names(&["priority"]), names(input), names(exclude));
        let hints = PerhapsColumns { label, input, exclude, reads_texts, ..PerhapsColumns::default() };
        found(("tickets.csv", &tickets()), &perhaps(hints)).expect("surveyed")
    };
    let both = of(&["subject", "body"], &[], true);
    assert_eq!((both.task, both.columns.input), (Some(Task::TextClassification), names(&["subject", "body"])));
    assert_eq!((both.columns.label.as_deref(), both.table), (Some("priority"), None));
    // Of several texts the long one, and what is left out is told.
    let long = of(&[], &[], true);
    assert_eq!((long.task, long.columns.input), (Some(Task::TextClassification), names(&["body"])));
    let told =
        "data.columns: `body` is read, `id`, `subject`, `category`, `created` left out: a model of texts reads one text or two";
    assert!(long.notes.iter().any(|note| note == told), "{:?}", long.notes);
    // As it is found again, with the task that was found.
    let columns = Columns { label: Some("priority".into()), ..Columns::default() };
    let hints = DataSpecHints { task: Some(Task::TextClassification), columns, ..DataSpecHints::default() };
    let again = found(("tickets.csv", &tickets()), &hints).expect("surveyed");
    assert_eq!((again.columns.input, again.notes), (names(&["body"]), long.notes.clone()));
    let without = of(&[], &["subject"], true);
    assert_eq!((without.columns.input, without.columns.exclude), (names(&["body"]), names(&["subject"])));
    // Ids, times and two classes say less than a long text, whatever model is asked for.
    let unasked = of(&[], &[], false);
    assert_eq!((unasked.columns.input, unasked.notes), (names(&["body"]), long.notes.clone()));
}

#[test]
fn a_table_without_texts_is_one_whatever_was_asked_for() {
    let hints = PerhapsColumns { label: names(&["defaulted"]), reads_texts: true, ..PerhapsColumns::default() };
    let facts = found(("loans.csv", &loans()), &perhaps(hints)).expect("surveyed");
    assert_eq!((facts.task, facts.table.is_some()), (Some(Task::TabularClassification), true));
}

/// By their whole path, as an input, as a label, and where it cannot be told which is meant.
#[test]
fn fields_of_columns_are_named_by_their_path() {
    let row = |i: usize| {
        let body = format!("what was said in review number {i} of many");
        format!("{{\"review\":{{\"body\":\"{body}\",\"stars\":{}}},\"label\":\"{}\"}}\n", 1 + i % 5, ["good", "bad"][i % 2])
    };
    let rows = (0..40).map(row).collect::<String>();
    let table = ("big.jsonl", rows.as_str());
    let input = PerhapsColumns { input: names(&["review.body"]), ..PerhapsColumns::default() };
    let facts = found(table, &perhaps(input)).expect("surveyed");
    assert_eq!((facts.columns.input, facts.columns.label), (names(&["review.body"]), Some("label".into())));
    let error = found(table, &DataSpecHints::default()).expect_err("unclear");
    assert!(error.contains("the input: it has `review`, `review.body`, `review.stars`, `label`"), "{error}");
    let columns = Columns { input: names(&["review.body"]), label: Some("review.stars".into()), ..Columns::default() };
    let facts = found(table, &DataSpecHints { columns, ..DataSpecHints::default() }).expect("surveyed");
    assert_eq!((facts.columns.label.as_deref(), facts.labels), (Some("review.stars"), names(&["1", "2", "3", "4", "5"])));
}

/// What is said of columns by their own names holds in any grammar, and texts are read where they are named or long.
#[test]
fn columns_are_named_in_any_grammar() {
    let row = |i: usize| {
        let text = format!("this is what somebody wrote about the product number {i} after a while");
        let sentiment = ["bad", "good"][i / 2 % 2];
        format!("{i},{text},{sentiment},{},{},2024-{:02}-{:02}\n", 1 + i % 5, ["AT", "CH"][i % 2], 1 + i % 12, 1 + i % 28)
    };
    let reviews = "review_id,review_text,sentiment,stars,country,posted\n".to_string() + &(0..60).map(row).collect::<String>();
    let pair = |i: usize| format!("how do I mend {},where do I mend {},{}\n", i % 9, i % 7, i / 3 % 2);
    let pairs = "first_q,second_q,is_same\n".to_string() + &(0..60).map(pair).collect::<String>();
    let of = |name: &str, text: &str, said: &str| {
        let says = vec![said.to_string()];
        found((name, text), &perhaps(PerhapsColumns { says, ..PerhapsColumns::default() })).map(|facts| {
            let Columns { label, input, exclude, .. } = facts.columns;
            let input = if facts.table.is_some() { "a table".to_string() } else { input.join(" ") };
            (label.unwrap_or_default(), input, exclude.join(" "))
        })
    };
    let is = |label: &str, input: &str, exclude: &str| Ok((label.to_string(), input.to_string(), exclude.to_string()));
    for (said, label, input) in [
        ("subject and body together as input, category as label", "category", "subject body"),
        ("Text steht in body, die Klasse in priority", "priority", "body"),
        ("entrada body, rótulo category", "category", "body"),
        ("文本列是“body”，标签列是“category”", "category", "body"),
        ("predict priority from body", "priority", "body"),
    ] {
        assert_eq!(of("tickets.csv", &tickets(), said), is(label, input, ""), "{said}");
    }
    assert_eq!(of("r.csv", &reviews, "train a model to predict sentiment from review_text"), is("sentiment", "review_text", ""));
    assert_eq!(of("r.csv", &reviews, "prédire sentiment à partir de review_text"), is("sentiment", "review_text", ""));
    assert_eq!(of("r.csv", &reviews, "the target is sentiment"), is("sentiment", "review_text", ""), "a long text is there");
    assert_eq!(of("r.csv", &reviews, "(review_text, sentiment)"), is("sentiment", "review_text", ""));
    assert_eq!(of("p.csv", &pairs, "same questions (first_q, second_q, is_same)"), is("is_same", "first_q second_q", ""));
    assert_eq!(
        of("l.csv", &loans(), "un regressore per la colonna income, escludi zip").map(|found| found.0),
        Ok("income".into())
    );
}

/// Hints of what somebody says.
fn says(text: &str) -> DataSpecHints {
    perhaps(PerhapsColumns { says: names(&[text]), ..PerhapsColumns::default() })
}

fn posts() -> String {
    let row = |i: usize| {
        format!("{i},a post about thing number {i} with words,{},{},{},{}\n", i % 2, i / 2 % 2, i / 4 % 2, ["low", "high"][i % 2])
    };
    "id,post,rude,spam,offtopic,urgency\n".to_string() + &(0..60).map(row).collect::<String>()
}

#[test]
fn columns_of_0_and_1_that_are_told_together_are_several_labels() {
    let labels = |text: &str| {
        let facts = found(("posts.csv", &posts()), &says(text)).expect("surveyed");
        (facts.task, facts.columns.input.join(" "), facts.columns.labels.join(" "))
    };
    let all = |labels: &str| (Some(Task::TextMultiLabel), "post".to_string(), labels.to_string());
    assert_eq!(labels("posts.csv, predict rude, spam and offtopic"), all("rude spam offtopic"));
    assert_eq!(labels("posts.csv, labels rude, spam; read post"), all("rude spam"));
    assert_eq!(labels("posts.csv: post, then a 0/1 column each (rude, spam, offtopic)"), all("rude spam offtopic"));
    // What the reader of requests took of a list is no label by itself.
    let columns = Columns { label: Some("rude".into()), ..Columns::default() };
    let hints = DataSpecHints { columns, ..says("predict rude, spam and offtopic from post") };
    assert_eq!(found(("posts.csv", &posts()), &hints).expect("surveyed").columns.labels, names(&["rude", "spam", "offtopic"]));
    assert_eq!(labels("posts.csv, predict rude, spam, offtopic from post"), all("rude spam offtopic"));
    // No table of numbers tells several things.
    let numbers =
        "a,b,rude,spam\n".to_string() + &(0..60).map(|i| format!("{i},{},{},{}\n", i % 7, i % 2, i / 2 % 2)).collect::<String>();
    let error = found(("n.csv", &numbers), &says("predict rude and spam from a and b")).expect_err("two");
    assert!(error.contains("`rude`, `spam` are all to be told"), "{error}");
    // Of others one is not told as if the rest had not been asked for.
    let error = found(("posts.csv", &posts()), &says("predict urgency and spam from post")).expect_err("two");
    assert!(error.contains("`urgency`, `spam` are all to be told"), "{error}");
}

#[test]
fn a_label_is_found_where_no_words_name_it() {
    let row = |i: usize| format!("p{i},what is said in text {i},{},{}\n", ["calm", "tense", "-"][i % 3], i % 7);
    let csv = "row_key,body,gold_label,length\n".to_string() + &(0..60).map(row).collect::<String>();
    let label = |file: &str, text: &str| {
        let csv = if file.starts_with("posts") { posts() } else { csv.clone() };
        label_of(found((file, &csv), &says(text)))
    };
    assert_eq!(label("notes.csv", "minilm on notes.csv"), Ok("gold_label".into()), "it ends so");
    let loans = loans().replace("grade", "tier");
    let of = |file: &str, text: &str| label_of(found((file, &loans), &says(text)));
    assert_eq!(of("default_export.csv", "who will not pay?"), Ok("defaulted".into()), "the file is called so");
    assert!(of("export.csv", "who will not pay?").is_err());
    let pets = "age,kind,town,weight\n".to_string()
        + &(0..60)
            .map(|i| format!("{i},{},{},{}\n", ["cat", "dog"][i % 2], ["York", "Bath", "Ely"][i % 3], i % 5))
            .collect::<String>();
    assert_eq!(label_of(found(("p.csv", &pets), &says("is it a cat or a dog?"))), Ok("kind".into()), "its classes are named");
}

/// Whoever names no label is told which one is taken, and why.
#[test]
fn a_guess_is_told() {
    let notes = |file: &str, csv: &str, hints: &DataSpecHints| -> Vec<String> {
        let notes = found((file, csv), hints).expect("surveyed").notes;
        notes.into_iter().filter(|note| note.starts_with("data.columns.label")).collect()
    };
    let csv = |label: &str| {
        format!("comment,{label}\n") + &(0..60).map(|i| format!("what is said in text {i},{}\n", i % 3)).collect::<String>()
    };
    let told = notes("a.csv", &csv("rating"), &says("minilm on a.csv"));
    assert!(matches!(told.as_slice(), [only] if only.contains("`rating`") && only.contains("labels are called so")), "{told:?}");
    let told = notes("a.csv", &csv("kind"), &says("minilm on a.csv"));
    assert!(matches!(told.as_slice(), [only] if only.contains("`kind`")), "{told:?}");
    let told = notes("a.csv", &csv("rating"), &says("a.csv has a comment each, and the rating goes to 2"));
    assert!(matches!(told.as_slice(), [only] if only.contains("the request names it")), "{told:?}");
    // What is named, or called a label outright, is none; nor is there anybody to tell without a request.
    assert_eq!(notes("a.csv", &csv("rating"), &says("predict rating from comment")), names(&[]));
    assert_eq!(notes("a.csv", &csv("label"), &says("minilm on a.csv")), names(&[]));
    assert_eq!(notes("a.csv", &csv("rating"), &DataSpecHints::default()), names(&[]));
}

#[test]
fn a_slip_in_a_column_is_one_where_no_other_is_near() {
    let hints = |text: &str, strange: &[&str]| {
        perhaps(PerhapsColumns { says: names(&[text]), strange: names(strange), ..PerhapsColumns::default() })
    };
    let of = |hints: &DataSpecHints| {
        found(("tickets.csv", &tickets()), hints)
            .map(|facts| (facts.columns.label.unwrap_or_default(), facts.columns.input.join(" ")))
    };
    let slips = hints("text is in bdoy, lable is prioritiy", &["bdoy", "lable", "prioritiy"]);
    assert_eq!(of(&slips), Ok(("priority".into(), "body".into())));
    assert_ne!(of(&hints("text is in bdoy, lable is prioritiy", &[])), of(&slips), "common words are none");
}

#[test]
fn columns_that_share_a_word_are_named_by_it() {
    let row = |i: usize| format!("{},{},{},{},{}\n", i % 9, i % 7, i % 5, i % 11, ["a", "b"][i % 2]);
    let csv = "petal_length,petal_width,stem_length,stem_width,kind\n".to_string() + &(0..60).map(row).collect::<String>();
    let of = |input: &str| {
        let hints = perhaps(PerhapsColumns { input: names(&[input]), label: names(&["kind"]), ..PerhapsColumns::default() });
        found(("plants.csv", &csv), &hints).expect("surveyed").columns.input.join(" ")
    };
    assert_eq!(of("petal measurements"), "petal_length petal_width");
    assert_eq!(of("two stem values"), "stem_length stem_width");
    assert_eq!(of("three stem values").split(' ').count(), 4, "there are not as many");
}

#[test]
fn a_number_beside_a_pair_is_its_score_where_scores_are_asked_for() {
    let row = |i: usize| format!("find thing {},thing number {i},{}\n", i % 4, i % 4);
    let csv = "wanted,offer,fits\n".to_string() + &(0..60).map(row).collect::<String>();
    let of = |is_scored: bool, text: &str| {
        let perhaps = PerhapsColumns { is_scored, says: names(&[text]), ..PerhapsColumns::default() };
        let hints = DataSpecHints { task: Some(Task::SentenceSimilarity), perhaps, ..DataSpecHints::default() };
        found(("offers.csv", &csv), &hints).expect("surveyed").columns.label
    };
    assert_eq!(of(true, "embeddings on offers.csv"), Some("fits".into()));
    assert_eq!(of(false, "offers.csv has wanted, offer and fits"), Some("fits".into()));
    assert_eq!(of(false, "embeddings on offers.csv"), None, "they belong together");
}

#[test]
fn columns_of_questions_may_be_called_otherwise() {
    let row = |i: usize| {
        format!("Page {i}: turn the key {i} times and wait until the lamp is on.,How often is key {i} turned?,{i} times\n")
    };
    let csv = "page_text,user_question,answer_text\n".to_string() + &(0..60).map(row).collect::<String>();
    let of = |csv: &str, input: &[&str]| {
        let columns = Columns { input: names(input), ..Columns::default() };
        let hints = DataSpecHints { task: Some(Task::QuestionAnswering), columns, ..DataSpecHints::default() };
        found(("manual.csv", csv), &hints).map(|facts| facts.columns.input.join(" "))
    };
    let both = Ok("user_question page_text".to_string());
    assert_eq!(of(&csv, &[]), both);
    assert_eq!(of(&csv, &["page_text"]), both);
    assert_eq!(of(&csv, &["page_text", "user_question"]), both, "in whatever order");
    assert_eq!(of(&csv.replace("page_text", "page"), &[]), Ok("user_question page".into()), "the only other text");
}

/// Hours of heat are the only column of few values, which is what a label is guessed by.
fn alloys() -> String {
    let row = |i: usize| {
        let at = |step: usize, most: usize| (i * step % most) as f64 / 7.0;
        format!("{:.3},{:.3},{},{:.3}\n", at(23, 97), at(31, 89), [1, 2, 4][i % 3], at(41, 101))
    };
    "iron,carbon,heat_h,hardness\n".to_string() + &(0..60).map(row).collect::<String>()
}

#[test]
fn what_is_read_or_left_out_is_never_guessed_to_be_the_label() {
    let of = |hints: PerhapsColumns| label_of(found(("alloys.csv", &alloys()), &perhaps(hints)));
    let says = |text: &str| PerhapsColumns { says: names(&[text]), ..PerhapsColumns::default() };
    assert_eq!(of(PerhapsColumns::default()), Ok("heat_h".into()), "the only guess that there is");
    let none = "cannot tell which column holds the label";
    for hints in [
        PerhapsColumns { exclude: names(&["heat_h"]), ..PerhapsColumns::default() },
        PerhapsColumns { input: names(&["heat_h", "carbon"]), ..PerhapsColumns::default() },
        says("heat_h may not be used"),
        says("use heat_h and carbon as inputs"),
        says("without heat_h"),
    ] {
        let error = of(hints.clone()).expect_err("none is left");
        assert!(error.contains(none), "{hints:?}: {error}");
    }
    let columns = Columns { exclude: names(&["heat_h"]), ..Columns::default() };
    let error = label_of(found(("alloys.csv", &alloys()), &DataSpecHints { columns, ..DataSpecHints::default() }));
    assert!(error.expect_err("none is left").contains(none));
}

#[test]
fn no_label_is_guessed_where_columns_are_named_and_nothing_comes_of_them() {
    let of = |open: &[&str]| {
        let hints = PerhapsColumns { open: names(open), says: names(&[&open.join(", ")]), ..PerhapsColumns::default() };
        label_of(found(("alloys.csv", &alloys()), &perhaps(hints)))
    };
    assert_eq!(of(&["hardness"]), Ok("hardness".into()), "the only one that is named");
    assert_eq!(of(&["see about hardness"]), Ok("hardness".into()));
    for open in [&["iron", "carbon"][..], &["iron or hardness"]] {
        let error = of(open).expect_err("one of several");
        assert!(error.contains("nothing says which column is to be predicted"), "{error}");
    }
    assert_eq!(of(&["something else"]), Ok("heat_h".into()));
}

#[test]
fn the_text_of_a_stream_is_the_one_that_is_named() {
    let row = |i: usize| {
        format!(
            "{{\"ward\": \"{}\", \"remark\": \"the patient {i} slept well\", \"other\": \"nothing {i}\"}}\n",
            ["A", "B"][i % 2]
        )
    };
    let lines: String = (0..60).map(row).collect();
    let of = |text: &str| {
        let perhaps = PerhapsColumns { says: names(&[text]), ..PerhapsColumns::default() };
        let hints = DataSpecHints { task: Some(Task::MaskedLanguageModelling), perhaps, ..DataSpecHints::default() };
        found(("notes.jsonl", &lines), &hints).map(|facts| facts.columns.input)
    };
    for text in [
        "MLM on the remark column of notes.jsonl",
        "on `remark` in notes.jsonl",
        "(column: remark)",
        "use the remark column, without other",
    ] {
        assert_eq!(of(text), Ok(names(&["remark"])), "{text}");
    }
    for text in ["MLM on notes.jsonl", "remark and other"] {
        let error = of(text).expect_err("one of several");
        assert!(error.contains("cannot tell which column holds the text"), "{error}");
    }
}

/// Two texts that somebody rated, and one of several marks that is asked about.
#[test]
fn what_is_named_beside_texts_is_told() {
    let row = |i: usize| format!("red brick house number {i},old brick house of {i},{},{}\n", i * 7 % 50, ["A", "B"][i % 2]);
    let rated = "left,right,rating,annotator\n".to_string() + &(0..60).map(row).collect::<String>();
    let of = |says: &str| {
        let hints = PerhapsColumns { says: names(&[says]), reads_texts: true, ..PerhapsColumns::default() };
        found(("rated.csv", &rated), &perhaps(hints)).map(|facts| (facts.columns.input, facts.columns.label))
    };
    let expected = (names(&["left", "right"]), Some("rating".to_string()));
    assert_eq!(of("each pair (left, right) has a rating from 0 to 5, learn that"), Ok(expected));
    let row = |i: usize| format!("a comment about thing {i} and more,{},{},u{}\n", i % 2, i / 2 % 2, i % 9);
    let flagged = "comment,toxic,insult,author\n".to_string() + &(0..60).map(row).collect::<String>();
    let of = |exclude: &[&str]| {
        let hints = PerhapsColumns { exclude: names(exclude), told: names(&["toxic"]), reads_texts: true, ..Default::default() };
        let facts = found(("flagged.csv", &flagged), &perhaps(hints)).expect("surveyed");
        (facts.task, facts.columns.label)
    };
    // Of two marks one is left out: what is left is a class, and no several labels.
    assert_eq!(of(&["insult"]), (Some(Task::TextClassification), Some("toxic".into())));
}

/// Whoever lists what a table has, what is told among it, has nothing else read.
#[test]
fn a_list_with_the_label_is_all_that_is_read() {
    let of = |says: &str| {
        let hints = PerhapsColumns { says: names(&[says]), label: names(&["defaulted"]), ..PerhapsColumns::default() };
        let facts = found(("loans.csv", &loans()), &perhaps(hints)).expect("surveyed");
        let note = facts.notes.iter().find(|note| note.contains("for the request lists")).cloned();
        (facts.columns.input.contains(&"zip".into()), note)
    };
    let told = "data.columns.input: `income`, `grade` alone are read, for the request lists the columns so; `zip` left out";
    assert_eq!(of("loans.csv (columns income, grade, defaulted)"), (false, Some(told.into())));
    assert_eq!(of("loans.csv (income, grade, defaulted)"), (true, None), "there may be others");
    assert_eq!(of("loans.csv (columns zip, income, grade, defaulted)"), (true, None), "these are all");
}
