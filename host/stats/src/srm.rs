//! Sample ratio mismatch: are units split as the weights say?

use statrs::function::gamma::gamma_ur;

/// Why no p-value can be given.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum SrmError {
    /// One count and one weight belong to each arm.
    #[error("there are {observed} counts and {weights} weights; give one of each per arm")]
    Shape {
        /// How many counts.
        observed: usize,
        /// How many weights.
        weights: usize,
    },
    /// A weight that is none.
    #[error("weight {index} is {weight}; give finite weights of at least 0")]
    Weight {
        /// Of which arm.
        index: usize,
        /// The weight.
        weight: f64,
    },
    /// Nothing to be split.
    #[error("{arms} arms have a weight above 0; a split needs at least 2")]
    TooFewArms {
        /// How many have.
        arms: usize,
    },
    /// Nobody has been assigned.
    #[error("no unit has been observed; wait for traffic")]
    NoUnits,
}

/// The probability of a split at least as far from the weights as the observed one, were the weights true: Pearson's
/// chi-squared test, with one degree of freedom less than there are arms of a weight above 0.
///
/// Weights need not sum to 1: only their ratios count. A unit in an arm of weight 0 cannot have come there by the
/// weights, so the answer is then 0.
///
/// # Errors
/// [`SrmError`] when the counts and weights describe no split.
pub fn srm_p_value(observed: &[u64], weights: &[f64]) -> Result<f64, SrmError> {
    if observed.len() != weights.len() {
        return Err(SrmError::Shape { observed: observed.len(), weights: weights.len() });
    }
    let is_weight = |weight: &f64| weight.is_finite() && *weight >= 0.0;
    if let Some(index) = weights.iter().position(|weight| !is_weight(weight)) {
        return Err(SrmError::Weight { index, weight: weights[index] });
    }
    let arms = weights.iter().filter(|weight| **weight > 0.0).count();
    if arms < 2 {
        return Err(SrmError::TooFewArms { arms });
    }
    let units: f64 = observed.iter().map(|&count| float(count)).sum();
    if units == 0.0 {
        return Err(SrmError::NoUnits);
    }
    let whole: f64 = weights.iter().sum();
    let mut statistic = 0.0;
    for (&count, weight) in observed.iter().zip(weights) {
        let expected = units * (weight / whole);
        if expected > 0.0 {
            statistic += (float(count) - expected).powi(2) / expected;
        } else if count > 0 {
            return Ok(0.0);
        }
    }
    Ok(chi_squared_survival(statistic, arms - 1))
}

/// The probability that a chi-squared variable exceeds `statistic`.
fn chi_squared_survival(statistic: f64, degrees_of_freedom: usize) -> f64 {
    // The regularized gamma function is defined for positive arguments only.
    if statistic <= 0.0 {
        return 1.0;
    }
    gamma_ur(float(degrees_of_freedom as u64) / 2.0, statistic / 2.0)
}

/// Exact below 2^53, which no count of customers reaches.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reference values by the closed forms of the chi-squared survival function: erfc(sqrt(x / 2)) for one degree of
    /// freedom, exp(-x / 2) for two, erfc(sqrt(x / 2)) + sqrt(2 x / pi) exp(-x / 2) for three.
    #[test]
    fn p_values_agree_with_closed_forms() {
        let cases: [(&[u64], &[f64], f64); 7] = [
            (&[50, 50], &[0.5, 0.5], 1.0),
            (&[55, 45], &[0.5, 0.5], 0.317_310_507_862_914_1),
            (&[821_588, 815_482], &[0.5, 0.5], 1.821_792_872_619_186e-6),
            (&[9_000, 1_100], &[9_000.0, 1_000.0], 0.002_834_749_080_259_391_3),
            (&[30, 30, 60], &[0.25, 0.25, 0.5], 1.0),
            (&[40, 30, 50], &[0.25, 0.25, 0.5], 0.082_084_998_623_898_8),
            (&[120, 95, 105, 80], &[0.25, 0.25, 0.25, 0.25], 0.036_733_114_668_589_34),
        ];
        for (observed, weights, want) in cases {
            let p = srm_p_value(observed, weights).unwrap();
            assert!((p - want).abs() <= 1e-12 * want, "{observed:?} at {weights:?}: {p}, not {want}");
        }
    }

    #[test]
    fn an_arm_of_weight_zero_counts_no_degree_of_freedom() {
        let without = srm_p_value(&[55, 45], &[0.5, 0.5]);
        assert_eq!(srm_p_value(&[55, 45, 0], &[0.5, 0.5, 0.0]), without);
    }

    #[test]
    fn a_unit_in_an_arm_of_weight_zero_is_a_mismatch_for_sure() {
        assert_eq!(srm_p_value(&[55, 45, 1], &[0.5, 0.5, 0.0]), Ok(0.0));
    }

    #[test]
    fn what_is_no_split_is_an_error() {
        assert_eq!(
            srm_p_value(&[1, 2], &[0.5, 0.25, 0.25]),
            Err(SrmError::Shape { observed: 2, weights: 3 })
        );
        assert_eq!(srm_p_value(&[1, 2], &[1.0, 0.0]), Err(SrmError::TooFewArms { arms: 1 }));
        assert_eq!(srm_p_value(&[], &[]), Err(SrmError::TooFewArms { arms: 0 }));
        assert_eq!(srm_p_value(&[0, 0], &[0.5, 0.5]), Err(SrmError::NoUnits));
        for bad in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(srm_p_value(&[1, 2], &[0.5, bad]), Err(SrmError::Weight { index: 1, .. })));
        }
    }

    proptest! {
        #[test]
        fn a_p_value_is_a_probability_and_only_ratios_of_weights_count(
            arms in prop::collection::vec((0_u64..1_000_000, 1_u32..10_000), 2..8),
            scale in 0.001_f64..1_000.0,
        ) {
            let observed: Vec<u64> = arms.iter().map(|arm| arm.0).collect();
            prop_assume!(observed.iter().sum::<u64>() > 0);
            let weights: Vec<f64> = arms.iter().map(|arm| f64::from(arm.1)).collect();
            let p = srm_p_value(&observed, &weights).unwrap();
            prop_assert!((0.0..=1.0).contains(&p), "{p}");
            let scaled: Vec<f64> = weights.iter().map(|weight| weight * scale).collect();
            prop_assert!((srm_p_value(&observed, &scaled).unwrap() - p).abs() < 1e-9);
        }
    }
}
