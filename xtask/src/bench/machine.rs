//! Where figures come from: the same code on another machine gives others.

use std::process::Command;

/// What `/proc` and `rustc` say, in lines.
pub(crate) fn describe() -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    vec![
        format!("{}, {cores} cores", value("/proc/cpuinfo", "model name").unwrap_or_else(unknown)),
        format!(
            "{} of memory",
            value("/proc/meminfo", "MemTotal").map_or_else(unknown, |total| gibibytes(&total))
        ),
        format!("kernel {}", read("/proc/sys/kernel/osrelease").unwrap_or_else(unknown)),
        output("rustc", &["--version"]).unwrap_or_else(unknown),
        format!(
            "commit {}",
            output("git", &["describe", "--always", "--dirty", "--abbrev=12"]).unwrap_or_else(unknown)
        ),
    ]
}

fn unknown() -> String {
    "unknown".to_owned()
}

fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(path).ok()?.trim().to_owned())
}

/// The first `key : value` of a file.
fn value(path: &str, key: &str) -> Option<String> {
    let text = read(path)?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.find_map(|(name, value)| (name.trim() == key).then(|| value.trim().to_owned()))
}

/// `24684132 kB` in GiB.
fn gibibytes(total: &str) -> String {
    let kibibytes = total.split_whitespace().next().and_then(|number| number.parse::<u64>().ok());
    kibibytes.map_or_else(|| total.to_owned(), |kibibytes| format!("{} GiB", kibibytes.div_ceil(1024 * 1024)))
}

fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(crate::workspace::root()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_told_in_gibibytes() {
        assert_eq!(gibibytes("24684132 kB"), "24 GiB");
        assert_eq!(gibibytes("lots"), "lots");
    }
}
