// The same style in another size or color, for whoever returns for that reason.
// One file, built from wit/ unchanged; see README.md.

import catalog from "rebound:strategy/catalog@0.1.0";

// What must differ from the returned product for the reason to go away.
const OPTION_OF_REASON = new Map([
  ["size-too-small", "size"],
  ["size-too-large", "size"],
  ["color", "color"],
]);

const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    offers_max: { type: "integer", minimum: 1, maximum: 8, default: 3 },
  },
};

const TEMPLATES = [
  ["variant.other", "zh-CN", "同款另有：{item}，现价{price}。"],
  ["variant.other", "en", "The same style, different: {item}, now at {price}."],
  ["variant.stock", "zh-CN", "库存仅剩{stock_left}件。"],
  ["variant.stock", "en", "Only {stock_left} left in stock."],
];

export const metadata = {
  describe() {
    return {
      name: "examples/variant",
      version: "0.1.0",
      summary: "Offers the same style in another size or color.",
      configSchema: JSON.stringify(SCHEMA),
      stateVersion: 1,
      templates: TEMPLATES.map(([key, locale, text]) => ({ key, locale, text })),
      personas: [],
    };
  },
};

export const recommendation = {
  recommend(context, segment) {
    const config = configured(context.config);
    const count = Math.min(context.slots, config.offers_max);
    const found = context.event.lines.flatMap((line, index) => variants(context, line, index));
    const offers = found.slice(0, count).map((variant, index) => offer(context, variant, index));
    return { offers, state: { tag: "keep" } };
  },
};

function configured(text) {
  const defaults = { offers_max: SCHEMA.properties.offers_max.default };
  try {
    return { ...defaults, ...JSON.parse(text) };
  } catch (error) {
    throw { tag: "invalid-config", val: String(error) };
  }
}

function variants(context, line, index) {
  const option = OPTION_OF_REASON.get(line.reason);
  if (option === undefined || line.product.style === null) return [];
  const candidates = catalog.search({
    categories: [],
    brand: null,
    anyTag: [],
    priceMin: null,
    priceMax: null,
    similarTo: null,
    styleOf: line.product.id,
    exclude: context.event.lines.map((other) => other.product.id),
    inStock: true,
    orderBy: "units-sold",
    limit: 50,
  });
  const products = catalog.get(candidates.map((candidate) => candidate.id));
  const returned = valueOf(line.product, option);
  return candidates
    .filter((_, at) => products[at] !== null && valueOf(products[at], option) !== returned)
    .map((candidate) => ({ candidate, index, quantity: line.quantity }));
}

function valueOf(product, option) {
  return product.options.find(({ key }) => key === option)?.value;
}

function offer(context, { candidate, index, quantity }, rank) {
  const about = { tag: "offered", val: rank };
  const words = candidate.stock === null ? ["variant.other"] : ["variant.other", "variant.stock"];
  return {
    product: candidate.id,
    kind: "variant",
    resolution: context.policy.resolutions.includes("exchange") ? "exchange" : null,
    forLine: index,
    quantity: Math.min(quantity, candidate.stock ?? quantity),
    // Best sellers come first; the order is the score.
    score: 1 / (rank + 1),
    copy: words.map((template) => ({ template, about })),
    priceHold: null,
  };
}
