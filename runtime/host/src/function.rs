//! A function: a component that is compiled, checked against the contract and linked.

use std::sync::Arc;

use wasmtime::component::types::{ComponentFunc, ComponentItem, Type};
use wasmtime::component::{Component, Linker};

use crate::catalog::LoadError;
use crate::contract::{EXPORT, INTERFACES, RotatorPre};
use crate::engine::Engine;
use crate::imports;
use crate::state::State;
use crate::wasi;

/// A component that can run. Cheap to clone; each step makes an instance of it.
#[derive(Clone)]
pub struct Function {
    pub(crate) engine: Engine,
    pub(crate) instance_pre: RotatorPre<State>,
    digest: Arc<str>,
    imports: Arc<[String]>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function").field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl Function {
    /// Links a component. Everything that can be wrong with it is found here and not in its first step.
    pub(crate) fn link(engine: &Engine, component: &Component, digest: &str) -> Result<Self, LoadError> {
        let wasmtime = engine.wasmtime();
        let component_type = component.component_type();
        check_export(component_type.get_export(wasmtime, EXPORT).map(|export| export.ty))?;

        let mut linker = Linker::new(wasmtime);
        imports::link(&mut linker).map_err(LoadError::Contract)?;
        wasi::link(&mut linker).map_err(LoadError::Contract)?;
        let mut names = Vec::new();
        for (name, _) in component_type.imports(wasmtime) {
            if !is_known(name) {
                return Err(LoadError::UnknownImport(name.to_owned()));
            }
            names.push(name.to_owned());
        }
        wasi::refuse_the_rest(&mut linker, component).map_err(LoadError::Contract)?;
        let instance_pre = linker.instantiate_pre(component).map_err(LoadError::Contract)?;
        let instance_pre = RotatorPre::new(instance_pre).map_err(LoadError::Contract)?;
        Ok(Self { engine: engine.clone(), instance_pre, digest: digest.into(), imports: names.into() })
    }

    /// The SHA-256 of the component, in hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The interfaces that the component imports, with their versions: its list of powers.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Those of [`Function::imports`] that the sandbox does not offer: a call of one ends the step.
    pub fn refused(&self) -> Vec<&String> {
        let refused = |import: &&String| import.starts_with(wasi::PREFIX) && !wasi::is_linked(import);
        self.imports.iter().filter(refused).collect()
    }
}

/// Whether the host offers an interface, or at least knows why it does not.
fn is_known(import: &str) -> bool {
    let interface = import.split_once('@').map_or(import, |(interface, _)| interface);
    INTERFACES.contains(&interface) || interface.starts_with(wasi::PREFIX)
}

fn check_export(export: Option<ComponentItem>) -> Result<(), LoadError> {
    match export {
        Some(ComponentItem::ComponentFunc(function)) if is_rotate(&function) => Ok(()),
        Some(_) => Err(LoadError::WrongExport),
        None => Err(LoadError::MissingExport),
    }
}

/// Whether a function has the type of the contract. Types of the component model are structural.
fn is_rotate(function: &ComponentFunc) -> bool {
    let parameters: Vec<Type> = function.params().map(|(_, parameter)| parameter).collect();
    let results: Vec<Type> = function.results().collect();
    let ([Type::Record(event)], [Type::Result(result)]) = (&parameters[..], &results[..]) else {
        return false;
    };
    let members: Vec<_> = event.fields().map(|field| (field.name.to_owned(), field.ty)).collect();
    let strings = ["secret-id", "client-request-token", "rotation-token"];
    let event_matches = matches!(&members[..], [(step, Type::Enum(steps)), rest @ ..]
        if step == "step"
            && steps.names().eq(["create-secret", "set-secret", "test-secret", "finish-secret"])
            && rest.iter().map(|(name, _)| name.as_str()).eq(strings)
            && rest.iter().all(|(_, kind)| *kind == Type::String));
    let failure_matches = matches!(result.err(), Some(Type::Variant(failure))
        if failure.cases().map(|case| case.name).eq(["retry", "permanent", "refused"])
            && failure.cases().all(|case| case.ty == Some(Type::String)));
    event_matches && failure_matches && result.ok().is_none()
}
