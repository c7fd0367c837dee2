//! `keywheel function test`: the four steps of one rotation, call by call.
//!
//! Against a real target this changes a real password. The new value is on disk before anything outside is
//! touched: `createSecret` reaches no address, and `setSecret` runs when the value is saved.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;
use keywheel_domain::rotation::{FailureKind, Step};
use keywheel_domain::target::Target;
use keywheel_domain::version::{PENDING, Versions};
use keywheel_host::rehearsal::{Answer, Call};
use keywheel_host::{Egress, Outcome, Report};
use serde_json::{Value, json};

use super::component::Component;
use super::save::Save;
use super::{against, secret};
use crate::cli::Failure;
use crate::cli::session::note;
use crate::entropy::SystemEntropy;
use crate::rehearsal::{Ran, Setting, World};

/// Runs of a step that says that its failure may pass.
const TRIES_MAX: usize = 3;

/// Arguments of `keywheel function test`.
#[derive(Args)]
pub(super) struct TestArguments {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The secret, as JSON or as @FILE; the password of a simulated target may be left out.
    #[arg(long, value_name = "JSON", required_unless_present = "against")]
    secret: Option<String>,
    /// A real database, as postgres://USER@HOST:PORT/DATABASE, or an HTTP service, as https://USER@HOST:PORT: the
    /// only address that the function reaches.
    #[arg(long, value_name = "URL", requires = "save")]
    against: Option<String>,
    /// A new file for the new value; only its owner may read it.
    #[arg(long, value_name = "FILE", requires = "against")]
    save: Option<PathBuf>,
    /// Print JSON instead of text for people.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &TestArguments) -> Result<(), Failure> {
    let plan = Plan::of(arguments)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("out of resources")?;
    let transcript = runtime.block_on(plan.carry_out(arguments))?;
    let text = if arguments.json { transcript.to_json().to_string() } else { transcript.to_text() };
    writeln!(io::stdout(), "{text}").context("standard output is closed")?;
    let Some(failed) = transcript.failed() else { return Ok(()) };
    let hint = match (&arguments.save, failed) {
        (Some(save), step) if step > Step::CreateSecret => format!(
            "; the target takes the old value or the new one, which is in `{}`: keep both until you have tried",
            save.display()
        ),
        _ => String::new(),
    };
    Err(Failure::Failed(anyhow!("{failed} failed{hint}")))
}

/// What is to be rehearsed.
struct Plan {
    setting: Setting,
    /// The one address of a real target, and what may be spoken there.
    target: Option<(Target, Egress)>,
}

impl Plan {
    fn of(arguments: &TestArguments) -> Result<Self, Failure> {
        let given = arguments.secret.as_deref().map(secret::read).transpose()?;
        let usage = |error: anyhow::Error| Failure::Usage(error);
        let value = match (&arguments.against, given) {
            (None, Some(given)) => given,
            (None, None) => return Err(usage(anyhow!("--secret is missing"))),
            (Some(url), given) => {
                let password = std::env::var(against::PASSWORD_VARIABLE).ok();
                against::secret(url, given.as_ref(), password).map_err(usage)?
            }
        };
        let setting =
            Setting::of(&value).map_err(|error| usage(anyhow::Error::new(error).context("--secret")))?;
        let reach = |url: &String| {
            let target = Target::of(value.expose()).context("--against names no address")?;
            let egress = Egress::deny_all().allow_rule(against::rule(url, &target));
            anyhow::Ok((target, egress))
        };
        let target = arguments.against.as_ref().map(reach).transpose()?;
        Ok(Self { setting, target })
    }

    async fn carry_out(&self, arguments: &TestArguments) -> anyhow::Result<Transcript> {
        let component = Component::load(&arguments.file).await?;
        let mut save = arguments.save.as_deref().map(Save::create).transpose()?;
        let failed = "the rehearsal failed";
        let mut world = match &self.target {
            None => World::simulated(&self.setting).await.context(failed)?,
            Some((target, _)) => {
                let user = self.setting.credentials().map(|own| own.user.as_str()).unwrap_or_default();
                note(&format!("this changes the real password of `{user}` at {target}"));
                World::real(&self.setting, Arc::new(SystemEntropy)).await.context(failed)?
            }
        };
        let mut transcript = Transcript::new(&self.setting, world.token(), world.versions().await?);
        for step in Step::ALL {
            if step == Step::SetSecret
                && let (Some(save), Some((_, egress))) = (&mut save, &self.target)
            {
                let pending = world.value(PENDING).await.context(failed)?;
                save.write(
                    &pending.context("createSecret has stored no pending value; nothing was touched")?,
                )?;
                world.reach(egress.clone());
            }
            for _ in 0..TRIES_MAX {
                let ran = world.run(&component.function, step, None).await.context(failed)?;
                let again = may_pass(&ran);
                transcript.add(ran, world.versions().await?);
                if !again {
                    break;
                }
            }
            if transcript.failed().is_some() {
                return Ok(transcript);
            }
        }
        world.end().await.context(failed)?;
        transcript.after = world.versions().await?;
        transcript.end = Some(match (&arguments.save, &self.target) {
            (Some(save), Some((target, _))) => {
                format!("the password at {target} is new; the value is in `{}`", save.display())
            }
            _ => "the rotation ended well".to_owned(),
        });
        Ok(transcript)
    }
}

fn may_pass(ran: &Ran) -> bool {
    match ran.report.as_ref().map(|report| &report.outcome) {
        Some(Outcome::Failed { kind, .. }) => *kind != FailureKind::Permanent,
        _ => false,
    }
}

/// What happened, without values.
struct Transcript {
    setting: String,
    token: String,
    before: Versions,
    runs: Vec<(Ran, Versions)>,
    after: Versions,
    end: Option<String>,
}

impl Transcript {
    fn new(setting: &Setting, token: &str, before: Versions) -> Self {
        let (after, runs) = (before.clone(), Vec::new());
        Self { setting: setting.name().to_owned(), token: token.to_owned(), before, runs, after, end: None }
    }

    fn add(&mut self, ran: Ran, after: Versions) {
        self.after = after.clone();
        self.runs.push((ran, after));
    }

    /// The step that failed last, when it was not done in the end.
    fn failed(&self) -> Option<Step> {
        let (last, _) = self.runs.last()?;
        let done = last.report.as_ref().is_some_and(|report| report.outcome == Outcome::Done);
        (!done).then_some(last.step)
    }

    fn to_text(&self) -> String {
        let mut text = format!("secret: {}\nlabels: {}\n", self.setting, self.labels(&self.before));
        let mut known = &self.before;
        for (ran, after) in &self.runs {
            let Some(report) = &ran.report else { continue };
            let took = report.wall.as_secs_f64() * 1000.0;
            let _ = writeln!(text, "\n{}: {}, {took:.1} ms", ran.step, report.outcome);
            for (number, call) in ran.calls.iter().enumerate() {
                let _ = writeln!(text, "{}", call_line(number, call, &self.token));
            }
            for line in &report.log {
                let _ = writeln!(text, "      log  {line}");
            }
            if after != known {
                let _ = writeln!(text, "   labels  {}", self.labels(after));
                known = after;
            }
        }
        match &self.end {
            Some(end) => {
                let _ = write!(text, "\nlabels: {}\n{end}", self.labels(&self.after));
            }
            None => {
                let _ = write!(text, "\nlabels: {}", self.labels(&self.after));
            }
        }
        text
    }

    /// `old AWSCURRENT, new AWSPENDING`.
    fn labels(&self, versions: &Versions) -> String {
        let shown = versions.iter().map(|version| {
            let name = if version.id == self.token { "new" } else { "old" };
            let empty = if version.filled { "" } else { " (no value yet)" };
            format!("{name} {}{empty}", version.stages.join(" "))
        });
        shown.collect::<Vec<_>>().join(", ")
    }

    fn to_json(&self) -> Value {
        let labels = |versions: &Versions| -> Value {
            versions
                .iter()
                .map(|version| (version.id.clone(), json!(version.stages)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let runs = self.runs.iter().filter_map(|(ran, after)| {
            let report = ran.report.as_ref()?;
            Some(json!({
                "Step": ran.step.as_str(),
                "Outcome": report.outcome.to_string(),
                "Done": report.outcome == Outcome::Done,
                "DurationMicros": u64::try_from(report.wall.as_micros()).unwrap_or(u64::MAX),
                "Calls": ran.calls.iter().map(call_json).collect::<Vec<_>>(),
                "Log": log(report),
                "Labels": labels(after),
            }))
        });
        json!({
            "Secret": self.setting,
            "Token": self.token,
            "LabelsBefore": labels(&self.before),
            "Runs": runs.collect::<Vec<_>>(),
            "LabelsAfter": labels(&self.after),
            "Good": self.end.is_some(),
        })
    }
}

fn call_line(number: usize, call: &Call, token: &str) -> String {
    let touch = call.touch.to_string().replace(token, "new");
    let answer = match &call.answer {
        Answer::Done => String::new(),
        Answer::Refused(code) => format!("  -> {code}"),
        Answer::Lost => "  -> no answer".to_owned(),
    };
    format!("{:>9}  {:<37}{touch}{answer}", number + 1, call.name).trim_end().to_owned()
}

fn call_json(call: &Call) -> Value {
    let answer = match &call.answer {
        Answer::Done => "done",
        Answer::Refused(code) => code.as_str(),
        Answer::Lost => "lost",
    };
    json!({
        "Name": call.name,
        "Touches": call.touch.to_string(),
        "Answer": answer,
        "DurationMicros": u64::try_from(call.took.as_micros()).unwrap_or(u64::MAX),
    })
}

fn log(report: &Report) -> Vec<String> {
    report.log.iter().map(ToString::to_string).collect()
}
