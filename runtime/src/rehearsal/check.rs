//! The conformance run: a plain rotation first, then every step again, broken off, refused and misled in every
//! way that the rules speak of.

use keywheel_domain::api::{ApiError, SecretValue};
use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_domain::sensitive::Sensitive;
use keywheel_domain::version::{CURRENT, PENDING};
use keywheel_host::rehearsal::{Call, Fault, Touch};
use keywheel_host::{Function, Outcome, Report};

use super::rule::Rule;
use super::setting::{Credentials, Setting};
use super::state::State;
use super::world::{Ran, World, with_members};

/// How often a step is run that says it may pass.
const TRIES_MAX: usize = 3;
/// Breaches of one rule that are told.
const BREACHES_TOLD_MAX: usize = 3;
/// What the host puts in a text in the place of a value.
const REDACTED: &str = "[redacted]";
/// Where a pending value leads that was tampered with.
const STRANGER_HOST: &str = "stranger.example";
const STRANGER: &str = "stranger";
const STRANGER_PASSWORD: &str = "rehearsal-Str4nger";
/// The interface that databases are reached by.
const SQL: &str = "keywheel:rotation/sql@";
/// The interface that HTTP services are reached by.
const HTTP: &str = "wasi:http/outgoing-handler@";

/// Where the protocol of the simulated service is described.
const PROTOCOL: &str = "sdk/README.md describes the requests that it answers";

/// What a function is, by the rules.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The digest of the component.
    pub digest: String,
    /// What it imports: the list of its powers.
    pub imports: Vec<Import>,
    /// The secret that it was rehearsed with, for people.
    pub setting: String,
    /// One for each rule, in their order.
    pub findings: Vec<(Rule, Finding)>,
    /// How many steps ran.
    pub steps: usize,
}

impl Verdict {
    /// Whether no rule is broken.
    pub fn is_good(&self) -> bool {
        !self.findings.iter().any(|(_, finding)| matches!(finding, Finding::Broken { .. }))
    }

    /// The rules that are broken.
    pub fn broken(&self) -> Vec<Rule> {
        let broken = self.findings.iter().filter(|(_, finding)| matches!(finding, Finding::Broken { .. }));
        broken.map(|(rule, _)| *rule).collect()
    }
}

/// An interface that a component imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// With its version.
    pub name: String,
    /// Whether the host offers it; a call of one that it does not offer ends the step.
    pub offered: bool,
}

/// What was found about one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The function keeps it.
    Kept,
    /// It could not be judged, and why.
    NotJudged(String),
    /// The function breaks it.
    Broken {
        /// Where and how; the first ones.
        breaches: Vec<Breach>,
        /// How many more there are.
        more: usize,
    },
}

/// How a rule was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// In which step.
    pub step: Step,
    /// At which call of the host, if at one.
    pub place: Option<Place>,
    /// What happened. It holds no value.
    pub told: String,
}

/// A call of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1, in its step.
    pub number: usize,
    /// Its name.
    pub call: &'static str,
    /// What it is about.
    pub touch: String,
}

/// Judges a function, with this secret or with the first of the usual ones with which it rotates.
///
/// # Errors
///
/// When the rehearsal itself fails, for instance because the secret is too long to be stored.
pub async fn check(function: &Function, setting: Option<&Setting>) -> Result<Verdict, ApiError> {
    let usual = || Setting::usual(imports(function, SQL), imports(function, HTTP));
    let settings = setting.map_or_else(usual, |setting| vec![setting.clone()]);
    let mut best: Option<((usize, bool), Examination<'_>, Course)> = None;
    for setting in settings {
        let mut examination = Examination::new(function, setting);
        let course = examination.rotate().await?;
        let reached = course.reached();
        // What does not rotate at all is told about the service, when it may speak to one.
        let rank = (reached, examination.setting.is_for_service() && !course.is_complete);
        if best.as_ref().is_none_or(|(most, ..)| rank > *most) {
            best = Some((rank, examination, course));
        }
        if reached == Course::REACHED_MAX {
            break;
        }
    }
    let (_, mut examination, course) = best.expect("there is at least one setting");
    if course.is_complete && course.foreign.is_none() {
        examination.repeat(&course).await?;
        examination.mislead(&course).await?;
        examination.break_off(&course).await?;
    }
    Ok(examination.verdict(&course))
}

fn imports(function: &Function, interface: &str) -> bool {
    function.imports().iter().any(|import| import.starts_with(interface))
}

/// A rotation in which nothing goes wrong.
struct Course {
    passed: Vec<Passed>,
    is_complete: bool,
    /// Why its protocol is not the one that is simulated, when it is not.
    foreign: Option<String>,
}

/// One step of it.
struct Passed {
    step: Step,
    before: World,
    calls: Vec<Call>,
    after: World,
    left: State,
}

impl Course {
    /// All steps, and something outside was touched.
    const REACHED_MAX: usize = 2 * Step::ALL.len() + 1;

    /// How far it went.
    fn reached(&self) -> usize {
        let touched = self.passed.iter().flat_map(|passed| &passed.calls).any(|call| call.touch.is_outside());
        2 * self.passed.len() + usize::from(touched)
    }

    fn of(&self, step: Step) -> &Passed {
        self.passed.iter().find(|passed| passed.step == step).expect("a complete rotation has every step")
    }
}

struct Examination<'a> {
    function: &'a Function,
    setting: Setting,
    breaches: Vec<(Rule, Breach)>,
    steps: usize,
}

impl<'a> Examination<'a> {
    const fn new(function: &'a Function, setting: Setting) -> Self {
        Self { function, setting, breaches: Vec::new(), steps: 0 }
    }

    /// A plain rotation.
    async fn rotate(&mut self) -> Result<Course, ApiError> {
        let world = World::simulated(&self.setting).await?;
        let mut course = Course { passed: Vec::new(), is_complete: false, foreign: None };
        for step in Step::ALL {
            let before = world.fork();
            let ran = self.run(&world, step, None).await?;
            if let Some(told) = failure(&ran) {
                self.breach(Rule::Rotates, step, place(&ran.calls, ran.calls.len()), told);
                course.foreign = self.foreign(&world, &course, &ran.calls);
                return Ok(course);
            }
            self.look_after(&world, &before, step, &ran).await?;
            let (after, left) = (world.fork(), State::of(&world).await?);
            course.passed.push(Passed { step, before, calls: ran.calls, after, left });
        }
        course.is_complete = true;
        course.foreign = self.foreign(&world, &course, &[]);
        Ok(course)
    }

    /// Why a function that speaks HTTP does not speak the protocol that is simulated, when it does not: to judge
    /// it by that would be wrong. `last` are the calls of a step that failed.
    fn foreign(&self, world: &World, course: &Course, last: &[Call]) -> Option<String> {
        if !imports(self.function, HTTP) || imports(self.function, SQL) {
            return None;
        }
        let targets = world.targets()?;
        let own = self.setting.credentials().filter(|_| self.setting.is_for_service());
        let unknown = own.map(|own| targets.unknown_requests(&own.address)).unwrap_or_default();
        let spoke = own.is_some_and(|own| !targets.logins(&own.address).is_empty());
        let judged = if course.is_complete { spoke || own.is_none() } else { spoke && unknown.is_empty() };
        if judged {
            return None;
        }
        let calls = course.passed.iter().flat_map(|passed| &passed.calls).chain(last);
        let elsewhere = calls.map(|call| &call.touch).find(|touch| touch.is_outside());
        Some(match (unknown.first(), elsewhere) {
            (Some(request), _) => format!("the simulated service does not know `{request}`: {PROTOCOL}"),
            (None, Some(touch)) => format!("no simulated service knows `{touch}`: {PROTOCOL}"),
            (None, None) => format!("it asks nothing of the simulated service: {PROTOCOL}"),
        })
    }

    /// What must hold after each step of a plain rotation.
    async fn look_after(
        &mut self,
        world: &World,
        before: &World,
        step: Step,
        ran: &Ran,
    ) -> Result<(), ApiError> {
        if world.logs_in(CURRENT).await?.is_some() && world.is_locked_out().await? {
            let told = "neither the current nor the pending value logs in when the step has ended";
            self.breach(Rule::NeverLockedOut, step, None, told.to_owned());
        }
        let (pending, current) = (world.value(PENDING).await?, world.value(CURRENT).await?);
        match step {
            Step::CreateSecret => match (pending, current) {
                (None, _) => {
                    let told = "the step ended without having stored a pending value";
                    self.breach(Rule::PendingFirst, step, None, told.to_owned());
                }
                (Some(pending), Some(current)) if pending == current => {
                    let told = "the pending value is the current one: nothing would change";
                    self.breach(Rule::Rotates, step, None, told.to_owned());
                }
                _ => {}
            },
            Step::SetSecret if world.logs_in(PENDING).await? == Some(false) => {
                let told = "the pending value does not log in when the step has ended";
                self.breach(Rule::Rotates, step, None, told.to_owned());
            }
            Step::TestSecret => self.look_at_logins(world, before, pending.as_ref(), ran),
            Step::FinishSecret if !world.versions().await?.is_at(CURRENT, world.token()) => {
                let told = "the step ended without having moved AWSCURRENT to the pending version";
                self.breach(Rule::FinishMovesLabelOnly, step, None, told.to_owned());
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether `testSecret` has just logged in with the pending value.
    fn look_at_logins(&mut self, world: &World, before: &World, pending: Option<&SecretValue>, ran: &Ran) {
        let Some(pending) = pending.and_then(Credentials::of) else { return };
        let logins = |world: &World| {
            world.targets().map(|targets| targets.logins(&pending.address)).unwrap_or_default()
        };
        let tested = logins(world)
            .iter()
            .skip(logins(before).len())
            .any(|login| login.accepted && login.user == pending.user && login.password == pending.password);
        if !tested {
            let (place, told) = match ran.calls.iter().position(|call| call.touch.is_outside()) {
                Some(at) => (place(&ran.calls, at), "it logs in with something else than the pending value"),
                None => (None, "it does not log in at all"),
            };
            self.breach(Rule::TestsPending, Step::TestSecret, place, told.to_owned());
        }
    }

    /// Every step once more after it has succeeded.
    async fn repeat(&mut self, course: &Course) -> Result<(), ApiError> {
        for Passed { step, after, left, .. } in &course.passed {
            let world = after.fork();
            let ran = self.run(&world, *step, None).await?;
            if let Some(told) = failure(&ran) {
                let told = format!("the second run {told}");
                self.breach(Rule::Idempotent, *step, place(&ran.calls, ran.calls.len()), told);
                continue;
            }
            let differences = left.differences(&State::of(&world).await?);
            if !differences.is_empty() {
                let told = format!("the second run changed something: {}", differences.join("; "));
                self.breach(Rule::Idempotent, *step, None, told);
            }
        }
        Ok(())
    }

    /// A pending value that the target does not take, and such that lead elsewhere.
    async fn mislead(&mut self, course: &Course) -> Result<(), ApiError> {
        let Some(own) = self.setting.credentials().cloned() else { return Ok(()) };
        let untouched = &course.of(Step::SetSecret).before;
        let ran = self.run(&untouched.fork(), Step::TestSecret, None).await?;
        if failure(&ran).is_none() {
            let told =
                "it is content although setSecret has not run, so that the target does not take the value";
            self.breach(Rule::WrongPasswordFails, Step::TestSecret, None, told.to_owned());
        }
        let Some(SecretValue::Text(pending)) = course.of(Step::FinishSecret).after.value(CURRENT).await?
        else {
            return Ok(());
        };
        for (key, other) in [("host", STRANGER_HOST), ("username", STRANGER)] {
            let world = World::simulated(&self.setting).await?;
            if let Some(targets) = world.targets() {
                // Nothing but the function's own care keeps it from changing the stranger.
                targets.set_user(&own.address, &own.user, &own.password, true);
                targets.set_user(&own.address, STRANGER, &stranger_password(), false);
            }
            world.put_pending(with_members(&pending, &[(key, other)])).await?;
            let ran = self.run(&world, Step::SetSecret, None).await?;
            self.judge_misled(&world, &own, key, &ran);
        }
        Ok(())
    }

    fn judge_misled(&mut self, world: &World, own: &Credentials, key: &str, ran: &Ran) {
        let step = Step::SetSecret;
        let strange =
            |call: &Call| matches!(&call.touch, Touch::Target { address, .. } if *address != own.address);
        if let Some(at) = ran.calls.iter().position(strange) {
            let told = format!("the pending value has another `{key}`, and the function turned to it");
            self.breach(Rule::SameLogin, step, place(&ran.calls, at), told);
            return;
        }
        let spared = world
            .targets()
            .is_none_or(|targets| targets.accepts(&own.address, STRANGER, &stranger_password()));
        if !spared {
            let at = ran.calls.iter().rposition(|call| call.touch.is_outside()).unwrap_or(ran.calls.len());
            let told =
                format!("the pending value has another `{key}`, and the password of that user was changed");
            self.breach(Rule::SameLogin, step, place(&ran.calls, at), told);
        } else if failure(ran).is_none() {
            let told = format!("the pending value has another `{key}`, and the step is content");
            self.breach(Rule::SameLogin, step, None, told);
        }
    }

    /// Every step with every call going wrong in every way, and then again.
    async fn break_off(&mut self, course: &Course) -> Result<(), ApiError> {
        for passed in &course.passed {
            for at in 0..passed.calls.len() {
                for fault in [Fault::KillBefore, Fault::KillAfter, Fault::Refuse, Fault::LoseAnswer] {
                    self.break_at(passed, at, fault).await?;
                }
            }
        }
        Ok(())
    }

    async fn break_at(&mut self, passed: &Passed, at: usize, fault: Fault) -> Result<(), ApiError> {
        let (world, step) = (passed.before.fork(), passed.step);
        let ran = self.run(&world, step, Some((at, fault))).await?;
        if ran.calls.len() <= at {
            return Ok(());
        }
        let (rule, how) = match fault {
            Fault::KillBefore => (Rule::SurvivesDeath, "killed before this call"),
            Fault::KillAfter => (Rule::SurvivesDeath, "killed after this call"),
            Fault::Refuse => (Rule::SurvivesFaults, "this call failed"),
            Fault::LoseAnswer => (Rule::SurvivesFaults, "the answer to this call was lost"),
        };
        let place = place(&ran.calls, at);
        if self.setting.credentials().is_some() && world.is_locked_out().await? {
            let told = format!("{how}: neither the current nor the pending value logs in");
            self.breach(Rule::NeverLockedOut, step, place.clone(), told);
        }
        if let Some(Report { outcome: Outcome::Failed { kind: FailureKind::Permanent, .. }, .. }) =
            &ran.report
        {
            let told = format!("{how}, and it gives up for good: {}", failure(&ran).unwrap_or_default());
            self.breach(rule, step, place, told);
        } else if let Some(told) = self.go_on(&world, passed).await? {
            self.breach(rule, step, place, format!("{how}; {told}"));
        }
        Ok(())
    }

    /// Runs the rest of a rotation. What came of it, when it did not end well.
    async fn go_on(&mut self, world: &World, passed: &Passed) -> Result<Option<String>, ApiError> {
        for step in Step::ALL.into_iter().filter(|step| *step >= passed.step) {
            if let Some(told) = self.run_patiently(world, step).await? {
                return Ok(Some(format!("then {step} {told}")));
            }
            // From here on all is as it was in the plain rotation, which ended well.
            if step == passed.step && State::of(world).await? == passed.left {
                return Ok(None);
            }
        }
        if !world.versions().await?.is_at(CURRENT, world.token()) {
            return Ok(Some("in the end AWSCURRENT is not on the new version".to_owned()));
        }
        let refused = world.logs_in(CURRENT).await? == Some(false);
        Ok(refused.then(|| "in the end the current value does not log in".to_owned()))
    }

    /// Runs a step as often as the engine surely would. Why it did not succeed, when it did not.
    async fn run_patiently(&mut self, world: &World, step: Step) -> Result<Option<String>, ApiError> {
        let mut told = String::new();
        for _ in 0..TRIES_MAX {
            let ran = self.run(world, step, None).await?;
            let Some(failed) = failure(&ran) else { return Ok(None) };
            told = failed;
            if let Some(Outcome::Failed { kind: FailureKind::Permanent, .. }) =
                ran.report.as_ref().map(|report| &report.outcome)
            {
                return Ok(Some(told));
            }
        }
        Ok(Some(format!("{told}, {TRIES_MAX} times")))
    }

    /// Runs one step, and looks at what no step may do in whatever circumstances.
    async fn run(
        &mut self,
        world: &World,
        step: Step,
        fault: Option<(usize, Fault)>,
    ) -> Result<Ran, ApiError> {
        let stored = world.value(PENDING).await?.is_some() || step == Step::FinishSecret;
        let ran = world.run(self.function, step, fault).await?;
        self.steps += 1;
        let mut has_stored = stored;
        for (at, call) in ran.calls.iter().enumerate() {
            let mut breach =
                |rule: Rule, told: &str| self.breach(rule, step, place(&ran.calls, at), told.to_owned());
            match &call.touch {
                Touch::Target { .. } if step == Step::CreateSecret => {
                    breach(Rule::CreateTouchesNothing, "it turns to the target");
                }
                Touch::Target { .. } if step == Step::FinishSecret => {
                    breach(Rule::FinishMovesLabelOnly, "it turns to the target");
                }
                Touch::Target { .. } if !has_stored => {
                    breach(Rule::PendingFirst, "it turns to the target, and no pending value is stored");
                }
                Touch::Puts { stages, .. } => {
                    if stages.is_empty() || stages.iter().any(|stage| stage == CURRENT) {
                        breach(Rule::NeverWritesCurrent, "it stores a value as AWSCURRENT");
                    }
                    if step == Step::FinishSecret {
                        breach(Rule::FinishMovesLabelOnly, "it stores a value");
                    }
                    has_stored = true;
                }
                Touch::Moves { stage, .. } if stage == CURRENT && step != Step::FinishSecret => {
                    breach(Rule::NeverWritesCurrent, "it moves AWSCURRENT");
                }
                Touch::Moves { stage, to, .. } if step == Step::FinishSecret => {
                    let own = to.as_deref() == Some(world.token());
                    if !(stage == CURRENT && own || stage == PENDING && to.is_none()) {
                        breach(Rule::FinishMovesLabelOnly, "it moves another label");
                    }
                }
                _ => {}
            }
        }
        if let Some(report) = &ran.report {
            self.look_at_texts(step, report);
        }
        Ok(ran)
    }

    fn look_at_texts(&mut self, step: Step, report: &Report) {
        if report.log.iter().any(|line| line.message.contains(REDACTED)) {
            let told = "a line of the log holds a value; the host took it out";
            self.breach(Rule::LogsNoValue, step, None, told.to_owned());
        }
        if report.outcome.to_string().contains(REDACTED) {
            let told = "the message of a failure holds a value; the host took it out";
            self.breach(Rule::LogsNoValue, step, None, told.to_owned());
        }
    }

    fn breach(&mut self, rule: Rule, step: Step, place: Option<Place>, told: String) {
        let breach = Breach { step, place, told };
        if !self.breaches.contains(&(rule, breach.clone())) {
            self.breaches.push((rule, breach));
        }
    }

    fn verdict(self, course: &Course) -> Verdict {
        let finding = |rule: Rule| {
            if let Some(why) = course.foreign.as_ref().filter(|_| rule.needs_protocol()) {
                return Finding::NotJudged(why.clone());
            }
            let mut breaches: Vec<Breach> = self
                .breaches
                .iter()
                .filter(|(broken, _)| *broken == rule)
                .map(|(_, breach)| breach.clone())
                .collect();
            let more = breaches.len().saturating_sub(BREACHES_TOLD_MAX);
            breaches.truncate(BREACHES_TOLD_MAX);
            if !breaches.is_empty() {
                Finding::Broken { breaches, more }
            } else if rule.needs_target() && self.setting.credentials().is_none() {
                Finding::NotJudged("the secret names no target".to_owned())
            } else if let Some(why) = &course.foreign {
                Finding::NotJudged(why.clone())
            } else if !course.is_complete {
                Finding::NotJudged("the rotation does not get to its end".to_owned())
            } else {
                Finding::Kept
            }
        };
        let refused = self.function.refused();
        let imports = self.function.imports().iter();
        Verdict {
            digest: self.function.digest().to_owned(),
            imports: imports
                .map(|name| Import { name: name.clone(), offered: !refused.contains(&name) })
                .collect(),
            setting: self.setting.name().to_owned(),
            findings: Rule::ALL.into_iter().map(|rule| (rule, finding(rule))).collect(),
            steps: self.steps,
        }
    }
}

/// How a step failed, when it did.
fn failure(ran: &Ran) -> Option<String> {
    match ran.report.as_ref().map(|report| &report.outcome) {
        Some(Outcome::Done) => None,
        Some(outcome) => Some(outcome.to_string()),
        None => Some("was killed".to_owned()),
    }
}

/// The call with this number, or the last one there is.
fn place(calls: &[Call], at: usize) -> Option<Place> {
    let at = at.min(calls.len().checked_sub(1)?);
    let call = &calls[at];
    Some(Place { number: at + 1, call: call.name, touch: call.touch.to_string() })
}

fn stranger_password() -> Sensitive<String> {
    Sensitive::new(STRANGER_PASSWORD.to_owned())
}
