//! The real binary, and how many files it may have open.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::harness::binary;

/// It stopped publishing at about a thousand versions: each keeps a file open, and shells set the limit to 1,024.
#[test]
#[cfg(target_os = "linux")]
fn a_low_soft_limit_of_open_files_is_raised() {
    let data = tempfile::tempdir().unwrap();
    let mut service = Command::new("sh")
        .args(["-c", "ulimit -Sn 128 && exec \"$@\"", "sh"])
        .arg(binary())
        .args(["serve", "--dev", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It serves once it has said where.
    let mut first = String::new();
    BufReader::new(service.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", service.id()));
    service.kill().unwrap();
    service.wait().unwrap();
    let limits = limits.unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let [soft, hard] = [3, 4].map(|index| files.split_whitespace().nth(index).unwrap());
    assert!(first.contains("listening"), "{first}");
    assert_eq!(soft, hard, "{files}");
    assert_ne!(soft, "128", "{files}");
}
