//! Secrets Manager in memory: versions and labels with AWS's rules and AWS's error texts, as far as a
//! rotation can see them.

use std::collections::{BTreeMap, BTreeSet};

use crate::rotator::{Event, Step};
use crate::secrets::{
    CURRENT, Description, Error, PENDING, PREVIOUS, PasswordRules, StoredVersion, Value, VersionStages,
    VersionValue,
};
use crate::sensitive::Sensitive;

const PASSWORD_LENGTH_DEFAULT: u32 = 32;
const PASSWORD_LENGTH_MAX: u32 = 4096;
const UPPERCASE: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOWERCASE: &str = "abcdefghijklmnopqrstuvwxyz";
const NUMBERS: &str = "0123456789";
const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

#[derive(Default)]
struct Version {
    value: Option<Value>,
    stages: BTreeSet<String>,
}

struct Secret {
    name: String,
    versions: BTreeMap<String, Version>,
    /// The token of the version and the token of the rotation.
    rotation: Option<(String, String)>,
}

/// The secrets of one account, by ARN.
#[derive(Default)]
pub struct SecretsManager {
    secrets: BTreeMap<String, Secret>,
    denied: BTreeSet<String>,
    passwords_made: u64,
}

impl SecretsManager {
    /// `CreateSecret`. Returns the ARN.
    pub fn create(&mut self, name: &str, value: Value) -> String {
        let arn = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-AbCdEf");
        let version = Version { value: Some(value), stages: BTreeSet::from([CURRENT.to_owned()]) };
        let versions = BTreeMap::from([("initial".to_owned(), version)]);
        self.secrets.insert(arn.clone(), Secret { name: name.to_owned(), versions, rotation: None });
        arn
    }

    /// What `RotateSecret` leaves behind: an empty version under the token, labelled `AWSPENDING`.
    pub fn begin_rotation(&mut self, secret_id: &str, token: &str) {
        let secret = self.known(secret_id);
        secret.attach(PENDING, token);
        secret.rotation = Some((token.to_owned(), format!("rotation-of-{token}")));
    }

    /// What the service does after the last step: takes `AWSPENDING` away.
    pub fn end_rotation(&mut self, secret_id: &str) {
        let secret = self.known(secret_id);
        secret.detach(PENDING);
        secret.rotation = None;
    }

    /// Refuses to read the values of a secret from now on, as a policy that does not name it.
    pub fn deny_reading(&mut self, secret_id: &str) {
        self.denied.insert(secret_id.to_owned());
    }

    /// The event for a step of the rotation in progress.
    pub fn event(&self, secret_id: &str, step: Step) -> Event {
        let rotation = self.secrets.get(secret_id).and_then(|secret| secret.rotation.clone());
        let (client_request_token, rotation_token) = rotation.expect("a rotation has begun");
        Event { step, secret_id: secret_id.to_owned(), client_request_token, rotation_token }
    }

    /// Replaces the value of the version that carries a label.
    pub fn overwrite(&mut self, secret_id: &str, stage: &str, value: Value) {
        let secret = self.known(secret_id);
        let holder = secret.holder(stage).expect("a version carries the label");
        secret.versions.entry(holder).or_default().value = Some(value);
    }

    /// The labels of a version.
    pub fn stages(&self, secret_id: &str, version_id: &str) -> Vec<String> {
        let version = self.secrets.get(secret_id).and_then(|secret| secret.versions.get(version_id));
        version.map(|version| version.stages.iter().cloned().collect()).unwrap_or_default()
    }

    /// `GetSecretValue`.
    pub fn get(&self, secret_id: &str, id: Option<&str>, stage: Option<&str>) -> Result<VersionValue, Error> {
        if self.denied.contains(secret_id) {
            return Err(refused(
                "AccessDeniedException",
                &format!(
                    "User is not authorized to perform: secretsmanager:GetSecretValue on resource: {secret_id} because \
                     no identity-based policy allows the secretsmanager:GetSecretValue action."
                ),
            ));
        }
        let secret = self.secrets.get(secret_id).ok_or_else(unknown_secret)?;
        let label = stage.unwrap_or(CURRENT);
        let by_label = secret.holder(label);
        let missing = || match id {
            Some(id) => not_found(&format!("value for VersionId: {id}")),
            None => not_found(&format!("value for staging label: {label}")),
        };
        let version_id = id.map(str::to_owned).or_else(|| by_label.clone()).ok_or_else(missing)?;
        let version = secret.versions.get(&version_id).ok_or_else(missing)?;
        if id.is_some() && stage.is_some() && by_label.as_ref() != Some(&version_id) {
            return Err(refused(
                "InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.",
            ));
        }
        let value = version.value.clone().ok_or_else(missing)?;
        Ok(VersionValue {
            arn: secret_id.to_owned(),
            name: secret.name.clone(),
            version_stages: version.stages.iter().cloned().collect(),
            version_id,
            value,
        })
    }

    /// `PutSecretValue`. During a rotation, its version takes a value only with the rotation's token.
    pub fn put(
        &mut self,
        secret_id: &str,
        token: &str,
        value: &Value,
        stages: &[&str],
        rotation_token: &str,
    ) -> Result<StoredVersion, Error> {
        let secret = self.secrets.get_mut(secret_id).ok_or_else(unknown_secret)?;
        if let Some((rotating, proof)) = &secret.rotation
            && rotating == token
            && proof != rotation_token
        {
            return Err(refused(
                "InvalidParameterException",
                "The RotationToken is not that of this rotation.",
            ));
        }
        match secret.versions.get(token).and_then(|version| version.value.as_ref()) {
            Some(held) if held != value => {
                return Err(refused(
                    "ResourceExistsException",
                    &format!(
                        "You can't use ClientRequestToken {token} because that value is already in use for a \
                         version of secret {secret_id}."
                    ),
                ));
            }
            Some(_) => {}
            None => {
                let first = secret.versions.values().all(|version| version.value.is_none());
                secret.versions.entry(token.to_owned()).or_default().value = Some(value.clone());
                if first || stages.is_empty() {
                    secret.promote(token);
                }
                for stage in stages {
                    if *stage == CURRENT { secret.promote(token) } else { secret.attach(stage, token) }
                }
            }
        }
        let version_stages = self.stages(secret_id, token);
        Ok(StoredVersion { version_id: token.to_owned(), version_stages })
    }

    /// `DescribeSecret`.
    pub fn describe(&self, secret_id: &str) -> Result<Description, Error> {
        let secret = self.secrets.get(secret_id).ok_or_else(unknown_secret)?;
        let labelled = secret.versions.iter().filter(|(_, version)| !version.stages.is_empty());
        let versions = labelled.map(|(id, version)| VersionStages {
            version_id: id.clone(),
            stages: version.stages.iter().cloned().collect(),
        });
        Ok(Description {
            arn: secret_id.to_owned(),
            name: secret.name.clone(),
            rotation_enabled: true,
            versions: versions.collect(),
        })
    }

    /// `UpdateSecretVersionStage`.
    pub fn update_stage(
        &mut self,
        secret_id: &str,
        stage: &str,
        move_to: Option<&str>,
        remove_from: Option<&str>,
    ) -> Result<(), Error> {
        let secret = self.secrets.get_mut(secret_id).ok_or_else(unknown_secret)?;
        let holder = secret.holder(stage);
        for id in [move_to, remove_from].into_iter().flatten() {
            if !secret.versions.contains_key(id) {
                return Err(not_found(&format!("value for VersionId: {id}")));
            }
        }
        if let Some(holder) = holder.as_deref()
            && move_to != Some(holder)
            && remove_from != Some(holder)
        {
            let given = if remove_from.is_none() { "can't be empty" } else { "is not correct" };
            return Err(refused(
                "InvalidParameterException",
                &format!(
                    "The parameter RemoveFromVersionId {given}. Staging label {stage} is currently attached to \
                     version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
                ),
            ));
        }
        match move_to {
            Some(id) if stage == CURRENT => secret.promote(id),
            Some(id) => secret.attach(stage, id),
            None => secret.detach(stage),
        }
        Ok(())
    }

    /// `GetRandomPassword`, the same sequence in every run.
    pub fn random_password(&mut self, rules: &PasswordRules) -> Result<Sensitive<String>, Error> {
        let length = rules.length.unwrap_or(PASSWORD_LENGTH_DEFAULT);
        let included = |class: &str| -> Vec<char> {
            class.chars().filter(|character| !rules.exclude_characters.contains(*character)).collect()
        };
        let classes = [
            (rules.exclude_uppercase, UPPERCASE),
            (rules.exclude_lowercase, LOWERCASE),
            (rules.exclude_numbers, NUMBERS),
            (rules.exclude_punctuation, PUNCTUATION),
            (!rules.include_space, " "),
        ];
        let classes = classes.into_iter().filter(|(excluded, _)| !excluded).map(|(_, class)| included(class));
        let classes: Vec<Vec<char>> = classes.filter(|class| !class.is_empty()).collect();
        if !(1..=PASSWORD_LENGTH_MAX).contains(&length) || classes.is_empty() {
            return Err(refused(
                "InvalidParameterException",
                "The password cannot be made from these rules.",
            ));
        }
        self.passwords_made += 1;
        let mut state = self.passwords_made;
        // Every class in turn, so that each is there: a test needs no better password than that.
        let password = (0..length as usize).map(|index| {
            let class = &classes[index % classes.len()];
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            class[(state >> 33) as usize % class.len()]
        });
        Ok(Sensitive::new(password.collect()))
    }

    fn known(&mut self, secret_id: &str) -> &mut Secret {
        self.secrets.get_mut(secret_id).expect("the secret exists")
    }
}

impl Secret {
    fn holder(&self, stage: &str) -> Option<String> {
        let holds = |(_, version): &(&String, &Version)| version.stages.contains(stage);
        self.versions.iter().find(holds).map(|(id, _)| id.clone())
    }

    fn detach(&mut self, stage: &str) {
        for version in self.versions.values_mut() {
            version.stages.remove(stage);
        }
    }

    fn attach(&mut self, stage: &str, version_id: &str) {
        self.detach(stage);
        self.versions.entry(version_id.to_owned()).or_default().stages.insert(stage.to_owned());
    }

    /// Moves `AWSCURRENT`, and `AWSPREVIOUS` to the version that had it.
    fn promote(&mut self, version_id: &str) {
        if let Some(before) = self.holder(CURRENT)
            && before != version_id
        {
            self.attach(PREVIOUS, &before);
        }
        self.attach(CURRENT, version_id);
    }
}

fn refused(code: &str, message: &str) -> Error {
    Error { code: code.to_owned(), message: message.to_owned() }
}

fn unknown_secret() -> Error {
    refused("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

fn not_found(what: &str) -> Error {
    refused("ResourceNotFoundException", &format!("Secrets Manager can't find the specified secret {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "token-1";
    const PROOF: &str = "rotation-of-token-1";

    fn text(value: &str) -> Value {
        Value::Text(value.into())
    }

    fn rotating() -> (SecretsManager, String) {
        let mut manager = SecretsManager::default();
        let arn = manager.create("app", text("first"));
        manager.begin_rotation(&arn, TOKEN);
        (manager, arn)
    }

    #[test]
    fn an_empty_pending_version_is_listed_and_not_readable() {
        let (manager, arn) = rotating();
        assert_eq!(manager.describe(&arn).unwrap().holder(PENDING), Some(TOKEN));
        for (id, stage) in [(Some(TOKEN), None), (None, Some(PENDING)), (Some(TOKEN), Some(PENDING))] {
            assert!(manager.get(&arn, id, stage).unwrap_err().is_not_found(), "{id:?} {stage:?}");
        }
        let error = manager.get(&arn, Some("initial"), Some(PENDING)).unwrap_err();
        assert_eq!(error.code, "InvalidRequestException");
    }

    #[test]
    fn a_token_means_one_value() {
        let (mut manager, arn) = rotating();
        let mut check = |value: &str, proof: &str, code: Option<&str>| {
            let answer = manager.put(&arn, TOKEN, &text(value), &[PENDING], proof);
            assert_eq!(answer.err().map(|error| error.code).as_deref(), code);
        };
        check("second", "stolen", Some("InvalidParameterException"));
        check("second", PROOF, None);
        check("second", PROOF, None);
        check("third", PROOF, Some("ResourceExistsException"));
        assert_eq!(manager.get(&arn, None, None).unwrap().value, text("first"));
    }

    #[test]
    fn current_moves_only_from_where_it_is() {
        let (mut manager, arn) = rotating();
        manager.put(&arn, TOKEN, &text("second"), &[PENDING], PROOF).unwrap();
        let mut check = |to: &str, from: Option<&str>, code: Option<&str>| {
            let answer = manager.update_stage(&arn, CURRENT, Some(to), from);
            assert_eq!(answer.err().map(|error| error.code).as_deref(), code);
        };
        check(TOKEN, None, Some("InvalidParameterException"));
        check(TOKEN, Some(TOKEN), Some("InvalidParameterException"));
        check("nowhere", Some("initial"), Some("ResourceNotFoundException"));
        check(TOKEN, Some("initial"), None);
        assert_eq!(manager.stages(&arn, "initial"), [PREVIOUS]);
        assert_eq!(manager.stages(&arn, TOKEN), [CURRENT, PENDING]);
    }

    #[test]
    fn passwords_follow_the_rules_and_differ() {
        let mut manager = SecretsManager::default();
        let mut made =
            |rules: &PasswordRules| manager.random_password(rules).map(|made| made.expose().clone());
        let rules = PasswordRules::default();
        let (first, second) = (made(&rules).unwrap(), made(&rules).unwrap());
        assert!(first != second && first.len() == 32);
        assert!(!first.chars().any(|character| rules.exclude_characters.contains(character)));
        let digits = PasswordRules {
            exclude_uppercase: true,
            exclude_lowercase: true,
            exclude_punctuation: true,
            ..rules.clone()
        };
        assert!(made(&digits).unwrap().chars().all(|character| character.is_ascii_digit()));
        assert!(made(&PasswordRules { length: Some(0), ..rules }).is_err());
    }
}
