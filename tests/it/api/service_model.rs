//! The service model that botocore ships, walked to its end: each constraint in it is broken once, and each member
//! of each answer is shown once.

mod inputs;
mod outputs;
mod scenarios;

use std::process::Command;

use serde_json::Value;

/// Prints the model as JSON.
const PRINT_MODEL: &str = "import json,botocore.session as s;\
    print(json.dumps(s.get_session().get_component('data_loader').load_service_model('secretsmanager','service-2')))";

/// The shapes and operations of Secrets Manager.
struct ServiceModel(Value);

impl ServiceModel {
    fn load() -> Self {
        let python = crate::clients::venv().join("bin/python");
        let output = Command::new(&python).args(["-c", PRINT_MODEL]).env_clear().output();
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", python.display()));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self(serde_json::from_slice(&output.stdout).unwrap())
    }

    fn operations(&self) -> impl Iterator<Item = &str> {
        self.0["operations"].as_object().unwrap().keys().map(String::as_str)
    }

    fn shape(&self, name: &str) -> &Value {
        let shape = &self.0["shapes"][name];
        assert!(shape.is_object(), "there is no shape {name}");
        shape
    }

    /// The name of the shape of what goes in or comes out, if anything does.
    fn body_of(&self, operation: &str, direction: &str) -> Option<&str> {
        self.0["operations"][operation][direction]["shape"].as_str()
    }

    /// The members of a structure with the names of their shapes.
    fn members(&self, shape: &str) -> impl Iterator<Item = (&str, &str)> {
        let members = self.shape(shape)["members"].as_object();
        let members = members.into_iter().flatten();
        members.map(|(name, member)| (name.as_str(), member["shape"].as_str().unwrap()))
    }

    fn required(&self, shape: &str) -> Vec<&str> {
        let required = self.shape(shape)["required"].as_array().into_iter().flatten();
        required.map(|name| name.as_str().unwrap()).collect()
    }
}

#[test]
fn every_operation_of_the_model_exists() {
    let model = ServiceModel::load();
    assert_eq!(model.operations().count(), 26);
    for operation in model.operations() {
        let target = format!("secretsmanager.{operation}");
        let found = keywheel::ops::Operations::operation_name(&target);
        assert_eq!(found, Some(operation), "the operation is missing");
    }
}
