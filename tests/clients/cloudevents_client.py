"""Sends events with the cloudevents package of PyPI: one in each mode, then a batch. Prints each answer as a line of JSON.

Usage: cloudevents_client.py URL
"""

import json
import sys
from datetime import datetime, timezone
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from cloudevents.core.bindings.http import to_binary, to_structured
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent


def event(kind, identity, subject, data):
    attributes = {
        "specversion": "1.0", "type": kind, "source": "/shops/munich", "id": identity, "subject": subject,
        "time": datetime(2026, 3, 1, 9, 30, tzinfo=timezone.utc), "datacontenttype": "application/json",
        "shopregion": "east",
    }
    return CloudEvent(attributes=attributes, data=data)


def returned(identity, subject, sku="LIP-01"):
    lines = [{"sku": sku, "quantity": 1, "paid": 19900, "reason": "color", "note": "zu rot"}]
    data = {"customer_id": "c-1", "locale": "en", "currency": "CNY", "lines": lines}
    return event("rebound.return.requested", identity, subject, data)


def post(path, headers, body):
    request = Request(sys.argv[1] + path, data=body, headers=headers, method="POST")
    try:
        with urlopen(request) as response:
            status, answer = response.status, json.load(response)
    except HTTPError as error:
        status, answer = error.code, json.load(error)
    print(json.dumps({"status": status, "body": answer}))


def send(path, message):
    post(path, message.headers, message.body)


form = JSONFormat()
send("/v1/returns", to_structured(returned("e-1", "r-1"), form))
send("/v1/returns", to_binary(returned("e-1", "r-1"), form))
send("/v1/returns", to_binary(returned("e-2", "r-退货"), form))
# The package writes no batches: the array is made of what it writes of each.
batch = [returned("e-1", "r-1"), returned("e-3", "r-3", "NOPE"), returned("e-4", "r-4")]
body = json.dumps([json.loads(form.write(it)) for it in batch]).encode()
post("/v1/returns", {"content-type": "application/cloudevents-batch+json"}, body)
order = {"customer_id": "c-1", "lines": [{"sku": "LIP-01", "quantity": 1, "paid": 19900}]}
send("/v1/orders", to_structured(event("rebound.order.placed", "e-5", "o-1", order), form))
send("/v1/orders", to_binary(event("rebound.order.placed", "e-6", "o-1", order), form))
