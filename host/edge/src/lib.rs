//! HTTP: routes, extractors, errors to statuses, OpenAPI.
