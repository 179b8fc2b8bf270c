//! The sample shop, grown: every sample return is a pattern that many customers follow.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, ensure};
use rebound_tests::client::{Client, Method};
use serde_json::{Value, json};

/// Enough that few decisions at once concern the same customer, as in life.
const CUSTOMERS: u64 = 20_000;
const ORDERS_PER_REQUEST: usize = 2_000;

/// Stand for the number of the event and of the customer in a pattern.
const EVENT: &str = "@event";
const CUSTOMER: &str = "@customer";

/// Return events without end, no two alike.
pub(crate) struct Workload {
    examples: PathBuf,
    /// Bodies of a return, with the order that it comes from.
    patterns: Vec<(String, String)>,
    next: AtomicU64,
}

/// A return of the workload.
pub(crate) struct Event {
    pub(crate) number: u64,
    pub(crate) customer: u64,
    /// Which pattern it follows.
    pub(crate) pattern: usize,
}

impl Workload {
    /// Reads the samples.
    pub(crate) fn read() -> Result<Self> {
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        let orders = lines(&examples.join("orders.ndjson"))?;
        let mut patterns = Vec::new();
        for mut event in lines(&examples.join("returns.ndjson"))? {
            let id = event["lines"][0]["order_id"].clone();
            let order = orders.iter().find(|order| order["id"] == id);
            let mut order = order.with_context(|| format!("no order {id}"))?.clone();
            for line in event["lines"].as_array_mut().context("a return has lines")? {
                line["order_id"] = json!(format!("o-{CUSTOMER}"));
            }
            order["id"] = json!(format!("o-{CUSTOMER}"));
            event["id"] = json!(format!("e-{EVENT}"));
            event["return_id"] = json!(format!("r-{EVENT}"));
            for it in [&mut order, &mut event] {
                it["customer_id"] = json!(format!("c-{CUSTOMER}"));
            }
            patterns.push((event.to_string(), order.to_string()));
        }
        Ok(Self { examples, patterns, next: AtomicU64::new(0) })
    }

    /// The next event.
    pub(crate) fn next(&self) -> Event {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let customer = number % CUSTOMERS;
        Event { number, customer, pattern: self.pattern(customer) }
    }

    /// The event as it is sent.
    pub(crate) fn body(&self, event: &Event) -> String {
        let (body, _) = &self.patterns[event.pattern];
        body.replace(EVENT, &event.number.to_string()).replace(CUSTOMER, &event.customer.to_string())
    }

    /// The body of every pattern, with words in place of numbers.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = &str> {
        self.patterns.iter().map(|(body, _)| body.as_str())
    }

    fn pattern(&self, customer: u64) -> usize {
        let count = self.patterns.len() as u64;
        usize::try_from(customer % count).expect("an index of the patterns")
    }

    /// Every customer's order.
    fn orders(&self) -> Vec<String> {
        let order =
            |customer: u64| self.patterns[self.pattern(customer)].1.replace(CUSTOMER, &customer.to_string());
        (0..CUSTOMERS).map(order).collect()
    }
}

/// Brings a service up to the point where it can decide.
pub(crate) fn set_up(client: &Client, components: &Path, workload: &Workload) -> Result<()> {
    let read = |name: &str| -> Result<Value> {
        let path = workload.examples.join(name);
        let text =
            std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    client.ok(Method::Put, "/v1/policy", &read("policy.json")?)?;
    import(client, "/v1/catalog", &std::fs::read_to_string(workload.examples.join("catalogue.ndjson"))?)?;
    for orders in workload.orders().chunks(ORDERS_PER_REQUEST) {
        import(client, "/v1/orders", &orders.join("\n"))?;
    }
    for name in ["segments", "variant", "upgrade", "bundle", "affinity", "coupons", "share", "progress"] {
        let path = components.join(format!("rebound-{name}.wasm"));
        let component = std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let answer = client.send(Method::Post, "/v1/plugins", "application/wasm", &component)?;
        ensure!(matches!(answer.status, 200 | 201), "publishing: {}", answer.json()?);
    }
    client.ok(Method::Put, "/v1/budgets/returns", &read("budgets/returns.json")?)?;
    for stage in ["segmentation", "recommendation", "coupon", "sharing", "progress"] {
        client.ok(Method::Put, &format!("/v1/routes/{stage}"), &read(&format!("routes/{stage}.json"))?)?;
    }
    let experiment = "upgrade-or-affinity";
    let draft = read(&format!("experiments/{experiment}.json"))?;
    client.ok(Method::Put, &format!("/v1/experiments/{experiment}"), &draft)?;
    Ok(())
}

fn import(client: &Client, path: &str, body: &str) -> Result<()> {
    let report = client.send(Method::Post, path, "application/x-ndjson", body.as_bytes())?.json()?;
    ensure!(report["rejected"] == 0, "{path}: {report}");
    Ok(())
}

fn lines(path: &Path) -> Result<Vec<Value>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
}
