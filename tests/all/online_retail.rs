//! Real returns through the real binary.

use std::path::Path;

use rebound_tests::online_retail::run::{self, Options};

/// One plan per document, facts as the data had them at that moment, the second pass byte for byte the first.
#[test]
fn every_return_of_online_retail_gets_one_true_plan() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let data = root.join("../shared/data");
    if !data.join("online_retail_returns.csv.gz").exists() {
        crate::harness::skip("Online Retail is not at ../shared/data beside the checkout");
        return;
    }
    let options =
        Options { data, binary: crate::harness::binary(), components: crate::harness::components() };
    let run = run::run(&options).unwrap_or_else(|error| panic!("{error:#}"));
    println!("{}", run.report);
    assert_eq!(run.failures(), Vec::<String>::new());
}
