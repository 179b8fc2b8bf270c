//! The sample data in `examples/`, made up by rules written down here: the same files on every machine.

mod catalogue;
mod customers;
mod notes;
mod orders;
mod random;
mod returns;

use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Serialize;

use catalogue::Catalogue;
pub(crate) use random::Random;

const SEED: u64 = 20_251_101;
const CUSTOMERS: usize = 300;

/// A file of `examples/` and what it holds.
pub(crate) type File = (&'static str, String);

/// Writes the sample files.
pub(crate) fn write(examples: &Path) -> Result<()> {
    for (name, text) in files() {
        let path = examples.join(name);
        std::fs::write(&path, &text).with_context(|| format!("{} cannot be written", path.display()))?;
        println!("{}: {} lines, {} KiB", path.display(), text.lines().count(), text.len().div_ceil(1024));
    }
    Ok(())
}

/// The sample files.
pub(crate) fn files() -> [File; 4] {
    let mut random = Random::new(SEED);
    let catalogue = Catalogue::new(&mut random);
    let customers = customers::customers(CUSTOMERS, &mut random);
    let mut orders = orders::orders(&catalogue, &customers, &mut random);
    let returns = returns::returns(&catalogue, &customers, &mut orders, &mut random);
    [
        ("catalogue.ndjson", ndjson(&catalogue.products)),
        ("customers.ndjson", ndjson(&customers)),
        ("orders.ndjson", ndjson(&orders)),
        ("returns.ndjson", ndjson(&returns)),
    ]
}

fn ndjson(rows: &[impl Serialize]) -> String {
    let line = |row| serde_json::to_string(row).expect("samples have string keys and whole numbers") + "\n";
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
