//! Writes the good inputs of each target to where cargo-fuzz looks for them: `corpus/TARGET`.

use std::fs;
use std::path::Path;

use keywheel_fuzz::fuzz::TARGETS;

fn main() -> std::io::Result<()> {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target.name);
        fs::create_dir_all(&folder)?;
        for (index, input) in (target.corpus)().into_iter().enumerate() {
            fs::write(folder.join(format!("good-{index}")), input)?;
        }
    }
    Ok(())
}
