//! What a function finds in its environment: its own configuration, which may hold secrets.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::sensitive::Sensitive;

/// Bytes of all names and values together, as with Lambda.
pub const ENVIRONMENT_BYTES_MAX: usize = 4096;
/// The variable that says what the function may connect to.
pub const ALLOW_VARIABLE: &str = "KEYWHEEL_ALLOW";

/// Variables by name. Names may be told; values may not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, Sensitive<String>>);

/// Why variables cannot be an environment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// A name that a program could not read.
    #[error("the name of an environment variable has letters, digits and `_`, and begins with a letter")]
    Name,
    /// A zero byte ends a variable.
    #[error("the value of the environment variable `{name}` has a zero byte")]
    Value {
        /// Its name.
        name: String,
    },
    /// Too much.
    #[error(
        "the environment variables have {bytes} bytes, more than the {ENVIRONMENT_BYTES_MAX} that are allowed"
    )]
    TooLarge {
        /// Of all names and values.
        bytes: usize,
    },
}

impl Environment {
    /// Checks the variables.
    pub fn new(variables: BTreeMap<String, Sensitive<String>>) -> Result<Self, EnvironmentError> {
        let mut bytes = 0;
        for (name, value) in &variables {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.bytes().all(fits) {
                return Err(EnvironmentError::Name);
            }
            if value.expose().contains('\0') {
                return Err(EnvironmentError::Value { name: name.clone() });
            }
            bytes += name.len() + value.expose().len();
        }
        if bytes > ENVIRONMENT_BYTES_MAX {
            return Err(EnvironmentError::TooLarge { bytes });
        }
        Ok(Self(variables))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Sensitive<String>)> {
        self.0.iter()
    }

    /// What the function may connect to: patterns with spaces or commas between them.
    pub fn allowed(&self) -> Vec<&str> {
        let listed = self.0.get(ALLOW_VARIABLE).map(|value| value.expose().as_str()).unwrap_or_default();
        listed.split([' ', ',', '\n', '\t', '\r']).filter(|pattern| !pattern.is_empty()).collect()
    }

    /// As it is sealed.
    pub fn to_sealing(&self) -> Sensitive<Vec<u8>> {
        Sensitive::new(serde_json::to_vec(self).expect("a map of strings is JSON"))
    }

    /// What [`Environment::to_sealing`] made; `None` for other bytes.
    pub fn from_sealing(bytes: &Sensitive<Vec<u8>>) -> Option<Self> {
        serde_json::from_slice(bytes.expose()).ok()
    }
}

/// The plain values: for the caller who may see them, and for sealing.
impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value.expose())))
    }
}

impl<'de> Deserialize<'de> for Environment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plain = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Self(plain.into_iter().map(|(name, value)| (name, Sensitive::new(value))).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<Environment, EnvironmentError> {
        let pairs =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), Sensitive::new((*value).to_owned())));
        Environment::new(pairs.collect())
    }

    #[test]
    fn variables_are_what_a_program_can_read() {
        assert!(of(&[("A_1", "any thing"), ("b", "")]).is_ok());
        for name in ["", "1A", "_A", "A-B", "A B", "Ä", "A="] {
            assert_eq!(of(&[(name, "x")]), Err(EnvironmentError::Name), "{name:?}");
        }
        assert_eq!(of(&[("A", "x\0y")]), Err(EnvironmentError::Value { name: "A".into() }));
        assert!(of(&[("A", &"x".repeat(ENVIRONMENT_BYTES_MAX - 1))]).is_ok());
        let bytes = ENVIRONMENT_BYTES_MAX + 1;
        assert_eq!(of(&[("A", &"x".repeat(bytes - 1))]), Err(EnvironmentError::TooLarge { bytes }));
    }

    #[test]
    fn what_is_sealed_opens_again_and_debug_tells_no_value() {
        let environment = of(&[("TOKEN", "hunter2")]).unwrap();
        assert_eq!(Environment::from_sealing(&environment.to_sealing()).as_ref(), Some(&environment));
        assert!(!format!("{environment:?}").contains("hunter2"));
        assert_eq!(Environment::from_sealing(&Sensitive::new(b"[]".to_vec())), None);
    }

    #[test]
    fn patterns_have_spaces_or_commas_between_them() {
        let environment = of(&[(ALLOW_VARIABLE, " tcp://a:1, https://b\ttcp://c:2,,")]).unwrap();
        assert_eq!(environment.allowed(), ["tcp://a:1", "https://b", "tcp://c:2"]);
        assert!(of(&[]).unwrap().allowed().is_empty());
    }
}
