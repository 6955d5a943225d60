fn main() -> std::process::ExitCode {
    fbsync::run()
}
