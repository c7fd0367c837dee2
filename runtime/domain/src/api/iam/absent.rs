//! What users, roles and accounts of AWS may have and none has here: tools ask for it before they delete something.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::read::{self, PageEnd, PageRequest};
use super::{ApiError, IamRequest, Members};

/// Asks for what a user does not have.
#[derive(Clone, Debug)]
pub struct AbsentOfUserRequest {
    /// The operation.
    pub action: &'static str,
    /// The member of its answer that would hold it.
    pub member: &'static str,
    /// Of the user; of whoever asks, when it is absent.
    pub user_name: Option<String>,
}

impl AbsentOfUserRequest {
    /// Reads and checks the members of an operation.
    pub fn read(
        (action, member): (&'static str, &'static str),
        members: &mut Members,
    ) -> Result<Self, ApiError> {
        let user_name = read::optional_name(members, "UserName")?;
        PageRequest::read(members)?;
        Ok(Self { action, member, user_name })
    }
}

/// Asks for what an account does not have.
#[derive(Clone, Copy, Debug)]
pub struct AbsentOfAccountRequest {
    /// The operation.
    pub action: &'static str,
    /// The member of its answer that would hold it.
    pub member: &'static str,
}

impl AbsentOfAccountRequest {
    /// Reads and checks the members of an operation.
    pub fn read(
        (action, member): (&'static str, &'static str),
        members: &mut Members,
    ) -> Result<Self, ApiError> {
        read::path_prefix(members)?;
        PageRequest::read(members)?;
        Ok(Self { action, member })
    }
}

/// Shows an instance profile: there are none.
#[derive(Clone, Debug)]
pub struct GetInstanceProfileRequest {
    /// Of the profile.
    pub instance_profile_name: String,
}

impl IamRequest for GetInstanceProfileRequest {
    fn read(members: &mut Members) -> Result<Self, ApiError> {
        Ok(Self { instance_profile_name: read::name(members, "InstanceProfileName")? })
    }
}

/// The only page of a list of nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoneResponse {
    /// The member that would hold them.
    pub member: &'static str,
}

impl Serialize for NoneResponse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(Some(2))?;
        members.serialize_entry(self.member, &[(); 0])?;
        members.serialize_entry("IsTruncated", &PageEnd::default().is_truncated)?;
        members.end()
    }
}
