//! `keywheel function list`.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::Failure;
use super::super::client::{ClientError, RestCall, segment};
use super::super::session::{Session, note};
use super::super::table::table;
use super::configuration::{Configuration, FUNCTIONS};

/// Pages that are read: 50 functions each.
const PAGES_MAX: usize = 40;

/// A page, with the functions as they came.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    functions: Vec<Box<RawValue>>,
    next_marker: Option<String>,
}

pub(super) async fn run(session: &mut Session) -> Result<(), Failure> {
    let (mut functions, mut marker) = (Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let call = RestCall { query: &marker, ..RestCall::new("GET", FUNCTIONS) };
        let page: Page = session.client.rest(call, None).await?.body.read()?;
        functions.extend(page.functions);
        match page.next_marker {
            Some(next) => marker = format!("Marker={}", segment(&next)),
            None => return tell(session, &functions),
        }
    }
    tell(session, &functions)?;
    note(&format!("only the first {} are shown", functions.len()));
    Ok(())
}

fn tell(session: &mut Session, functions: &[Box<RawValue>]) -> Result<(), Failure> {
    if session.json {
        let texts: Vec<&str> = functions.iter().map(|function| function.get()).collect();
        return session.say(&format!(r#"{{"Functions":[{}]}}"#, texts.join(",")));
    }
    let read = functions.iter().map(|function| serde_json::from_str(function.get()));
    let functions: Vec<Configuration> =
        read.collect::<Result<_, _>>().map_err(|_| ClientError::Unreadable)?;
    session.say(&rows(&functions))
}

fn rows(functions: &[Configuration]) -> String {
    let rows: Vec<_> = functions
        .iter()
        .map(|function| {
            [
                function.function_name.clone(),
                function.size(),
                format!("{} s", function.timeout),
                format!("{} MiB", function.memory_size),
                function.modified(),
                function.description.clone(),
            ]
        })
        .collect();
    table(["FUNCTION", "CODE", "TIMEOUT", "MEMORY", "CHANGED", "DESCRIPTION"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_function_is_a_row() {
        let functions: Vec<Configuration> = serde_json::from_value(json!([{
            "FunctionName": "f", "FunctionArn": "arn:f", "Version": "$LATEST", "Description": "for\ntests",
            "Role": "r", "CodeSize": 73_728, "Timeout": 60, "MemorySize": 64,
            "LastModified": "2025-11-23T12:00:00.007+0000",
        }]))
        .unwrap();
        let expected = "\
FUNCTION  CODE    TIMEOUT  MEMORY  CHANGED               DESCRIPTION
f         72 KiB  60 s     64 MiB  2025-11-23T12:00:00Z  for tests";
        assert_eq!(rows(&functions), expected);
    }
}
