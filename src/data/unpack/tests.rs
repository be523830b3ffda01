use super::*;
use crate::data::packing::tests::{gz, zst};
use crate::error::{Class, Failure};

/// A tar archive of (name, kind, content), as POSIX has it.
pub(in crate::data) fn tar(members: &[(&str, u8, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, kind, content) in members {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[156] = *kind;
        header[157..163].copy_from_slice(b"/etc/x");
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        out.extend_from_slice(&header);
        out.extend_from_slice(content);
        out.resize(out.len().div_ceil(512) * 512, 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

/// A zip archive of (name, mode, content), each member stored by this method (0 or 8).
pub(in crate::data) fn zip(members: &[(&str, u32, &[u8])], method: u16) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, mode, content) in members {
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let packed = match method {
            0 => content.to_vec(),
            _ => {
                let mut out = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
                std::io::Write::write_all(&mut out, content).expect("packed");
                out.finish().expect("packed")
            }
        };
        let offset = out.len() as u32;
        let mut common = Vec::new();
        common.extend_from_slice(&[20, 0, 0, 0]);
        common.extend_from_slice(&method.to_le_bytes());
        common.extend_from_slice(&[0; 4]);
        common.extend_from_slice(&crc.sum().to_le_bytes());
        common.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        common.extend_from_slice(&(content.len() as u32).to_le_bytes());
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x03");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 6]);
        directory.extend_from_slice(&(mode << 16).to_le_bytes());
        directory.extend_from_slice(&offset.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let at = out.len() as u32;
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    let count = (members.len() as u16).to_le_bytes();
    out.extend_from_slice(&[count, count].concat());
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&at.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

pub(in crate::data) const FILE: u32 = 0o100_644;
const LINK: u32 = 0o120_777;

/// What an archive becomes, as sorted `path=content`, or the error.
fn unpacked(name: &str, bytes: &[u8]) -> Result<Vec<String>> {
    let dir = tempfile::tempdir().expect("a folder");
    let (archive, work) = (dir.path().join(name), dir.path().join("work"));
    std::fs::write(&archive, bytes).expect("written");
    let archives = [(name.to_string(), archive)];
    let folder = unpack(&archives, &Making::quietly(&work));
    let left: Vec<_> = std::fs::read_dir(&work).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let folder = match folder {
        Ok(folder) => folder,
        Err(error) => {
            assert_eq!(left, Vec::<PathBuf>::new(), "nothing half-unpacked stays");
            assert!(!dir.path().join("out").exists() && !Path::new("/etc/x.csv").exists());
            return Err(error);
        }
    };
    assert_eq!(left, std::slice::from_ref(&folder));
    assert_eq!(unpack(&archives, &Making::quietly(&work)).expect("there"), folder);
    let (mut found, mut waiting) = (Vec::new(), vec![folder.clone()]);
    while let Some(at) = waiting.pop() {
        for entry in std::fs::read_dir(&at).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => waiting.push(path),
                path => {
                    let name = path.strip_prefix(&folder).expect("below").display().to_string();
                    found.push(format!("{name}={}", String::from_utf8_lossy(&std::fs::read(&path).expect("read"))));
                }
            }
        }
    }
    found.sort();
    Ok(found)
}

#[test]
fn the_same_files_come_out_of_every_kind_of_archive() {
    let files: [(&str, &[u8]); 3] = [("./train/cat/a.png", b"A"), ("train/dog/b.png", b"BB"), ("test/cat/c.png", b"")];
    let of_tar = tar(&files.map(|(name, content)| (name, b'0', content)));
    let members = files.map(|(name, content)| (name, FILE, content));
    let expected = ["test/cat/c.png=", "train/cat/a.png=A", "train/dog/b.png=BB"];
    for (name, bytes) in [
        ("x.tar", of_tar.clone()),
        ("x.tar.gz", gz(&of_tar)),
        ("x.tgz", gz(&of_tar)),
        ("x.tar.zst", zst(&of_tar)),
        ("x.zip", zip(&members, 0)),
        ("X.ZIP", zip(&members, 8)),
    ] {
        assert_eq!(unpacked(name, &bytes).expect(name), expected, "{name}");
    }
}

#[test]
fn folders_around_everything_are_none_of_it() {
    let check = |name: &str, members: &[&str], expected: &[&str]| {
        let members: Vec<(&str, u8, &[u8])> = members.iter().map(|name| (*name, b'0', &b""[..])).collect();
        let found: Vec<String> = unpacked(name, &tar(&members)).expect(name).iter().map(|f| f.replace('=', "")).collect();
        assert_eq!(found, expected, "{name}");
    };
    check("pets.tar", &["pets/cat/a.png", "pets/dog/b.png"], &["cat/a.png", "dog/b.png"]);
    check("x.tar", &["data/rows/train.csv"], &["train.csv"]);
    // A split or a class is a part of the content.
    check("x.tar", &["train/cat/a.png"], &["train/cat/a.png"]);
    check("x.tar", &["cat/a.png"], &["cat/a.png"]);
    // An archive that is called like a split is that split.
    check("train.tar", &["cat/a.png", "dog/b.png"], &["train/cat/a.png", "train/dog/b.png"]);
    check("train.tar", &["train/cat/a.png"], &["train/cat/a.png"]);
    // But for one that holds splits.
    check("training_data.tar", &["train/cat/a.png", "test/cat/b.png"], &["test/cat/b.png", "train/cat/a.png"]);
    check("train.tar", &["cup/a.png", "test tube/b.png"], &["train/cup/a.png", "train/test tube/b.png"]);
}

/// What systems leave in archives is no part of them, and no reason to refuse them.
#[test]
fn traces_of_systems_are_left_where_they_are() {
    let files: [(&str, &[u8]); 4] =
        [("a.csv", b"A"), (".DS_Store", b"\0\0\0\x01"), ("__MACOSX/._a.csv", b"Mac"), ("b.csv", b"B")];
    let (of_tar, members) =
        (tar(&files.map(|(name, content)| (name, b'0', content))), files.map(|(n, content)| (n, FILE, content)));
    for (name, bytes) in
        [("x.tar", of_tar.clone()), ("x.tgz", gz(&of_tar)), ("x.zip", zip(&members, 0)), ("y.zip", zip(&members, 8))]
    {
        assert_eq!(unpacked(name, &bytes).expect(name), ["a.csv=A", "b.csv=B"], "{name}");
    }
    let zeros = vec![0u8; 96 << 20];
    let error = unpacked("x.zip", &zip(&[(".zeros", FILE, &zeros)], 8)).expect_err("it unfolds without end").to_string();
    assert!(error.contains("`.zeros`: with it the archive of"), "{error}");
}

#[test]
fn long_names_and_sizes_of_extended_headers() {
    let (long, longer) = (format!("{}/a.csv", "d".repeat(120)), format!("{}/b.csv", "e".repeat(150)));
    let pax = format!("{} path={longer}\n", longer.len() + 10);
    let archive = tar(&[
        ("././@LongLink", b'L', format!("{long}\0").as_bytes()),
        ("cut", b'0', b"1"),
        ("pax", b'x', pax.as_bytes()),
        ("cut", b'0', b"2"),
        ("all", b'g', b"12 comment=x\n"),
    ]);
    assert_eq!(unpacked("x.tar", &archive).expect("unpacked"), [format!("{long}=1"), format!("{longer}=2")]);
}

#[test]
fn what_must_not_be_unpacked_names_its_member() {
    let check = |name: &str, bytes: &[u8], member: &str, words: &str| {
        let error = unpacked(name, bytes).expect_err(words);
        assert_eq!(error.class(), Class::Data);
        let text = error.to_string();
        assert!(text.contains(member) && text.contains(words) && error.hint().is_some(), "{member}: {text}");
    };
    for name in ["../out/x.csv", "a/../../out/x.csv", "/etc/x.csv", "a\\..\\x.csv"] {
        let words = "its name leads out of the archive";
        check("x.tar", &tar(&[("a.csv", b'0', b"1"), (name, b'0', b"x")]), &clean(name), words);
        check("x.zip", &zip(&[("a.csv", FILE, b"1"), (name, FILE, b"x")], 8), &clean(name), words);
    }
    for (kind, words) in
        [(b'1', "a hard link"), (b'2', "a symbolic link"), (b'3', "a device"), (b'6', "a device"), (b'S', "not read")]
    {
        check("x.tar.gz", &gz(&tar(&[("train.csv", kind, b"")])), "`train.csv`", words);
    }
    check("x.zip", &zip(&[("train.csv", LINK, b"/etc/passwd")], 0), "`train.csv`", "a symbolic link");
    let twice = "two members of this name";
    check("x.tar", &tar(&[("a.csv", b'0', b"1"), ("./a.csv", b'0', b"2")]), "`./a.csv`", twice);
    check("x.zip", &zip(&[("a.csv", FILE, b"1"), ("a.csv", FILE, b"2")], 8), "`a.csv`", twice);
    check("x.tar", &tar(&[("a", b'0', b"1"), ("a/b.csv", b'0', b"2")]), "`a/b.csv`", "another member is a file");
    let mut encrypted = zip(&[("a.csv", FILE, b"1")], 0);
    let directory = encrypted.windows(4).position(|four| four == b"PK\x01\x02").expect("a directory");
    encrypted[directory + 8] |= 1;
    check("x.zip", &encrypted, "`a.csv`", "it is encrypted");
    let damaged = zip(&[("a.csv", FILE, b"text,label\n")], 0);
    let content = damaged.windows(4).position(|four| four == b"text").expect("the content");
    let with = |at: usize, byte: u8| {
        let mut bytes = damaged.clone();
        bytes[at] = byte;
        bytes
    };
    check("x.zip", &with(content, b'T'), "`a.csv`", "expected CRC-32");
    check("x.zip", &with(directory_of(&damaged) + 24, 5), "`a.csv`", "expected 5 bytes, found more");
    let packed = |method: u8| with(directory_of(&damaged) + 10, method);
    check("x.zip", &packed(12), "`a.csv`", "it is packed by method 12");
}

fn directory_of(zip: &[u8]) -> usize {
    zip.windows(4).position(|four| four == b"PK\x01\x02").expect("a directory")
}

#[test]
fn what_is_cut_off_or_unfolds_beyond_measure_is_refused() {
    let check = |name: &str, bytes: &[u8], words: &str| {
        let text = unpacked(name, bytes).map(|found| found.len()).expect_err(words).to_string();
        assert!(text.contains(words), "{name}: expected {words:?}, found {text}");
    };
    let text: Vec<u8> = (0..3000u32).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let (of_tar, of_zip) = (tar(&[("a.csv", b'0', &text)]), zip(&[("a.csv", FILE, &text)], 8));
    check("x.tar", &of_tar[..3000], "`a.csv`: the archive is cut off in it: expected 12000 bytes, found 2488");
    check("x.tar.gz", &gz(&of_tar)[..5000], "`a.csv`: it is cut off");
    check("x.tar.gz", &[gz(&of_tar), b"more".to_vec()].concat()[..300], "it is cut off");
    check("x.zip", &of_zip[..of_zip.len() / 2], "it is no zip archive, or is cut off");
    check("x.zip", b"", "it is no zip archive, or is cut off");
    check("x.tar", b"text,label\na,1\n", "it is no tar archive");
    check("x.tar", &vec![b'a'; 4096], "it is no tar archive");
    check("x.tar", b"", "it is no tar archive");
    let zeros = vec![0u8; 96 << 20];
    check("x.zip", &zip(&[("a.csv", FILE, b"1"), ("zeros.csv", FILE, &zeros)], 8), "`zeros.csv`: with it the archive of");
    check("x.tar.zst", &zst(&tar(&[("zeros.csv", b'0', &zeros)])), "`zeros.csv`: it unfolds to more than");
    // A member that says it is endless.
    let mut endless = tar(&[("a.csv", b'0', b"1")]);
    endless[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    endless[148..156].fill(b' ');
    let sum: u32 = endless[..512].iter().map(|b| u32::from(*b)).sum();
    endless[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    check("x.tar", &endless, "`a.csv`: the archive is cut off in it");
}
