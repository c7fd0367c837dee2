//! Sets, moves and skips the next slot of a secret.

use super::{HORIZON_MS, KEPT_APART_MAX, KeptApart, Plan, PolicyError, RotationPolicy};
use crate::api::RotationRules;
use crate::schedule::{Schedule, Window, place};
use crate::secret::{Secret, Slot, Verification};
use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS, Timestamp};

/// Seconds over which verifications are spread: the shortest interval.
const VERIFICATION_SPREAD_SECONDS: i64 = HOUR_MS / SECOND_MS;
/// Slots between which a pause is looked for: with one every four hours, the shortest interval, a month.
const APART_SLOTS: usize = 200;
/// How far the clock has to go back before slots are set anew: less than any interval between two.
const CLOCK_BACK_MS: i64 = 10 * MINUTE_MS;

impl Secret {
    /// The schedule with the policy, whether rotation is on or off; `None` without rules.
    pub fn plan(&self) -> Option<Plan<'_>> {
        let rules = self.rotation.as_ref()?.rules.as_ref()?;
        Plan::new(rules, self.policy.as_ref(), &self.arn, self.rotated.max(self.replaced))
    }

    /// Sets the next scheduled rotation after `now`, from the rules and the policy; none when rotation is
    /// off. The start is spread inside the window by the ARN, so that a thousand secrets with one schedule
    /// do not start together.
    pub fn reschedule(&mut self, now: Timestamp) {
        let next = self.active_plan().and_then(|plan| plan.next(now, now));
        self.set_next(next, now);
        self.reschedule_verification(now);
    }

    /// The same after a rotation or a value put by hand, where the rules count from that. The slots of
    /// a `cron()` stay where they are.
    pub fn reschedule_from_rotation(&mut self, now: Timestamp) {
        let rules = self.rotation.as_ref().and_then(|rotation| rotation.rules.as_ref());
        if rules.is_some_and(RotationRules::count_from_rotation) {
            self.reschedule(now);
        }
    }

    /// Puts another policy in place, which counts at once. A slot that is due already is left to the
    /// worker, and one whose window is open keeps its window where the policy allows a start in it.
    pub fn set_policy(&mut self, policy: Option<RotationPolicy>, now: Timestamp) {
        let verification = |policy: &Option<RotationPolicy>| {
            policy
                .as_ref()
                .map(|policy| (policy.verify_schedule_expression.clone(), policy.time_zone.clone()))
        };
        if verification(&self.policy) != verification(&policy) {
            self.verification = None;
        }
        self.policy = policy;
        let slot = self.next_slot();
        let next = match slot {
            Some(slot) if slot.starts <= now => Some(slot),
            Some(slot) if slot.opens <= now => {
                let open = Window { opens: slot.opens, closes: slot.closes };
                self.active_plan().and_then(|plan| plan.within(open, now).or_else(|| plan.next(now, now)))
            }
            _ => self.active_plan().and_then(|plan| plan.next(now, now)),
        };
        self.set_next(next, now);
        self.reschedule_verification(now);
    }

    /// Leaves the next slot out. Another whose window is open by now is not left out with it.
    pub fn skip_slot(&mut self, now: Timestamp) {
        let Some(slot) = self.next_slot() else { return };
        let next = self.active_plan().and_then(|plan| plan.next(slot.opens, now));
        self.set_next(next, now);
    }

    /// Puts the next slot off to `not_before` or later: in its window, else to the next window. A slot
    /// whose window has passed, and that is to be caught up with, waits for no other.
    pub fn put_off_slot(&mut self, not_before: Timestamp, now: Timestamp) {
        let (Some(slot), Some(plan)) = (self.next_slot(), self.active_plan()) else { return };
        let within = plan.within(Window { opens: slot.opens, closes: slot.closes }, not_before);
        let next = within.or_else(|| {
            let following = plan.next(slot.opens, not_before);
            let late = plan.free_from(not_before).filter(|_| slot.closes <= now);
            match (late, following) {
                (Some(starts), Some(following)) if following.starts <= starts => Some(following),
                (Some(starts), _) => Some(Slot { starts, ..slot }),
                (None, following) => following,
            }
        });
        self.set_next(next, now);
    }

    /// Sets the next verification, unless one is set.
    pub fn reschedule_verification(&mut self, now: Timestamp) {
        self.verification = match &self.verification {
            Some(set) if self.verification_schedule().is_some() => Some(set.clone()),
            _ => self.next_verification(now),
        };
    }

    /// The first verification after `after`; none without a schedule for it, or when rotation is off.
    pub fn next_verification(&self, after: Timestamp) -> Option<Verification> {
        let policy = self.policy.as_ref()?;
        let timetable = self.verification_schedule()?.timetable(policy.zone());
        let spread = Plan::spread(&self.arn);
        let seconds = place(&spread, VERIFICATION_SPREAD_SECONDS, None);
        Some(Verification { next: timetable.opens(after, None)?.plus_millis(seconds * SECOND_MS) })
    }

    /// The secrets from which this one is kept apart, by its own policy or by theirs, and the hours.
    pub fn kept_apart_from(&self) -> Vec<KeptApart> {
        let own = self.policy.iter().filter_map(|policy| policy.apart.as_ref()).flat_map(|apart| {
            apart.secret_ids.iter().map(|arn| KeptApart { secret_arn: arn.clone(), hours: apart.hours })
        });
        let mut all: Vec<KeptApart> = own.chain(self.kept_apart.iter().cloned()).collect();
        all.sort_by(|one, other| one.secret_arn.cmp(&other.secret_arn).then(other.hours.cmp(&one.hours)));
        all.dedup_by(|later, earlier| later.secret_arn == earlier.secret_arn);
        all
    }

    /// How many hours apart another secret can be kept from this one, when `hours` are too many: as long as this
    /// one's longest pause or longer, and the other's slot finds it just rotated every time.
    pub fn apart_hours_max(&self, hours: u32, now: Timestamp) -> Option<u32> {
        let plan = self.active_plan()?;
        let first = plan.next(now, now)?;
        let next = |slot: &Slot| plan.next(slot.opens, slot.starts);
        let slots = std::iter::successors(Some(first), next).take(APART_SLOTS).collect::<Vec<_>>();
        let pauses = slots.windows(2).map(|pair| pair[1].starts.millis_since(pair[0].starts));
        let longest_ms = pauses.max()?;
        if longest_ms > i64::from(hours) * HOUR_MS {
            return None;
        }
        Some(u32::try_from((longest_ms - 1) / HOUR_MS).unwrap_or(0))
    }

    /// Notes that another secret's policy keeps this one apart from it, or with `None` that it does not any
    /// more. `false` when there are too many.
    #[must_use]
    pub fn keep_apart(&mut self, secret_arn: &str, hours: Option<u32>) -> bool {
        self.kept_apart.retain(|kept| kept.secret_arn != secret_arn);
        if let Some(hours) = hours {
            self.kept_apart.push(KeptApart { secret_arn: secret_arn.to_owned(), hours });
            self.kept_apart.sort_by(|one, other| one.secret_arn.cmp(&other.secret_arn));
        }
        self.kept_apart.len() <= KEPT_APART_MAX
    }

    /// Whether rules and policy leave a start: call it before either is stored.
    ///
    /// # Errors
    /// They do not within two years of the first window; says which moment is the nearest that would do.
    pub fn check_policy(&self, now: Timestamp) -> Result<(), PolicyError> {
        let Some(policy) = &self.policy else { return Ok(()) };
        let free = super::free::free_from(&policy.blackouts, &policy.zone(), now);
        let free = free.ok_or(PolicyError::AlwaysBlack)?;
        let Some(plan) = self.plan() else { return Ok(()) };
        // A calendar that ends is no fault of the policy.
        let Some(first) = plan.window(now) else { return Ok(()) };
        match plan.next(now, now) {
            Some(slot) if slot.starts.millis_since(first.opens) <= HORIZON_MS => Ok(()),
            _ => {
                let nearest = plan.free_from(first.opens).unwrap_or(free);
                Err(PolicyError::NoStart { nearest: policy.zone().text(nearest) })
            }
        }
    }

    /// The same while the schedule starts rotations.
    pub fn active_plan(&self) -> Option<Plan<'_>> {
        let on = self.deletion.is_none() && self.rotation.as_ref().is_some_and(|rotation| rotation.enabled);
        self.plan().filter(|_| on)
    }

    fn next_slot(&self) -> Option<Slot> {
        self.rotation.as_ref().and_then(|rotation| rotation.next)
    }

    /// The secret with slots that were set by a clock that has gone back since, set anew: it may have been
    /// years ahead. `None` when none was. A slot that this brings again is known by its token.
    pub fn after_clock_change(&self, now: Timestamp) -> Option<Self> {
        let ahead = self.planned.is_some_and(|planned| planned.millis_since(now) > CLOCK_BACK_MS);
        if !ahead {
            return None;
        }
        let mut after = Self { verification: None, ..self.clone() };
        after.reschedule(now);
        after.planned = Some(now);
        Some(after)
    }

    fn set_next(&mut self, next: Option<Slot>, now: Timestamp) {
        if let Some(rotation) = self.rotation.as_mut().filter(|rotation| rotation.next != next) {
            rotation.next = next;
            self.planned = Some(now);
        }
    }

    fn verification_schedule(&self) -> Option<Schedule> {
        let on = self.deletion.is_none() && self.rotation.as_ref().is_some_and(|rotation| rotation.enabled);
        let expression = self.policy.as_ref()?.verify_schedule_expression.as_ref().filter(|_| on)?;
        Schedule::parse_frequent(expression).ok()
    }
}
