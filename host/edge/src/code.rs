//! The stable codes of problems, each with its one status and title: what programs match on.

use axum::http::StatusCode;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $status:ident, $title:literal;)*) => {
        /// What went wrong, for programs. A code has one status and never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All, in the order of their statuses.
            pub const ALL: &[Code] = &[$(Code::$name),*];

            /// The stable word.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Code::$name => $word,)* }
            }

            /// The status that goes with it.
            #[must_use]
            pub fn status(self) -> StatusCode {
                match self { $(Code::$name => StatusCode::$status,)* }
            }

            /// What it means in general.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Code::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// Not JSON at all, or cut short.
    InvalidJson = "invalid_json", BAD_REQUEST, "The body is not valid JSON";
    /// The path or the query cannot be decoded.
    InvalidUrl = "invalid_url", BAD_REQUEST, "The address cannot be read";
    /// The body ended early.
    BodyIncomplete = "body_incomplete", BAD_REQUEST, "The body did not arrive whole";
    /// No token, or a wrong one.
    Unauthorized = "unauthorized", UNAUTHORIZED, "A valid token is required";
    /// A token that may not do this.
    Forbidden = "forbidden", FORBIDDEN, "The token does not have the scope for this";
    /// No such path or thing.
    NotFound = "not_found", NOT_FOUND, "There is nothing here";
    /// The path exists, with other methods.
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "The path does not take this method";
    /// The body came too slowly.
    RequestTimeout = "request_timeout", REQUEST_TIMEOUT, "The body came too slowly";
    /// The event id came before with another body.
    EventConflict = "event_conflict", CONFLICT, "The event was decided with another body";
    /// Another event has decided the return.
    ReturnAlreadyDecided = "return_already_decided", CONFLICT, "The return was decided by another event";
    /// The plugin version exists, with other bytes or in another class.
    VersionTaken = "version_taken", CONFLICT, "The version is published otherwise";
    /// Another experiment runs on the stage.
    StageTaken = "stage_taken", CONFLICT, "Another experiment runs on the stage";
    /// The deployment's currency cannot change any more.
    CurrencyFixed = "currency_fixed", CONFLICT, "The deployment's currency cannot change";
    /// The texts of a plugin version need an approval and have none.
    TemplatesUnapproved = "templates_unapproved", CONFLICT, "The texts of a plugin version are not approved";
    /// A recording that cannot be run again here.
    NotReplayable = "not_replayable", CONFLICT, "The recording cannot be run again";
    /// A namespace has as many versions, or bytes of them, as it may.
    QuotaExceeded = "quota_exceeded", CONFLICT, "The namespace has what it may have";
    /// A published version that does not load any more.
    PluginNotLoaded = "plugin_not_loaded", CONFLICT, "The version cannot be loaded";
    /// A token that was revoked or has expired cannot be rotated.
    TokenEnded = "token_ended", CONFLICT, "The token has ended";
    /// An order came before with other lines, or of another customer. In imports only.
    OrderConflict = "order_conflict", CONFLICT, "The order is known otherwise";
    /// The event's customer was erased.
    Erased = "erased", GONE, "The return was erased with its customer";
    /// The body is larger than the limit.
    BodyTooLarge = "body_too_large", PAYLOAD_TOO_LARGE, "The body is too large";
    /// A line is longer than the limit. In imports only.
    LineTooLong = "line_too_long", PAYLOAD_TOO_LARGE, "The line is too long";
    /// Another content type than the route takes.
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "The body is of another type";
    /// The request names a host that this server does not answer for.
    MisdirectedRequest = "misdirected_request", MISDIRECTED_REQUEST, "The request is meant for another host";
    /// A value that does not stand.
    InvalidField = "invalid_field", UNPROCESSABLE_ENTITY, "A field does not stand";
    /// A name that the body or query does not have.
    UnknownField = "unknown_field", UNPROCESSABLE_ENTITY, "A field is not known";
    /// A product that the catalogue does not hold.
    UnknownSku = "unknown_sku", UNPROCESSABLE_ENTITY, "A product is not in the catalogue";
    /// Another currency than the deployment's.
    CurrencyMismatch = "currency_mismatch", UNPROCESSABLE_ENTITY, "The currency is not the deployment's";
    /// An event of a type that the route does not take.
    UnknownEventType = "unknown_event_type", UNPROCESSABLE_ENTITY, "The route takes no events of this type";
    /// The component is not one this host runs.
    PluginRefused = "plugin_refused", UNPROCESSABLE_ENTITY, "The component is refused";
    /// The texts of a plugin version say what only facts may say.
    ClaimsViolated = "claims_violated", UNPROCESSABLE_ENTITY, "The texts of a plugin version break the rules of claims";
    /// A template names a constant that nobody declared.
    UnknownConstant = "unknown_constant", UNPROCESSABLE_ENTITY, "A constant is not declared";
    /// A plugin version that was never published.
    UnknownPlugin = "unknown_plugin", UNPROCESSABLE_ENTITY, "A plugin version is not published";
    /// A plugin version that does not serve the stage.
    WrongStage = "wrong_stage", UNPROCESSABLE_ENTITY, "A plugin version does not serve the stage";
    /// A config that the plugin's schema refuses.
    InvalidConfig = "invalid_config", UNPROCESSABLE_ENTITY, "A config does not satisfy its schema";
    /// The token asks more often than it may.
    RateLimited = "rate_limited", TOO_MANY_REQUESTS, "The token asks too often";
    /// The host's own bug.
    Internal = "internal", INTERNAL_SERVER_ERROR, "The host failed";
    /// More work is waiting than the host takes on.
    Busy = "busy", SERVICE_UNAVAILABLE, "The host is busy";
    /// The service is ending and wants no new traffic. Readiness only.
    ShuttingDown = "shutting_down", SERVICE_UNAVAILABLE, "The service is ending";
    /// The storage does not answer.
    StorageUnavailable = "storage_unavailable", SERVICE_UNAVAILABLE, "The storage does not answer";
}

impl Code {
    /// When to try again, seconds; none where trying again changes nothing.
    #[must_use]
    pub fn retry_after_seconds(self) -> Option<u16> {
        match self {
            Code::Busy => Some(1),
            Code::StorageUnavailable | Code::ShuttingDown => Some(5),
            _ => None,
        }
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}
