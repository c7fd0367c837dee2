//! Why a schedule is refused: each text names the field and what to give instead.

use super::{AFTER_DAYS_MAX, DURATION_HOURS_MAX, EXPRESSION_CHARS_MAX, RATE_DAYS_MAX};

/// Why rotation rules are refused; `InvalidParameterException` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The sentence is the service's own.
    #[error("You cannot specify both rotation frequency and schedule expression together.")]
    BothGiven,
    /// Rules without any schedule.
    #[error("RotationRules: give AutomaticallyAfterDays or ScheduleExpression")]
    NoneGiven,
    /// `AutomaticallyAfterDays` is out of range.
    #[error("AutomaticallyAfterDays is `{0}`: give 1 to {AFTER_DAYS_MAX}")]
    AfterDays(u32),
    /// The expression is empty or too long.
    #[error("ScheduleExpression: give 1 to {EXPRESSION_CHARS_MAX} characters")]
    ExpressionLength,
    /// Neither `rate()` nor `cron()`.
    #[error(
        "ScheduleExpression: give `rate(N hours)`, `rate(N days)` or `cron(0 HOURS DAY MONTH WEEKDAY *)`"
    )]
    ExpressionForm,
    /// `rate()` does not hold a number and a unit.
    #[error(
        "ScheduleExpression: `rate({0})` is not a rate: give a number and `hours` or `days`, as in \
         `rate(10 days)`"
    )]
    RateForm(String),
    /// `rate()` is out of range.
    #[error(
        "ScheduleExpression: `rate({given})` is out of range: give at least {hours_min} hour{} and at most \
         {RATE_DAYS_MAX} days", if *.hours_min == 1 { "" } else { "s" }
    )]
    RateRange {
        /// What was given.
        given: String,
        /// The least hours.
        hours_min: u32,
    },
    /// `cron()` has another number of fields than six.
    #[error(
        "ScheduleExpression: cron has {0} fields: give the six `minutes hours day-of-month month \
         day-of-week year`"
    )]
    CronFields(usize),
    /// A field of `cron()` is malformed or out of range.
    #[error("ScheduleExpression: the {field} field of cron is `{given}`: {fix}")]
    CronField {
        /// The field.
        field: &'static str,
        /// What was given.
        given: String,
        /// What to give.
        fix: &'static str,
    },
    /// Both days are set, or neither.
    #[error("ScheduleExpression: cron takes day-of-month or day-of-week: set one and give `?` for the other")]
    CronDays,
    /// No date fits.
    #[error("ScheduleExpression: the cron expression never fires: no date fits its day and month")]
    NeverFires,
    /// `Duration` is not a number of hours.
    #[error("Duration: give hours from `1h` to `{DURATION_HOURS_MAX}h`")]
    DurationForm,
    /// The window would run past the end of its day.
    #[error(
        "Duration is `{hours}h`: the window opens at hour {opens_hour} and must close with the day: give at \
         most `{}h`", 24 - .opens_hour
    )]
    DurationPastDay {
        /// The duration.
        hours: u32,
        /// The hour at which the window opens.
        opens_hour: u32,
    },
    /// The window would run into the next.
    #[error("Duration is `{hours}h`: the window would run into the next: give at most `{hours_max}h`")]
    DurationOverlaps {
        /// The duration.
        hours: u32,
        /// The longest that fits.
        hours_max: u32,
    },
}
