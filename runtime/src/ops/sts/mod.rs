//! Temporary credentials. They are stateless: the session token says everything, sealed, and what it says is held
//! against the store at each request.

mod assume_role;
mod caller_identity;
mod credentials;
mod dispatch;
mod session_token;

pub use self::credentials::OpenSession;
