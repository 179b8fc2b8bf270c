//! A Parquet value as text, exactly: an amount never passes through a binary fraction unless it is stored as one.

use ::parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use ::parquet::data_type::Int96;
use ::parquet::schema::types::ColumnDescriptor;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

/// What a column's integers or bytes mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Whole numbers as they are, bytes as UTF-8.
    Plain,
    /// Whole numbers that were written as if they had a sign.
    Unsigned {
        /// Their size.
        bits: u32,
    },
    /// In steps of 10^-scale.
    Decimal {
        /// Digits after the point.
        scale: u32,
    },
    /// Days since 1970.
    Date,
    /// Steps since midnight.
    Time {
        /// Steps in a second.
        per_second: i64,
    },
    /// Steps since 1970.
    Timestamp {
        /// Steps in a second.
        per_second: i64,
        /// Whether it is an instant; else the time of some clock on a wall, which the map's time zone places.
        is_instant: bool,
    },
    /// A half-precision float in two bytes.
    Half,
    /// 16 bytes, written as people write them.
    Uuid,
}

fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => 1_000,
        TimeUnit::MICROS => 1_000_000,
        TimeUnit::NANOS => 1_000_000_000,
    }
}

impl Form {
    /// What a column says of itself, in the words of today's standard, else in those of the one before.
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let scale = || u32::try_from(column.type_scale()).unwrap_or(0);
        match column.logical_type_ref() {
            Some(LogicalType::Decimal(decimal)) => {
                return Self::Decimal { scale: u32::try_from(decimal.scale).unwrap_or(0) };
            }
            Some(LogicalType::Date) => return Self::Date,
            Some(LogicalType::Time(time)) => return Self::Time { per_second: per_second(&time.unit) },
            Some(LogicalType::Timestamp(stamp)) => {
                let (per_second, is_instant) = (per_second(&stamp.unit), stamp.is_adjusted_to_u_t_c);
                return Self::Timestamp { per_second, is_instant };
            }
            Some(LogicalType::Integer(integer)) if !integer.is_signed => {
                return Self::Unsigned { bits: u32::try_from(integer.bit_width).unwrap_or(64) };
            }
            Some(LogicalType::Float16) => return Self::Half,
            Some(LogicalType::Uuid) => return Self::Uuid,
            _ => {}
        }
        match column.converted_type() {
            ConvertedType::DECIMAL => Self::Decimal { scale: scale() },
            ConvertedType::DATE => Self::Date,
            ConvertedType::TIME_MILLIS => Self::Time { per_second: 1_000 },
            ConvertedType::TIME_MICROS => Self::Time { per_second: 1_000_000 },
            ConvertedType::TIMESTAMP_MILLIS => Self::Timestamp { per_second: 1_000, is_instant: true },
            ConvertedType::TIMESTAMP_MICROS => Self::Timestamp { per_second: 1_000_000, is_instant: true },
            ConvertedType::UINT_8 => Self::Unsigned { bits: 8 },
            ConvertedType::UINT_16 => Self::Unsigned { bits: 16 },
            ConvertedType::UINT_32 => Self::Unsigned { bits: 32 },
            ConvertedType::UINT_64 => Self::Unsigned { bits: 64 },
            _ => Self::Plain,
        }
    }

    /// A whole number's text.
    pub(super) fn integer(&self, value: i64) -> Result<String, String> {
        match *self {
            Self::Unsigned { bits } => {
                let mask = u64::MAX.checked_shr(64_u32.saturating_sub(bits)).unwrap_or(u64::MAX);
                Ok((value.cast_unsigned() & mask).to_string())
            }
            Self::Decimal { scale } => Ok(decimal(i128::from(value), scale)),
            Self::Date => date(value).map(|date| date.to_string()),
            Self::Time { per_second } => {
                let (second, nanos) = split(value, per_second);
                time(second, nanos).map(|time| time.to_string())
            }
            Self::Timestamp { per_second, is_instant } => {
                let (second, nanos) = split(value, per_second);
                timestamp(second, nanos, is_instant)
            }
            Self::Plain | Self::Half | Self::Uuid => Ok(value.to_string()),
        }
    }

    /// The text of some bytes.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<String, String> {
        match (self, bytes) {
            (Self::Decimal { scale }, _) => match big_endian(bytes) {
                Some(units) => Ok(decimal(units, *scale)),
                None => Err(format!("is a number of {} bytes; numbers of at most 16 are read", bytes.len())),
            },
            (Self::Half, [low, high]) => Ok(half(u16::from_le_bytes([*low, *high])).to_string()),
            (Self::Uuid, bytes) if bytes.len() == 16 => {
                let hex = |part: &[u8]| part.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
                let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
                Ok(parts.map(hex).join("-"))
            }
            _ => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(text.to_owned()),
                Err(_) => Err("is no text (UTF-8); write it as one".to_owned()),
            },
        }
    }
}

/// An instant as Spark writes it: nanoseconds of a Julian day, in UTC.
pub(super) fn legacy_timestamp(value: &Int96) -> Result<String, String> {
    const JULIAN_DAY_OF_1970: i64 = 2_440_588;
    let [low, high, day] = *value.data() else { return Err("is no timestamp".to_owned()) };
    let nanos = i64::from(low) | (i64::from(high) << 32);
    let second = (i64::from(day) - JULIAN_DAY_OF_1970) * 86_400 + nanos.div_euclid(1_000_000_000);
    timestamp(second, nanos.rem_euclid(1_000_000_000), true)
}

/// Seconds, and the nanoseconds after them.
fn split(value: i64, per_second: i64) -> (i64, i64) {
    (value.div_euclid(per_second), value.rem_euclid(per_second) * (1_000_000_000 / per_second))
}

fn timestamp(second: i64, nanos: i64, is_instant: bool) -> Result<String, String> {
    let nanos = i32::try_from(nanos).unwrap_or(0);
    let stamp = Timestamp::new(second, nanos)
        .map_err(|_| format!("is {second} seconds from 1970, beyond the calendar"))?;
    match is_instant {
        true => Ok(stamp.to_string()),
        false => Ok(Offset::UTC.to_datetime(stamp).to_string()),
    }
}

fn date(days: i64) -> Result<Date, String> {
    let beyond = || format!("is {days} days from 1970, beyond the calendar");
    let span = Span::new().try_days(days).map_err(|_| beyond())?;
    Date::constant(1970, 1, 1).checked_add(span).map_err(|_| beyond())
}

fn time(second: i64, nanos: i64) -> Result<Time, String> {
    let part = |value: i64| i8::try_from(value).ok();
    let parts = (part(second / 3600), part(second / 60 % 60), part(second % 60), i32::try_from(nanos).ok());
    let (Some(hour), Some(minute), Some(second), Some(nanos)) = parts else {
        return Err(format!("is {second} seconds from midnight, beyond the day"));
    };
    Time::new(hour, minute, second, nanos).map_err(|_| "is no time of a day".to_owned())
}

/// `units` in steps of 10^-`scale`.
fn decimal(units: i128, scale: u32) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let scale = scale as usize;
    if scale == 0 {
        return units.to_string();
    }
    let digits = format!("{:0width$}", units.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

/// A number in two's complement; none when it has more than 16 bytes that count.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let is_negative = bytes.first().is_some_and(|byte| byte & 0x80 != 0);
    let filler = if is_negative { 0xff } else { 0 };
    let (extra, rest) = bytes.split_at(bytes.len().saturating_sub(16));
    let mut whole = [filler; 16];
    whole[16 - rest.len()..].copy_from_slice(rest);
    let number = i128::from_be_bytes(whole);
    (extra.iter().all(|byte| *byte == filler) && (number < 0) == is_negative).then_some(number)
}

/// IEEE 754 binary16.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    sign * match exponent {
        0 => fraction * 2_f32.powi(-24),
        31 if bits & 0x3ff == 0 => f32::INFINITY,
        31 => f32::NAN,
        exponent => (1.0 + fraction / 1024.0) * 2_f32.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact_whatever_they_are_stored_in() {
        let price = Form::Decimal { scale: 2 };
        for (units, want) in
            [(1250, "12.50"), (5, "0.05"), (-5, "-0.05"), (-123_456, "-1234.56"), (0, "0.00")]
        {
            assert_eq!(price.integer(units).unwrap(), want);
            assert_eq!(price.bytes(&units.to_be_bytes()).unwrap(), want);
            assert_eq!(price.bytes(&i128::from(units).to_be_bytes()).unwrap(), want);
        }
        assert_eq!(Form::Decimal { scale: 0 }.integer(-7).unwrap(), "-7");
        assert_eq!(price.bytes(&[]).unwrap(), "0.00");
        let mut wide = vec![0; 20];
        wide.extend(1250_i128.to_be_bytes());
        assert_eq!(price.bytes(&wide).unwrap(), "12.50");
        wide[0] = 1;
        assert!(price.bytes(&wide).unwrap_err().contains("36 bytes"));
        // The sign is in the bytes that were cut off.
        assert!(price.bytes(&[[0].as_slice(), &[0xff; 16]].concat()).is_err());
        assert_eq!(Form::Unsigned { bits: 32 }.integer(-1).unwrap(), "4294967295");
        assert_eq!(Form::Unsigned { bits: 64 }.integer(-1).unwrap(), "18446744073709551615");
        assert_eq!(Form::Plain.integer(i64::MIN).unwrap(), i64::MIN.to_string());
    }

    #[test]
    fn times_are_exact_to_the_nanosecond_and_keep_whether_they_are_instants() {
        let stamp = |per_second, is_instant| Form::Timestamp { per_second, is_instant };
        assert_eq!(stamp(1_000, true).integer(1_541_186_529_153).unwrap(), "2018-11-02T19:22:09.153Z");
        assert_eq!(stamp(1_000_000_000, true).integer(-1).unwrap(), "1969-12-31T23:59:59.999999999Z");
        assert_eq!(stamp(1_000_000, false).integer(0).unwrap(), "1970-01-01T00:00:00");
        assert!(stamp(1_000, true).integer(i64::MAX).unwrap_err().contains("beyond the calendar"));
        assert_eq!(Form::Date.integer(-1).unwrap(), "1969-12-31");
        assert!(Form::Date.integer(i64::MAX).is_err());
        assert_eq!(Form::Time { per_second: 1_000 }.integer(34_200_000).unwrap(), "09:30:00");
        assert!(Form::Time { per_second: 1_000 }.integer(-1).is_err());
        let mut legacy = Int96::new();
        legacy.set_data(4_165_425_152, 13, 2_454_923);
        assert_eq!(legacy_timestamp(&legacy).unwrap(), "2009-04-01T00:01:00Z");
    }

    #[test]
    fn halves_and_uuids_read_as_people_write_them() {
        for (bits, want) in
            [(0x3c00, "1"), (0xc000, "-2"), (0x3555, "0.33325195"), (0x0001, "0.000000059604645")]
        {
            assert_eq!(half(bits).to_string(), want, "{bits:x}");
        }
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(Form::Uuid.bytes(&bytes).unwrap(), "00010203-0405-0607-0809-0a0b0c0d0e0f");
        assert!(Form::Plain.bytes(&[0xff]).unwrap_err().contains("UTF-8"));
    }
}
