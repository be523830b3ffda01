//! The one binary. All that it does is in the library; see `tallow::cli`.

fn main() -> std::process::ExitCode {
    tallow::cli::main()
}
