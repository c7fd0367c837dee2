//! How a version runs, as every operation on functions tells it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use crate::function::{Environment, Function, Version};
use crate::time::Timestamp;

/// One version of a function.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FunctionConfiguration {
    /// Without a qualifier.
    pub function_name: String,
    /// With the number of a published version, or the qualifier that was asked for.
    pub function_arn: String,
    /// As it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime: Option<String>,
    /// As it was given.
    pub role: String,
    /// As it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handler: Option<String>,
    /// Bytes of what was uploaded.
    pub code_size: u64,
    /// As it was given.
    pub description: String,
    /// Seconds.
    pub timeout: u32,
    /// Mebibytes.
    pub memory_size: u32,
    /// As Lambda writes a moment.
    pub last_modified: String,
    /// SHA-256 of what was uploaded, in base64.
    pub code_sha256: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// What the function finds in its environment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentResponse>,
    /// Nothing is traced.
    pub tracing_config: Mode,
    /// Changes with each change.
    pub revision_id: String,
    /// A function is compiled before it is stored: it is always ready.
    pub state: &'static str,
    /// The same.
    pub last_update_status: &'static str,
    /// There is no other.
    pub package_type: &'static str,
    /// As they were given.
    pub architectures: [String; 1],
}

/// `PassThrough`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Mode {
    mode: &'static str,
}

/// Variables by name.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EnvironmentResponse {
    /// With their values, for who may see them.
    pub variables: Environment,
}

impl FunctionConfiguration {
    /// Tells a version of a function. `qualifier` is what the ARN ends with, if with anything.
    pub fn new(
        function: &Function,
        version: &Version,
        qualifier: Option<String>,
        environment: Environment,
    ) -> Self {
        let qualifier = qualifier.or_else(|| version.number.map(|number| number.to_string()));
        let arn = function.arn();
        Self {
            function_name: function.name.clone(),
            function_arn: qualifier.map_or(arn.clone(), |qualifier| format!("{arn}:{qualifier}")),
            runtime: version.runtime.clone(),
            role: version.role.clone(),
            handler: version.handler.clone(),
            code_size: version.code_bytes,
            description: version.description.clone(),
            timeout: version.timeout_s,
            memory_size: version.memory_mib,
            last_modified: moment(version.modified),
            code_sha256: version.code_sha256.clone(),
            version: version.name(),
            environment: (!environment.is_empty()).then_some(EnvironmentResponse { variables: environment }),
            tracing_config: Mode { mode: "PassThrough" },
            revision_id: version.revision_id.clone(),
            state: "Active",
            last_update_status: "Successful",
            package_type: "Zip",
            architectures: [version.architecture.clone().unwrap_or_else(|| "x86_64".to_owned())],
        }
    }
}

/// As Lambda writes a moment: `2025-11-23T12:00:00.000+0000`.
fn moment(at: Timestamp) -> String {
    at.to_string().replace('Z', "+0000")
}

/// A SHA-256 in hexadecimal as the protocol writes it, in base64; empty when it is none.
pub fn in_base64(hexadecimal: &str) -> String {
    hex::decode(hexadecimal).map(|bytes| STANDARD.encode(bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_has_milliseconds_and_an_offset() {
        assert_eq!(moment(Timestamp::from_millis(1_763_899_200_007)), "2025-11-23T12:00:00.007+0000");
        assert_eq!(in_base64("00ff"), "AP8=");
    }
}
