"""Makes online_retail_returns.csv.gz from the other two files in a folder.

A return line is a cancellation line (kind C) of goods by a known customer. What it was bought on is not in the data, and is
told by walking through time: a cancellation takes units back from the customer's latest sales of the item that still have
some, and the first of those is its order. An item without such units has no order.

Usage: python3 derive_returns.py FOLDER
"""

import csv
import gzip
import sys
from collections import defaultdict
from pathlib import Path

COLUMNS = ["return_id", "ts", "customer_id", "stock_code", "quantity", "unit_price", "order_id", "next_order_id"]


def rows(path):
    with gzip.open(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def main(folder):
    goods = {row["stock_code"] for row in rows(folder / "online_retail_products.csv.gz") if row["is_product"] == "1"}
    lines = [row for row in rows(folder / "online_retail_lines.csv.gz") if row["customer_id"]]
    sales = [row for row in lines if row["kind"] == "S" and int(row["quantity"]) > 0]
    # At the same minute a sale comes before a cancellation.
    documents = [row for row in lines if row["kind"] == "C" and row["stock_code"] in goods]
    events = sorted(sales + documents, key=lambda row: (row["ts"], row["kind"] == "C"))

    # What came next is an outcome: the run holds what it sent against it, and never sends it.
    placed = {}
    for row in sales:
        placed[row["invoice"]] = min((row["ts"], row["customer_id"]), placed.get(row["invoice"], ("9", "")))
    orders = defaultdict(list)
    for invoice, (ts, customer) in sorted(placed.items(), key=lambda order: (order[1][0], order[0])):
        orders[customer].append((ts, invoice))

    unreturned = defaultdict(list)
    out = []
    for row in events:
        stack = unreturned[row["customer_id"], row["stock_code"]]
        if row["kind"] == "S":
            stack.append([row["invoice"], int(row["quantity"])])
            continue
        quantity = rest = -int(row["quantity"])
        order = stack[-1][0] if stack else ""
        while rest and stack:
            taken = min(rest, stack[-1][1])
            rest -= taken
            stack[-1][1] -= taken
            if not stack[-1][1]:
                stack.pop()
        later = (invoice for ts, invoice in orders[row["customer_id"]] if ts > row["ts"])
        out.append([row["invoice"], row["ts"], row["customer_id"], row["stock_code"], quantity, row["unit_price"],
                    order, next(later, "")])

    path = folder / "online_retail_returns.csv.gz"
    with gzip.open(path, "xt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(out)
    print(f"{path}: {len(out)} lines in {len({row[0] for row in out})} documents")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
