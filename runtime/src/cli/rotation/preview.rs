//! `keywheel rotation preview`, and the shape of a scheduled rotation.

use keywheel_domain::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::super::Failure;
use super::super::moment::Moment;
use super::super::session::Session;
use super::super::table::{plain, table};
use super::SecretArguments;

/// A window, and the start in it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Slot {
    pub(super) starts: Moment,
    opens_local: String,
    starts_local: String,
    closes_local: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Preview {
    name: String,
    time_zone: String,
    rotation_enabled: bool,
    slots: Vec<Slot>,
}

pub(super) async fn run(session: &mut Session, arguments: SecretArguments) -> Result<(), Failure> {
    let members = json!({ "SecretId": arguments.secret });
    session.show("Keywheel.PreviewSchedule", members, tell).await
}

fn tell(preview: &Preview, now: Timestamp) -> String {
    let Preview { name, time_zone, .. } = preview;
    let state = if preview.rotation_enabled { "on" } else { "off: this is what the schedule would do" };
    let heading = plain(&format!("{name}: rotation is {state}; time zone {time_zone}"));
    if preview.slots.is_empty() {
        return format!("{heading}\nno rotation follows");
    }
    let row = |slot: &Slot| {
        [
            slot.starts.beside(now),
            slot.starts_local.clone(),
            slot.opens_local.clone(),
            slot.closes_local.clone(),
        ]
    };
    let rows: Vec<_> = preview.slots.iter().map(row).collect();
    let headings = ["STARTS", "LOCAL TIME", "WINDOW OPENS", "WINDOW CLOSES"];
    format!("{heading}\n\n{}", table(headings, &rows))
}
