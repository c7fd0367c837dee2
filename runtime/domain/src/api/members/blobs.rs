//! Binary members that hold what nobody else may see, and bounded maps.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{ApiError, Bounds, Members, serialization};
use crate::sensitive::Sensitive;

impl Members {
    /// An optional binary member, in base64, of so many bytes.
    pub fn sensitive_blob(
        &mut self,
        name: &str,
        bytes: Bounds,
    ) -> Result<Option<Sensitive<Vec<u8>>>, ApiError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let Value::String(encoded) = value else {
            return Err(self.wrong_type(name, "a base64 string", &value));
        };
        let encoded = Sensitive::new(encoded);
        let decoded = STANDARD.decode(encoded.expose());
        let decoded = decoded.map_err(|_| serialization(format!("`{name}` must be base64")))?;
        self.check_length(name, decoded.len(), &bytes);
        Ok(Some(decoded.into()))
    }

    /// A binary member that must be there; an empty one stands in when it is not, and `finish` refuses.
    pub fn required_blob(&mut self, name: &str, bytes: Bounds) -> Result<Sensitive<Vec<u8>>, ApiError> {
        let blob = self.sensitive_blob(name, bytes)?;
        Ok(self.require(name, blob).unwrap_or_else(|| Vec::new().into()))
    }

    /// A string of so many characters that all are allowed by a pattern of the service model.
    pub fn matching_text(
        &mut self,
        name: &str,
        chars: Bounds,
        (pattern, allowed): (&str, fn(char) -> bool),
    ) -> Result<Option<String>, ApiError> {
        let text = self.text(name, chars)?;
        if text.as_ref().is_some_and(|text| !text.chars().all(allowed)) {
            self.violation(name, &format!("satisfy regular expression pattern: {pattern}"));
        }
        Ok(text)
    }

    /// The pairs of an optional map of strings; none when it is absent.
    pub fn pairs(&mut self, name: &str) -> Result<BTreeMap<String, String>, ApiError> {
        Ok(self.texts(name)?.unwrap_or_default())
    }
}
