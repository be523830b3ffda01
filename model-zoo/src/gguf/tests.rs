use super::*;

#[test]
fn factors_of_llama_3_are_recognised() {
    // Of head size 128 and theta 500000, with factor 8: the first frequencies stay, the last are divided by it.
    let divisor = |i: usize| {
        let wave = std::f64::consts::TAU / 500_000f64.powf(-((2 * i) as f64) / 128.0);
        match wave {
            w if w < 8192.0 / 4.0 => 1.0,
            w if w > 8192.0 => 8.0,
            w => {
                let smooth = (8192.0 / w - 1.0) / 3.0;
                1.0 / ((1.0 - smooth) / 8.0 + smooth)
            }
        }
    };
    let mut factors: Vec<f32> = (0..64).map(|i| divisor(i) as f32).collect();
    let scaling = llama3_scaling(&factors, 500_000.0).expect("Llama 3's");
    assert_eq!((&scaling["rope_type"], &scaling["factor"]), (&json!("llama3"), &json!(8.0)));
    factors[30] *= 1.1;
    assert_eq!(llama3_scaling(&factors, 500_000.0), None);
    assert_eq!(llama3_scaling(&[1.0; 4], 1e4).expect("none")["rope_type"], json!("default"));
}

#[test]
fn rows_go_back_to_the_public_order() {
    // Two heads of four rows, each row one byte: neighbours 0 1, 2 3 stand half a head apart.
    assert_eq!(halves_apart(&[0, 2, 1, 3, 4, 6, 5, 7], 8, 2), [0, 1, 2, 3, 4, 5, 6, 7]);
}
