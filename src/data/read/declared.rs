//! What the `datasets` library declares of the columns in the metadata of a file that it wrote, Parquet or Arrow: images, recordings,
//! class names.

use super::{Column, ColumnKind};
use serde_json::Value;

/// What columns of recordings are called.
const SOUNDS: [&str; 5] = ["audio", "speech", "recording", "sound", "wav"];

/// Key of the metadata.
pub(super) const KEY: &str = "huggingface";

/// `info.features` of the JSON that lies under [`KEY`].
pub(super) fn features(json: Option<&str>) -> Option<Value> {
    let mut value: Value = serde_json::from_str(json?).ok()?;
    Some(value.get_mut("info")?.get_mut("features")?.take())
}

/// A column by what its cells are and what is declared of it.
pub(super) fn column(name: &str, kind: ColumnKind, features: Option<&Value>) -> Column {
    let feature = features.and_then(|features| features.get(name));
    let kind_of_feature = feature.and_then(|f| f.get("_type")).and_then(|t| t.as_str());
    // Lists of classes are a feature within a feature.
    let within = feature.and_then(|f| f.get("feature")).or(feature);
    let classes = (within.and_then(|f| f.get("_type")).and_then(|t| t.as_str()) == Some("ClassLabel")).then(|| {
        let names = within.and_then(|f| f.get("names")).and_then(|n| n.as_array()).into_iter().flatten();
        names.filter_map(|n| n.as_str().map(str::to_string)).collect::<Vec<_>>()
    });
    let kind = match kind_of_feature {
        Some("Image") => ColumnKind::Image,
        Some("Audio") => ColumnKind::Audio,
        // Bytes and a path alone tell nothing.
        _ if kind == ColumnKind::Image && SOUNDS.contains(&name.to_lowercase().as_str()) => ColumnKind::Audio,
        _ => kind,
    };
    Column { name: name.into(), kind, classes: classes.filter(|names| !names.is_empty()) }
}
