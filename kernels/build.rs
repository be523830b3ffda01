//! Compiles the CUDA kernels, `src/*/cuda.cu`, each once for float32 and once for bfloat16.
//!
//! Feature `cuda`: by nvcc to PTX for compute capability 8.0, which every later GPU takes (the driver translates it on first use
//! and keeps the result). Feature `cuda-emulation`: by the C++ compiler, to run on the CPU in tests. Otherwise nothing.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{env, fs};

/// Name and macro of each type.
const TYPES: [(&str, &str); 2] = [("f32", "TALLOW_F32"), ("bf16", "TALLOW_BF16")];

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(device_kernels)");
    let (gpu, emulation) = (env::var_os("CARGO_FEATURE_CUDA").is_some(), env::var_os("CARGO_FEATURE_CUDA_EMULATION").is_some());
    if !gpu && !emulation {
        return ExitCode::SUCCESS;
    }
    println!("cargo::rustc-cfg=device_kernels");
    println!("cargo::rerun-if-changed=src/device");
    println!("cargo::rerun-if-changed=src/attention/tiles.cuh");
    let result = sources().and_then(|sources| {
        sources.iter().for_each(|(_, path)| println!("cargo::rerun-if-changed={}", path.display()));
        if gpu {
            ptx(&sources)?;
        }
        if emulation { emulated(&sources) } else { Ok(()) }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Every operation that has kernels, by name, in a fixed order.
fn sources() -> Result<Vec<(String, PathBuf)>, String> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set")?).join("src");
    let entries = fs::read_dir(&root).map_err(|e| format!("cannot list {}: {e}", root.display()))?;
    let mut found: Vec<(String, PathBuf)> = entries
        .filter_map(|entry| entry.ok())
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path().join("cuda.cu")))
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort();
    Ok(found)
}

fn out(name: &str) -> Result<PathBuf, String> {
    Ok(PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?).join(name))
}

/// PTX of each source and type, and the table of them that `device/gpu.rs` includes.
fn ptx(sources: &[(String, PathBuf)]) -> Result<(), String> {
    for name in ["NVCC", "CUDA_HOME", "CUDA_PATH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let home = ["CUDA_HOME", "CUDA_PATH"].into_iter().find_map(env::var_os).map(PathBuf::from);
    let nvcc = env::var_os("NVCC").map(PathBuf::from).or_else(|| home.map(|home| home.join("bin/nvcc")));
    let nvcc = nvcc.unwrap_or_else(|| "nvcc".into());
    let mut table = String::from("[\n");
    for (op, path) in sources {
        for (dtype, define) in TYPES {
            let to = out(&format!("{op}.{dtype}.ptx"))?;
            compile(&nvcc, path, define, &to)?;
            let _ = writeln!(table, "    (\"{op}.{dtype}\", include_str!({:?})),", to.display().to_string());
        }
    }
    table.push(']');
    let to = out("ptx.rs")?;
    fs::write(&to, table).map_err(|e| format!("cannot write {}: {e}", to.display()))
}

fn compile(nvcc: &Path, from: &Path, define: &str, to: &Path) -> Result<(), String> {
    let mut command = Command::new(nvcc);
    command.args(["-ptx", "-arch=compute_80", "-std=c++17", "-O3", "-D", define, "-o"]).arg(to).arg(from);
    let output = command.output().map_err(|e| {
        format!(
            "the feature `cuda` needs the CUDA compiler, but `{}` does not start: {e}\nhint: install the CUDA toolkit (13.0 is \
             what is tried) and set CUDA_HOME to its folder or NVCC to the compiler; without the feature everything runs on the CPU",
            nvcc.display()
        )
    })?;
    if output.status.success() {
        return Ok(());
    }
    let messages = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    Err(format!("{} ({define}) does not compile: {}\n{messages}", from.display(), output.status))
}

/// All sources and types in one C++ file, each in a namespace of its own.
#[cfg(feature = "cuda-emulation")]
fn emulated(sources: &[(String, PathBuf)]) -> Result<(), String> {
    let header = sources.first().map(|(_, path)| path.with_file_name("../device/device.cuh")).ok_or("no kernels found")?;
    let mut text = format!("#include {:?}\n", header.display().to_string());
    for (op, path) in sources {
        for (dtype, real) in [("f32", "float"), ("bf16", "__nv_bfloat16")] {
            let path = path.display().to_string();
            let _ = write!(
                text,
                "#undef SOURCE\n#define SOURCE \"{op}.{dtype}\"\nnamespace {op}_{dtype} {{\nusing real = {real};\n#include {path:?}\n}}\n"
            );
        }
    }
    let faults = header.with_file_name("faults.cu").display().to_string();
    let _ = write!(text, "#undef SOURCE\n#define SOURCE \"faults.f32\"\nnamespace faults {{\n#include {faults:?}\n}}\n");
    let to = out("emulated.cpp")?;
    fs::write(&to, text).map_err(|e| format!("cannot write {}: {e}", to.display()))?;
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").opt_level(2).file(&to).warnings(false).define("_FORTIFY_SOURCE", "0");
    build.try_compile("tallow_emulated").map_err(|e| {
        format!(
            "the feature `cuda-emulation` needs a C++17 compiler: {e}\nhint: install g++ or clang++, or set CXX to the compiler"
        )
    })
}

#[cfg(not(feature = "cuda-emulation"))]
fn emulated(_: &[(String, PathBuf)]) -> Result<(), String> {
    Ok(())
}
