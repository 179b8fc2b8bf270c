"""What goes with a returned product, from other categories: a lipstick's foundation and brushes.

Score = units_weight * units sold (as a share of the best seller looked at) + margin_weight * margin.
One file, built from wit/ unchanged; see README.md.
"""

import json
from typing import List

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.metadata import Manifest, Template
from wit_world.exports.recommendation import Recommendations
from wit_world.imports import catalog
from wit_world.imports.types import (
    Context,
    Failure_InvalidConfig,
    Offer,
    Segment,
    Sentence,
    StateChange_Keep,
    Subject_Offered,
)

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "units_weight": {"type": "number", "minimum": 0, "default": 0.7},
        "margin_weight": {"type": "number", "minimum": 0, "default": 0.3},
        "offers_max": {"type": "integer", "minimum": 1, "maximum": 8, "default": 2},
    },
}

TEMPLATES = [
    Template("bundle.goes-with", "zh-CN", "搭配推荐：{item}，现价{price}。"),
    Template("bundle.goes-with", "en", "Goes with it: {item}, now at {price}."),
]

CANDIDATES = 30


class Metadata(exports.Metadata):
    def describe(self) -> Manifest:
        return Manifest(
            name="examples/bundle",
            version="0.1.0",
            summary="Offers what goes with the returned product, from other categories.",
            config_schema=json.dumps(SCHEMA),
            state_version=1,
            templates=TEMPLATES,
            personas=[],
        )


class Recommendation(exports.Recommendation):
    def recommend(self, context: Context, segment: Segment) -> Recommendations:
        config = configured(context.config)
        line, returned = max(
            enumerate(context.event.lines), key=lambda pair: pair[1].product.price
        )
        scored = scores(candidates(context, returned.product), config)
        best = sorted(scored, key=lambda pair: (-pair[0], pair[1].id))
        count = min(context.slots, config["offers_max"])
        offers = [offer(index, line, *pair) for index, pair in enumerate(best[:count])]
        return Recommendations(offers, StateChange_Keep())


def configured(text: str) -> dict:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise Err(Failure_InvalidConfig(str(error)))
    defaults = {key: value["default"] for key, value in SCHEMA["properties"].items()}
    return defaults | given


def candidates(context: Context, product) -> List[catalog.Candidate]:
    """Bought by the same customers, of another category, not coming back too."""
    found = catalog.search(
        catalog.Query(
            categories=[],
            brand=None,
            any_tag=[],
            price_min=None,
            price_max=None,
            similar_to=product.id,
            style_of=None,
            exclude=[line.product.id for line in context.event.lines],
            in_stock=True,
            order_by="affinity",
            limit=CANDIDATES,
        )
    )
    together = [candidate for candidate in found if candidate.affinity]
    products = catalog.get([candidate.id for candidate in together])
    return [
        candidate
        for candidate, other in zip(together, products)
        if other is not None and other.category != product.category
    ]


def scores(found: List[catalog.Candidate], config: dict) -> list:
    units_max = max((candidate.units_sold or 0 for candidate in found), default=0) or 1
    return [
        (
            config["units_weight"] * (candidate.units_sold or 0) / units_max
            + config["margin_weight"] * (candidate.margin or 0) / 10_000,
            candidate,
        )
        for candidate in found
    ]


def offer(index: int, line: int, score: float, candidate: catalog.Candidate) -> Offer:
    return Offer(
        product=candidate.id,
        kind="bundle",
        resolution=None,
        for_line=line,
        quantity=1,
        score=score,
        copy=[Sentence("bundle.goes-with", Subject_Offered(index))],
        price_hold=None,
    )
