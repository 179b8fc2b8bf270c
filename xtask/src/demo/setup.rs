//! Everything a merchant sets before the first return: policy, catalogue, customers, strategies, routes.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use rebound_toolchain::Built;
use serde_json::Value;

use super::client::{Client, NDJSON, WASM};
use super::samples::{Samples, Setting};
use crate::interrupt;

/// What the shop calls its products, by sku.
pub(crate) type Names = BTreeMap<String, String>;

/// Sets the service up; answers with the products' titles.
pub(crate) fn run(client: &Client, samples: &Samples, plugins: &[Built]) -> Result<Names> {
    client.put("/v1/policy", &samples.policy)?.success().context("examples/policy.json")?;
    import(client, "/v1/catalog", &samples.catalogue)?;
    import(client, "/v1/customers", &samples.customers)?;
    for plugin in plugins {
        interrupt::check()?;
        let published = client.post("/v1/plugins", WASM, &plugin.bytes)?.success();
        let published = published.with_context(|| format!("publishing {}", plugin.path.display()))?;
        println!(
            "published {} ({} KiB)",
            published["plugin"].as_str().unwrap_or("?"),
            plugin.bytes.len() / 1024
        );
    }
    for (folder, settings) in
        [("budgets", &samples.budgets), ("routes", &samples.routes), ("experiments", &samples.experiments)]
    {
        settings.iter().try_for_each(|setting| put(client, folder, setting))?;
    }
    names(&samples.catalogue)
}

fn put(client: &Client, folder: &str, Setting { name, body }: &Setting) -> Result<()> {
    let answer = client.put(&format!("/v1/{folder}/{name}"), body)?.success();
    answer.map(drop).with_context(|| format!("examples/{folder}/{name}.json"))
}

/// Sends lines; every one must be taken.
pub(crate) fn import(client: &Client, path: &str, lines: &str) -> Result<()> {
    let report = client.post(path, NDJSON, lines.as_bytes())?.success().with_context(|| path.to_owned())?;
    let first = &report["errors"][0];
    ensure!(report["rejected"] == 0, "{path}: line {} was refused: {}", first["line"], first["detail"]);
    Ok(())
}

fn names(catalogue: &str) -> Result<Names> {
    let name = |line| -> Result<(String, String)> {
        let product: Value = serde_json::from_str(line)?;
        let text = |key: &str| product[key].as_str().unwrap_or_default().to_owned();
        Ok((text("sku"), text("title")))
    };
    catalogue.lines().map(name).collect()
}
