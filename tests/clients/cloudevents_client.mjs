// Sends events with the cloudevents package of npm: one in each mode, then a batch. Prints each answer as a line of JSON.
//
// Usage: node cloudevents_client.mjs MODULES URL, where MODULES is the folder that holds node_modules.

import { createRequire } from "node:module";

const [, , modules, url] = process.argv;
const { CloudEvent, HTTP } = createRequire(`${modules}/`)("cloudevents");

function event(type, id, subject, data) {
  return new CloudEvent({
    type, id, subject, data, source: "/shops/munich", time: "2026-03-01T09:30:00.000Z",
    datacontenttype: "application/json", shopregion: "east",
  });
}

function returned(id, subject, sku = "LIP-01") {
  const lines = [{ sku, quantity: 1, paid: 19900, reason: "color", note: "zu rot" }];
  return event("rebound.return.requested", id, subject, { customer_id: "c-1", locale: "en", currency: "CNY", lines });
}

async function send(path, { headers, body }) {
  const response = await fetch(url + path, { method: "POST", headers, body });
  // As it came: JavaScript would write 0.0 as 0.
  console.log(`{"status": ${response.status}, "body": ${await response.text()}}`);
}

// The package leaves it to its transport to make header values ASCII; the binding has them percent-encoded.
function binary(event) {
  const { headers, body } = HTTP.binary(event);
  const encode = ([name, value]) => [name, name.startsWith("ce-") ? encodeURIComponent(value) : value];
  return { headers: Object.fromEntries(Object.entries(headers).map(encode)), body };
}

await send("/v1/returns", HTTP.structured(returned("e-1", "r-1")));
await send("/v1/returns", binary(returned("e-1", "r-1")));
await send("/v1/returns", binary(returned("e-2", "r-退货")));
// The package writes no batches: the array is made of what it writes of each.
const batch = [returned("e-1", "r-1"), returned("e-3", "r-3", "NOPE"), returned("e-4", "r-4")];
const body = `[${batch.map((event) => HTTP.structured(event).body).join(",")}]`;
await send("/v1/returns", { headers: { "content-type": "application/cloudevents-batch+json" }, body });
const order = { customer_id: "c-1", lines: [{ sku: "LIP-01", quantity: 1, paid: 19900 }] };
await send("/v1/orders", HTTP.structured(event("rebound.order.placed", "e-5", "o-1", order)));
await send("/v1/orders", binary(event("rebound.order.placed", "e-6", "o-1", order)));
