//! Quotas of namespaces from the configuration: `[namespaces.acme]`, and `[namespaces."*"]` for partners that are not
//! named.

use rebound_domain::ids::Namespace;
use rebound_domain::money::BasisPoints;
use rebound_domain::namespace::{Bound, QuotaSettings, Quotas};
use toml::Value;

/// Stands for every partner that is not named; no namespace can have this name.
const PARTNERS: &str = "*";

/// Reads the table `namespaces`.
///
/// # Errors
/// What is wrong, with the key it is wrong at.
pub(crate) fn read(namespaces: &Value) -> Result<Quotas, String> {
    let Value::Table(namespaces) = namespaces else {
        return Err("namespaces is no table; write [namespaces.acme] and its quotas below".to_owned());
    };
    let mut quotas = Quotas::default();
    for (name, settings) in namespaces {
        let key = format!("namespaces.{}", name.escape_debug());
        let settings: QuotaSettings = settings
            .clone()
            .try_into()
            .map_err(|error| format!("{key}: {}", error.to_string().trim_end()))?;
        let share_max = u64::from(BasisPoints::WHOLE.0);
        if let Some(Bound::AtMost(share)) =
            settings.compute_share_bp.filter(|share| is_over(*share, share_max))
        {
            return Err(format!(
                "{key}.compute_share_bp = {share} does not stand: use 0 to {share_max}, or \"unlimited\""
            ));
        }
        if name == PARTNERS {
            quotas.partners = settings;
            continue;
        }
        let namespace = Namespace::new(name.clone()).map_err(|error| {
            format!("{key}: {error}; \"{PARTNERS}\" stands for all partners that are not named")
        })?;
        quotas.named.insert(namespace, settings);
    }
    Ok(quotas)
}

fn is_over(bound: Bound, most: u64) -> bool {
    matches!(bound, Bound::AtMost(given) if given > most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Quotas, String> {
        let mut table: toml::Table = toml::from_str(text).unwrap();
        read(&table.remove("namespaces").unwrap())
    }

    #[test]
    fn named_partners_stand_over_the_others() {
        let quotas = parse(
            "[namespaces.\"*\"]\nversions = 5\n[namespaces.acme]\nversions = \"unlimited\"\ncompute_share_bp = 2500",
        );
        let quotas = quotas.unwrap();
        let of = |name: &str| quotas.of(&Namespace::new(name).unwrap(), false);
        assert_eq!((of("acme").versions, of("other").versions), (None, Some(5)));
        assert_eq!(of("acme").compute_share, Some(BasisPoints(2_500)));
        assert_eq!(of("acme").bytes, of("other").bytes);
    }

    #[test]
    fn what_does_not_stand_is_named() {
        for (text, wants) in [
            ("namespaces = 3", &["namespaces is no table"][..]),
            ("[namespaces.acme]\nverions = 3", &["namespaces.acme", "unknown field `verions`", "versions"]),
            ("[namespaces.acme]\nversions = -1", &["namespaces.acme", "-1", "unlimited"]),
            ("[namespaces.acme]\nversions = \"many\"", &["namespaces.acme", "many", "unlimited"]),
            ("[namespaces.acme]\nversions = 1.5", &["namespaces.acme", "1.5"]),
            (
                "[namespaces.acme]\ncompute_share_bp = 10001",
                &["namespaces.acme.compute_share_bp = 10001", "0 to 10000"],
            ),
            ("[namespaces.Acme]\nversions = 1", &["namespaces.Acme", "a-z"]),
        ] {
            let error = parse(text).unwrap_err();
            assert!(wants.iter().all(|want| error.contains(want)), "{text}: {error}");
        }
    }
}
