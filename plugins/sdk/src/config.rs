//! A strategy's configuration: one struct gives the values, their defaults and the JSON Schema that
//! the host checks a route against.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::types::Failure;

/// Declares a configuration struct with a default beside each field, its doc comments becoming the
/// schema's descriptions. An unknown key is refused, so that a typing error never means "default".
///
/// ```
/// rebound_sdk::config! {
///     /// How the offers are picked.
///     pub struct Config {
///         /// Fewest days before a return counts as late.
///         #[schemars(range(min = 1, max = 365))]
///         pub late_after_days: u32 = 14,
///     }
/// }
/// assert_eq!(Config::default().late_after_days, 14);
/// ```
#[macro_export]
macro_rules! config {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident {
            $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty = $default:expr),* $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, PartialEq,
            $crate::serde::Serialize, $crate::serde::Deserialize, $crate::schemars::JsonSchema,
        )]
        #[serde(crate = "rebound_sdk::serde", default, deny_unknown_fields)]
        #[schemars(crate = "rebound_sdk::schemars")]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $type,)*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }
    };
}

/// For a strategy without configuration: only `{}` is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

pub(crate) fn parse<C: DeserializeOwned>(config: &str) -> Result<C, Failure> {
    serde_json::from_str(config).map_err(|error| Failure::InvalidConfig(error.to_string()))
}

pub(crate) fn schema<C: JsonSchema>() -> String {
    schemars::schema_for!(C).as_value().to_string()
}

#[cfg(test)]
mod tests {
    use super::{NoConfig, parse, schema};
    use crate::types::Failure;

    crate::config! {
        /// Picks offers.
        struct Picky {
            /// How many.
            #[schemars(range(min = 1, max = 3))]
            offers: u32 = 3,
            /// Which ones.
            words: Vec<String> = vec!["plain".to_string()],
        }
    }

    #[test]
    fn a_missing_key_takes_the_default_beside_its_field() {
        let picky: Picky = parse(r#"{"offers": 2}"#).unwrap();
        assert_eq!(picky, Picky { offers: 2, words: vec!["plain".into()] });
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let failure = parse::<Picky>(r#"{"ofers": 2}"#).unwrap_err();
        assert!(matches!(&failure, Failure::InvalidConfig(why) if why.contains("ofers")), "{failure:?}");
        assert!(parse::<NoConfig>("{}").is_ok());
        assert!(parse::<NoConfig>(r#"{"a": 1}"#).is_err());
    }

    #[test]
    fn the_schema_holds_descriptions_ranges_and_defaults() {
        let schema: serde_json::Value = serde_json::from_str(&schema::<Picky>()).unwrap();
        assert_eq!(schema["description"], "Picks offers.");
        assert_eq!(schema["additionalProperties"], false);
        let offers = &schema["properties"]["offers"];
        assert_eq!(
            (offers["description"].as_str(), &offers["default"], &offers["minimum"], &offers["maximum"]),
            (Some("How many."), &3.into(), &1.into(), &3.into())
        );
    }
}
