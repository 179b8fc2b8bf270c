//! Holds what went out against the outcomes, which are read here and nowhere else: nothing that a strategy could see
//! may tell of the future.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::data::rows;
use super::drive::Sent;

/// What became of each return's customer, by return: the outcome columns of the file.
#[derive(Debug)]
pub struct Outcomes(BTreeMap<String, String>);

#[derive(Deserialize)]
struct Row {
    return_id: String,
    next_order_id: String,
}

/// Keys that may stand in a request, and in each of its lines. Nothing else is ever sent.
const PRODUCT: &[&str] = &["sku", "title", "category", "price", "currency"];
const ORDER: &[&str] = &["id", "ordered_at", "currency", "lines", "customer_id"];
const ORDER_LINE: &[&str] = &["sku", "quantity", "paid"];
const RETURN: &[&str] =
    &["source", "id", "return_id", "customer_id", "requested_at", "locale", "currency", "lines"];
const RETURN_LINE: &[&str] = &["sku", "quantity", "paid", "order_id"];

impl Outcomes {
    /// Reads the outcome of every return that has one.
    ///
    /// # Errors
    /// A file that is missing or a row that does not parse, named.
    pub fn read(directory: &Path) -> Result<Self> {
        let mut outcomes = BTreeMap::new();
        for row in rows::<Row>(&directory.join("online_retail_returns.csv.gz"))? {
            let row = row?;
            if !row.next_order_id.is_empty() {
                outcomes.insert(row.return_id, row.next_order_id);
            }
        }
        Ok(Self(outcomes))
    }

    /// Checks the requests of a pass in the order they went out. Answers for how many returns the next order was sent,
    /// each time after the return.
    ///
    /// # Errors
    /// The first request that told of the future.
    pub fn were_not_sent(&self, sent: &[Sent]) -> Result<usize> {
        let mut orders = BTreeSet::new();
        let mut latest = String::new();
        let mut awaited = BTreeSet::new();
        for Sent { path, body } in sent {
            for line in body.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let json: Value = serde_json::from_slice(line)?;
                match *path {
                    "/v1/catalog" => only(&json, PRODUCT)?,
                    "/v1/orders" => {
                        only(&json, ORDER)?;
                        lines(&json)?.iter().try_for_each(|line| only(line, ORDER_LINE))?;
                        latest = latest.max(text(&json, "ordered_at")?.to_owned());
                        orders.insert(text(&json, "id")?.to_owned());
                    }
                    _ => {
                        only(&json, RETURN)?;
                        lines(&json)?.iter().try_for_each(|line| only(line, RETURN_LINE))?;
                        let (id, at) = (text(&json, "return_id")?, text(&json, "requested_at")?);
                        // Instants in UTC, all written alike: they compare as text.
                        ensure!(*latest <= *at, "{id} of {at} came after an order of {latest}");
                        for order in lines(&json)?.iter().filter_map(|line| line["order_id"].as_str()) {
                            ensure!(orders.contains(order), "{id} names order {order}, which is later");
                        }
                        if let Some(next) = self.0.get(id) {
                            ensure!(!orders.contains(next), "{next}, the order after {id}, came before it");
                            awaited.insert(next.as_str());
                        }
                    }
                }
            }
        }
        Ok(awaited.into_iter().filter(|next| orders.contains(*next)).count())
    }

    /// How many orders are some return's next one.
    #[must_use]
    pub fn next_orders(&self) -> usize {
        self.0.values().collect::<BTreeSet<_>>().len()
    }
}

fn only(json: &Value, allowed: &[&str]) -> Result<()> {
    let fields = json.as_object().with_context(|| format!("{json} is no object"))?;
    match fields.keys().find(|key| !allowed.contains(&key.as_str())) {
        Some(key) => anyhow::bail!("{key} was sent, which is none of {allowed:?}: {json}"),
        None => Ok(()),
    }
}

fn lines(json: &Value) -> Result<&[Value]> {
    json["lines"].as_array().map(Vec::as_slice).with_context(|| format!("no lines in {json}"))
}

fn text<'a>(json: &'a Value, key: &str) -> Result<&'a str> {
    json[key].as_str().with_context(|| format!("no {key} in {json}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(path: &'static str, body: &str) -> Sent {
        Sent { path, body: body.as_bytes().to_vec() }
    }

    fn order(id: &str, at: &str) -> Sent {
        let body =
            format!(r#"{{"id":"{id}","ordered_at":"{at}","lines":[{{"sku":"a","quantity":1,"paid":2}}]}}"#);
        sent("/v1/orders", &body)
    }

    fn document(extra: &str) -> Sent {
        let body = format!(
            r#"{{"return_id":"r","requested_at":"2011-01-02T00:00:00Z","lines":[{{"sku":"a"}}]{extra}}}"#
        );
        sent("/v1/returns", &body)
    }

    #[track_caller]
    fn check(sent: &[Sent], want: Result<usize, &str>) {
        let outcomes = Outcomes([("r".to_owned(), "next".to_owned())].into());
        match (outcomes.were_not_sent(sent), want) {
            (Ok(found), Ok(want)) => assert_eq!(found, want),
            (Err(error), Err(want)) => assert!(error.to_string().contains(want), "{error}"),
            (found, want) => panic!("{found:?} is not {want:?}"),
        }
    }

    #[test]
    fn a_request_that_tells_of_the_future_is_found() {
        let (before, next) = (
            || order("before", "2011-01-01T00:00:00Z"),
            |at: &str| order("next", &format!("2011-01-{at}T00:00:00Z")),
        );
        check(&[before(), document(""), next("03")], Ok(1));
        check(&[before(), document("")], Ok(0));
        check(&[next("01"), document("")], Err("next, the order after r, came before it"));
        check(
            &[order("other", "2011-01-03T00:00:00Z"), document("")],
            Err("came after an order of 2011-01-03"),
        );
        check(&[document(r#","hours_to_next_order":3"#)], Err("hours_to_next_order was sent"));
        let line =
            r#"{"return_id":"r","requested_at":"2011-01-02T00:00:00Z","lines":[{"order_id":"later"}]}"#;
        check(&[sent("/v1/returns", line)], Err("names order later, which is later"));
        check(&[sent("/v1/catalog", r#"{"sku":"a","median_price":3}"#)], Err("median_price was sent"));
    }
}
