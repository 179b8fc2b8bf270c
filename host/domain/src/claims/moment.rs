//! Moments in a locale.

use icu_datetime::DateTimeFormatter;
use icu_datetime::fieldsets::zone::LocalizedOffsetShort;
use icu_datetime::fieldsets::{Combo, YMD, YMDT};
use icu_datetime::input::{UtcOffset, ZonedDateTime};

use super::Locale;
use crate::time::{Instant, Zone};

type Formatter = DateTimeFormatter<Combo<YMDT, LocalizedOffsetShort>>;

/// Writes moments as one locale does, in its calendar.
pub(super) struct MomentFormat(Formatter);

impl MomentFormat {
    pub(super) fn new(locale: &Locale) -> Self {
        let fields = || YMD::medium().with_time_hm().with_zone(LocalizedOffsetShort);
        let formatter = Formatter::try_new(locale.id().into(), fields())
            .or_else(|_| Formatter::try_new(Default::default(), fields()))
            .expect("the compiled data holds the root locale");
        Self(formatter)
    }

    /// Whole minutes, rounded down: an end is never told later than it is.
    pub(super) fn format(&self, at: Instant, zone: &dyn Zone) -> String {
        let milliseconds = i64::try_from(at.0).unwrap_or(i64::MAX);
        let offset = UtcOffset::try_from_seconds(zone.offset_seconds(at)).unwrap_or(UtcOffset::zero());
        self.0
            .format(&ZonedDateTime::from_epoch_milliseconds_and_utc_offset(milliseconds, offset))
            .to_string()
    }
}
