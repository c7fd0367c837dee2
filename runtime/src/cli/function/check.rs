//! `keywheel function check`: judges a component by the rules of the contract.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use clap::Args;
use serde_json::{Value, json};

use super::component::Component;
use super::secret;
use crate::cli::Failure;
use crate::cli::progress::Progress;
use crate::clock::Stopwatch;
use crate::rehearsal::{self, Breach, Finding, Import, Rule, Verdict};

/// What the names of the contract's interfaces begin with.
const CONTRACT: &str = "keywheel:rotation/";
const KIBIBYTE: usize = 1024;
/// Digits of a digest that people compare.
const DIGEST_SHOWN: usize = 12;

/// Arguments of `keywheel function check`.
#[derive(Args)]
pub(super) struct CheckArguments {
    /// The component.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The secret to rehearse with, as JSON or @FILE, with or without a password [default: a usual one].
    #[arg(long, value_name = "JSON")]
    secret: Option<String>,
    /// Print JSON instead of text for people.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &CheckArguments) -> Result<(), Failure> {
    let setting = arguments.secret.as_deref().map(secret::setting).transpose()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("out of resources")?;
    let watch = Stopwatch::start();
    let progress = Progress::start("compiling and checking");
    let (component, verdict) = runtime.block_on(async {
        let component = Component::load(&arguments.file).await?;
        let verdict = rehearsal::check(&component.function, setting.as_ref()).await;
        anyhow::Ok((component, verdict.context("the rehearsal failed")?))
    })?;
    drop(progress);
    let seconds = watch.elapsed().as_secs_f64();
    let name = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let text = if arguments.json {
        to_json(&name, component.bytes, &verdict).to_string()
    } else {
        format!(
            "{name}: {} KiB, sha256 {}…\n{}",
            component.bytes.div_ceil(KIBIBYTE),
            &verdict.digest[..DIGEST_SHOWN],
            to_text(&verdict, seconds)
        )
    };
    writeln!(io::stdout(), "{text}").context("standard output is closed")?;
    match broken(&verdict) {
        None => Ok(()),
        Some(rules) => Err(Failure::Failed(anyhow!(
            "`{name}` breaks {rules}: see above, and the contract in sdk/README.md"
        ))),
    }
}

/// Refuses a component that breaks a rule, before it is deployed. Returns how many rules it keeps, and how many
/// were not judged.
pub(super) async fn require(file: &Path, wasm: &[u8]) -> Result<String, Failure> {
    let component = Component::compile(file, wasm).await?;
    let verdict = rehearsal::check(&component.function, None).await.context("the rehearsal failed")?;
    let shown = file.display();
    match broken(&verdict) {
        None => Ok(judged(&verdict)),
        Some(rules) => Err(Failure::Failed(anyhow!(
            "`{shown}` breaks {rules}: `keywheel function check {shown}` shows how; --no-check deploys it all the same"
        ))),
    }
}

/// The names of the rules that are broken, if any.
fn broken(verdict: &Verdict) -> Option<String> {
    let names: Vec<_> = verdict.broken().into_iter().map(Rule::name).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn kept(verdict: &Verdict) -> String {
    let kept = verdict.findings.iter().filter(|(_, finding)| *finding == Finding::Kept).count();
    format!("{kept} of {} rules kept", Rule::ALL.len())
}

/// How many rules are kept, and how many were not judged and why, in one line.
fn judged(verdict: &Verdict) -> String {
    let reasons: Vec<&str> = verdict
        .findings
        .iter()
        .filter_map(|(_, finding)| match finding {
            Finding::NotJudged(why) => Some(why.as_str()),
            Finding::Kept | Finding::Broken { .. } => None,
        })
        .collect();
    match reasons.first() {
        None => kept(verdict),
        Some(why) => format!("{}; {} not judged: {why}", kept(verdict), reasons.len()),
    }
}

fn to_text(verdict: &Verdict, seconds: f64) -> String {
    let mut text = format!("rehearsed with {}\n\n", verdict.setting);
    let width = Rule::ALL.map(|rule| rule.name().len()).into_iter().max().unwrap_or_default();
    for (rule, finding) in &verdict.findings {
        let (mark, told) = match finding {
            Finding::Kept => ("ok", rule.demand().to_owned()),
            Finding::Broken { .. } => ("BROKEN", rule.demand().to_owned()),
            Finding::NotJudged(why) => ("-", format!("not judged: {why}")),
        };
        line(&mut text, &format!("{mark:<6}  {:<width$}  {told}", rule.name()));
        if let Finding::Broken { breaches, more } = finding {
            for breach in breaches {
                line(&mut text, &format!("        {}", sentence(breach)));
            }
            if *more > 0 {
                line(&mut text, &format!("        and {more} more"));
            }
        }
    }
    let (offered, refused): (Vec<_>, Vec<_>) = verdict.imports.iter().partition(|import| import.offered);
    line(&mut text, &format!("\nuses {}", powers(&offered)));
    if !refused.is_empty() {
        line(&mut text, &format!("imports, and does not get: {}", powers(&refused)));
    }
    write!(text, "\n{}; {} steps in {seconds:.1} s", kept(verdict), verdict.steps)
        .expect("a string takes any text");
    text
}

/// Interfaces as people think of them: those of the contract by name, the others by package.
fn powers(imports: &[&Import]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for import in imports {
        let interface = import.name.split('@').next().unwrap_or_default();
        let name = match interface.strip_prefix(CONTRACT) {
            Some("types") => continue,
            Some(name) => name,
            None => interface.split('/').next().unwrap_or_default(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(", ")
}

fn line(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A breach in one line: step, call, what happened.
fn sentence(breach: &Breach) -> String {
    match &breach.place {
        None => format!("{}: {}", breach.step, breach.told),
        Some(place) if place.touch.is_empty() => {
            format!("{}, call {}, {}: {}", breach.step, place.number, place.call, breach.told)
        }
        Some(place) => {
            format!(
                "{}, call {}, {} ({}): {}",
                breach.step, place.number, place.call, place.touch, breach.told
            )
        }
    }
}

fn to_json(name: &str, bytes: usize, verdict: &Verdict) -> Value {
    let rules = verdict.findings.iter().map(|(rule, finding)| {
        let (result, why, breaches, more) = match finding {
            Finding::Kept => ("kept", None, Vec::new(), 0),
            Finding::NotJudged(why) => ("notJudged", Some(why.as_str()), Vec::new(), 0),
            Finding::Broken { breaches, more } => {
                ("broken", None, breaches.iter().map(breach).collect(), *more)
            }
        };
        let mut told = json!({ "Rule": rule.name(), "Demand": rule.demand(), "Result": result });
        if let Some(why) = why {
            told["Why"] = why.into();
        }
        if !breaches.is_empty() {
            told["Breaches"] = breaches.into();
            told["MoreBreaches"] = more.into();
        }
        told
    });
    let imports =
        verdict.imports.iter().map(|import| json!({ "Name": import.name, "Offered": import.offered }));
    json!({
        "File": name,
        "Bytes": bytes,
        "Digest": verdict.digest,
        "Secret": verdict.setting,
        "Good": verdict.is_good(),
        "Rules": rules.collect::<Vec<_>>(),
        "Imports": imports.collect::<Vec<_>>(),
        "Steps": verdict.steps,
    })
}

fn breach(breach: &Breach) -> Value {
    let mut told = json!({ "Step": breach.step.as_str(), "Told": breach.told });
    if let Some(place) = &breach.place {
        told["Call"] = json!({ "Number": place.number, "Name": place.call, "Touches": place.touch });
    }
    told
}
