//! `--wait`: follows one rotation to its end, also while its server starts again.

use anyhow::anyhow;
use keywheel_domain::time::SECOND_MS;
use serde_json::json;

use super::super::Failure;
use super::super::client::{Answer, ClientError};
use super::super::session::Session;
use super::super::table::plain;
use super::describe::{self, Rotation};

/// Between two looks.
const LOOK_MS: i64 = SECOND_MS / 2;
/// A server that starts again is back by then.
const AWAY_MS_MAX: i64 = 60 * SECOND_MS;

/// What a rotation is meant to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// It did what it was for.
    Succeeded,
    /// The value from before is current again: what was unfinished was undone, or a job brought it back.
    RolledBack,
}

/// Where a rotation stands, for who waits.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// It goes on by itself, or when people have answered.
    Going,
    /// It is what it was meant to be.
    Reached,
    /// It has ended otherwise, or goes on only when a person helps.
    Missed,
}

/// Waits for the end, and says what happens on the way; the last JSON instead where that is wanted.
///
/// # Errors
/// It came to something else, and why.
pub(super) async fn follow(
    session: &mut Session,
    secret: &str,
    token: &str,
    goal: Goal,
) -> Result<(), Failure> {
    let mut told = Told::default();
    loop {
        let answer = look(session, secret, token).await?;
        let rotation: Rotation = answer.read()?;
        if !session.json {
            for line in told.news(&rotation) {
                session.say(&line)?;
            }
        }
        let standing = standing(&rotation, goal);
        if standing != Standing::Going && session.json {
            session.say(answer.text()?)?;
        }
        match standing {
            Standing::Going => session.client.pause(LOOK_MS).await,
            Standing::Reached => return Ok(()),
            Standing::Missed => return Err(Failure::Failed(anyhow!(missed(&rotation)))),
        }
    }
}

/// Looks once; a server that is away gets the time to come back.
async fn look(session: &Session, secret: &str, token: &str) -> Result<Answer, ClientError> {
    let members = json!({ "SecretId": secret, "ClientRequestToken": token });
    let patient_until = session.client.now().plus_millis(AWAY_MS_MAX);
    loop {
        match session.client.call(describe::TARGET, &members).await {
            Err(error) if error.may_pass() && session.client.now() < patient_until => {
                session.client.pause(LOOK_MS).await;
            }
            done => return done,
        }
    }
}

fn standing(rotation: &Rotation, goal: Goal) -> Standing {
    match rotation.state.as_str() {
        "Ready" | "Running" | "BackOff" | "WaitingApproval" | "WaitingWindow" => Standing::Going,
        "Succeeded" if goal == Goal::Succeeded => Standing::Reached,
        "RolledBack" if goal == Goal::RolledBack => Standing::Reached,
        _ => Standing::Missed,
    }
}

fn missed(rotation: &Rotation) -> String {
    let Rotation { name, purpose, state, .. } = rotation;
    let why = rotation.last_failure().map(|failure| format!(": {failure}")).unwrap_or_default();
    plain(&format!("{name}: {purpose} is {state}{why}"))
}

/// What was said already.
#[derive(Default)]
struct Told {
    attempts: usize,
    state: String,
}

impl Told {
    /// What is new, a line each.
    fn news(&mut self, rotation: &Rotation) -> Vec<String> {
        let mut lines: Vec<_> =
            rotation.attempts.iter().skip(self.attempts).map(describe::Attempt::told).collect();
        self.attempts = self.attempts.max(rotation.attempts.len());
        let state = state_told(rotation).unwrap_or_default();
        if state != self.state && !state.is_empty() {
            lines.push(state.clone());
        }
        self.state = state;
        lines
    }
}

/// What is worth a line of its own; the same as long as nothing changes.
fn state_told(rotation: &Rotation) -> Option<String> {
    let Rotation { state, step, .. } = rotation;
    let due = rotation.due.map(|due| due.utc()).unwrap_or_default();
    let line = match state.as_str() {
        "Ready" | "Running" => return None,
        "BackOff" => format!("{step}: tries again at {due}"),
        "WaitingApproval" => {
            let id = rotation.approval_id.as_deref().unwrap_or_default();
            format!("{step}: waits until {due} for approval {id}")
        }
        "WaitingWindow" => format!("{step}: waits until {due} for its window"),
        ended => ended.to_owned(),
    };
    Some(plain(&line))
}

#[cfg(test)]
mod tests {
    use super::super::describe::tests::rotation;
    use super::*;

    #[test]
    fn each_state_is_where_it_belongs() {
        let check = |state: &str, goal: Goal, expected: Standing| {
            assert_eq!(standing(&rotation(state, "setSecret", &[]), goal), expected, "{state} {goal:?}");
        };
        for state in ["Ready", "Running", "BackOff", "WaitingApproval", "WaitingWindow"] {
            check(state, Goal::Succeeded, Standing::Going);
        }
        check("Succeeded", Goal::Succeeded, Standing::Reached);
        check("Succeeded", Goal::RolledBack, Standing::Missed);
        check("RolledBack", Goal::RolledBack, Standing::Reached);
        check("RolledBack", Goal::Succeeded, Standing::Missed);
        for state in ["NeedsAttention", "Abandoned", "Cancelled", "Failed", "Drifted", "Rejected", "Unheard"]
        {
            check(state, Goal::Succeeded, Standing::Missed);
            check(state, Goal::RolledBack, Standing::Missed);
        }
    }

    #[test]
    fn every_state_has_a_standing_of_its_own_choice() {
        let going = ["Ready", "Running", "BackOff", "WaitingApproval", "WaitingWindow"];
        for state in keywheel_domain::rotation::State::WORDS {
            let found = standing(&rotation(state, "setSecret", &[]), Goal::Succeeded);
            assert_eq!(found == Standing::Going, going.contains(&state), "{state}");
        }
    }

    #[test]
    fn what_happens_is_told_once() {
        let mut told = Told::default();
        let mut check = |state: &str, step: &str, attempts: &[(&str, Option<&str>)], expected: &[&str]| {
            assert_eq!(told.news(&rotation(state, step, attempts)), expected, "{state} {step}");
        };
        let (made, failed) = (("createSecret", None), ("setSecret", Some("no")));
        check("Ready", "createSecret", &[], &[]);
        check("Running", "setSecret", &[made], &["createSecret: done (12 ms)"]);
        check("Running", "setSecret", &[made], &[]);
        let again = "setSecret: tries again at ";
        check("BackOff", "setSecret", &[made, failed], &["setSecret: failed: no (12 ms)", again]);
        check("BackOff", "setSecret", &[made, failed], &[]);
        check("Running", "setSecret", &[made, failed], &[]);
        check("BackOff", "setSecret", &[made, failed, failed], &["setSecret: failed: no (12 ms)", again]);
        check("NeedsAttention", "setSecret", &[made, failed, failed], &["NeedsAttention"]);
        let missed = missed(&rotation("NeedsAttention", "setSecret", &[made, failed]));
        assert_eq!(missed, "prod/Db: Rotate is NeedsAttention: no");
    }
}
