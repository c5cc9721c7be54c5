//! Each file's SHA-256 and Merkle root in one reading, on all cores, in flat memory.
//!
//! ```text
//! file ──read──►  chunk 0   chunk 1   chunk 2 …     4 MiB each, from a fixed stock of buffers
//!                   │ │       │ │       │ │
//!                   │ └───────┼─┴───────┼─┴────►    SHA-256: in order, one worker at a time
//!                   └► leaf   └► leaf   └► leaf     Merkle leaves: any worker, any order
//! ```
//!
//! SHA-256 of a file cannot be split, so one core at a time carries it and the others keep ahead of it.
//! A free worker takes the most urgent work there is: the next chunk of a file's SHA-256, then reading
//! when that would run dry, then a leaf, then a new file. Nobody waits while there is work, which on two
//! cores is the difference between the full speed of one core and half of it.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use model_passport::digest::{Digest, merkle};
use sha2::Digest as _;

use super::{CaptureError, Work};

/// Buffers for each worker: one that it hashes, one read ahead, one whose leaf waits.
const BUFFERS_PER_WORKER: usize = 3;

/// Most workers: 16 hash over 20 GB/s, beyond what storage delivers, and hold 192 MiB of buffers.
const MAX_WORKERS: usize = 16;

/// Chunks that are kept ready for a file's SHA-256 before leaves are hashed.
const READ_AHEAD: usize = 2;

/// What a file hashed to, and which file it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hashed {
    pub(super) stamp: Stamp,
    pub(super) sha256: Digest,
    pub(super) merkle_root: Digest,
}

/// What tells that a file is still the one that was read before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) size: u64,
    modified: Option<SystemTime>,
}

impl Stamp {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self { size: metadata.len(), modified: metadata.modified().ok() })
    }
}

/// Hashes the files with as many workers as there are cores; answers in the order of the files.
pub(super) fn hash_files(files: &[PathBuf], work: &Work<'_>) -> Result<Vec<Hashed>, CaptureError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    hash_with(files, cores.min(MAX_WORKERS), merkle::CHUNK_BYTES, work)
}

fn hash_with(
    files: &[PathBuf],
    workers: usize,
    chunk_bytes: usize,
    work: &Work<'_>,
) -> Result<Vec<Hashed>, CaptureError> {
    let state = State {
        unopened: 0,
        opening: 0,
        streams: Vec::new(),
        stock: vec![Vec::new(); workers * BUFFERS_PER_WORKER],
        done: vec![None; files.len()],
        failed: None,
    };
    let hall = Hall { files, workers, chunk_bytes, work, state: Mutex::new(state), moved: Condvar::new() };
    std::thread::scope(|scope| {
        // This thread is a worker too.
        for _ in 1..workers {
            scope.spawn(|| hall.work());
        }
        hall.work();
    });
    let state = hall.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    match state.failed {
        Some((_, error)) => Err(error),
        // INVARIANT: without a failure the workers leave only when every file is done.
        None => Ok(state.done.into_iter().flatten().collect()),
    }
}

/// Where the workers meet.
struct Hall<'a> {
    files: &'a [PathBuf],
    workers: usize,
    chunk_bytes: usize,
    work: &'a Work<'a>,
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    /// The first file that nobody has opened.
    unopened: usize,
    /// How many workers are opening one.
    opening: usize,
    /// The files in work.
    streams: Vec<Stream>,
    /// Buffers that nobody holds. Their number bounds the memory, whatever the files.
    stock: Vec<Vec<u8>>,
    done: Vec<Option<Hashed>>,
    /// The failure of the first file that has one.
    failed: Option<(usize, CaptureError)>,
}

/// One file in work. What a worker has in hand is `None` until it brings it back.
struct Stream {
    /// Which of the files.
    index: usize,
    stamp: Stamp,
    reader: Option<File>,
    unread: u64,
    /// Chunks read so far.
    chunks: usize,
    sha256: Option<sha2::Sha256>,
    /// Chunks whose turn in SHA-256 has not come.
    ahead: VecDeque<Chunk>,
    /// Chunks that nobody has made a leaf of, with their numbers.
    leafless: VecDeque<(usize, Chunk)>,
    leaves: Vec<Option<[u8; 32]>>,
    leaves_made: usize,
}

type Chunk = Arc<Vec<u8>>;

/// Work in a worker's hands.
enum Task {
    Leaf { number: usize, chunk: Chunk },
    Open,
    Read { file: File, buffer: Vec<u8>, stamp: Stamp, last: bool },
    Sequence { sha256: sha2::Sha256, chunk: Chunk },
}

/// What a worker brings back.
enum Outcome {
    Leaf { number: usize, leaf: [u8; 32], chunk: Chunk },
    Opened(File, Stamp),
    Read { file: File, chunk: Chunk },
    Sequenced { sha256: sha2::Sha256, chunk: Chunk },
}

impl Hall<'_> {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some((index, task)) = state.next_task(self) {
                drop(state);
                let outcome = self.run(index, task);
                state = self.lock();
                state.settle(index, outcome);
                self.moved.notify_all();
            } else if state.is_over(self.files.len()) {
                return;
            } else {
                state = self.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics under the lock; and if a worker did, the scope would pass its panic on.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, index: usize, task: Task) -> Result<Outcome, CaptureError> {
        let path = self.files.get(index).map_or(Path::new(""), PathBuf::as_path);
        match task {
            Task::Leaf { number, chunk } => Ok(Outcome::Leaf { number, leaf: merkle::leaf(&chunk), chunk }),
            Task::Open => {
                let open =
                    |path| File::open(path).and_then(|file| Stamp::of(&file).map(|stamp| (file, stamp)));
                open(path)
                    .map(|(file, stamp)| Outcome::Opened(file, stamp))
                    .map_err(|cause| CaptureError::io(path, cause))
            }
            Task::Read { mut file, mut buffer, stamp, last } => {
                read_chunk(path, &mut file, &mut buffer, last.then_some(stamp))?;
                Ok(Outcome::Read { file, chunk: Arc::new(buffer) })
            }
            Task::Sequence { mut sha256, chunk } => {
                sha256.update(chunk.as_slice());
                self.work.advance(chunk.len());
                Ok(Outcome::Sequenced { sha256, chunk })
            }
        }
    }
}

/// Fills the buffer; after the last chunk, checks that nobody wrote to the file since it was opened.
fn read_chunk(
    path: &Path,
    file: &mut File,
    buffer: &mut [u8],
    end: Option<Stamp>,
) -> Result<(), CaptureError> {
    file.read_exact(buffer).map_err(|cause| match cause.kind() {
        io::ErrorKind::UnexpectedEof => CaptureError::Changed(path.to_owned()),
        _ => CaptureError::io(path, cause),
    })?;
    let Some(before) = end else { return Ok(()) };
    let after = Stamp::of(file).map_err(|cause| CaptureError::io(path, cause))?;
    if after == before { Ok(()) } else { Err(CaptureError::Changed(path.to_owned())) }
}

impl State {
    fn is_over(&self, files: usize) -> bool {
        self.failed.is_some() || (self.unopened == files && self.opening == 0 && self.streams.is_empty())
    }

    fn next_task(&mut self, hall: &Hall<'_>) -> Option<(usize, Task)> {
        if self.failed.is_some() {
            return None;
        }
        if let Some(task) = self.streams.iter_mut().find_map(Stream::sequence) {
            return Some(task);
        }
        if let Some(buffer) = self.stock.pop() {
            match self.streams.iter_mut().find(|stream| stream.wants_reading()) {
                Some(stream) => return stream.read(buffer, hall.chunk_bytes),
                None => self.stock.push(buffer),
            }
        }
        if let Some(task) = self.streams.iter_mut().find_map(Stream::leaf) {
            return Some(task);
        }
        if self.unopened < hall.files.len() && self.streams.len() + self.opening < hall.workers {
            self.unopened += 1;
            self.opening += 1;
            return Some((self.unopened - 1, Task::Open));
        }
        None
    }

    fn settle(&mut self, index: usize, outcome: Result<Outcome, CaptureError>) {
        match outcome {
            Err(error) => {
                if self.failed.as_ref().is_none_or(|(first, _)| index < *first) {
                    self.failed = Some((index, error));
                }
            }
            Ok(Outcome::Opened(file, stamp)) => {
                self.opening -= 1;
                self.streams.push(Stream::new(index, file, stamp));
                self.finish(index);
            }
            Ok(Outcome::Leaf { number, leaf, chunk }) => {
                self.shelve(chunk);
                if let Some(stream) = self.stream(index) {
                    stream.keep_leaf(number, leaf);
                }
                self.finish(index);
            }
            Ok(Outcome::Read { file, chunk }) => {
                if let Some(stream) = self.stream(index) {
                    stream.reader = Some(file);
                    stream.leafless.push_back((stream.chunks, Arc::clone(&chunk)));
                    stream.ahead.push_back(chunk);
                    stream.chunks += 1;
                }
            }
            Ok(Outcome::Sequenced { sha256, chunk }) => {
                self.shelve(chunk);
                if let Some(stream) = self.stream(index) {
                    stream.sha256 = Some(sha256);
                }
                self.finish(index);
            }
        }
    }

    /// The second of a chunk's two users puts its buffer back.
    fn shelve(&mut self, chunk: Chunk) {
        self.stock.extend(Arc::into_inner(chunk));
    }

    fn stream(&mut self, index: usize) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.index == index)
    }

    /// Closes a file when nothing of it is left to do.
    fn finish(&mut self, index: usize) {
        let Some(at) = self.streams.iter().position(|stream| stream.index == index && stream.is_done())
        else {
            return;
        };
        let hashed = self.streams.swap_remove(at).into_hashed();
        if let Some(slot) = self.done.get_mut(index) {
            *slot = hashed;
        }
    }
}

impl Stream {
    fn new(index: usize, file: File, stamp: Stamp) -> Self {
        Self {
            index,
            stamp,
            reader: Some(file),
            unread: stamp.size,
            chunks: 0,
            sha256: Some(sha2::Sha256::new()),
            ahead: VecDeque::new(),
            leafless: VecDeque::new(),
            leaves: Vec::new(),
            leaves_made: 0,
        }
    }

    fn sequence(&mut self) -> Option<(usize, Task)> {
        if self.ahead.is_empty() {
            return None;
        }
        let sha256 = self.sha256.take()?;
        let chunk = self.ahead.pop_front()?;
        Some((self.index, Task::Sequence { sha256, chunk }))
    }

    fn wants_reading(&self) -> bool {
        self.reader.is_some() && self.unread > 0 && self.ahead.len() < READ_AHEAD
    }

    fn read(&mut self, mut buffer: Vec<u8>, chunk_bytes: usize) -> Option<(usize, Task)> {
        let file = self.reader.take()?;
        let len = usize::try_from(self.unread).unwrap_or(usize::MAX).min(chunk_bytes);
        buffer.resize(len, 0);
        self.unread = self.unread.saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
        Some((self.index, Task::Read { file, buffer, stamp: self.stamp, last: self.unread == 0 }))
    }

    fn leaf(&mut self) -> Option<(usize, Task)> {
        let (number, chunk) = self.leafless.pop_front()?;
        Some((self.index, Task::Leaf { number, chunk }))
    }

    fn keep_leaf(&mut self, number: usize, leaf: [u8; 32]) {
        if self.leaves.len() <= number {
            self.leaves.resize(number + 1, None);
        }
        if let Some(slot) = self.leaves.get_mut(number) {
            *slot = Some(leaf);
            self.leaves_made += 1;
        }
    }

    fn is_done(&self) -> bool {
        let all_read = self.unread == 0 && self.reader.is_some();
        let all_hashed = self.ahead.is_empty() && self.sha256.is_some();
        all_read && all_hashed && self.leaves_made == self.chunks
    }

    fn into_hashed(self) -> Option<Hashed> {
        Some(Hashed {
            stamp: self.stamp,
            sha256: Digest::Sha256(self.sha256?.finalize().into()),
            // INVARIANT: when the stream is done no leaf is missing.
            merkle_root: merkle::root(self.leaves.into_iter().flatten()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Progress;
    use super::*;
    use crate::problem::Problem as _;

    const CHUNK: usize = 1000;

    fn file(dir: &tempfile::TempDir, name: &str, len: usize) -> PathBuf {
        let bytes: Vec<u8> = (0..len).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn any_number_of_workers_gives_the_plain_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let sizes = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 7 * CHUNK, 40 * CHUNK + 13, 3, 100 * CHUNK];
        let files: Vec<PathBuf> =
            sizes.iter().enumerate().map(|(n, len)| file(&dir, &n.to_string(), *len)).collect();
        for workers in [1, 2, 3, 8] {
            let hashed = hash_with(&files, workers, CHUNK, &Work::new(&())).unwrap();
            assert_eq!(hashed.len(), files.len());
            for (path, hashed) in files.iter().zip(&hashed) {
                let bytes = std::fs::read(path).unwrap();
                assert_eq!(hashed.sha256, Digest::of(&bytes));
                assert_eq!(hashed.merkle_root, merkle::root(bytes.chunks(CHUNK).map(merkle::leaf)));
                assert_eq!(hashed.stamp.size, u64::try_from(bytes.len()).unwrap());
            }
        }
    }

    #[test]
    fn a_missing_file_ends_it_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut files: Vec<PathBuf> = (0..20).map(|n| file(&dir, &n.to_string(), 3 * CHUNK)).collect();
        files.insert(7, dir.path().join("gone"));
        for workers in [1, 2, 8] {
            let error = hash_with(&files, workers, CHUNK, &Work::new(&())).unwrap_err();
            assert_eq!(error.code(), "capture.not-found");
            assert!(error.to_string().contains("gone"));
        }
    }

    #[test]
    fn a_file_that_changes_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(&dir, "model.bin", 4 * CHUNK);
        let mut reader = File::open(&path).unwrap();
        let before = Stamp::of(&reader).unwrap();
        let mut chunk = vec![0; CHUNK];
        read_chunk(&path, &mut reader, &mut chunk, Some(before)).unwrap();

        std::fs::OpenOptions::new().append(true).open(&path).and_then(|f| f.set_len(9_000)).unwrap();
        let grown = read_chunk(&path, &mut reader, &mut chunk, Some(before)).unwrap_err();
        assert_eq!(grown.code(), "capture.file-changed");

        std::fs::OpenOptions::new().write(true).open(&path).and_then(|f| f.set_len(10)).unwrap();
        let shrunk = read_chunk(&path, &mut reader, &mut chunk, None).unwrap_err();
        assert_eq!(shrunk.code(), "capture.file-changed");
    }

    #[test]
    fn progress_counts_every_byte_once() {
        #[derive(Default)]
        struct Count(std::sync::atomic::AtomicU64);
        impl Progress for Count {
            fn advance(&self, bytes: u64) {
                self.0.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let dir = tempfile::tempdir().unwrap();
        let files = [file(&dir, "a", 12_345), file(&dir, "b", 678)];
        let count = Count::default();
        hash_with(&files, 2, CHUNK, &Work::new(&count)).unwrap();
        assert_eq!(count.0.into_inner(), 13_023);
    }
}
