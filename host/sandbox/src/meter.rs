//! What makes two calls' fuel comparable.

/// The version of the fuel meter: what host calls cost here, and the wasmtime that counts instructions. Raise the first
/// number whenever a price in `host.rs` changes; a test holds the rest to the lock file.
pub const METER: &str = "1+wasmtime-48.0.8";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meter_names_the_wasmtime_that_is_built_in() {
        let lock = include_str!("../../../Cargo.lock");
        let locked = lock.split("[[package]]").find(|it| it.contains("name = \"wasmtime\"\n")).unwrap();
        let version = locked.lines().find_map(|line| line.strip_prefix("version = ")).unwrap();
        assert_eq!(METER.split_once('-').unwrap().1, version.trim_matches('"'));
    }
}
