//! A scheduled rotation as answers tell it.

use serde::Serialize;

use crate::schedule::Zone;
use crate::secret::Slot;
use crate::time::{Timestamp, wire};

/// A window, and the start in it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SlotDescription {
    /// The window opens.
    #[serde(serialize_with = "wire::required")]
    pub opens: Timestamp,
    /// The rotation starts.
    #[serde(serialize_with = "wire::required")]
    pub starts: Timestamp,
    /// The window closes.
    #[serde(serialize_with = "wire::required")]
    pub closes: Timestamp,
    /// The same for people, in the policy's zone.
    pub opens_local: String,
    /// The same for people, in the policy's zone.
    pub starts_local: String,
    /// The same for people, in the policy's zone.
    pub closes_local: String,
}

impl SlotDescription {
    /// Of a slot, in a zone.
    pub fn new(slot: Slot, zone: &Zone) -> Self {
        Self {
            opens: slot.opens,
            starts: slot.starts,
            closes: slot.closes,
            opens_local: zone.text(slot.opens),
            starts_local: zone.text(slot.starts),
            closes_local: zone.text(slot.closes),
        }
    }
}
