//! Made from the contract as it was first released, by its own bindings and without the SDK: a rotation that
//! must work for as long as the major version stands.

/// What `wit-bindgen` makes of the copy.
#[cfg(target_family = "wasm")]
#[expect(unsafe_code, reason = "the macro that exports `rotate`")]
mod component {
    mod bindings {
        wit_bindgen::generate!({ path: "../contract/0.1.0", world: "rotator" });
    }

    use bindings::keywheel::rotation::types::Step;
    use bindings::keywheel::rotation::{approvals, log, secrets, sql};
    use bindings::{Event, Failure, Guest};

    struct FirstContract;

    impl Guest for FirstContract {
        fn rotate(event: Event) -> Result<(), Failure> {
            let step = match event.step {
                Step::CreateSecret => create(&event),
                Step::SetSecret => set(&event),
                Step::TestSecret => test(),
                Step::FinishSecret => finish(&event),
            };
            step.map_err(Failure::Permanent)
        }
    }

    bindings::export!(FirstContract with_types_in bindings);

    fn create(event: &Event) -> Result<(), String> {
        let rules = secrets::RandomPasswordRequest {
            length: Some(24),
            exclude_characters: String::new(),
            exclude_numbers: false,
            exclude_punctuation: true,
            exclude_uppercase: false,
            exclude_lowercase: false,
            include_space: false,
            require_each_included_type: true,
        };
        let made = secrets::get_random_password(&rules).map_err(told)?;
        let token = &event.client_request_token;
        let value = secrets::SecretValue::Text(made);
        let stages = ["AWSPENDING".to_owned()];
        secrets::put_secret_value(&event.secret_id, token, &value, &stages, &event.rotation_token)
            .map_err(told)?;
        log::write(log::Level::Info, "stored a pending value");
        Ok(())
    }

    fn set(event: &Event) -> Result<(), String> {
        let found = secrets::get_secret_value(&event.secret_id, None, Some("AWSPENDING")).map_err(told)?;
        let secrets::SecretValue::Text(password) = found.value else { return Err("not a text".to_owned()) };
        let target = sql::Target {
            engine: sql::Engine::Postgres,
            host: "db.elsewhere".to_owned(),
            port: 5432,
            database: None,
            username: "app".to_owned(),
            password,
            tls: sql::Tls::VerifyFull,
        };
        match sql::Connection::open(&target) {
            Ok(session) => {
                session.query("SELECT 1", &[sql::Value::Null]).map(drop).map_err(|error| error.message)
            }
            Err(error) if error.kind == sql::ErrorKind::Egress => {
                log::write(log::Level::Warn, &error.message);
                Ok(())
            }
            Err(error) => Err(error.message),
        }
    }

    fn test() -> Result<(), String> {
        if approvals::require("log in") { Ok(()) } else { Err("people have not agreed".to_owned()) }
    }

    fn finish(event: &Event) -> Result<(), String> {
        let seen = secrets::describe_secret(&event.secret_id).map_err(told)?;
        let holds =
            |version: &&secrets::VersionStages| version.stages.iter().any(|stage| stage == "AWSCURRENT");
        let from = seen.versions.iter().find(holds).map(|version| version.version_id.as_str());
        let to = event.client_request_token.as_str();
        secrets::update_secret_version_stage(&event.secret_id, "AWSCURRENT", Some(to), from).map_err(told)
    }

    fn told(error: secrets::Error) -> String {
        format!("{}: {}", error.code, error.message)
    }
}
