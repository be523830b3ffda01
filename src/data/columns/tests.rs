use super::*;

fn check(csv: &str, asked: Columns, expected: Result<(&[&str], &str), &str>) {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("t.csv");
    std::fs::write(&path, csv).expect("written");
    let found = Table::open(&path).and_then(|t| resolve(&t, &asked, &[], None));
    match (found, expected) {
        (Ok(found), Ok((input, label))) => assert_eq!(
            (found.input, found.label.as_deref()),
            (input.iter().map(|i| i.to_string()).collect(), Some(label)),
            "{csv}"
        ),
        (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
        (found, expected) => panic!("{csv}: expected {expected:?}, found {found:?}"),
    }
}

#[test]
fn columns_are_found_by_name_and_by_values() {
    let none = Columns::default;
    check("idx,sentence,label\n1,a,0\n2,b,1\n", none(), Ok((&["sentence"], "label")));
    check("sentence1,sentence2,label,idx\na,b,0,1\n", none(), Ok((&["sentence1", "sentence2"], "label")));
    check("words,mood\na,x\nb,y\nc,x\nd,y\n", none(), Ok((&["words"], "mood")));
    check("title,text,label\na,b,0\n", none(), Ok((&["text"], "label")));
    check("Title,Text,Label\na,b,0\n", none(), Ok((&["Text"], "Label")));
    check("Premise,more,Hypothesis,Label\na,x,b,0\n", none(), Ok((&["Premise", "Hypothesis"], "Label")));
    check("words,mood\na,x\nb,y\n", none(), Err("which column holds the label: it has `words`, `mood`"));
    check(
        "a,b\nx,1\n",
        Columns { input: vec!["c".into()], label: Some("b".into()), ..Columns::default() },
        Err("no column `c`: it has `a`, `b`"),
    );
    check("a,b,c,label\nx,y,z,1\n", none(), Err("which column holds the input"));
    check("a,b,sent,label\nx,y,2026-01-31,1\n", none(), Ok((&["a", "b"], "label")));
    // A flag is no second text.
    let row = |i: usize| format!("what is said in review {i},{},{}\n", ["Y", "N"][i % 2], i % 3);
    let reviews = format!("review_body,verified,stars\n{}", (0..12).map(row).collect::<String>());
    let stars = Columns { label: Some("stars".into()), ..Columns::default() };
    check(&reviews, stars, Ok((&["review_body"], "stars")));
}

/// Which of two columns of numbers is told nobody can guess, however they are written.
#[test]
fn prices_are_numbers_beside_others() {
    let row = |i: usize| format!("{i}.5,\"$ {},500.00\"\n", 1 + i);
    let table = format!("a,price\n{}0.5,TBD\n", (0..30).map(row).collect::<String>());
    check(&table, Columns::default(), Err("which column holds the label: it has `a`, `price`"));
    let words = table.replace("$ ", "x");
    check(&words, Columns::default(), Ok((&["price"], "a")));
}

#[test]
fn lists_of_objects_are_no_labels() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("t.jsonl");
    std::fs::write(&path, "{\"text\":\"a\",\"annotations\":[{\"label\":\"x\"}]}\n").expect("written");
    let asked = Columns { label: Some("annotations".into()), ..Columns::default() };
    let found = resolve(&Table::open(&path).expect("a table"), &asked, &[], Some(Task::TextMultiLabel));
    let error = found.expect_err("no labels").to_string();
    assert!(error.contains("expected lists of names or numbers, found lists of objects of label"), "{error}");
}

#[test]
fn a_slip_in_a_name_is_one_where_nothing_else_is_as_near() {
    let named = |label: &str| Columns { label: Some(label.into()), ..Columns::default() };
    let csv = "words,species\na,x\nb,y\nc,x\nd,y\n";
    for slip in ["speceis", "specis", "speciess", "spezies", "Specie s"] {
        check(csv, named(slip), Ok((&["words"], "species")));
    }
    check(csv, named("speceiz"), Err("no column `speceiz`"));
    // What people call a column by more words than it has.
    for name in ["the species", "penguin species"] {
        check(csv, named(name), Ok((&["words"], "species")));
    }
    for place in ["2nd", "2nd column", "second", "last column"] {
        check(csv, named(place), Ok((&["words"], "species")));
    }
    check("words,SaleGrade\na,x\nb,y\n", named("house grade"), Ok((&["words"], "SaleGrade")));
    check("words,grade_count\na,x\nb,y\n", named("house grade"), Err("no column `house grade`"));
    check("words,grade,house\na,x,z\nb,y,z\n", named("house grade"), Ok((&["words", "house"], "grade")));
    let without = Columns { exclude: vec!["title".into()], ..named("mood") };
    check("words,title,more,mood\na,b,c,x\n", without, Ok((&["words", "more"], "mood")));
    check("words,rate1,rate2\na,0,1\nb,1,0\n", named("rate"), Err("no column `rate`"));
    check("words,rate2\na,0\nb,1\n", named("rate1"), Err("no column `rate1`"));
    check("words,age\na,0\nb,1\n", named("aeg"), Err("no column `aeg`"));
}

#[test]
fn names_begin_and_end_as_a_star_has_it() {
    for (column, pattern, is_one) in [
        ("tmp_raw", "tmp_*", true),
        ("x_RAW", "*_raw", true),
        ("tmp_x_raw", "tmp_*_raw", true),
        ("atmp_x", "tmp_*", false),
        ("tmp", "tmp", false),
    ] {
        assert_eq!(is_alike(column, pattern), is_one, "{column} {pattern}");
    }
}

/// A list that goes as far as the better answer means the other one, too.
#[test]
fn one_of_two_answers_has_the_other_beside_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("t.csv");
    std::fs::write(&path, "annotator,prompt,chosen,rejected\na,b,c,d\n").expect("written");
    let table = Table::open(&path).expect("a table");
    let found = |input: &[&str]| {
        let asked = Columns { input: input.iter().map(ToString::to_string).collect(), ..Columns::default() };
        resolve(&table, &asked, &[], Some(Task::PreferenceOptimization)).map(|found| found.input)
    };
    for input in [&["prompt", "chosen"][..], &["prompt", "rejected"], &["prompt", "chosen", "rejected"]] {
        assert_eq!(found(input).expect("columns"), ["prompt", "chosen", "rejected"], "{input:?}");
    }
    assert_eq!(found(&["chosen"]).expect("columns"), ["chosen", "rejected"]);
    assert!(found(&["prompt"]).is_err());
}
