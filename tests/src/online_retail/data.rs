//! The files, read. What the stream is made of holds no outcome column: there is no field here that could carry one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use flate2::read::GzDecoder;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Where the times of the files are local.
const TIME_ZONE: &str = "Europe/London";

/// A product of the shop. Its price is not in the files: see [`super::prices`].
#[derive(Debug, Clone)]
pub struct Product {
    /// Its stock code.
    pub sku: String,
    /// Its description.
    pub title: String,
    /// See [`category`].
    pub category: Option<String>,
}

/// An invoice of goods sold.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number.
    pub id: String,
    /// Unix milliseconds.
    pub at: i64,
    /// Unknown for a guest.
    pub customer: Option<String>,
    /// What was sold.
    pub lines: Vec<Line>,
}

/// A document of goods taken back.
#[derive(Debug, Clone)]
pub struct Return {
    /// Its number.
    pub id: String,
    /// Unix milliseconds.
    pub at: i64,
    /// Who.
    pub customer: String,
    /// What came back.
    pub lines: Vec<Line>,
}

/// One line of either.
#[derive(Debug, Clone)]
pub struct Line {
    /// Stock code.
    pub sku: String,
    /// Units.
    pub quantity: u32,
    /// For one unit, pence, rounded half to even.
    pub unit: i64,
    /// For all units, pence, rounded half to even.
    pub paid: i64,
    /// The invoice a returned line was bought on, where it is known.
    pub order: Option<String>,
}

/// Everything, in order of time.
#[derive(Debug)]
pub struct OnlineRetail {
    /// By stock code.
    pub products: BTreeMap<String, Product>,
    /// By time, then number.
    pub orders: Vec<Order>,
    /// By time, then number.
    pub returns: Vec<Return>,
    /// What was left out, and how much of it.
    pub left_out: BTreeMap<&'static str, usize>,
}

#[derive(Deserialize)]
struct ProductRow {
    stock_code: String,
    description: String,
    is_product: String,
}

#[derive(Deserialize)]
struct LineRow {
    invoice: String,
    kind: String,
    stock_code: String,
    quantity: i64,
    unit_price: String,
    ts: String,
    customer_id: String,
}

#[derive(Deserialize)]
struct ReturnRow {
    return_id: String,
    ts: String,
    customer_id: String,
    stock_code: String,
    quantity: u32,
    unit_price: String,
    order_id: String,
}

impl OnlineRetail {
    /// Reads the files in `directory`.
    ///
    /// # Errors
    /// A file that is missing or a row that does not parse, named.
    pub fn read(directory: &Path) -> Result<Self> {
        let mut left_out = BTreeMap::new();
        let shelf = shelf(directory, &mut left_out)?;
        let orders = orders(directory, &shelf, &mut left_out)?;
        let returns = returns(directory, &shelf, &mut left_out)?;
        Ok(Self { products: shelf.goods, orders, returns, left_out })
    }
}

/// The category of a description: its last word that is letters only, in lower case. The files carry none; this
/// rule keeps things of a kind together ("RED RETROSPOT BAG", "JUMBO BAG").
#[must_use]
pub fn category(description: &str) -> Option<String> {
    let mut words = description.split_whitespace().map(|word| word.trim_matches('.'));
    words.rfind(|word| !word.is_empty() && word.chars().all(char::is_alphabetic)).map(str::to_lowercase)
}

/// What the items file says of every stock code.
struct Shelf {
    goods: BTreeMap<String, Product>,
    /// Postage, fees, vouchers, manual entries.
    no_goods: BTreeSet<String>,
}

type LeftOut = BTreeMap<&'static str, usize>;

fn shelf(directory: &Path, left_out: &mut LeftOut) -> Result<Shelf> {
    let mut shelf = Shelf { goods: BTreeMap::new(), no_goods: BTreeSet::new() };
    for row in rows::<ProductRow>(&directory.join("online_retail_products.csv.gz"))? {
        let row = row?;
        match row.is_product.as_str() {
            "1" => {
                let product = Product {
                    category: category(&row.description),
                    sku: row.stock_code.clone(),
                    title: row.description.trim().to_owned(),
                };
                shelf.goods.insert(row.stock_code, product);
            }
            "0" => {
                *left_out.entry("items that are no goods (postage, fees, vouchers)").or_default() += 1;
                shelf.no_goods.insert(row.stock_code);
            }
            other => bail!("is_product of {} is {other:?}, not 0 or 1", row.stock_code),
        }
    }
    Ok(shelf)
}

fn orders(directory: &Path, shelf: &Shelf, left_out: &mut LeftOut) -> Result<Vec<Order>> {
    let mut orders: BTreeMap<String, Order> = BTreeMap::new();
    let mut leave_out = |why| *left_out.entry(why).or_default() += 1;
    for row in rows::<LineRow>(&directory.join("online_retail_lines.csv.gz"))? {
        let row = row?;
        match row.kind.as_str() {
            "S" => {}
            "C" => {
                leave_out("cancellation lines (goods of a known customer are sent as returns)");
                continue;
            }
            _ => {
                leave_out("adjustment lines");
                continue;
            }
        }
        let (unit, paid) = (pence(&row.unit_price, 1)?, pence(&row.unit_price, row.quantity)?);
        let Some(quantity) = u32::try_from(row.quantity).ok().filter(|quantity| *quantity > 0) else {
            leave_out("sale lines without units (stock corrections)");
            continue;
        };
        if shelf.no_goods.contains(&row.stock_code) {
            leave_out("sale lines of what is no goods");
            continue;
        }
        // A gift tells no price, and a product must not stand in the catalogue for nothing.
        if unit <= 0 {
            leave_out("sale lines without a price (gifts, stock corrections)");
            continue;
        }
        if !shelf.goods.contains_key(&row.stock_code) {
            leave_out("sale lines of a product without a description");
            continue;
        }
        let at = instant(&row.ts)?;
        let customer = Some(row.customer_id).filter(|id| !id.is_empty());
        let order = orders.entry(row.invoice.clone()).or_insert_with(|| Order {
            id: row.invoice,
            at,
            customer,
            lines: Vec::new(),
        });
        // An invoice written over a minute's end begins when its first line was.
        order.at = order.at.min(at);
        order.lines.push(Line { sku: row.stock_code, quantity, unit, paid, order: None });
    }
    let mut orders: Vec<Order> = orders.into_values().collect();
    orders.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(orders)
}

fn returns(directory: &Path, shelf: &Shelf, left_out: &mut LeftOut) -> Result<Vec<Return>> {
    let mut returns: BTreeMap<String, Return> = BTreeMap::new();
    for row in rows::<ReturnRow>(&directory.join("online_retail_returns.csv.gz"))? {
        let row = row?;
        if !shelf.goods.contains_key(&row.stock_code) {
            *left_out.entry("returned lines of what is no goods").or_default() += 1;
            continue;
        }
        let at = instant(&row.ts)?;
        let document = returns.entry(row.return_id.clone()).or_insert_with(|| Return {
            id: row.return_id,
            at,
            customer: row.customer_id,
            lines: Vec::new(),
        });
        document.at = document.at.min(at);
        document.lines.push(Line {
            sku: row.stock_code,
            quantity: row.quantity,
            unit: pence(&row.unit_price, 1)?,
            paid: pence(&row.unit_price, i64::from(row.quantity))?,
            order: Some(row.order_id).filter(|id| !id.is_empty()),
        });
    }
    let mut returns: Vec<Return> = returns.into_values().collect();
    returns.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(returns)
}

pub(super) fn rows<T: DeserializeOwned>(path: &Path) -> Result<impl Iterator<Item = Result<T>> + use<T>> {
    let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let name = path.display().to_string();
    let rows = csv::Reader::from_reader(GzDecoder::new(file)).into_deserialize();
    Ok(rows.enumerate().map(move |(index, row)| row.with_context(|| format!("{name}, row {}", index + 1))))
}

fn instant(local: &str) -> Result<i64> {
    let local: DateTime = local.parse().with_context(|| format!("{local} is not a local time"))?;
    let zoned = local.in_tz(TIME_ZONE).with_context(|| format!("{local} in {TIME_ZONE}"))?;
    Ok(zoned.timestamp().as_millisecond())
}

/// A decimal price in pounds times a quantity, in pence, rounded half to even.
fn pence(price: &str, quantity: i64) -> Result<i64> {
    let (negative, digits) = match price.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, price),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // In units of 10^-18 pounds: some medians are written as binary fractions, 2.4699999999999998.
    if fraction.len() > 18 {
        bail!("{price} has more decimals than a price can have");
    }
    let fraction = format!("{fraction:0<18}");
    let atto: i128 =
        format!("{whole}{fraction}").parse().with_context(|| format!("{price} is not a price"))?;
    let total = atto * i128::from(quantity) * if negative { -1 } else { 1 };
    const PENNY: i128 = 10_000_000_000_000_000;
    let (quotient, remainder) = (total.div_euclid(PENNY), total.rem_euclid(PENNY));
    let up = remainder * 2 > PENNY || (remainder * 2 == PENNY && quotient % 2 != 0);
    Ok(i64::try_from(quotient + i128::from(up))?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn prices_round_half_to_even_after_multiplying() {
        for (price, quantity, want) in [
            ("2.55", 6, 1530),
            ("2.4699999999999998", 1, 247),
            ("0.001", 5, 0),
            ("0.005", 1, 0),
            ("0.015", 1, 2),
            ("7.895", 1, 790),
            ("-1.25", 2, -250),
        ] {
            assert_eq!(pence(price, quantity).unwrap(), want, "{price} x {quantity}");
        }
        assert!(pence("abc", 1).is_err());
    }

    #[test]
    fn a_category_is_the_last_word_of_letters() {
        assert_eq!(category("RED RETROSPOT BAG").as_deref(), Some("bag"));
        assert_eq!(category("60 PAGE PHOTO A 4").as_deref(), Some("a"));
        assert_eq!(category("123"), None);
    }

    #[test]
    fn only_goods_at_a_price_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let file = File::create(folder.path().join(format!("online_retail_{name}.csv.gz"))).unwrap();
            let mut gzip = GzEncoder::new(file, Compression::fast());
            gzip.write_all(text.as_bytes()).unwrap();
            gzip.finish().unwrap();
        };
        write("products", "stock_code,description,is_product\n1,RED BAG,1\nPOST,POSTAGE,0\n");
        write(
            "lines",
            "invoice,kind,stock_code,quantity,unit_price,ts,customer_id\n\
             10,S,1,2,1.25,2011-01-01T10:00,c\n\
             10,S,POST,1,18.0,2011-01-01T10:00,c\n\
             11,S,POST,1,18.0,2011-01-01T11:00,c\n\
             12,S,1,1,0.0,2011-01-01T12:00,\n",
        );
        write(
            "returns",
            "return_id,ts,customer_id,stock_code,quantity,unit_price,order_id\n\
             C1,2011-01-02T10:00,c,1,1,1.25,10\n\
             C1,2011-01-02T10:00,c,POST,1,18.0,\n",
        );
        let data = OnlineRetail::read(folder.path()).unwrap();
        assert_eq!(data.products.keys().collect::<Vec<_>>(), ["1"]);
        let skus = |lines: &[Line]| lines.iter().map(|line| line.sku.clone()).collect::<Vec<_>>();
        assert_eq!(data.orders.iter().map(|order| skus(&order.lines)).collect::<Vec<_>>(), [["1"]]);
        assert_eq!((data.orders[0].lines[0].unit, data.orders[0].lines[0].paid), (125, 250));
        assert_eq!(data.returns.iter().map(|document| skus(&document.lines)).collect::<Vec<_>>(), [["1"]]);
        assert_eq!(data.left_out.values().sum::<usize>(), 5, "{:?}", data.left_out);
    }

    #[test]
    fn british_summer_time_is_an_hour_ahead() {
        assert_eq!(
            instant("2011-07-01T09:00").unwrap() - instant("2011-01-01T09:00").unwrap(),
            (181 * 24 - 1) * 3_600_000
        );
    }
}
