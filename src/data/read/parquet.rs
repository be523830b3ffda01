//! Parquet: columns and rows by the crate's record reader; class names from the `huggingface` entry of the footer.

use super::{Cell, Column, ColumnKind, Position, Row, Rows, decimal, declared, unreadable, unsigned, written};
use crate::data::guarded::guarded;
use crate::data::{Error, Result};
use parquet::basic::{Compression, ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::{BasicTypeInfo, Type};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

fn open(path: &Path) -> Result<SerializedFileReader<File>> {
    let file = File::open(path).map_err(|source| Error::Io { action: "open", path: path.into(), source })?;
    let no_parquet = |e: String| unreadable(path, None, format!("it is no Parquet file: {e}"));
    guarded(|| SerializedFileReader::new(file)).map_err(no_parquet)?.map_err(|e| no_parquet(e.to_string()))
}

pub(super) fn count(path: &Path) -> Result<usize> {
    let rows = open(path)?.metadata().file_metadata().num_rows();
    usize::try_from(rows).map_err(|_| unreadable(path, None, format!("its footer says that it has {rows} rows")))
}

pub(super) fn columns(path: &Path) -> Result<Vec<Column>> {
    let reader = open(path)?;
    let chunks = reader.metadata().row_groups().iter().flat_map(|group| group.columns());
    if let Some(by) = chunks.map(|chunk| chunk.compression()).find_map(not_unpacked) {
        return Err(Error::PackedWithin { path: path.into(), by });
    }
    let meta = reader.metadata().file_metadata();
    let mut metadata = meta.key_value_metadata().into_iter().flatten();
    let features = declared::features(metadata.find(|kv| kv.key == declared::KEY).and_then(|kv| kv.value.as_deref()));
    let fields = meta.schema().get_fields();
    Ok(fields.iter().map(|field| declared::column(field.name(), kind(field), features.as_ref())).collect())
}

/// What pages are packed by, where that is not read.
fn not_unpacked(codec: Compression) -> Option<&'static str> {
    match codec {
        Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::GZIP(_) | Compression::ZSTD(_) => None,
        Compression::LZ4 | Compression::LZ4_RAW => Some("LZ4"),
        Compression::BROTLI(_) => Some("Brotli"),
        Compression::LZO => Some("LZO"),
    }
}

fn kind(field: &Type) -> ColumnKind {
    let info = field.get_basic_info();
    if field.is_group() {
        let list = info.converted_type() == ConvertedType::LIST || matches!(info.logical_type_ref(), Some(LogicalType::List));
        if let (true, Some(element)) = (list, element(field)) {
            return ColumnKind::List(Some(Box::new(kind(element))));
        }
        let names: Vec<&str> = field.get_fields().iter().map(|f| f.name()).collect();
        return match names.contains(&"bytes") && names.len() <= 2 {
            true => ColumnKind::Image,
            false => ColumnKind::Object(names.iter().map(|name| name.to_string()).collect()),
        };
    }
    let text = matches!(info.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum | LogicalType::Json))
        || matches!(info.converted_type(), ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON);
    let plain = matches!(info.logical_type_ref(), None | Some(LogicalType::Integer { .. }));
    match field.get_physical_type() {
        _ if is_decimal(info) || matches!(info.logical_type_ref(), Some(LogicalType::Float16)) => ColumnKind::Float,
        Physical::BYTE_ARRAY if text => ColumnKind::Text,
        Physical::BYTE_ARRAY if plain && info.converted_type() == ConvertedType::NONE => ColumnKind::Image,
        Physical::BOOLEAN => ColumnKind::Int,
        // Nothing but nothing, as programs write a column of it.
        _ if matches!(info.logical_type_ref(), Some(LogicalType::Unknown)) => ColumnKind::Text,
        // Written out, as other files have them.
        Physical::INT32 | Physical::INT64 if is_dated(info) => ColumnKind::Text,
        Physical::INT32 | Physical::INT64 if plain => ColumnKind::Int,
        Physical::FLOAT | Physical::DOUBLE => ColumnKind::Float,
        other => ColumnKind::Other(format!("values of type {other}")),
    }
}

/// What a list is of: the elements lie in a group of one, which repeats; in old files the repeated field is the element itself.
fn element(list: &Type) -> Option<&Type> {
    let repeated = list.get_fields().first()?;
    let within = if repeated.is_group() { repeated.get_fields().first() } else { None };
    Some(within.unwrap_or(repeated))
}

/// Whether its integers are nanoseconds, which the reader of records gives as they are.
fn is_nanos(field: &Type) -> bool {
    let logical = field.get_basic_info().logical_type_ref();
    matches!(logical, Some(LogicalType::Timestamp(time)) if matches!(time.unit, TimeUnit::NANOS))
}

/// Whether its values are whole numbers, of so many tenths, hundredths and so on.
fn is_decimal(info: &BasicTypeInfo) -> bool {
    matches!(info.logical_type_ref(), Some(LogicalType::Decimal { .. })) || info.converted_type() == ConvertedType::DECIMAL
}

fn is_dated(info: &BasicTypeInfo) -> bool {
    matches!(info.logical_type_ref(), Some(LogicalType::Date | LogicalType::Timestamp { .. }))
        || matches!(
            info.converted_type(),
            ConvertedType::DATE | ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS
        )
}

/// What stands in a column of no kind that is read.
const ODD: Cell = Cell::Other("a value of a type that is not read");

pub(super) fn rows(path: &Path, wanted: &[&str]) -> Result<Rows<'static>> {
    let reader = open(path)?;
    let schema = reader.metadata().file_metadata().schema();
    // What no cell can be is not read.
    let is_odd = |field: &Type| matches!(kind(field), ColumnKind::Other(_));
    let is_wanted = |field: &&Arc<Type>| wanted.contains(&field.name()) && !is_odd(field);
    let fields: Vec<Arc<Type>> = schema.get_fields().iter().filter(is_wanted).cloned().collect();
    let at = |name: &&str| fields.iter().position(|field| field.name() == *name);
    if fields.is_empty() {
        let rows = count(path)? as u64;
        let cells = vec![ODD; wanted.len()];
        return Ok(Box::new((1..=rows).map(move |n| Ok(Row { position: Position::Row(n), cells: cells.clone() }))));
    }
    // The reader gives the fields in the file's order; `order` says which of them each wanted column is, if it is read.
    let order: Vec<Option<usize>> = wanted.iter().map(at).collect();
    let types = fields.clone();
    let broken = |e| unreadable(path, None, e);
    let projection = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(broken)?;
    let told = |e: String| unreadable(path, None, e);
    let rows = guarded(|| RowIter::from_file_into(Box::new(reader)).project(Some(projection))).map_err(told)?;
    let mut rows = rows.map_err(broken)?;
    let path = path.to_path_buf();
    let mut damaged = false;
    // The reader trusts what pages say of each other. After a panic nothing of it can be used.
    let read = std::iter::from_fn(move || {
        if damaged {
            return None;
        }
        let row = guarded(|| rows.next()).map(|row| row.map(|row| row.map_err(|e| e.to_string())));
        damaged = row.is_err();
        row.unwrap_or_else(|panic| Some(Err(panic)))
    });
    Ok(Box::new(read.zip(1u64..).map(move |(row, number)| {
        let position = Position::Row(number);
        let row = row.map_err(|e| unreadable(&path, Some(position.clone()), e))?;
        let mut fields: Vec<Option<Field>> = row.into_columns().into_iter().map(|(_, field)| Some(field)).collect();
        let last_use = |i: usize| order[i + 1..].iter().all(|later| *later != order[i]);
        let cells = (0..order.len())
            .map(|i| {
                let Some(at) = order[i] else { return ODD };
                let field = if last_use(i) { fields[at].take() } else { fields[at].clone() };
                field.map_or(Cell::Null, |field| cell(field, types.get(at).map(|of| &**of)))
            })
            .collect();
        Ok(Row { position, cells })
    })))
}

/// `of`: what the file says of it.
fn cell(field: Field, of: Option<&Type>) -> Cell {
    let within = |name: &str| {
        let group = of.filter(|of| of.is_group());
        group.and_then(|of| of.get_fields().iter().find(|field| field.name() == name)).map(|field| &**field)
    };
    match field {
        Field::Null => Cell::Null,
        Field::Bool(b) => Cell::Int(b.into()),
        Field::Byte(i) => Cell::Int(i.into()),
        Field::Short(i) => Cell::Int(i.into()),
        Field::Int(i) => Cell::Int(i.into()),
        Field::Long(nanos) if of.is_some_and(is_nanos) => written(nanos.div_euclid(1_000_000_000), 1),
        Field::Long(i) => Cell::Int(i),
        Field::UByte(i) => Cell::Int(i.into()),
        Field::UShort(i) => Cell::Int(i.into()),
        Field::UInt(i) => Cell::Int(i.into()),
        Field::ULong(i) => unsigned(i),
        Field::Float16(f) => Cell::Float(f.into()),
        Field::Decimal(value) => decimal(value.data().iter().copied(), value.scale()),
        Field::Float(f) => Cell::Float(f.into()),
        Field::Double(f) => Cell::Float(f),
        Field::Str(text) => Cell::Text(text),
        Field::Date(days) => written(i64::from(days), 86_400),
        Field::TimestampMillis(millis) => written(millis.div_euclid(1000), 1),
        Field::TimestampMicros(micros) => written(micros.div_euclid(1_000_000), 1),
        Field::Bytes(bytes) => Cell::Bytes(bytes.data().to_vec()),
        // An image or a recording, whose place is of no use here.
        Field::Group(row) if row.len() <= 2 && row.get_column_iter().any(|(name, _)| name == "bytes") => {
            let bytes =
                row.into_columns().into_iter().find(|(name, _)| name == "bytes").map(|(name, field)| cell(field, within(&name)));
            bytes.unwrap_or(Cell::Null)
        }
        Field::Group(row) => {
            let named = |(name, field): (String, Field)| {
                let cell = cell(field, within(&name));
                (name, cell)
            };
            Cell::Object(row.into_columns().into_iter().map(named).collect())
        }
        Field::ListInternal(list) => {
            let element = of.filter(|of| of.is_group()).and_then(element);
            Cell::List(list.elements().iter().cloned().map(|field| cell(field, element)).collect())
        }
        _ => Cell::Other("a nested or dated value"),
    }
}

#[cfg(test)]
pub(in crate::data) mod tests {
    use crate::data::read::{Cell, ColumnKind, Position, Table};
    use crate::error::Failure;
    use parquet::basic::{BrotliLevel, Compression, GzipLevel, ZstdLevel};
    use parquet::data_type::{ByteArray, ByteArrayType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type};
    use parquet::file::metadata::KeyValue;
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::fs::File;
    use std::path::Path;
    use std::sync::Arc;

    /// A small file as the `datasets` library writes them: `text` (one of them may be nothing) and `label`, a ClassLabel.
    pub(in crate::data) fn write(path: &Path, rows: &[(Option<&str>, i64)], classes: &[&str]) {
        let schema = "message schema { optional binary text (UTF8); required int64 label; }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let features = serde_json::json!({"info": {"features": {
            "text": {"dtype": "string", "_type": "Value"}, "label": {"names": classes, "_type": "ClassLabel"}}}});
        let metadata = vec![KeyValue::new("huggingface".to_string(), features.to_string())];
        let properties = Arc::new(WriterProperties::builder().set_key_value_metadata(Some(metadata)).build());
        let mut writer = SerializedFileWriter::new(File::create(path).expect("a file"), schema, properties).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("a column").expect("text");
        let texts: Vec<ByteArray> = rows.iter().filter_map(|(text, _)| text.map(ByteArray::from)).collect();
        let levels: Vec<i16> = rows.iter().map(|(text, _)| i16::from(text.is_some())).collect();
        column.typed::<ByteArrayType>().write_batch(&texts, Some(&levels), None).expect("written");
        column.close().expect("closed");
        let mut column = group.next_column().expect("a column").expect("label");
        let labels: Vec<i64> = rows.iter().map(|(_, label)| *label).collect();
        column.typed::<Int64Type>().write_batch(&labels, None, None).expect("written");
        column.close().expect("closed");
        group.close().expect("closed");
        writer.close().expect("closed");
    }

    #[test]
    fn columns_classes_and_rows_in_any_order() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.parquet");
        write(&path, &[(Some("a"), 1), (None, -1), (Some("c"), 0)], &["no", "yes"]);
        let table = Table::open(&path).expect("a table");
        assert_eq!(table.count().expect("counted"), 3);
        assert_eq!(table.column("text").expect("there").kind, ColumnKind::Text);
        assert_eq!(table.column("label").expect("there").classes.as_deref(), Some(&["no".to_string(), "yes".into()][..]));
        let rows: Vec<_> = table.rows(&["label", "text"]).expect("rows").map(|r| r.expect("a row")).collect();
        assert_eq!(rows[0].cells, [Cell::Int(1), Cell::Text("a".into())]);
        assert_eq!((rows[1].position.clone(), rows[1].cells.clone()), (Position::Row(2), vec![Cell::Int(-1), Cell::Null]));
        assert_eq!(table.rows(&[]).expect("rows").count(), 3);
    }

    #[test]
    fn times_are_written_alike_whatever_they_are_counted_in() {
        let dir = tempfile::tempdir().expect("a folder");
        let rows = |unit: &str, per_second: i64| {
            let path = dir.path().join(format!("{unit}.parquet"));
            let schema = format!("message schema {{ required int64 at (TIMESTAMP({unit},true)); }}");
            let schema = Arc::new(parse_message_type(&schema).expect("a schema"));
            let file = File::create(&path).expect("a file");
            let mut writer = SerializedFileWriter::new(file, schema, Default::default()).expect("a writer");
            let mut group = writer.next_row_group().expect("a group");
            let mut column = group.next_column().expect("a column").expect("at");
            let times = [0, 1_700_000_000 * per_second + per_second / 2, -1];
            column.typed::<Int64Type>().write_batch(&times, None, None).expect("written");
            column.close().expect("closed");
            group.close().expect("closed");
            writer.close().expect("closed");
            let table = Table::open(&path).expect("a table");
            assert_eq!(table.column("at").expect("there").kind, ColumnKind::Text);
            table.rows(&["at"]).expect("rows").flat_map(|row| row.expect("a row").cells).collect::<Vec<_>>()
        };
        let expected = ["1970-01-01T00:00:00Z", "2023-11-14T22:13:20Z", "1969-12-31T23:59:59Z"];
        let expected: Vec<Cell> = expected.iter().map(|at| Cell::Text(at.to_string())).collect();
        for (unit, per_second) in [("MILLIS", 1000), ("MICROS", 1_000_000), ("NANOS", 1_000_000_000)] {
            assert_eq!(rows(unit, per_second), expected, "{unit}");
        }
    }

    /// Whatever lies beside them.
    #[test]
    fn decimals_and_halves_are_numbers() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.parquet");
        let schema = "message schema { required fixed_len_byte_array(9) price (DECIMAL(20,2)); required int32 few (DECIMAL(5,1));
            required fixed_len_byte_array(2) half (FLOAT16); required fixed_len_byte_array(16) id (UUID); required int64 n; }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let mut writer =
            SerializedFileWriter::new(File::create(&path).expect("a file"), schema, Default::default()).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let bytes = |value: i128, width: usize| ByteArray::from(value.to_be_bytes()[16 - width..].to_vec()).into();
        let fixed: [Vec<FixedLenByteArray>; 3] = [
            vec![bytes(-1_234, 9), bytes(10_000_000_000_000_000_010, 9)],
            vec![ByteArray::from(vec![0, 0x3c]).into(), ByteArray::from(vec![0, 0xc0]).into()],
            vec![bytes(1, 16), bytes(2, 16)],
        ];
        let mut fixed = fixed.iter();
        for at in 0..5 {
            let mut column = group.next_column().expect("a column").expect("there");
            match at {
                1 => column.typed::<Int32Type>().write_batch(&[15, -2], None, None),
                4 => column.typed::<Int64Type>().write_batch(&[7, 8], None, None),
                _ => column.typed::<FixedLenByteArrayType>().write_batch(fixed.next().expect("values"), None, None),
            }
            .expect("written");
            column.close().expect("closed");
        }
        group.close().expect("closed");
        writer.close().expect("closed");
        let table = Table::open(&path).expect("a table");
        let names = table.names();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let rows: Vec<_> = table.rows(&names).expect("rows").map(|row| row.expect("a row").cells).collect();
        let expected = |numbers: [f64; 3], n: i64| {
            numbers.map(Cell::Float).into_iter().chain([super::ODD, Cell::Int(n)]).collect::<Vec<_>>()
        };
        assert_eq!(rows, [expected([-12.34, 1.5, 1.0], 7), expected([100_000_000_000_000_000.1, -0.2, -2.0], 8)]);
        assert_eq!(table.column("price").expect("there").kind, ColumnKind::Float);
        assert_eq!(table.rows(&["id"]).expect("rows").count(), 2);
    }

    /// Large numbers keep their digits, for as real numbers they would all be one; a column of nothing is one of blanks.
    #[test]
    fn numbers_without_a_sign_stay_apart_and_nothing_is_blank() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.parquet");
        let schema = "message schema { required int64 id (INTEGER(64,false)); optional int32 none (UNKNOWN); }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let mut writer =
            SerializedFileWriter::new(File::create(&path).expect("a file"), schema, Default::default()).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        let mut column = group.next_column().expect("a column").expect("there");
        column.typed::<Int64Type>().write_batch(&[i64::MIN, i64::MIN + 1, 7], None, None).expect("written");
        column.close().expect("closed");
        let mut column = group.next_column().expect("a column").expect("there");
        column.typed::<Int32Type>().write_batch(&[], Some(&[0, 0, 0]), None).expect("written");
        column.close().expect("closed");
        group.close().expect("closed");
        writer.close().expect("closed");
        let table = Table::open(&path).expect("a table");
        let kinds: Vec<_> = table.columns().iter().map(|column| column.kind.clone()).collect();
        assert_eq!(kinds, [ColumnKind::Int, ColumnKind::Text]);
        let rows: Vec<_> = table.rows(&["id", "none"]).expect("rows").map(|row| row.expect("a row").cells).collect();
        let text = |text: &str| Cell::Text(text.into());
        let ids = [text("9223372036854775808"), text("9223372036854775809"), Cell::Int(7)];
        assert_eq!(rows, ids.map(|id| vec![id, Cell::Null]));
    }

    /// A file may be sound and packed by what is not read.
    #[test]
    fn what_is_packed_otherwise_is_refused_by_name() {
        for (codec, expected) in [
            (Compression::UNCOMPRESSED, None),
            (Compression::SNAPPY, None),
            (Compression::GZIP(GzipLevel::default()), None),
            (Compression::ZSTD(ZstdLevel::default()), None),
            (Compression::LZ4, Some("LZ4")),
            (Compression::LZ4_RAW, Some("LZ4")),
            (Compression::BROTLI(BrotliLevel::default()), Some("Brotli")),
            (Compression::LZO, Some("LZO")),
        ] {
            assert_eq!(super::not_unpacked(codec), expected, "{codec:?}");
        }
        let error = crate::data::Error::PackedWithin { path: "t.parquet".into(), by: "LZ4" };
        assert!(error.to_string().contains("`t.parquet` is packed within by LZ4"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("compression=\"zstd\"")));
    }

    #[test]
    fn a_file_that_is_cut_off_or_something_else_is_refused() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("t.parquet");
        write(&path, &[(Some("a"), 1)], &["no", "yes"]);
        let whole = std::fs::read(&path).expect("read");
        for bytes in [&whole[..whole.len() / 2], b"text,label\na,1\n", b""] {
            std::fs::write(&path, bytes).expect("written");
            let error = Table::open(&path).err().expect("broken").to_string();
            assert!(error.contains("it is no Parquet file"), "{error}");
        }
    }
}
