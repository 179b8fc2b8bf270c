"""How schemathesis writes the two media types that it does not know."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """One line: what the document describes is a line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.serializer("application/wasm")
def wasm(ctx, value):
    """Raw bytes have no schema: whatever was made up is sent as text."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()
