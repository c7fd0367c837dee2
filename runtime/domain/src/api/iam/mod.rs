//! Shapes of IAM (Query protocol, service model 2010-05-08).

mod error;
mod read;
mod users;

pub use self::error::{IamErrorCode, iam_error};
pub use self::read::{AttachedBoundary, PageEnd, PageRequest};
pub use self::users::{
    CreateUserRequest, DeleteUserRequest, GetUserRequest, ListUsersRequest, ListUsersResponse, UpdateUserRequest, UserEntry,
    UserResponse,
};

use super::members::Members;
use super::ApiError;

/// A request that can be read from the members of a form.
pub trait IamRequest: Sized {
    /// Reads and checks the members.
    fn read(members: &mut Members) -> Result<Self, ApiError>;
}
