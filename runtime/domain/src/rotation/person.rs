//! Who asks for a rotation, and who answers for one.

/// Somebody who asks for a rotation or answers for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What audit rows and refusals show; that of a user changes with its name and path.
    pub arn: String,
    /// `AIDA…`: a user keeps it for life, and no other user gets it. The account's root and functions have none.
    pub id: Option<String>,
}

impl Person {
    /// Whether this is who has this ARN and this id. What was recorded before ids were is known by its ARN.
    pub(super) fn is(&self, arn: &str, id: Option<&str>) -> bool {
        match (self.id.as_deref(), id) {
            (Some(own), Some(id)) => own == id,
            _ => self.arn == arn,
        }
    }
}

impl From<&str> for Person {
    /// Somebody of whom only the ARN is known.
    fn from(arn: &str) -> Self {
        Self { arn: arn.to_owned(), id: None }
    }
}
