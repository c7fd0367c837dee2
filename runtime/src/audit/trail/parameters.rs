//! What the trail keeps of a request: members that name something. Every other one may hold a value.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Bytes of a text that is kept; a longer one is left out.
const TEXT_BYTES_MAX: usize = 512;
/// Items of a list that are kept.
const ITEMS_MAX: usize = 20;
/// Members that are kept of a request, by their names on the wire.
const KEPT: [&str; 55] = [
    // Secrets Manager.
    "SecretId",
    "SecretIdList",
    "Name",
    "ClientRequestToken",
    "VersionId",
    "VersionStage",
    "VersionStages",
    "MoveToVersionId",
    "RemoveFromVersionId",
    "KmsKeyId",
    "RotationLambdaARN",
    "RotateImmediately",
    "RecoveryWindowInDays",
    "ForceDeleteWithoutRecovery",
    "IncludeDeprecated",
    "IncludePlannedDeletion",
    "BlockPublicPolicy",
    "RemoveReplicaRegions",
    "ForceOverwriteReplicaSecret",
    "CrossAccountPrimaryARN",
    "CrossAccountReplicaARN",
    "PolicyName",
    "TagKeys",
    "MaxResults",
    "SortBy",
    "SortOrder",
    "PasswordLength",
    // KMS.
    "KeyId",
    "AliasName",
    "TargetKeyId",
    "KeySpec",
    "KeyUsage",
    "PendingWindowInDays",
    "RotationPeriodInDays",
    "SourceKeyId",
    "DestinationKeyId",
    "NumberOfBytes",
    // IAM and STS.
    "UserName",
    "NewUserName",
    "GroupName",
    "NewGroupName",
    "RoleName",
    "RoleArn",
    "RoleSessionName",
    "DurationSeconds",
    "PolicyArn",
    "AccessKeyId",
    "Status",
    "Path",
    "NewPath",
    "PermissionsBoundary",
    // Keywheel.
    "ApprovalId",
    "Events",
    "FunctionName",
    "From",
];

/// The members of a JSON body that name something, as CloudTrail writes their names. What is no JSON object
/// has none.
pub fn parameters(body: &[u8]) -> Map<String, Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    deserializer.deserialize_map(Members).unwrap_or_default()
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut members = Map::new();
        while let Some(name) = entries.next_key::<std::borrow::Cow<'_, str>>()? {
            if !KEPT.contains(&&*name) {
                entries.next_value::<IgnoredAny>()?;
            } else if let Kept(Some(value)) = entries.next_value()? {
                members.insert(camel(&name), value);
            }
        }
        Ok(members)
    }
}

/// A value that is short and has no members; `None` when it is not.
struct Kept(Option<Value>);

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(KeptVisitor)
    }
}

struct KeptVisitor;

impl<'de> Visitor<'de> for KeptVisitor {
    type Value = Kept;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Kept, E> {
        Ok(Kept(Some(value.into())))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Kept, E> {
        Ok(Kept(Some(value.into())))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Kept, E> {
        Ok(Kept(Some(value.into())))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Kept, E> {
        Ok(Kept(None))
    }

    fn visit_unit<E>(self) -> Result<Kept, E> {
        Ok(Kept(None))
    }

    fn visit_str<E>(self, value: &str) -> Result<Kept, E> {
        Ok(Kept((value.len() <= TEXT_BYTES_MAX).then(|| value.into())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Kept, A::Error> {
        let mut kept = Vec::new();
        while let Some(Kept(item)) = items.next_element()? {
            kept.extend(item.filter(|_| kept.len() < ITEMS_MAX));
        }
        Ok(Kept(Some(Value::Array(kept))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Kept, A::Error> {
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Kept(None))
    }
}

fn camel(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_kept_and_values_are_not() {
        let check = |body: &str, expected: Value| {
            assert_eq!(Value::Object(parameters(body.as_bytes())), expected, "{body}");
        };
        check(
            r#"{"SecretId":"app","SecretString":"hunter2","VersionStages":["A","B"],"Tags":[{"Key":"x"}]}"#,
            json!({"secretId": "app", "versionStages": ["A", "B"]}),
        );
        check(r#"{"SecretBinary":"aGk=","Plaintext":"aGk=","Unheard":"of"}"#, json!({}));
        check(r#"{"SecretId":{"SecretString":"hunter2"},"MaxResults":7}"#, json!({"maxResults": 7}));
        check(
            r#"{"VersionStages":[["deep"],{"x":1},1.5,null,true]}"#,
            json!({"versionStages": [["deep"], true]}),
        );
        for broken in ["", "[]", "null", "{", r#"{"SecretId":"app""#, r#"{"SecretId":"app"} x"#, "\u{0}"] {
            let kept = parameters(broken.as_bytes());
            assert!(kept.is_empty() || broken.ends_with(" x"), "{broken}: {kept:?}");
        }
    }

    #[test]
    fn what_is_long_is_left_out() {
        let long = "x".repeat(TEXT_BYTES_MAX + 1);
        assert!(parameters(json!({ "SecretId": long }).to_string().as_bytes()).is_empty());
        let many = vec!["x"; ITEMS_MAX + 1];
        let kept = parameters(json!({ "SecretIdList": many }).to_string().as_bytes());
        assert_eq!(kept["secretIdList"].as_array().unwrap().len(), ITEMS_MAX);
    }

    #[test]
    fn every_name_is_kept_in_camel_case() {
        assert_eq!(
            (camel("SecretId"), camel("RotationLambdaARN"), camel("")),
            ("secretId".to_owned(), "rotationLambdaARN".to_owned(), String::new())
        );
    }
}
