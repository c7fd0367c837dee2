//! Rotation functions in the text format: each does one thing, and its bytes are the same everywhere.

/// What a function does when it is called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Does {
    /// Succeeds at once. The name tells two such functions apart.
    Nothing(&'static str),
    /// Says that it failed for good.
    Fails,
    /// Traps in a function with a name.
    Traps,
    /// Computes for ever.
    Spins,
}

/// The component.
pub(super) fn component(does: Does) -> Vec<u8> {
    wat::parse_str(text(does)).unwrap()
}

/// The component of a function that succeeds, with one more import.
pub(super) fn importing(name: &str) -> Vec<u8> {
    let import = format!(r#"(component (import "{name}" (instance (export "run" (func))))"#);
    wat::parse_str(text(Does::Nothing("one")).replacen("(component", &import, 1)).unwrap()
}

fn text(does: Does) -> String {
    let (data, body) = match does {
        Does::Nothing(name) => (name, "(i32.const 0)"),
        // At 16: an error, of the second case, whose text is at 32.
        Does::Fails => {
            ("\\01\\00\\00\\00\\01\\00\\00\\00\\20\\00\\00\\00\\09\\00\\00\\00no luck: ", "(i32.const 16)")
        }
        Does::Traps => ("", "(call $falls)"),
        Does::Spins => ("", "(loop $again (br $again)) (i32.const 0)"),
    };
    format!(
        r#"(component
  (import "keywheel:rotation/types@0.1.0" (instance $types
    (type $s (enum "create-secret" "set-secret" "test-secret" "finish-secret"))
    (export "step" (type $step (eq $s)))
    (type $e (record (field "step" $step) (field "secret-id" string)
      (field "client-request-token" string) (field "rotation-token" string)))
    (export "event" (type $event (eq $e)))
    (type $f (variant (case "retry" string) (case "permanent" string) (case "refused" string)))
    (export "failure" (type $failure (eq $f)))))
  (alias export $types "event" (type $event))
  (alias export $types "failure" (type $failure))
  (core module $main
    (memory (export "memory") 1)
    (data (i32.const 16) "{data}")
    (global $top (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $top)
      (global.set $top (i32.add (global.get $top) (local.get 3))))
    (func $falls (result i32) unreachable)
    (func (export "rotate") (param i32 i32 i32 i32 i32 i32 i32) (result i32) {body}))
  (core instance $main (instantiate $main))
  (func (export "rotate") (param "event" $event) (result (result (error $failure)))
    (canon lift (core func $main "rotate") (memory (core memory $main "memory")) (realloc (core func $main "realloc")))))"#
    )
}
