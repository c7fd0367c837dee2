//! CreateFunction.

use keywheel_domain::api::lambda::{
    CreateFunctionRequest, FunctionConfiguration, LambdaError, LambdaErrorCode,
};
use keywheel_domain::function::{Environment, Function, MEMORY_MIB_DEFAULT, TIMEOUT_S_DEFAULT, Version};

use super::records::Write;
use super::tags::named;
use super::{action, contended};
use crate::ops::access::{Access, Resource};
use crate::ops::{COMMIT_ATTEMPTS_MAX, Caller, Operations, keys};

/// Functions of one account and region.
const FUNCTIONS_MAX: usize = 1000;

/// Code that was compiled, and may run.
#[derive(Clone, Debug)]
pub struct Deployed {
    /// The component.
    pub wasm: Vec<u8>,
    /// SHA-256 of the component, in hexadecimal.
    pub digest: String,
    /// SHA-256 of what was uploaded, in base64.
    pub code_sha256: String,
    /// Bytes of what was uploaded.
    pub code_bytes: u64,
}

impl Operations {
    /// What can be refused before the code is compiled.
    pub async fn check_new_function(
        &self,
        caller: &Caller,
        request: &CreateFunctionRequest,
    ) -> Result<(), LambdaError> {
        let (scope, name) = (caller.scope(), &request.function.name);
        let arn = request.function.arn(&scope);
        let access = Access::new(action("CreateFunction"), Some(&arn)).with_tags(named(&request.tags));
        self.authorize_on(caller, &access, &Resource::plain(arn.as_str(), &caller.account))?;
        if self.functions.has(name) || self.load_entry(&keys::function(&scope, name)).await?.is_some() {
            return Err(exists(name));
        }
        if self.functions_of(&scope).await?.len() >= FUNCTIONS_MAX {
            let told = format!("A region of an account can have {FUNCTIONS_MAX} functions.");
            return Err(LambdaError::new(LambdaErrorCode::CodeStorageExceeded, told));
        }
        self.check_room_for_code(request.code.len()).await
    }

    /// Stores a function. Its code was found to be good.
    pub async fn create_function(
        &self,
        caller: &Caller,
        request: &CreateFunctionRequest,
        code: &Deployed,
    ) -> Result<FunctionConfiguration, LambdaError> {
        self.check_new_function(caller, request).await?;
        let scope = caller.scope();
        let arn = request.function.arn(&scope);
        let environment = request.settings.environment.clone().unwrap_or_default();
        let sealed = self.seal_environment(&scope, &arn, &environment).await?;
        let environment_id = sealed.as_ref().map(|(id, _)| id.clone());
        for _ in 0..COMMIT_ATTEMPTS_MAX {
            if self.load_entry(&keys::function(&scope, &request.function.name)).await?.is_some() {
                return Err(exists(&request.function.name));
            }
            let head = self.store_code(&code.digest, &code.wasm).await?;
            let mut latest = self.first_version(code, environment_id.clone());
            request.settings.apply(&mut latest);
            let mut function = Function::new(scope.clone(), request.function.name.clone(), latest);
            function.tags.clone_from(&request.tags);
            let mut shown = None;
            if request.publish {
                let revision = self.new_revision_id();
                let published = function.publish(None, revision, self.clock.now());
                shown = published.map_err(|error| LambdaError::invalid(error.to_string()))?.into();
            }
            let detail = Some(told(code, &environment));
            let row = self.function_row(caller, "CreateFunction", &arn, None, detail);
            let write = Write {
                before: None,
                after: Some(&function),
                code: Some(head),
                environment: sealed.clone(),
                expect: Vec::new(),
                deletes: Vec::new(),
                row,
            };
            if self.write_function(write).await? {
                let version = function.version(shown).unwrap_or(&function.latest);
                return Ok(FunctionConfiguration::new(&function, version, None, environment));
            }
        }
        Err(contended())
    }

    fn first_version(&self, code: &Deployed, environment_id: Option<String>) -> Version {
        Version {
            number: None,
            digest: code.digest.clone(),
            code_sha256: code.code_sha256.clone(),
            code_bytes: code.code_bytes,
            description: String::new(),
            role: String::new(),
            runtime: None,
            handler: None,
            architecture: None,
            timeout_s: TIMEOUT_S_DEFAULT,
            memory_mib: MEMORY_MIB_DEFAULT,
            environment_id,
            modified: self.clock.now(),
            revision_id: self.new_revision_id(),
        }
    }
}

fn exists(name: &str) -> LambdaError {
    LambdaError::conflict(format!("Function already exist: {name}"))
}

/// What the audit row says: names of variables, not their values.
pub(super) fn told(code: &Deployed, environment: &Environment) -> String {
    let digest = &code.digest;
    let names: Vec<&str> = environment.iter().map(|(name, _)| name.as_str()).collect();
    if names.is_empty() {
        return format!("code {digest}");
    }
    format!("code {digest}, environment {}", names.join(" "))
}
