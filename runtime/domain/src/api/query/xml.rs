//! Answers as XML: an object becomes elements, a list `<member>` elements, a list of pairs the `<entry>` elements of a
//! map. What is null is left out.

use serde_json::Value;

/// What stands for a character that XML cannot hold.
const REPLACEMENT: char = '\u{fffd}';
/// Room for an answer about one thing.
const ANSWER_BYTES_USUAL: usize = 4 * 1024;

/// The answer of an operation; without a result when it has no output.
pub fn answer(action: &str, namespace: &str, result: Option<&Value>, request_id: &str) -> String {
    // Allocated once, so that a secret in it leaves no copy behind.
    let mut xml = String::with_capacity(ANSWER_BYTES_USUAL);
    for part in ["<", action, "Response xmlns=\"", namespace, "\">"] {
        xml.push_str(part);
    }
    if let Some(result) = result {
        push_element(&mut xml, &format!("{action}Result"), result);
    }
    xml.push_str("<ResponseMetadata><RequestId>");
    push_text(&mut xml, request_id);
    xml.push_str("</RequestId></ResponseMetadata></");
    xml.push_str(action);
    xml.push_str("Response>");
    xml
}

/// A refusal. `is_sender` says whose fault it is.
pub fn error_answer(namespace: &str, is_sender: bool, code: &str, message: &str, request_id: &str) -> String {
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\"><Error>");
    let fault = if is_sender { "Sender" } else { "Receiver" };
    for (name, text) in [("Type", fault), ("Code", code), ("Message", message)] {
        push_element(&mut xml, name, &Value::from(text));
    }
    xml.push_str("</Error>");
    push_element(&mut xml, "RequestId", &Value::from(request_id));
    xml.push_str("</ErrorResponse>");
    xml
}

fn push_element(xml: &mut String, name: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    for part in ["<", name, ">"] {
        xml.push_str(part);
    }
    push_content(xml, value);
    for part in ["</", name, ">"] {
        xml.push_str(part);
    }
}

fn push_content(xml: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(flag) => xml.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => xml.push_str(&number.to_string()),
        Value::String(text) => push_text(xml, text),
        Value::Array(items) => items.iter().for_each(|item| push_item(xml, item)),
        Value::Object(members) => {
            for (name, value) in members {
                push_element(xml, name, value);
            }
        }
    }
}

fn push_item(xml: &mut String, item: &Value) {
    match item.as_array().map(Vec::as_slice) {
        Some([key, value]) => {
            xml.push_str("<entry>");
            push_element(xml, "key", key);
            push_element(xml, "value", value);
            xml.push_str("</entry>");
        }
        _ => push_element(xml, "member", item),
    }
}

fn push_text(xml: &mut String, text: &str) {
    for char in text.chars() {
        match char {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // Readers make a line feed of it otherwise.
            '\r' => xml.push_str("&#xD;"),
            '\t' | '\n' => xml.push(char),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push(REPLACEMENT),
            char => xml.push(char),
        }
    }
}
