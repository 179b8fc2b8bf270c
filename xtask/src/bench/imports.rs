//! `cargo xtask bench --imports`: a shop's whole past through `rebound import` into a fresh service.
//!
//! The files are made up here, the same at every run: orders in the order in which they were placed, so that those of
//! one customer lie far apart, as they do in a shop's own export.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::demo::Service;
use crate::samples::Random;
use crate::table::markdown;
use crate::workspace::{shown, step};

const SEED: u64 = 20_261_125;
const PRODUCTS: u64 = 20_000;
const CUSTOMERS: u64 = 200_000;
/// Orders have one to three lines, each as likely.
const LINES_MAX: u64 = 3;
/// Of a hundred orders, those whose buyer is not known.
const GUESTS_PERCENT: u64 = 5;
/// One return for so many orders.
const ORDERS_A_RETURN: u64 = 10;
/// From the first order to the last, about two years.
const SPAN_S: u64 = 2 * 365 * 86_400;
/// 2024-01-01T00:00:00Z.
const START_S: u64 = 1_704_067_200;

/// What one import came to.
#[derive(Deserialize)]
struct Report {
    rows: u64,
    rejected: u64,
    created: u64,
    unchanged: u64,
    took_ms: u64,
}

/// A figure of a report.
type Figure = fn(&Report) -> u64;

/// Imports products, `orders` orders, the same again, and returns; the table of what each took.
pub(super) fn measure(binary: &Path, orders: u64) -> Result<String> {
    let folder = tempfile::Builder::new().prefix("rebound-imports-").tempdir()?;
    let file = |name: &str| folder.path().join(name);
    step("making up the files", || write(folder.path(), orders))?;
    let mut service = Service::start(binary, "127.0.0.1:0".parse().expect("an address"))?;
    let mut rows = Vec::new();
    let mut import = |what: &str, kind: &str, name: &str, want: Figure, count: u64| -> Result<()> {
        let report = step(&format!("importing {what}"), || run(binary, service.url(), kind, &file(name)))?;
        ensure!(
            report.rejected == 0 && want(&report) == count,
            "{count} {what} were not taken as they should be"
        );
        #[expect(clippy::cast_precision_loss, reason = "it is shown with one digit")]
        let (seconds, rate) = (report.took_ms as f64 / 1000.0, count * 1000 / report.took_ms.max(1));
        let cells = [format!("{:.1}", seconds), rate.to_string()];
        rows.push(
            [what.to_owned(), count.to_string(), report.rows.to_string()].into_iter().chain(cells).collect(),
        );
        Ok(())
    };
    let (created, unchanged): (Figure, Figure) = (|it| it.created, |it| it.unchanged);
    import("products", "catalog", "products.csv", created, PRODUCTS)?;
    import("orders", "orders", "orders.csv", created, orders)?;
    import("the same orders again", "orders", "orders.csv", unchanged, orders)?;
    import("past returns", "returns", "returns.csv", created, orders / ORDERS_A_RETURN)?;
    service.stop()?;
    Ok(markdown(&["what", "records", "rows of the file", "seconds", "records a second"], &rows))
}

fn run(binary: &Path, url: &str, kind: &str, file: &Path) -> Result<Report> {
    let mut command = Command::new(binary);
    command.args(["import", kind]).arg(file).args(["--json", "--url", url]).stdin(Stdio::null());
    let output = command.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{} ended with {}", shown(&command), output.status);
    serde_json::from_slice(&output.stdout).context("an import answers with one document")
}

fn write(folder: &Path, count: u64) -> Result<()> {
    let create = |name: &str, header: &str| -> Result<BufWriter<File>> {
        let mut file = BufWriter::new(File::create(folder.join(name))?);
        writeln!(file, "{header}")?;
        Ok(file)
    };
    let mut random = Random::new(SEED);
    let mut products = create("products.csv", "sku,title,category,brand,price,tags,style,stock")?;
    for sku in 0..PRODUCTS {
        let (category, brand, price) = (random.below(40), random.below(300), random.between(500, 30_000));
        let (style, stock) = (random.below(2_000), random.below(50));
        writeln!(
            products,
            "P-{sku:05},Product {sku},category {category},brand {brand},{price},new|gift,style {style},{stock}"
        )?;
    }
    products.flush()?;
    let mut orders = create("orders.csv", "id,customer_id,ordered_at,delivered_at,sku,quantity,paid")?;
    let mut returns = create("returns.csv", "return_id,customer_id,requested_at,order_id,sku,quantity,paid")?;
    for order in 0..count {
        let at = START_S + order * SPAN_S / count;
        let customer = random.below(CUSTOMERS);
        let is_returned = order % ORDERS_A_RETURN == 0;
        let customer_id = match random.chance(GUESTS_PERCENT) && !is_returned {
            true => String::new(),
            false => format!("c-{customer:06}"),
        };
        let (ordered_at, delivered_at) = (instant(at)?, instant(at + 3 * 86_400)?);
        for line in 0..random.between(1, LINES_MAX) {
            // Squared, so that some products are bought far more often than others; never one twice in an order.
            let draw = random.below(PRODUCTS / LINES_MAX);
            let sku = draw * draw / (PRODUCTS / LINES_MAX) * LINES_MAX + line;
            let (quantity, paid) = (random.between(1, 3), random.between(500, 90_000));
            writeln!(
                orders,
                "o-{order:07},{customer_id},{ordered_at},{delivered_at},P-{sku:05},{quantity},{paid}"
            )?;
            if is_returned && line == 0 {
                let requested_at = instant(at + 10 * 86_400)?;
                writeln!(
                    returns,
                    "r-{order:07},{customer_id},{requested_at},o-{order:07},P-{sku:05},1,{}",
                    paid / quantity
                )?;
            }
        }
    }
    orders.flush()?;
    Ok(returns.flush()?)
}

/// RFC 3339.
fn instant(second: u64) -> Result<String> {
    let second = i64::try_from(second).context("an instant of this century")?;
    Ok(jiff::Timestamp::from_second(second)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_the_same_at_every_run_and_every_return_is_of_an_order() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let read = |folder: &tempfile::TempDir, name: &str| {
            std::fs::read_to_string(folder.path().join(name)).unwrap()
        };
        folders.iter().for_each(|folder| write(folder.path(), 500).unwrap());
        for name in ["products.csv", "orders.csv", "returns.csv"] {
            assert_eq!(read(&folders[0], name), read(&folders[1], name), "{name}");
        }
        let (orders, returns) = (read(&folders[0], "orders.csv"), read(&folders[0], "returns.csv"));
        assert_eq!(returns.lines().count(), 1 + 50);
        for line in returns.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let (customer, order, sku) = (cells[1], cells[3], cells[4]);
            let bought = |row: &str| row.starts_with(&format!("{order},{customer},")) && row.contains(sku);
            assert!(orders.lines().any(bought), "{line}");
        }
    }
}
