//! Room for what runs at once: in all, for each function, for each target, for each group, and one step of
//! a secret, whether a rotation runs it or a person. The sandbox dies with its process, and so may this.
//!
//! A target that hangs keeps what waits for it, and nothing else. A job that has failed before gets at
//! most a part of its function's room, so that several broken targets cannot take all of it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use keywheel_domain::rotation::Job;
use keywheel_domain::secret::Secret;
use tokio::sync::Notify;

/// Steps of one secret that run at once.
const SECRET_MAX: usize = 1;

/// How many steps, schedules and purges run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoomLimits {
    /// In all.
    pub running_max: usize,
    /// Of one function.
    pub function_max: usize,
    /// Of one function, and failed before.
    pub function_retries_max: usize,
    /// Of one target, `host:port`.
    pub target_max: usize,
}

impl Default for RoomLimits {
    fn default() -> Self {
        Self { running_max: 64, function_max: 8, function_retries_max: 4, target_max: 2 }
    }
}

/// One bound that a job counts against.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Bound {
    All,
    Function(String),
    FunctionRetries(String),
    Secret(String),
    Target(String),
    Group(String),
}

/// The bounds of a job with their limits.
#[derive(Clone, Debug)]
pub(super) struct Needs(Vec<(Bound, usize)>);

/// See the module's documentation.
#[derive(Debug)]
pub(super) struct Room {
    limits: RoomLimits,
    taken: Mutex<HashMap<Bound, usize>>,
    /// Something was let go: there may be room for what waits.
    released: Notify,
}

impl Room {
    pub(super) fn new(limits: RoomLimits) -> Arc<Self> {
        Arc::new(Self { limits, taken: Mutex::default(), released: Notify::new() })
    }

    /// What something without a job needs.
    pub(super) fn needs_of_nothing(&self) -> Needs {
        Needs(vec![(Bound::All, self.limits.running_max)])
    }

    /// What a step needs as one of its function, an ARN without a qualifier.
    pub(super) fn needs_of_function(&self, function: &str, reserved: Option<u32>) -> Needs {
        let mut needs = self.needs_of_nothing();
        needs.0.push((Bound::Function(function.to_owned()), self.function_max(reserved)));
        needs
    }

    /// What a step needs as one of its secret, beside that.
    pub(super) fn needs_of_secret(secret_arn: &str) -> Needs {
        Needs(vec![(Bound::Secret(secret_arn.to_owned()), SECRET_MAX)])
    }

    fn function_max(&self, reserved: Option<u32>) -> usize {
        reserved.map_or(self.limits.function_max, |reserved| reserved as usize)
    }

    /// What a job needs. `reserved` is the bound that its function brings, if it does.
    pub(super) fn needs(&self, job: &Job, secret: &Secret, reserved: Option<u32>) -> Needs {
        let limits = self.limits;
        let function = &unqualified(&job.function_arn);
        let mut needs = self.needs_of_function(function, reserved);
        needs.0.extend(Self::needs_of_secret(&job.secret_arn).0);
        if job.step_failures > 0 {
            needs.0.push((Bound::FunctionRetries(function.clone()), limits.function_retries_max));
        }
        if let Some(target) = &job.target {
            needs.0.push((Bound::Target(target.clone()), limits.target_max));
        }
        if let Some(group) = secret.policy.as_ref().and_then(|policy| policy.group.as_ref()) {
            let name = format!("{}/{}/{}", secret.scope.account, secret.scope.region, group.name);
            let most = usize::try_from(group.max_concurrent).unwrap_or(usize::MAX);
            needs.0.push((Bound::Group(name), most));
        }
        needs
    }

    /// Takes all of it, or nothing.
    pub(super) fn enter(self: &Arc<Self>, needs: Needs) -> Option<Entered> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |(bound, most): &(Bound, usize)| taken.get(bound).copied().unwrap_or(0) >= *most;
        if needs.0.iter().any(full) {
            return None;
        }
        for (bound, _) in &needs.0 {
            *taken.entry(bound.clone()).or_default() += 1;
        }
        Some(Entered { room: Arc::clone(self), needs })
    }

    /// Tells the loop that waits that there may be room.
    pub(super) fn release(&self) {
        self.released.notify_one();
    }

    /// Waits until something was let go since the last time.
    pub(super) async fn released(&self) {
        self.released.notified().await;
    }

    /// Whether nothing at all could enter.
    pub(super) fn is_full(&self) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.get(&Bound::All).is_some_and(|count| *count >= self.limits.running_max)
    }
}

/// All versions and aliases of a function share its room.
fn unqualified(function_arn: &str) -> String {
    function_arn.splitn(8, ':').take(7).collect::<Vec<_>>().join(":")
}

impl Needs {
    /// Whether it may have room only when a bound is raised.
    pub(super) fn is_barred(&self) -> bool {
        self.0.iter().any(|(_, most)| *most == 0)
    }
}

/// What was taken; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Entered {
    room: Arc<Room>,
    needs: Needs,
}

impl Drop for Entered {
    fn drop(&mut self) {
        let mut taken = self.room.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for (bound, _) in &self.needs.0 {
            if let Some(count) = taken.get_mut(bound) {
                *count -= 1;
                if *count == 0 {
                    taken.remove(bound);
                }
            }
        }
        drop(taken);
        self.room.release();
    }
}

#[cfg(test)]
mod tests {
    use keywheel_domain::rotation::{Cause, Person, Purpose};
    use keywheel_domain::rotation_policy::{Group, RotationPolicy};
    use keywheel_domain::secret::Scope;
    use keywheel_domain::time::Timestamp;

    use super::*;

    #[test]
    fn versions_share_the_room_of_their_function_which_may_be_none() {
        let arn = "arn:aws:lambda:us-east-1:123456789012:function:f";
        for named in [arn.to_owned(), format!("{arn}:live"), format!("{arn}:7")] {
            assert_eq!(unqualified(&named), arn);
        }
        let room = Room::new(RoomLimits::default());
        let one = room.enter(room.needs_of_function(arn, Some(1))).expect("there is room");
        assert!(room.enter(room.needs_of_function(arn, Some(1))).is_none());
        drop(one);
        let barred = room.needs_of_function(arn, Some(0));
        assert!(barred.is_barred() && room.enter(barred).is_none());
        assert!(room.enter(room.needs_of_function(arn, None)).is_some());
    }

    #[test]
    fn a_full_target_leaves_room_for_others_and_gives_all_back() {
        let room = Room::new(RoomLimits { running_max: 3, ..RoomLimits::default() });
        let needs = |target: &str| {
            let mut needs = room.needs_of_nothing();
            needs.0.push((Bound::Target(target.into()), 2));
            needs
        };
        let first = room.enter(needs("dead")).expect("there is room");
        let second = room.enter(needs("dead")).expect("there is room");
        assert!(room.enter(needs("dead")).is_none() && !room.is_full());
        let other = room.enter(needs("live")).expect("the dead one does not take it");
        assert!(room.is_full() && room.enter(room.needs_of_nothing()).is_none());
        drop((first, second, other));
        assert!(room.taken.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
    }

    #[test]
    fn a_job_counts_against_its_function_its_target_and_its_group() {
        let scope = Scope { account: "123456789012".into(), region: "us-east-1".into() };
        let mut secret = Secret::new(scope, "app", "AbCdEf", Timestamp::default());
        let group = Group { name: "payments".into(), max_concurrent: 1 };
        secret.policy = Some(RotationPolicy { group: Some(group), ..RotationPolicy::default() });
        let cause = Cause::from(Person::from("root"));
        let (token, function) = ("t".to_owned().into(), "arn:f".to_owned());
        let mut job =
            Job::new(&secret, "t", token, Purpose::Rotate, cause, function.clone(), Timestamp::default());
        job.target = Some("db:5432".into());
        let room = Room::new(RoomLimits::default());
        let check =
            |job: &Job, expected: &[(Bound, usize)]| assert_eq!(room.needs(job, &secret, None).0, expected);
        let (all, own) = ((Bound::All, 64), (Bound::Function(function.clone()), 8));
        let secret_arn = (Bound::Secret(secret.arn.clone()), 1);
        let target = (Bound::Target("db:5432".into()), 2);
        let group = (Bound::Group("123456789012/us-east-1/payments".into()), 1);
        check(&job, &[all.clone(), own.clone(), secret_arn.clone(), target.clone(), group.clone()]);
        job.step_failures = 1;
        check(&job, &[all, own, secret_arn, (Bound::FunctionRetries(function), 4), target, group]);
        let entered = room.enter(room.needs(&job, &secret, None)).expect("there is room");
        assert!(room.enter(room.needs(&job, &secret, None)).is_none(), "the group is full");
        drop(entered);
        assert!(room.enter(room.needs(&job, &secret, None)).is_some());
    }
}
