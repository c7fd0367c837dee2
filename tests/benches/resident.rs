//! How much memory this process has.

/// Resident now, in MiB.
pub(crate) fn now_mib() -> u64 {
    read("VmRSS:")
}

/// The most that was ever resident, in MiB.
pub(crate) fn highest_mib() -> u64 {
    read("VmHWM:")
}

fn read(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
