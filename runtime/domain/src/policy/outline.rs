//! A policy document as a text: where its statements stand, and which condition keys they name, written as they are there.

use super::json::Json;

/// A place in a text: behind what was read last. Both count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextPosition {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// A statement as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementOutline {
    /// Behind what stands before it in a list; behind its own brace, when there is no list.
    pub start: TextPosition,
    /// Behind its closing brace.
    pub end: TextPosition,
    /// Condition keys that it needs, those of variables among them, in their order. None is there twice.
    pub keys: Vec<String>,
}

/// The statements of a document that was read, in their order; none of a text that is no document.
pub fn outline(text: &str) -> Vec<StatementOutline> {
    let Ok(Json::Object(members)) = serde_json::from_str(text) else { return Vec::new() };
    let find = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| value);
    let has_variables = matches!(find("Version"), Some(Json::Text(version)) if version == "2012-10-17");
    let statements = match find("Statement") {
        Some(Json::List(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => return Vec::new(),
    };
    let places = places(text).into_iter();
    let outlined = statements.iter().zip(places).map(|(statement, (start, end))| StatementOutline {
        start: position(text, start),
        end: position(text, end),
        keys: keys_of(statement, has_variables),
    });
    outlined.collect()
}

/// Adds a key, unless it is there, whatever its capitals.
pub fn add_key(keys: &mut Vec<String>, key: &str) {
    if !keys.iter().any(|known| known.eq_ignore_ascii_case(key)) {
        keys.push(key.to_owned());
    }
}

fn keys_of(statement: &Json, has_variables: bool) -> Vec<String> {
    let mut keys = Vec::new();
    let Json::Object(members) = statement else { return keys };
    for (name, value) in members {
        match (name.as_str(), value) {
            ("Resource" | "NotResource", value) if has_variables => add_variables(&mut keys, value),
            ("Condition", Json::Object(operators)) => {
                for (_, asked) in operators {
                    let Json::Object(asked) = asked else { continue };
                    for (key, value) in asked {
                        add_key(&mut keys, key);
                        if has_variables {
                            add_variables(&mut keys, value);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    keys
}

/// Adds the keys of variables: `${key}` and `${key, 'default'}`.
fn add_variables(keys: &mut Vec<String>, value: &Json) {
    match value {
        Json::Text(text) => {
            for part in text.split("${").skip(1) {
                let inside = part.split('}').next().unwrap_or_default();
                let key = inside.split(',').next().unwrap_or_default().trim();
                if key.contains(':') {
                    add_key(keys, key);
                }
            }
        }
        Json::List(values) => values.iter().for_each(|value| add_variables(keys, value)),
        _ => {}
    }
}

/// Where the statements begin and end, in bytes. The text is an object of JSON.
fn places(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (0, 0_usize);
    let (mut is_key, mut is_statement, mut in_list) = (true, false, false);
    let (mut start, mut places) = (0, Vec::new());
    while let Some(byte) = bytes.get(at) {
        // Of a statement, that of its own brace.
        let own_depth = 2 + usize::from(in_list);
        let from = at;
        at += 1;
        match byte {
            b'"' => {
                at = end_of_text(bytes, from);
                if depth == 1 && is_key {
                    let name: Result<String, _> = serde_json::from_str(&text[from..at]);
                    (is_key, is_statement) = (false, name.is_ok_and(|name| name == "Statement"));
                }
            }
            b'[' => {
                depth += 1;
                if is_statement && depth == 2 {
                    (in_list, start) = (true, at);
                }
            }
            b'{' => {
                depth += 1;
                if is_statement && depth == own_depth && !in_list {
                    start = at;
                }
            }
            b'}' => {
                if is_statement && depth == own_depth {
                    places.push((start, at));
                    start = at;
                }
                depth = depth.saturating_sub(1);
            }
            b']' => {
                depth = depth.saturating_sub(1);
                in_list &= depth > 1;
            }
            b',' if depth == 1 => (is_key, is_statement) = (true, false),
            _ => {}
        }
    }
    places
}

/// Behind the closing quotation mark of the text that begins here.
fn end_of_text(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn position(text: &str, offset: usize) -> TextPosition {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    TextPosition { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Line and column of the start and of the end, and keys.
    type Expected<'a> = ((usize, usize), (usize, usize), &'a [&'a str]);

    fn check(text: &str, expected: &[Expected<'_>]) {
        let found = outline(text);
        let found: Vec<_> = found
            .iter()
            .map(|found| {
                let keys: Vec<&str> = found.keys.iter().map(String::as_str).collect();
                ((found.start.line, found.start.column), (found.end.line, found.end.column), keys)
            })
            .collect();
        let expected: Vec<_> =
            expected.iter().map(|(start, end, keys)| (*start, *end, keys.to_vec())).collect();
        assert_eq!(found, expected, "{text}");
    }

    /// The positions are those that the service's own examples show for documents of this form.
    #[test]
    fn statements_stand_where_the_service_says() {
        let one = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}"#;
        check(one, &[((1, 38), (1, 167), &["aws:CurrentTime"])]);
        let listed = "{\n    \"Version\": \"2012-10-17\",\n    \"Statement\": [\n        {\n            \"Effect\": \"Allow\",\n            \
                      \"Action\": [\n            \"a:b\" ],\n            \"Resource\": \"*\"\n        }\n    ]\n}";
        check(listed, &[((3, 19), (9, 10), &[])]);
        check(
            "{\"Id\":\"{[\\\"\",\"Statement\":[{\"Effect\":\"Allow\"},\n{\"Sid\":\"}\\\\\"}],\"Version\":\"2012-10-17\"}",
            &[((1, 27), (1, 45), &[]), ((1, 45), (2, 14), &[])],
        );
        check("{\"\\u0053tatement\":{\"Sid\":\"é\"}, \"Id\": \"x\"}", &[((1, 20), (1, 30), &[])]);
        for nothing in ["", "[]", "{}", "{\"Statement\":[]}", "{\"Statement\":"] {
            check(nothing, &[]);
        }
    }

    #[test]
    fn keys_are_told_as_they_are_written_and_once() {
        let of =
            |version: &str, statement: &str| format!(r#"{{"Version":"{version}","Statement":{statement}}}"#);
        let statement = r#"{"Resource":["a/${aws:username}","b/${aws:PrincipalTag/Team, 'x'}${*}"],
            "Condition":{"StringLike":{"aws:UserName":["${s3:prefix}","$"]},"Bool":{"aws:SecureTransport":true}}}"#;
        let text = of("2012-10-17", statement);
        let keys = &outline(&text)[0].keys;
        assert_eq!(*keys, ["aws:username", "aws:PrincipalTag/Team", "s3:prefix", "aws:SecureTransport"]);
        let text = of("2008-10-17", statement);
        assert_eq!(outline(&text)[0].keys, ["aws:UserName", "aws:SecureTransport"]);
    }
}
