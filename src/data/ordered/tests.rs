//! Which rows are held out, and what is told of it.

use super::*;

fn table(text: &str) -> (tempfile::TempDir, Vec<Table>) {
    tables(&[text])
}

fn tables(texts: &[&str]) -> (tempfile::TempDir, Vec<Table>) {
    let dir = tempfile::tempdir().expect("a folder");
    let open = |(at, text): (usize, &&str)| {
        let path = dir.path().join(format!("t{at}.csv"));
        std::fs::write(&path, text).expect("written");
        Table::open(&path).expect("a table")
    };
    let tables = texts.iter().enumerate().map(open).collect();
    (dir, tables)
}

fn cut(text: &str, by: HeldOutBy, frac: f64) -> Result<(Vec<usize>, Vec<usize>, Vec<String>)> {
    cut_all(&[text], by, frac)
}

/// The rows that are held out, those that are trained on, and what is told.
fn cut_all(texts: &[&str], by: HeldOutBy, frac: f64) -> Result<(Vec<usize>, Vec<usize>, Vec<String>)> {
    let (_dir, tables) = tables(texts);
    let (part, notes) = part("train", &tables, Some("y"), &CutOff { name: "test".into(), frac, by })?;
    let rows = tables.iter().map(Table::count).sum::<Result<usize>>()?;
    let of = |part: &Part| -> Result<Vec<usize>> {
        let mask = mask(&tables, rows, part)?;
        Ok((0..rows).filter(|row| mask[*row]).collect())
    };
    Ok((of(&part)?, of(&part.rest())?, notes))
}

fn by_time() -> HeldOutBy {
    HeldOutBy::Time { column: "t".into(), from: None }
}

#[test]
fn the_latest_rows_are_held_out_and_those_of_one_time_stay_together() {
    let text = "t,y\n2026-01-03,1\n2026-01-01,2\n,3\n2026-01-02,4\n2026-01-03 12:00,5\n2026-01-03,6\n2026-01-04,\n";
    let (held_out, trained, notes) = cut(text, by_time(), 0.4).expect("cut");
    // Row 6 has no answer and counts for nothing: it is of the later time all the same, and left out with those that lack one.
    assert_eq!((held_out, trained), (vec![0, 4, 5, 6], vec![1, 3]));
    assert!(notes[0].contains("3 of 5 rows of `train`, those whose `t` is 2026-01-03 or later"), "{notes:?}");
    assert!(notes[1].contains("1 rows of `train` are left out, for no `t` says when they were"), "{notes:?}");
    // However much is asked for: a day is not parted.
    for (frac, expected) in [(0.1, 1), (0.5, 3), (0.9, 4)] {
        assert_eq!(cut(text, by_time(), frac).expect("cut").0.iter().filter(|row| **row != 6).count(), expected, "{frac}");
    }
}

#[test]
fn a_cut_far_from_what_was_asked_for_is_told() {
    let rows = "2026-01-02,1\n".repeat(9);
    let (held_out, _, notes) = cut(&format!("t,y\n2026-01-01,1\n{rows}"), by_time(), 0.2).expect("cut");
    assert_eq!(held_out.len(), 9);
    assert!(notes[0].ends_with("not the 20 % that were asked for: rows of one time stay together"), "{notes:?}");
}

/// Whoever advised such a column for a split would be refused.
#[test]
fn dates_whose_day_and_month_cannot_be_told_apart_are_told() {
    let found = |days: &[&str]| {
        let rows: String = (0..300).map(|i| format!("{},{i}\n", days[i * days.len() / 300])).collect();
        let (_dir, tables) = table(&format!("sold,y\n{rows}"));
        (columns_of_time(&tables[0]), unclear(&tables[0], &["sold".to_string()]))
    };
    let sold = || vec!["sold".to_string()];
    assert_eq!(found(&["1/2/20", "3/4/21"]), (sold(), sold()));
    assert_eq!(found(&["1/2/20", "3/24/21"]), (sold(), vec![]));
    assert_eq!(found(&["1/2/20", "1/2/20", "1/2/20", "3/24/21"]), (sold(), vec![]), "behind the first rows");
    assert_eq!(found(&["2020-01-02", "2021-03-04"]), (sold(), vec![]));
}

#[test]
fn numbers_and_dates_of_either_order_are_times() {
    let held_out = |times: &str| {
        let rows: String = times.split(' ').map(|time| format!("{time},1\n")).collect();
        cut(&format!("t,y\n{rows}"), by_time(), 0.25).map(|(held_out, ..)| held_out).map_err(|e| e.to_string())
    };
    assert_eq!(held_out("2019 2022 2020 2021"), Ok(vec![1]));
    assert_eq!(held_out("1.5 0.5 -3 1"), Ok(vec![0]));
    // The thirteenth is no month.
    assert_eq!(held_out("01/02/2026 13/01/2026 02/01/2026 03/01/2026"), Ok(vec![0]));
    assert_eq!(held_out("01/02/2026 01/13/2026 02/01/2026 03/01/2026"), Ok(vec![3]));
    assert_eq!(held_out("1/2/26 13/1/26 2/1/26 3/1/26"), Ok(vec![0]));
    assert_eq!(held_out("31.12.2025 01.01.2026 30.12.2025 02.12.2025"), Ok(vec![1]));
    for (times, expected) in [
        ("01/02/2026 02/01/2026", "line 2, column `t`: expected a date whose day and month can be told apart"),
        ("13/01/2026 01/13/2026", "line 3, column `t`: expected day and month in the order of the dates above it"),
        ("2026-01-01 5", "line 3, column `t`: expected a date as above it, found `5`"),
        ("2026-01-01 later", "line 3, column `t`: expected a date such as 2026-01-31, or a number, found `later`"),
        ("5 5 5", "all of its 3 examples are of one `t`"),
    ] {
        let error = held_out(times).expect_err("refused");
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn ends_are_cut_as_rows_stand() {
    let text = "t,y\nx,1\nx,2\nx,\nx,4\nx,5\n";
    assert_eq!(cut(text, HeldOutBy::End, 0.5).expect("cut").0, [3, 4]);
    let (held_out, trained, notes) = cut(text, HeldOutBy::Start, 0.25).expect("cut");
    assert_eq!((held_out, trained, notes), (vec![0], vec![1, 2, 3, 4], vec![]));
    assert!(cut("t,y\nx,1\n", HeldOutBy::End, 0.5).is_err_and(|e| e.to_string().contains("has 1 example")));
}

#[test]
fn columns_that_say_when() {
    let (_dir, tables) = table(
        "id,created_at,month,year,born,name,hour,delivery_time,time_in_hospital\n1,2026-01-02T10:00:00Z,1,2026,1999-01-02,a,3,5,6\n2,,2,2027,,b,4,6,7\n",
    );
    assert_eq!(columns_of_time(&tables[0]), ["created_at", "born", "year"]);
}

fn by_group() -> HeldOutBy {
    HeldOutBy::Group { column: "who".into() }
}

/// Rows of such groups, in turns, so that none lie together.
fn rows_of(sizes: &[usize]) -> (String, Vec<usize>) {
    let most = sizes.iter().copied().max().unwrap_or(0);
    let groups: Vec<usize> = (0..most).flat_map(|turn| (0..sizes.len()).filter(move |group| turn < sizes[*group])).collect();
    ("who,y\n".to_string() + &groups.iter().map(|group| format!("p{group},1\n")).collect::<String>(), groups)
}

#[test]
fn rows_of_a_group_stay_together_and_about_as_many_are_held_out_as_were_asked_for() {
    let (text, groups) = rows_of(&[7; 40]);
    for frac in [0.05, 0.2, 0.5, 0.9] {
        let (held_out, trained, notes) = cut(&text, by_group(), frac).expect("cut");
        let of = |rows: &[usize]| rows.iter().map(|row| groups[*row]).collect::<std::collections::BTreeSet<_>>();
        assert!(of(&held_out).is_disjoint(&of(&trained)), "{frac}");
        assert_eq!(held_out.len() + trained.len(), groups.len(), "{frac}");
        assert_eq!(held_out.len(), 7 * (40.0 * frac).round() as usize, "{frac}");
        assert_eq!(cut(&text, by_group(), frac).expect("cut").0, held_out, "the same again");
        let expected =
            format!("{} of 280 rows of `train`, those of {} among 40 values of `who`", held_out.len(), held_out.len() / 7);
        assert_eq!(notes, [format!("data.held_out: {expected}")], "{frac}");
    }
    // It is a draw: neither the first nor the last of them by name or place.
    let (held_out, ..) = cut(&text, by_group(), 0.5).expect("cut");
    let first: Vec<bool> = (0..40).map(|row| held_out.contains(&row)).collect();
    assert!(first.windows(2).filter(|pair| pair[0] != pair[1]).count() > 5, "{first:?}");
}

#[test]
fn a_large_group_is_not_parted_and_what_it_makes_of_the_share_is_told() {
    // Some draw has the largest on the side of training.
    let (text, _) = rows_of(&[50, 10, 10, 10, 10, 10]);
    let (held_out, _, notes) = cut(&text, by_group(), 0.2).expect("cut");
    assert_eq!((held_out.len(), notes.len()), (20, 1));
    assert!(!notes[0].contains("asked for"), "{notes:?}");
    let (text, _) = rows_of(&[90, 10]);
    let (held_out, _, notes) = cut(&text, by_group(), 0.4).expect("cut");
    assert_eq!(held_out.len(), 10);
    assert!(notes[0].ends_with("not the 40 % that were asked for: rows of one `who` stay together"), "{notes:?}");
    let error = cut(&rows_of(&[5]).0, by_group(), 0.2).expect_err("one group").to_string();
    assert!(error.contains("all of its 5 examples are of one `who`, and those of one stay together"), "{error}");
    let error = cut("who,y\n,1\n,2\n", by_group(), 0.2).expect_err("none").to_string();
    assert!(error.contains("it has no example whose `who` says whose it is"), "{error}");
    let error = cut("who,y\np,1\n", HeldOutBy::Group { column: "whose".into() }, 0.2).expect_err("no column").to_string();
    assert!(error.contains("whose"), "{error}");
}

#[test]
fn a_group_is_one_however_its_name_is_written_and_rows_without_one_are_left_out() {
    // Numbers are what they are with a point, too, as programs write them beside an empty cell; another file is of the same split.
    let (whole, points) = ("who,y\n1,1\n2,2\n3,3\n 4 ,4\n5,5\n", "who,y\n1.0,1\n2.0,2\n,3\nNA,4\n3.0,5\n4.0,\n5.0,7\n");
    let (held_out, trained, notes) = cut_all(&[whole, points], by_group(), 0.4).expect("cut");
    // Rows 7 and 8 say nothing. Row 10 has no answer and is no example: it goes with its group all the same.
    let pairs = [(0, 5), (1, 6), (2, 9), (3, 10), (4, 11)];
    for (one, other) in pairs {
        assert_eq!(held_out.contains(&one), held_out.contains(&other), "{one} {held_out:?}");
        assert_eq!(trained.contains(&one), !held_out.contains(&one), "{one} {trained:?}");
    }
    assert_eq!(held_out.len() + trained.len(), 10);
    assert!(notes[0].contains("of 9 rows of `train`, those of 2 among 5 values of `who`"), "{notes:?}");
    assert!(notes[1].contains("2 rows of `train` are left out, for no `who` says whose they are"), "{notes:?}");
    // Other letters are another name, as they are of classes.
    let error = cut("who,y\nAnn ,1\nAnn,2\n", by_group(), 0.5).expect_err("one group").to_string();
    assert!(error.contains("all of its 2 examples are of one `who`"), "{error}");
    assert_eq!(cut("who,y\nAnn,1\nann,2\n", by_group(), 0.5).expect("cut").0.len(), 1);
}

/// By a border that says it, whatever share that is.
#[test]
fn rows_are_held_out_from_a_border_on() {
    let from = |times: &str, border: &str| {
        let rows: String = times.split(' ').map(|time| format!("{time},1\n")).collect();
        let by = HeldOutBy::Time { column: "t".into(), from: Some(Border::new(border)) };
        cut(&format!("t,y\n{rows}"), by, 0.0).map(|(held_out, _, notes)| (held_out, notes[0].clone())).map_err(|e| e.to_string())
    };
    let days = "2020-12-31 2021-01-01 2019-05-05 2022-01-01";
    for (times, border, rows, told) in [
        (days, "2021", vec![1, 3], "2 of 4 rows of `train`, those whose `t` is 2021-01-01 or later, 50 %"),
        (days, "2021-01-01", vec![1, 3], "`t` is 2021-01-01 or later"),
        (days, "2021-01-01 08:00", vec![3], "1 of 4 rows of `train`, those whose `t` is 2021-01-01T08:00:00 or later, 25 %"),
        (days, "2021-06", vec![3], "`t` is 2021-06-01 or later"),
        ("31.12.2020 13.01.2021", "2021", vec![1], "`t` is 2021-01-01 or later"),
        ("2019 2020 2021 2022", "2021", vec![2, 3], "`t` is 2021 or later"),
        ("2019 2020 2021 2022", "2021-01-01", vec![2, 3], "`t` is 2021-01-01 or later"),
        ("0.25 0.5 1", "0.5", vec![1, 2], "2 of 3 rows of `train`, those whose `t` is 0.5 or later, 66.7 %"),
        // Seconds since 1970, and milliseconds.
        ("1600000000 1620000000", "2021", vec![1], "`t` is 2021 or later"),
        ("1600000000000 1620000000000", "2021-01", vec![1], "`t` is 2021-01 or later"),
    ] {
        let (held_out, note) = from(times, border).unwrap_or_else(|e| panic!("{times} {border}: {e}"));
        assert_eq!(held_out, rows, "{times} {border}");
        assert!(note.contains(told), "{border}: {note}");
    }
    for (times, border, expected) in [
        (days, "2023", "it goes from 2019-05-05 to 2022-01-01; found `2023`"),
        // All of them are of the border or later.
        (
            days,
            "2019",
            "`data.held_out_by.from`: expected a place within `t` of the split `train`, with rows on both sides of it",
        ),
        (days, "5", "it goes from 2019-05-05 to 2022-01-01; found `5`"),
        ("2019 2022", "2021-06-01", "it goes from 2019 to 2022; found `2021-06-01`"),
        ("2019 2019", "2019", "it goes from 2019 to 2019"),
    ] {
        let error = from(times, border).expect_err("refused");
        assert!(error.contains(expected), "{error}");
    }
}
