//! CreateFunction.

use std::collections::BTreeMap;

use super::super::members::Members;
use super::tags;
use super::{Call, LambdaError, LambdaRequest, Settings};
use crate::function::{FunctionId, Qualifier};
use crate::secret::Scope;

/// The most characters of a function's name in the body, which may be an ARN.
const FUNCTION_NAME_CHARS: super::super::members::Bounds = 1..=256;
/// Where code could come from that this service does not read.
const ELSEWHERE: [&str; 3] = ["S3Bucket", "S3Key", "ImageUri"];

/// What was uploaded: a component, or a zip with one.
pub type Code = Vec<u8>;

/// Deploys a function.
#[derive(Debug)]
pub struct CreateFunctionRequest {
    /// Its name; no other function of the region has it.
    pub function: FunctionId,
    /// What was uploaded.
    pub code: Code,
    /// How it runs.
    pub settings: Settings,
    /// Whether to publish the first version at once.
    pub publish: bool,
    /// By key.
    pub tags: BTreeMap<String, String>,
}

impl LambdaRequest for CreateFunctionRequest {
    fn read(call: &mut Call, scope: &Scope) -> Result<Self, LambdaError> {
        let members = &mut call.members;
        let name = members.required_text("FunctionName", FUNCTION_NAME_CHARS)?;
        if name.is_empty() {
            // What is missing is told with everything else that is.
            return Err(std::mem::replace(members, Members::parse(b"")?)
                .finish()
                .expect_err("a missing name was noted")
                .into());
        }
        let function = FunctionId::parse(&name, scope)?;
        if !matches!(function.qualifier, None | Some(Qualifier::Latest)) {
            return Err(LambdaError::invalid("A function is created without a version or alias."));
        }
        let function = FunctionId { qualifier: None, ..function };
        let settings = Settings::read(members)?;
        members.require("Role", settings.role.as_ref());
        if members.text("PackageType", 0..=16)?.is_some_and(|kind| kind != "Zip") {
            return Err(LambdaError::invalid(NOT_UPLOADED));
        }
        let code = members.structure("Code", |inner| Ok(code(inner)))?;
        let code = members.require("Code", code).transpose()?.flatten();
        Ok(Self {
            function,
            code: code.unwrap_or_default(),
            settings,
            publish: members.boolean("Publish")?.unwrap_or(false),
            tags: tags::read(members)?,
        })
    }
}

const NOT_UPLOADED: &str =
    "The code of a function is uploaded in ZipFile: a WebAssembly component, or a zip file with one.";

/// `ZipFile`, and nothing else that could be the code.
pub(super) fn code(members: &mut Members) -> Result<Option<Code>, LambdaError> {
    for name in ELSEWHERE {
        if members.text(name, 0..=2048)?.is_some() {
            return Err(LambdaError::invalid(NOT_UPLOADED));
        }
    }
    match members.blob("ZipFile")? {
        Some(code) if !code.is_empty() => Ok(Some(code)),
        _ => Err(LambdaError::invalid(NOT_UPLOADED)),
    }
}
