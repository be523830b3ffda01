use super::*;
use std::collections::HashMap;

/// Two 2 x 3 images of two channels, or three texts, as a prepared file.
fn prepared(tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)]) -> Prepared {
    prepared_with(tensors, &[("labels", "[\"a\",\"b\"]"), ("vocab_size", "50")])
}

fn prepared_with(tensors: &[(&str, safetensors::Dtype, Vec<usize>, Vec<u8>)], metadata: &[(&str, &str)]) -> Prepared {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("x.safetensors");
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        (*name, safetensors::tensor::TensorView::new(*dtype, shape.clone(), bytes).expect("a tensor"))
    });
    let metadata: HashMap<String, String> = metadata.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    std::fs::write(&path, safetensors::serialize(views, Some(metadata)).expect("bytes")).expect("written");
    Prepared::open(&path).expect("prepared")
}

fn u32s(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_le_bytes()).collect()
}

fn images() -> Prepared {
    use safetensors::Dtype::{U8, U32};
    let pixels: Vec<u8> = (0..2 * 2 * 3 * 2).map(|i| i * 10).collect();
    prepared(&[("images", U8, vec![2, 2, 3, 2], pixels), ("labels", U32, vec![2], u32s(&[1, 0]))])
}

fn pixels(batch: &Batch) -> Vec<f32> {
    match &batch.input {
        Input::Image { pixels } => pixels.flatten_all().and_then(|t| t.to_vec1()).expect("values"),
        Input::Text { .. } | Input::Packed { .. } | Input::Table { .. } | Input::TextToText { .. } | Input::Speech { .. } => {
            panic!("expected images")
        }
    }
}

#[test]
fn texts_are_padded_to_the_longest() {
    use safetensors::Dtype::{U8, U32, U64};
    let offsets: Vec<u8> = [0u64, 1, 4, 6].iter().flat_map(|v| v.to_le_bytes()).collect();
    let data = prepared(&[
        ("offsets", U64, vec![4], offsets),
        ("tokens", U32, vec![6], u32s(&[9, 1, 2, 3, 4, 5])),
        ("labels", U32, vec![3], u32s(&[0, 1, 1])),
        ("type_ids", U8, vec![6], vec![0, 0, 1, 1, 0, 1]),
    ]);
    let batch = collate(&data, &[2, 0], None, None).expect("a batch");
    let Input::Text { token_ids, type_ids, lengths } = &batch.input else { panic!("expected texts") };
    assert_eq!(token_ids.to_vec2::<u32>().expect("values"), [[4, 5], [9, 0]]);
    assert_eq!(type_ids.to_vec2::<u32>().expect("values"), [[0, 1], [0, 0]]);
    assert_eq!((lengths.as_slice(), &batch.wanted, batch.tokens), (&[2, 1][..], &Wanted::Classes(vec![1, 0]), 3));
}

#[test]
fn what_is_written_is_told_from_what_is_before_it() {
    use safetensors::Dtype::{U8, U32, U64};
    let offsets: Vec<u8> = [0u64, 2, 5, 6, 8].iter().flat_map(|v| v.to_le_bytes()).collect();
    let begins: Vec<u8> = [0u64, 1, 2, 3, 4].iter().flat_map(|v| v.to_le_bytes()).collect();
    let data = prepared_with(
        &[
            ("offsets", U64, vec![5], offsets),
            ("tokens", U32, vec![8], u32s(&[9, 8, 5, 6, 1, 7, 4, 1])),
            ("type_ids", U8, vec![8], vec![0; 8]),
            ("pair_offsets", U64, vec![5], begins),
            ("pairs", U8, vec![4], b"abcd".to_vec()),
        ],
        &[("begin_token", "3"), ("end_token", "1"), ("vocab_size", "50")],
    );
    let batch = collate(&data, &[1, 0], None, None).expect("a batch");
    let Input::TextToText { source_ids, source_lengths, target_ids, target_lengths } = &batch.input else {
        panic!("expected pairs")
    };
    let ids = |t: &Tensor| t.to_vec2::<u32>().expect("values");
    assert_eq!((ids(source_ids), source_lengths.as_slice()), (vec![vec![7, 0], vec![9, 8]], &[1, 2][..]));
    assert_eq!((ids(target_ids), target_lengths.as_slice()), (vec![vec![3, 4, 0], vec![3, 5, 6]], &[2, 3][..]));
    assert_eq!((&batch.wanted, batch.tokens), (&Wanted::Words(vec![4, 1, NONE, 5, 6, 1]), 8));
    assert_eq!((count_wanted(&data, &[0, 1], None), batch.wanted.count(), data.example_len(0)), (5, 5, Some(5)));
}

#[test]
fn images_are_scaled_normalised_and_channels_come_first() {
    let normalize = Normalize { mean: vec![0.5, 0.0], std: vec![0.25, 2.0] };
    let batch = collate(&images(), &[1], Some(&normalize), None).expect("a batch");
    let expected: Vec<f32> = [120, 140, 160, 180, 200, 220]
        .iter()
        .map(|v| (*v as f32 / 255.0 - 0.5) / 0.25)
        .chain([130, 150, 170, 190, 210, 230].iter().map(|v| *v as f32 / 255.0 / 2.0))
        .collect();
    assert_eq!(pixels(&batch), expected);
    assert_eq!((batch.wanted, batch.tokens), (Wanted::Classes(vec![0]), 0));
}

#[test]
fn changes_crop_and_mirror_and_are_drawn_by_epoch_and_example() {
    let data = images();
    let draw = |augment: &[Augment], seed, epoch| {
        let changes = Changes { augment, streams: Streams::of(seed), epoch };
        pixels(&collate(&data, &[0], None, Some(changes)).expect("a batch"))
    };
    let scaled = |bytes: [u8; 12]| bytes.map(|byte| f32::from(byte) / 255.0).to_vec();
    let plain = scaled([0, 20, 40, 60, 80, 100, 10, 30, 50, 70, 90, 110]);
    let mirrored = scaled([40, 20, 0, 100, 80, 60, 50, 30, 10, 110, 90, 70]);
    let flips: Vec<_> = (0..40).map(|epoch| draw(&[Augment::HorizontalFlip], 0, epoch)).collect();
    assert!(flips.iter().all(|image| *image == plain || *image == mirrored));
    assert!(flips.contains(&plain) && flips.contains(&mirrored));
    // One down and one right of the padded image's middle.
    let moved = scaled([80, 100, 0, 0, 0, 0, 90, 110, 0, 0, 0, 0]);
    let crop = [Augment::PadCrop { padding: 1 }];
    let crops: Vec<_> = (0..80).map(|epoch| draw(&crop, 0, epoch)).collect();
    assert!(crops.contains(&plain) && crops.contains(&moved));
    let mut distinct: Vec<Vec<u32>> = crops.iter().map(|c| c.iter().map(|v| v.to_bits()).collect()).collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), 9, "three rows by three columns");
    assert_eq!(draw(&crop, 3, 5), draw(&crop, 3, 5));
}
