use super::*;

#[test]
fn rows_go_back_to_the_public_order() {
    // Two heads of four rows, each row one byte: neighbours 0 1, 2 3 stand half a head apart.
    assert_eq!(halves_apart(&[0, 2, 1, 3, 4, 6, 5, 7], 8, 2), [0, 1, 2, 3, 4, 5, 6, 7]);
}
