//! What the columns of an Arrow file are: types, as far as a cell of ours can be made of them, and how many nodes and buffers each has
//! within a batch.

use super::flat::Flat;
use crate::data::read::ColumnKind;

/// Types within types beyond this are none that anybody writes.
const DEEPEST: usize = 32;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) of: Type,
    /// Its cells are places in the batch of this number, which holds the values.
    pub(super) dictionary: Option<(i64, Box<Type>)>,
    pub(super) children: Vec<Field>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Type {
    Null,
    Bool,
    Int {
        bytes: usize,
        signed: bool,
    },
    Half,
    Single,
    Double,
    /// Texts or bytes behind offsets of this many bytes.
    Text {
        offset: usize,
    },
    Bytes {
        offset: usize,
    },
    TextView,
    BytesView,
    FixedBytes {
        width: usize,
    },
    /// Units from 1970 on, so many a second; days are less than one: negative seconds each.
    Time {
        bytes: usize,
        per_sec: i64,
    },
    List {
        offset: usize,
    },
    FixedList {
        length: usize,
    },
    Struct,
    /// Whole numbers of 10 to the power of minus `scale`.
    Decimal {
        bytes: usize,
        scale: i32,
    },
    /// A fixed number of bytes in one buffer of values that no cell can be.
    Opaque,
}

impl Field {
    pub(super) fn read(field: Flat, depth: usize) -> Result<Field, String> {
        let name = field.text(0).unwrap_or_default().to_string();
        if depth > DEEPEST {
            return Err(format!("column `{name}` nests deeper than {DEEPEST} types"));
        }
        let children = field.tables(5).into_iter().map(|child| Field::read(child, depth + 1)).collect::<Result<Vec<_>, _>>()?;
        let of = kind(field).map_err(|what| format!("column `{name}` holds {what}, which are not read"))?;
        let expected = match of {
            Type::List { .. } | Type::FixedList { .. } => Some(1),
            Type::Struct => None,
            _ => Some(0),
        };
        if expected.is_some_and(|expected| expected != children.len()) {
            return Err(format!("column `{name}` has {} parts, of another number than its type", children.len()));
        }
        let Some(dictionary) = field.table(4) else { return Ok(Field { name, of, dictionary: None, children }) };
        let index = dictionary.table(1).map_or(Ok(Type::Int { bytes: 4, signed: true }), |index| int(index))?;
        Ok(Field { name, of: index, dictionary: Some((dictionary.i64(0, 0), Box::new(of))), children })
    }

    /// The field whose cells a dictionary holds.
    pub(super) fn values(&self) -> Option<(i64, Field)> {
        let (id, of) = self.dictionary.as_ref()?;
        Some((*id, Field { name: self.name.clone(), of: **of, dictionary: None, children: self.children.clone() }))
    }

    /// The parts that lie in a batch: those of a dictionary's values do not.
    pub(super) fn parts(&self) -> &[Field] {
        if self.dictionary.is_some() { &[] } else { &self.children }
    }

    /// Buffers of its own, without its parts and those that views lead to.
    pub(super) fn buffers(&self) -> usize {
        match self.of {
            Type::Null => 0,
            Type::FixedList { .. } | Type::Struct => 1,
            Type::Text { .. } | Type::Bytes { .. } => 3,
            _ => 2,
        }
    }

    pub(super) fn kind(&self) -> ColumnKind {
        if let Some((_, values)) = self.values() {
            return values.kind();
        }
        match self.of {
            Type::Bool | Type::Int { .. } => ColumnKind::Int,
            Type::Half | Type::Single | Type::Double | Type::Decimal { .. } => ColumnKind::Float,
            Type::Null | Type::Text { .. } | Type::TextView | Type::Time { .. } => ColumnKind::Text,
            Type::Bytes { .. } | Type::BytesView | Type::FixedBytes { .. } => ColumnKind::Image,
            Type::List { .. } | Type::FixedList { .. } => {
                ColumnKind::List(self.children.first().map(|item| Box::new(item.kind())))
            }
            Type::Struct if self.is_file() => ColumnKind::Image,
            Type::Struct => ColumnKind::Object(self.children.iter().map(|child| child.name.clone()).collect()),
            Type::Opaque => ColumnKind::Other("intervals or times of day".into()),
        }
    }

    /// Whether its cells are an image or a recording beside the name of its file.
    pub(super) fn is_file(&self) -> bool {
        self.of == Type::Struct && self.children.len() <= 2 && self.children.iter().any(|child| child.name == "bytes")
    }
}

/// Numbers of the union `Type` in Arrow's `Schema.fbs`.
fn kind(field: Flat) -> Result<Type, &'static str> {
    let Some(of) = field.table(3) else { return Err("values of no type") };
    Ok(match field.byte(2, 0) {
        1 => Type::Null,
        2 => int(of)?,
        3 => match of.i16(0, 0) {
            0 => Type::Half,
            1 => Type::Single,
            _ => Type::Double,
        },
        4 => Type::Bytes { offset: 4 },
        5 => Type::Text { offset: 4 },
        6 => Type::Bool,
        7 => match of.i32(2, 128) {
            bits @ (32 | 64 | 128 | 256) => Type::Decimal { bytes: bits.unsigned_abs() as usize / 8, scale: of.i32(1, 0) },
            _ => return Err("decimals of an odd width"),
        },
        9 | 11 | 18 => Type::Opaque,
        8 if of.i16(0, 1) == 0 => Type::Time { bytes: 4, per_sec: -86_400 },
        8 => Type::Time { bytes: 8, per_sec: 1000 },
        10 => match of.i16(0, 0) {
            unit @ 0..=3 => Type::Time { bytes: 8, per_sec: 1000i64.pow(unit.unsigned_abs().into()) },
            _ => return Err("times of an unknown unit"),
        },
        12 => Type::List { offset: 4 },
        13 => Type::Struct,
        15 => Type::FixedBytes { width: width(of)? },
        16 => Type::FixedList { length: width(of)? },
        17 => Type::List { offset: 4 },
        19 => Type::Bytes { offset: 8 },
        20 => Type::Text { offset: 8 },
        21 => Type::List { offset: 8 },
        23 => Type::BytesView,
        24 => Type::TextView,
        14 => return Err("unions"),
        22 => return Err("run-end encoded values"),
        25 | 26 => return Err("list views"),
        _ => return Err("values of an unknown type"),
    })
}

fn width(of: Flat) -> Result<usize, &'static str> {
    usize::try_from(of.i32(0, 0)).map_err(|_| "values of a negative width")
}

fn int(of: Flat) -> Result<Type, &'static str> {
    match of.i32(0, 0) {
        bits @ (8 | 16 | 32 | 64) => Ok(Type::Int { bytes: bits.unsigned_abs() as usize / 8, signed: of.byte(1, 0) != 0 }),
        _ => Err("integers of an odd width"),
    }
}
