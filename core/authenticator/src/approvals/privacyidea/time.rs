//! Times as signed texts have them.

/// `YYYY-MM-DDTHH:MM:SS.ffffffZ` (RFC 3339) of milliseconds since 1970.
pub(super) fn timestamp(unix_ms: u64) -> String {
    let (seconds, millis) = (unix_ms / 1000, unix_ms % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Howard Hinnant's civil_from_days: years that begin in March, in eras of 400.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}000Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_at_the_edges_of_years_and_leap_years_are_right() {
        for (unix_ms, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000000Z"),
            (951_868_800_000, "2000-03-01T00:00:00.000000Z"),
            (1_795_489_543_184, "2026-11-24T03:05:43.184000Z"),
            (1_798_761_599_000, "2026-12-31T23:59:59.000000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(timestamp(unix_ms), text);
        }
    }
}
