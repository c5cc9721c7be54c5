//! The machine, in one line, and only when it is asked for: it says something about whoever has it.

use std::path::Path;

/// Processor, cores, memory and NVIDIA cards, as far as the files of the system under `proc` say so.
pub(in super::super) fn describe(proc: &Path, cores: usize) -> String {
    let read = |path: &str| std::fs::read_to_string(proc.join(path)).unwrap_or_default();
    let cpuinfo = read("cpuinfo");
    let model = value(&cpuinfo, "model name").unwrap_or("processor of unknown make");
    let mut parts = vec![format!("{cores} cores of {model}")];
    let memory = read("meminfo");
    let kib =
        value(&memory, "MemTotal").and_then(|size| size.strip_suffix(" kB")).and_then(|kib| kib.parse().ok());
    if let Some(kib) = kib {
        let gib: u64 = u64::midpoint(kib, kib + (1 << 20)) >> 20;
        parts.push(format!("{gib} GiB of memory"));
    }
    let mut cards = Vec::new();
    for entry in std::fs::read_dir(proc.join("driver/nvidia/gpus")).into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path().join("information")).unwrap_or_default();
        cards.extend(value(&text, "Model").map(str::to_owned));
    }
    cards.sort();
    let mut rest = cards.as_slice();
    while let Some(card) = rest.first() {
        let count = rest.iter().take_while(|other| *other == card).count();
        parts.push(format!("{count} x {card}"));
        rest = rest.get(count..).unwrap_or_default();
    }
    parts.join(", ").chars().take(1024).collect()
}

/// The value of the first line `name : value`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(line.trim()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::Tree;
    use super::*;

    #[test]
    fn the_machine_in_one_line() {
        let tree = Tree::with(&[
            ("cpuinfo", b"processor\t: 0\nmodel name\t: Example CPU 9000\nprocessor\t: 1\n"),
            ("meminfo", b"MemTotal:       65830000 kB\nMemFree: 1 kB\n"),
            (
                "driver/nvidia/gpus/0000:01:00.0/information",
                b"Model: \t\t Example A100\nGPU UUID: \t GPU-secret\n",
            ),
            ("driver/nvidia/gpus/0000:02:00.0/information", b"Model: \t\t Example A100\n"),
        ]);
        assert_eq!(
            describe(tree.path(), 8),
            "8 cores of Example CPU 9000, 63 GiB of memory, 2 x Example A100"
        );
        assert_eq!(describe(&tree.path().join("none"), 2), "2 cores of processor of unknown make");
    }
}
