//! `keywheel events`: what was done, and with `--follow` what is being done.
//!
//! A stream that breaks is opened again after the last event that was seen, as long as it takes. Only a
//! server that cannot be reached at first, or that refuses, ends it.

use clap::Args;
use keywheel_domain::secret::{Scope, SecretId};
use keywheel_domain::time::SECOND_MS;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::Failure;
use super::client::{Client, ClientError, EventStream, Message, Next};
use super::moment::Moment;
use super::session::{self, ServerArguments, Session, name_of, note};
use super::table::plain;

/// The first pause before a stream is opened again; each further one is twice as long.
const PAUSE_MS: i64 = SECOND_MS / 2;
const PAUSE_MS_MAX: i64 = 30 * SECOND_MS;
/// So much of a pause is left to chance, so that many clients do not come back at once.
const PAUSE_CHANCE_MS: i64 = PAUSE_MS / 2;

/// Arguments of `keywheel events`.
#[derive(Args)]
pub(super) struct EventsArguments {
    #[command(flatten)]
    server: ServerArguments,
    /// Go on with what happens from now on, or from --from on, until interrupted.
    #[arg(long)]
    follow: bool,
    /// The first event to print.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..))]
    from: Option<u64>,
    /// Only what is about this secret: its name or ARN.
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
}

pub(super) fn run(arguments: EventsArguments) -> Result<(), Failure> {
    session::run(&arguments.server, async |session| {
        if arguments.follow {
            let wanted = arguments.secret.as_deref().map(SecretId::parse).transpose();
            let wanted = wanted.map_err(|error| Failure::Usage(error.into()))?;
            follow(session, arguments.from, wanted.as_ref()).await
        } else {
            list(session, arguments.from.unwrap_or(1), arguments.secret.as_deref()).await
        }
    })
}

/// One event.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Event {
    event_id: u64,
    time: Moment,
    event: String,
    caller: String,
    #[serde(rename = "SecretARN")]
    secret_arn: String,
    version_id: Option<String>,
    detail: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    events: Vec<Box<RawValue>>,
    next_event_id: u64,
}

async fn list(session: &mut Session, mut from: u64, secret: Option<&str>) -> Result<(), Failure> {
    loop {
        let members = json!({ "From": from, "SecretId": secret });
        let page: Page = session.client.call("Keywheel.ListEvents", &members).await?.read()?;
        for event in &page.events {
            print(session, event.get(), None)?;
        }
        // A server that goes back would be asked for ever.
        if page.next_event_id <= from {
            return Ok(());
        }
        from = page.next_event_id;
    }
}

async fn follow(session: &mut Session, from: Option<u64>, wanted: Option<&SecretId>) -> Result<(), Failure> {
    let mut place = Place { seen: None, from };
    let mut stream = session.client.follow(place.seen, place.from).await?;
    loop {
        let breaks = match stream.next().await? {
            Next::Message(message) => {
                if let Some(event) = place.take(message) {
                    print(session, &event, wanted)?;
                }
                continue;
            }
            Next::Ended => false,
            Next::Broken => true,
        };
        if let Some(told) = place.told(breaks) {
            note(told);
        }
        stream = open_again(&session.client, &place).await?;
    }
}

/// Opens the stream again, however often it takes.
async fn open_again(client: &Client, place: &Place) -> Result<EventStream, ClientError> {
    let mut pause = PAUSE_MS;
    loop {
        let chance = usize::try_from(PAUSE_CHANCE_MS).map_or(0, |bound| client.draw(bound));
        client.pause(pause + i64::try_from(chance).unwrap_or(0)).await;
        match client.follow(place.seen, place.from).await {
            Err(error) if error.may_pass() => pause = (pause * 2).min(PAUSE_MS_MAX),
            done => return done,
        }
    }
}

/// Where a stream goes on when it breaks.
struct Place {
    seen: Option<u64>,
    from: Option<u64>,
}

impl Place {
    /// Notes the place; the event, if it is one and was not seen before.
    fn take(&mut self, message: Message) -> Option<String> {
        let is_new = message.id.is_none_or(|id| self.seen.is_none_or(|seen| id > seen));
        self.seen = self.seen.max(message.id);
        (is_new && !message.data.is_empty()).then_some(message.data)
    }

    /// What a person should know when the stream ends here, or breaks.
    const fn told(&self, breaks: bool) -> Option<&'static str> {
        match (self.seen.is_some() || self.from.is_some(), breaks) {
            (true, true) => Some("the stream of events broke; it goes on where it was"),
            // Each stream has an end.
            (true, false) => None,
            (false, _) => Some(
                "the stream of events ended before the first one: what happens until it is open again is not \
                 shown, --from shows it",
            ),
        }
    }
}

/// Prints one event, which is JSON, if it is about the wanted secret.
fn print(session: &mut Session, event: &str, wanted: Option<&SecretId>) -> Result<(), Failure> {
    let read: Event = serde_json::from_str(event).map_err(|_| ClientError::Unreadable)?;
    if !wanted.is_none_or(|wanted| is_about(&read.secret_arn, wanted)) {
        return Ok(());
    }
    if session.json { session.say(event) } else { session.say(&line(&read)) }
}

/// Whether an ARN is of this secret, as the server's own filter has it. All that a stream shows is of the
/// caller's account and region, so that a name needs no more.
fn is_about(arn: &str, wanted: &SecretId) -> bool {
    match (SecretId::parse(arn), wanted) {
        (_, SecretId::FullArn { arn: wanted, .. }) => arn == wanted,
        (Ok(SecretId::FullArn { scope, name, .. }), wanted) => {
            let here: &Scope = &scope;
            wanted.place(here) == (here, &name)
        }
        _ => false,
    }
}

/// Columns of which the last ones may be of any length.
fn line(event: &Event) -> String {
    let Event { event_id, time, event: name, caller, .. } = event;
    let (secret, at) = (name_of(&event.secret_arn), time.0);
    let version_id = event.version_id.as_deref().unwrap_or("-");
    let line = format!("{event_id:>8}  {at}  {name:<24}  {version_id:<36}  {secret}  {caller}");
    plain(&match &event.detail {
        Some(detail) => format!("{line}  {detail}"),
        None => line,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-AbCdEf";

    #[test]
    fn an_event_is_a_line() {
        let event: Event = serde_json::from_value(json!({
            "EventId": 7, "Time": 1_763_899_200.25, "Event": "CreateSecret", "Caller": "root",
            "SecretARN": ARN, "Detail": "two\nlines",
        }))
        .unwrap();
        let expected = "       7  2025-11-23T12:00:00.250Z  CreateSecret              -                                     \
                        prod/Db  root  two lines";
        assert_eq!(line(&event), expected);
    }

    #[test]
    fn a_secret_is_wanted_by_name_or_arn() {
        let check = |wanted: &str, expected: bool| {
            assert_eq!(is_about(ARN, &SecretId::parse(wanted).unwrap()), expected, "{wanted}");
        };
        check("prod/Db", true);
        check(ARN, true);
        check("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db", true);
        check("arn:aws:secretsmanager:us-east-1:123456789012:secret:prod/Db-GhIjKl", false);
        check("arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/Db", false);
        check("prod/D", false);
        assert!(!is_about("arn:aws:iam::123456789012:user/ann", &SecretId::Name("ann".to_owned())));
    }

    #[test]
    fn a_place_never_goes_back() {
        let mut place = Place { seen: None, from: None };
        let mut check = |id: Option<u64>, data: &str, printed: bool, seen: Option<u64>| {
            let message = Message { id, data: data.to_owned() };
            assert_eq!(place.take(message).is_some(), printed, "{id:?} {data:?}");
            assert_eq!(place.seen, seen);
        };
        check(Some(4), "", false, Some(4));
        check(Some(5), "{}", true, Some(5));
        check(Some(5), "{}", false, Some(5));
        check(None, "{}", true, Some(5));
        check(Some(3), "{}", false, Some(5));
    }
}
