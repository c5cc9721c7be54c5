//! Keys in order, more of them than memory would hold: sorted runs in temporary files, merged as they are read.
//!
//! A run is a file without a name, which nobody else can open and which goes with the process. Reading merges
//! all runs with one small buffer each, and can be done any number of times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use model_passport::records::Key;

/// Keys sorted in memory before they go to a file: 64 MiB.
const KEYS_IN_MEMORY: usize = 2 << 20;

/// Bytes read at a time from each run.
const BUFFER_BYTES: usize = 64 << 10;

/// Most runs that are merged at once: each holds a file open.
pub(crate) const MAX_RUNS: usize = 512;

/// Takes keys in any order.
#[derive(Debug)]
pub(crate) struct Sorter {
    keys: Vec<Key>,
    runs: Vec<Run>,
    keys_in_memory: usize,
}

/// Sorted keys that stand in a file, from some place on.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) file: File,
    pub(crate) start: u64,
    pub(crate) count: u64,
}

/// All keys, to be read in order.
#[derive(Debug)]
pub(crate) struct Sorted {
    memory: Vec<Key>,
    runs: Vec<Run>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self { keys: Vec::new(), runs: Vec::new(), keys_in_memory: KEYS_IN_MEMORY }
    }
}

impl Sorter {
    pub(crate) fn push(&mut self, key: Key) -> io::Result<()> {
        self.keys.push(key);
        if self.keys.len() < self.keys_in_memory {
            return Ok(());
        }
        if self.runs.len() >= MAX_RUNS {
            return Err(io::Error::other(
                "more records than can be sorted at once; commit to them in shards",
            ));
        }
        self.keys.sort_unstable();
        let mut out = BufWriter::new(tempfile::tempfile()?);
        for key in &self.keys {
            out.write_all(key)?;
        }
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        self.runs.push(Run { file, start: 0, count: len(&self.keys) });
        self.keys.clear();
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Sorted {
        self.keys.sort_unstable();
        Sorted { memory: self.keys, runs: self.runs }
    }
}

impl Sorted {
    /// Runs that were sorted elsewhere.
    pub(crate) const fn of_runs(runs: Vec<Run>) -> Self {
        Self { memory: Vec::new(), runs }
    }

    pub(crate) fn count(&self) -> u64 {
        self.runs.iter().fold(len(&self.memory), |sum, run| sum.saturating_add(run.count))
    }

    /// Hands over every key, in order. A run that is not sorted, or shorter than it said, is an error.
    pub(crate) fn each(&self, mut take: impl FnMut(Key) -> io::Result<()>) -> io::Result<()> {
        let mut cursors = self.runs.iter().map(Cursor::of).collect::<io::Result<Vec<_>>>()?;
        let mut memory = self.memory.iter().copied();
        let mut heap = BinaryHeap::with_capacity(cursors.len() + 1);
        heap.extend(memory.next().map(|key| Reverse((key, None))));
        for (at, cursor) in cursors.iter_mut().enumerate() {
            heap.extend(cursor.next()?.map(|key| Reverse((key, Some(at)))));
        }
        while let Some(Reverse((key, from))) = heap.pop() {
            let next = match from {
                None => memory.next(),
                Some(at) => cursors.get_mut(at).map(Cursor::next).transpose()?.flatten(),
            };
            heap.extend(next.map(|key| Reverse((key, from))));
            take(key)?;
        }
        Ok(())
    }
}

struct Cursor<'a> {
    input: BufReader<&'a File>,
    left: u64,
    last: Option<Key>,
}

impl<'a> Cursor<'a> {
    fn of(run: &'a Run) -> io::Result<Self> {
        let mut file = &run.file;
        file.seek(SeekFrom::Start(run.start))?;
        Ok(Self { input: BufReader::with_capacity(BUFFER_BYTES, file), left: run.count, last: None })
    }

    fn next(&mut self) -> io::Result<Option<Key>> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        let mut key = Key::default();
        self.input.read_exact(&mut key)?;
        if self.last.is_some_and(|last| last > key) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the keys are not in order"));
        }
        self.last = Some(key);
        Ok(Some(key))
    }
}

fn len(keys: &[Key]) -> u64 {
    u64::try_from(keys.len()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(sorted: &Sorted) -> Vec<Key> {
        let mut keys = Vec::new();
        sorted
            .each(|key| {
                keys.push(key);
                Ok(())
            })
            .unwrap();
        keys
    }

    #[test]
    fn runs_in_files_are_read_as_if_they_were_in_memory() {
        let keys: Vec<Key> =
            (0..1_000_u32).map(|n| model_passport::digest::sha256((n % 700).to_be_bytes())).collect();
        let mut expected = keys.clone();
        expected.sort_unstable();
        for keys_in_memory in [1_000_000, 999, 64, 3] {
            let mut sorter = Sorter { keys_in_memory, ..Sorter::default() };
            keys.iter().for_each(|key| sorter.push(*key).unwrap());
            let sorted = sorter.finish();
            assert_eq!(sorted.count(), 1_000);
            assert_eq!(read(&sorted), expected);
            assert_eq!(read(&sorted), expected, "a second time");
        }
        assert_eq!(read(&Sorter::default().finish()), Vec::<Key>::new());
    }

    #[test]
    fn a_run_that_lies_is_refused() {
        let run = |bytes: &[u8], count| {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(bytes).unwrap();
            Sorted::of_runs(vec![Run { file, start: 0, count }])
                .each(|_| Ok(()))
                .map_err(|error| error.kind())
        };
        assert_eq!(run(&[[1; 32], [1; 32], [2; 32]].concat(), 3), Ok(()));
        assert_eq!(run(&[[2; 32], [1; 32]].concat(), 2), Err(io::ErrorKind::InvalidData));
        assert_eq!(run(&[1; 33], 2), Err(io::ErrorKind::UnexpectedEof));
    }
}
