//! Weights as PyTorch wrote them (`tests/fixtures/torch_files.py`), whole, cut off and changed.

use candle_core::{DType, Device, Tensor};
use std::fs::File;
use std::path::PathBuf;
use tallow_zoo::torch_file::{Error, TorchFile};

fn path(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/torch_file")).join(name)
}

fn outline(name: &str) -> Result<TorchFile, Error> {
    TorchFile::read(&mut File::open(path(name)).expect("a file"))
}

/// Types, views that are turned, cut out or tied, scalars, nothing at all.
#[test]
fn every_way_of_saving_gives_the_same_tensors() {
    let expected = candle_core::safetensors::load(path("expected.safetensors"), &Device::Cpu).expect("tensors");
    for name in ["archive.bin", "protocol4.bin", "before_1_6.bin", "checkpoint.bin"] {
        let bytes = std::fs::read(path(name)).expect("read");
        assert!(TorchFile::begins(&bytes) || name == "protocol4.bin", "{name}");
        let read = outline(name).expect(name);
        let found = read.load(&bytes).expect(name);
        let shapes = read.shapes();
        assert_eq!(found.len(), expected.len(), "{name}");
        for (tensor, expected) in &expected {
            let found = &found[tensor];
            assert_eq!((found.dtype(), found.dims()), (expected.dtype(), expected.dims()), "{name}: {tensor}");
            assert_eq!(shapes[tensor], expected.dims(), "{name}: {tensor}");
            let values = |t: &Tensor| t.to_dtype(DType::F64).and_then(|t| t.flatten_all()?.to_vec1::<f64>()).expect("values");
            assert_eq!(values(found), values(expected), "{name}: {tensor}");
        }
        assert_eq!((read.bytes_of("b.half"), read.bytes_of("a.weight"), read.bytes_of("x")), (10, 24, 0));
    }
}

#[test]
fn what_holds_no_plain_tensors_says_so() {
    for (name, expected) in [
        ("module.bin", "`torch.nn.modules.linear.Linear`): save its `state_dict()`"),
        ("sparse.bin", "the tensor `a`: expected a dense tensor of a usual type, found `_rebuild_sparse_tensor`"),
        ("repeated.bin", "[1000000] in a storage of 1 elements"),
        ("expected.safetensors", "neither as an archive nor as a pickle"),
    ] {
        let told = outline(name).map(drop).expect_err(name).to_string();
        assert!(told.contains(expected), "{name}: {told}");
    }
}

/// At every length: an error, or (behind the last byte that matters) the same tensors.
#[test]
fn a_file_that_is_cut_off_or_changed_is_no_danger() {
    for name in ["archive.bin", "before_1_6.bin"] {
        let bytes = std::fs::read(path(name)).expect("read");
        for length in 0..bytes.len() {
            let cut = &bytes[..length];
            assert!(TorchFile::read(&mut std::io::Cursor::new(cut)).is_err(), "{name} cut at {length}");
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x55;
            if let Ok(read) = TorchFile::read(&mut std::io::Cursor::new(&changed)) {
                let _ = read.load(&changed).map(|tensors| tensors.len());
            }
        }
    }
}
