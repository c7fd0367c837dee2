//! Why a text is no policy.

/// Bytes of a document's text; a kind of policy with a smaller quota checks it where it is stored.
pub const DOCUMENT_BYTES_MAX: usize = 32_768;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is longer than [`DOCUMENT_BYTES_MAX`].
    #[error("is longer than {DOCUMENT_BYTES_MAX} bytes")]
    TooLong,
    /// It is not JSON, or a key in it is doubled.
    #[error("is not valid JSON, or has the same key twice")]
    NotJson,
    /// A key that policies do not have.
    #[error("has the unknown element `{element}`")]
    Unknown {
        /// The key.
        element: String,
    },
    /// An element has a wrong type or form.
    #[error("has an invalid {element} element")]
    Form {
        /// The element.
        element: &'static str,
    },
    /// An element that has to be there is not, or it and its opposite are.
    #[error("must have exactly one of {element} and Not{element}")]
    Pair {
        /// The element.
        element: &'static str,
    },
    /// An element that this kind of policy does not have.
    #[error("must not have the element {element}")]
    Unfit {
        /// The element.
        element: &'static str,
    },
    /// A list is longer than allowed.
    #[error("has too many values in {element}")]
    TooMany {
        /// The element.
        element: &'static str,
    },
    /// Two statements have one name.
    #[error("has a Sid that another statement has")]
    RepeatedSid,
    /// Not everybody, an account, or the ARN of a user, role or session.
    #[error("has the invalid principal `{name}`")]
    Principal {
        /// As it stands there.
        name: String,
    },
    /// Not a service's prefix and a name.
    #[error("has the invalid action `{name}`")]
    Action {
        /// As it stands there.
        name: String,
    },
    /// Neither `*` nor an ARN, or a malformed variable.
    #[error("has the invalid resource `{name}`")]
    Resource {
        /// As it stands there.
        name: String,
    },
    /// No such operator.
    #[error("has the unknown condition operator `{operator}`")]
    Operator {
        /// As it stands there.
        operator: String,
    },
    /// The operator cannot compare with this.
    #[error("has a value for `{key}` that {operator} cannot compare")]
    Operand {
        /// As it stands there.
        operator: String,
        /// The condition key.
        key: String,
    },
    /// An exception that allows lets in everybody who is not named.
    #[error("must not allow with NotPrincipal")]
    AllowedException,
}
