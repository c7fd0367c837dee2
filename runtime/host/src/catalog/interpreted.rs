//! Interpreted components: an interpreter whose memory was filled when the component was built.
//!
//! Each instance starts with that memory, and with the state of every random generator in it. When the
//! component cannot ask the host for randomness, each run draws the same bytes, and a rotation sets a
//! password that others can foretell. The tools that build such components leave their names in them.
//!
//! This finds a mistake in how a component was built. It is no border against an author: a component without
//! those names is believed.

use wasmparser::{KnownCustom, Parser, Payload, ProducersSectionReader};

/// The interface that an interpreter takes its randomness from.
const RANDOM: &str = "wasi:random/random";

/// A tool that fills the memory of an interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// What the tool writes into the section `producers`.
    mark: &'static str,
    /// Its own name.
    pub(super) tool: &'static str,
    /// How to build with it.
    pub(super) remedy: &'static str,
}

const INTERPRETERS: [Interpreter; 2] = [
    Interpreter {
        mark: "component-init-transform",
        tool: "componentize-py",
        remedy: "without `--stub-wasi`",
    },
    Interpreter { mark: "ComponentizeJS", tool: "componentize-js", remedy: "without `--disable random`" },
];

/// The interpreter in a component, when it has no source of randomness. Nothing when the component cannot be
/// read: whoever compiles it says why.
pub(super) fn without_randomness(component: &[u8]) -> Option<Interpreter> {
    let mut found = None;
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(component) {
        match payload.ok()? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    if import.ok()?.name.name.split('@').next() == Some(RANDOM) {
                        return None;
                    }
                }
            }
            Payload::CustomSection(section) if depth == 0 => {
                if let KnownCustom::Producers(producers) = section.as_known() {
                    found = found.or(interpreter(producers));
                }
            }
            _ => {}
        }
    }
    found
}

fn interpreter(producers: ProducersSectionReader<'_>) -> Option<Interpreter> {
    let fields = producers.into_iter().filter_map(Result::ok);
    let mut tools = fields.flat_map(|field| field.values.into_iter().filter_map(Result::ok));
    tools.find_map(|tool| INTERPRETERS.into_iter().find(|known| known.mark == tool.name))
}
