//! How much memory a process has.

/// Resident now, in MiB.
pub(crate) fn now_mib() -> u64 {
    read("self", "VmRSS:")
}

/// Resident now of another process, in MiB.
pub(crate) fn of_process_mib(id: u32) -> u64 {
    read(&id.to_string(), "VmRSS:")
}

/// The most that was ever resident, in MiB.
pub(crate) fn highest_mib() -> u64 {
    read("self", "VmHWM:")
}

fn read(process: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
