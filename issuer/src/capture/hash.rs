//! Each file's SHA-256 and Merkle root in one reading, on all cores, in flat memory.
//!
//! ```text
//! file ──read──►  piece 0   piece 1   piece 2 …     from a fixed stock of small buffers
//!                   │ │       │ │       │ │
//!                   │ └───────┼─┴───────┼─┴────►    SHA-256: in order, one worker at a time
//!                   └─────────┴─────────┴──────►    Merkle root: the same
//! ```
//!
//! Neither can be split further without holding more of the file, so one file keeps two cores busy, and other
//! files the other cores. A free worker takes the most urgent work there is: the next piece of a file's
//! SHA-256, then reading when that would run dry, then the Merkle root, then a new file. Nobody waits while
//! there is work, which on two cores is the difference between the full speed of one core and half of it.
//! Pieces are small, so that both readings of one find it in the cache of the processor.

use std::collections::VecDeque;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use model_passport::digest::{Digest, merkle};
use rayon::prelude::*;
use sha2::Digest as _;

use super::{CaptureError, Work};

/// Bytes that are read at a time.
const PIECE_BYTES: usize = 512 << 10;

/// A file up to this size is one worker's.
const SMALL_BYTES: u64 = 64 << 10;

/// A page of memory.
const PAGE_BYTES: usize = 4096;

/// Buffers for each worker: one that it hashes, and some that one hash has had and the other has not.
const BUFFERS_PER_WORKER: usize = 4;

/// Most workers: 16 hash over 20 GB/s, beyond what storage delivers, and hold 32 MiB of buffers.
const MAX_WORKERS: usize = 16;

/// Pieces that are kept ready for a file's SHA-256 before its Merkle root goes on.
const READ_AHEAD: usize = 2;

/// What a file hashed to, and which file it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hashed {
    pub(super) stamp: Stamp,
    pub(super) sha256: Digest,
    /// Nothing for a file whose SHA-256 came from a list.
    pub(super) merkle_root: Option<Digest>,
}

impl Hashed {
    /// An order of files that depends on their content alone.
    pub(super) fn order(&self) -> (&[u8], u64) {
        (self.sha256.as_bytes(), self.stamp.size)
    }
}

/// What tells that a file is still the one that was read before. The time of the last change of the inode
/// cannot be set back, as the time of modification can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp {
    pub(super) size: u64,
    /// Nanoseconds since 1970 of the last modification.
    pub(super) modified: i128,
    /// Nanoseconds since 1970 of the last change of the inode; 0 where there is no such thing.
    pub(super) changed: i128,
    /// The device and the inode; 0 where there is no such thing.
    pub(super) inode: (u64, u64),
}

impl Stamp {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Ok(Self::from(&file.metadata()?))
    }
}

#[cfg(unix)]
impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;

        let nanos = |secs: i64, nanos: i64| i128::from(secs) * 1_000_000_000 + i128::from(nanos);
        Self {
            size: metadata.len(),
            modified: nanos(metadata.mtime(), metadata.mtime_nsec()),
            changed: nanos(metadata.ctime(), metadata.ctime_nsec()),
            inode: (metadata.dev(), metadata.ino()),
        }
    }
}

#[cfg(not(unix))]
impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        let since_1970 =
            metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let modified = since_1970.and_then(|time| i128::try_from(time.as_nanos()).ok()).unwrap_or_default();
        Self { size: metadata.len(), modified, ..Self::default() }
    }
}

/// Told of each file as it is done, in any order, so that what was done outlives an interruption.
pub(super) type OnDone<'a> = &'a (dyn Fn(usize, &Hashed) + Sync);

/// Hashes the files with as many workers as there are cores; answers in the order of the files.
pub(super) fn hash_files(
    files: &[&Path],
    work: &Work<'_>,
    on_done: OnDone<'_>,
) -> Result<Vec<Hashed>, CaptureError> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    hash_with(files, cores.min(MAX_WORKERS), PIECE_BYTES, work, on_done)
}

fn hash_with(
    files: &[&Path],
    workers: usize,
    piece_bytes: usize,
    work: &Work<'_>,
    on_done: OnDone<'_>,
) -> Result<Vec<Hashed>, CaptureError> {
    let state = State {
        unopened: 0,
        opening: 0,
        streams: Vec::new(),
        stock: (0..workers * BUFFERS_PER_WORKER).map(|_| Buffer::default()).collect(),
        done: vec![None; files.len()],
        failed: None,
    };
    let hall =
        Hall { files, workers, piece_bytes, work, on_done, state: Mutex::new(state), moved: Condvar::new() };
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
    files: &'a [&'a Path],
    workers: usize,
    piece_bytes: usize,
    work: &'a Work<'a>,
    on_done: OnDone<'a>,
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
    stock: Vec<Buffer>,
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
    sha256: Option<sha2::Sha256>,
    /// Pieces whose turn in SHA-256 has not come.
    ahead: VecDeque<Piece>,
    merkle: Option<Box<merkle::Hasher>>,
    /// Pieces whose turn in the Merkle root has not come.
    unrooted: VecDeque<Piece>,
}

type Piece = Arc<Buffer>;

/// Memory that begins at a page: the kernel copies to it four times as fast as to an odd address.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    range: Range<usize>,
}

impl Buffer {
    /// Makes room for so many bytes.
    fn resize(&mut self, len: usize) {
        if self.range.start + len > self.bytes.len() {
            self.bytes = vec![0; len + PAGE_BYTES];
            // Where it cannot be told, any address will do.
            let start = self.bytes.as_ptr().align_offset(PAGE_BYTES);
            self.range.start = if start < PAGE_BYTES { start } else { 0 };
        }
        self.range.end = self.range.start + len;
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes.get(self.range.clone()).unwrap_or_default()
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.range.clone()).unwrap_or_default()
    }
}

/// Work in a worker's hands.
enum Task {
    Open,
    Read { file: File, buffer: Buffer, stamp: Stamp, last: bool },
    Root { merkle: Box<merkle::Hasher>, piece: Piece },
    Sequence { sha256: sha2::Sha256, piece: Piece },
}

/// What a worker brings back.
enum Outcome {
    Opened(File, Stamp),
    Whole(Hashed),
    Read { file: File, piece: Piece },
    Rooted { merkle: Box<merkle::Hasher>, piece: Piece },
    Sequenced { sha256: sha2::Sha256, piece: Piece },
}

impl Hall<'_> {
    fn work(&self) {
        let mut state = self.lock();
        loop {
            if let Some((index, task)) = state.next_task(self) {
                drop(state);
                let outcome = self.run(index, task);
                state = self.lock();
                let done = state.settle(index, outcome);
                if let Some(hashed) = done {
                    drop(state);
                    (self.on_done)(index, &hashed);
                    state = self.lock();
                }
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
        let path = self.files.get(index).copied().unwrap_or(Path::new(""));
        match task {
            Task::Open => {
                let failed = |cause| CaptureError::io(path, cause);
                let file = File::open(path).map_err(failed)?;
                let stamp = Stamp::of(&file).map_err(failed)?;
                if stamp.size <= SMALL_BYTES {
                    self.small(path, file, stamp)
                } else {
                    Ok(Outcome::Opened(file, stamp))
                }
            }
            Task::Read { mut file, mut buffer, stamp, last } => {
                read_piece(path, &mut file, buffer.as_mut_slice(), last.then_some(stamp))?;
                Ok(Outcome::Read { file, piece: Arc::new(buffer) })
            }
            Task::Root { mut merkle, piece } => {
                merkle.update(piece.as_slice());
                Ok(Outcome::Rooted { merkle, piece })
            }
            Task::Sequence { mut sha256, piece } => {
                sha256.update(piece.as_slice());
                self.work.advance(piece.as_slice().len());
                Ok(Outcome::Sequenced { sha256, piece })
            }
        }
    }
}

/// The Merkle root of one file alone, its chunks divided among all cores: who has the root needs no SHA-256,
/// which only one core at a time can go on with.
pub(super) fn merkle_root(path: &Path, work: &Work<'_>) -> Result<(Stamp, Digest), CaptureError> {
    let failed = |cause| CaptureError::io(path, cause);
    let stamp = File::open(path).and_then(|file| Stamp::of(&file)).map_err(failed)?;
    let chunk_bytes = u64::try_from(merkle::CHUNK_BYTES).unwrap_or(u64::MAX);
    let chunks: Vec<u64> = (0..stamp.size.div_ceil(chunk_bytes)).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(cores).build();
    let leaf = |(file, buffer): &mut (Option<File>, Buffer), chunk: &u64| {
        // Each worker has a file of its own, since a position in a file is shared by whoever shares the file.
        let file = match file {
            Some(file) => file,
            None => file.insert(File::open(path).map_err(failed)?),
        };
        let start = chunk.saturating_mul(chunk_bytes);
        file.seek(SeekFrom::Start(start)).map_err(failed)?;
        let mut left =
            usize::try_from(stamp.size.saturating_sub(start).min(chunk_bytes)).unwrap_or(usize::MAX);
        let mut sha256 = merkle::begin_leaf();
        while left > 0 {
            buffer.resize(left.min(PIECE_BYTES));
            read_piece(path, file, buffer.as_mut_slice(), Some(stamp))?;
            sha256.update(buffer.as_slice());
            work.advance(buffer.as_slice().len());
            left -= buffer.as_slice().len();
        }
        Ok(sha256.finalize().into())
    };
    let leaves = || {
        let chunks = chunks.par_iter().with_min_len(1);
        chunks.map_init(|| (None, Buffer::default()), leaf).collect::<Result<Vec<[u8; 32]>, CaptureError>>()
    };
    let leaves = match &pool {
        Ok(pool) => pool.install(leaves)?,
        // Without threads of our own those that are there do.
        Err(_) => leaves()?,
    };
    Ok((stamp, merkle::root(leaves)))
}

impl Hall<'_> {
    /// A small file is read and hashed by one worker: handing it around would take longer than hashing it.
    fn small(&self, path: &Path, mut file: File, stamp: Stamp) -> Result<Outcome, CaptureError> {
        let mut bytes = vec![0; usize::try_from(stamp.size).unwrap_or_default()];
        read_piece(path, &mut file, &mut bytes, Some(stamp))?;
        self.work.advance(bytes.len());
        let mut merkle = merkle::Hasher::default();
        merkle.update(&bytes);
        Ok(Outcome::Whole(Hashed { stamp, sha256: Digest::of(&bytes), merkle_root: Some(merkle.finalize()) }))
    }
}

/// Fills the buffer; after the last piece, checks that nobody wrote to the file since it was opened.
fn read_piece(
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
                Some(stream) => return stream.read(buffer, hall.piece_bytes),
                None => self.stock.push(buffer),
            }
        }
        if let Some(task) = self.streams.iter_mut().find_map(Stream::root) {
            return Some(task);
        }
        if self.unopened < hall.files.len() && self.streams.len() + self.opening < hall.workers {
            self.unopened += 1;
            self.opening += 1;
            return Some((self.unopened - 1, Task::Open));
        }
        None
    }

    /// Takes what a worker brings; gives back the digests when that finished a file.
    fn settle(&mut self, index: usize, outcome: Result<Outcome, CaptureError>) -> Option<Hashed> {
        match outcome {
            Err(error) => {
                if self.failed.as_ref().is_none_or(|(first, _)| index < *first) {
                    self.failed = Some((index, error));
                }
                None
            }
            Ok(Outcome::Opened(file, stamp)) => {
                self.opening -= 1;
                self.streams.push(Stream::new(index, file, stamp));
                self.finish(index)
            }
            Ok(Outcome::Whole(hashed)) => {
                self.opening -= 1;
                if let Some(slot) = self.done.get_mut(index) {
                    *slot = Some(hashed.clone());
                }
                Some(hashed)
            }
            Ok(Outcome::Read { file, piece }) => {
                if let Some(stream) = self.stream(index) {
                    stream.reader = Some(file);
                    stream.unrooted.push_back(Arc::clone(&piece));
                    stream.ahead.push_back(piece);
                }
                None
            }
            Ok(Outcome::Rooted { merkle, piece }) => {
                self.shelve(piece);
                if let Some(stream) = self.stream(index) {
                    stream.merkle = Some(merkle);
                }
                self.finish(index)
            }
            Ok(Outcome::Sequenced { sha256, piece }) => {
                self.shelve(piece);
                if let Some(stream) = self.stream(index) {
                    stream.sha256 = Some(sha256);
                }
                self.finish(index)
            }
        }
    }

    /// The second of a piece's two users puts its buffer back.
    fn shelve(&mut self, piece: Piece) {
        self.stock.extend(Arc::into_inner(piece));
    }

    fn stream(&mut self, index: usize) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|stream| stream.index == index)
    }

    /// Closes a file when nothing of it is left to do.
    fn finish(&mut self, index: usize) -> Option<Hashed> {
        let at = self.streams.iter().position(|stream| stream.index == index && stream.is_done())?;
        let hashed = self.streams.swap_remove(at).into_hashed();
        if let Some(slot) = self.done.get_mut(index) {
            slot.clone_from(&hashed);
        }
        hashed
    }
}

impl Stream {
    fn new(index: usize, file: File, stamp: Stamp) -> Self {
        Self {
            index,
            stamp,
            reader: Some(file),
            unread: stamp.size,
            sha256: Some(sha2::Sha256::new()),
            ahead: VecDeque::new(),
            merkle: Some(Box::default()),
            unrooted: VecDeque::new(),
        }
    }

    fn sequence(&mut self) -> Option<(usize, Task)> {
        if self.ahead.is_empty() {
            return None;
        }
        let sha256 = self.sha256.take()?;
        let piece = self.ahead.pop_front()?;
        Some((self.index, Task::Sequence { sha256, piece }))
    }

    fn wants_reading(&self) -> bool {
        self.reader.is_some() && self.unread > 0 && self.ahead.len() < READ_AHEAD
    }

    fn read(&mut self, mut buffer: Buffer, piece_bytes: usize) -> Option<(usize, Task)> {
        let file = self.reader.take()?;
        let len = usize::try_from(self.unread).unwrap_or(usize::MAX).min(piece_bytes);
        buffer.resize(len);
        self.unread = self.unread.saturating_sub(u64::try_from(len).unwrap_or(u64::MAX));
        Some((self.index, Task::Read { file, buffer, stamp: self.stamp, last: self.unread == 0 }))
    }

    fn root(&mut self) -> Option<(usize, Task)> {
        if self.unrooted.is_empty() {
            return None;
        }
        let merkle = self.merkle.take()?;
        let piece = self.unrooted.pop_front()?;
        Some((self.index, Task::Root { merkle, piece }))
    }

    fn is_done(&self) -> bool {
        let all_read = self.unread == 0 && self.reader.is_some();
        let all_hashed = self.ahead.is_empty() && self.sha256.is_some();
        all_read && all_hashed && self.unrooted.is_empty() && self.merkle.is_some()
    }

    fn into_hashed(self) -> Option<Hashed> {
        Some(Hashed {
            stamp: self.stamp,
            sha256: Digest::Sha256(self.sha256?.finalize().into()),
            merkle_root: Some(self.merkle?.finalize()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Progress;
    use super::*;
    use crate::problem::Problem as _;

    use std::path::PathBuf;

    /// Three pieces and more make a file that is not small.
    const PIECE: usize = 30_000;

    fn paths(files: &[PathBuf]) -> Vec<&Path> {
        files.iter().map(PathBuf::as_path).collect()
    }

    fn file(dir: &tempfile::TempDir, name: &str, len: usize) -> PathBuf {
        let bytes: Vec<u8> = (0..len).map(|n| u8::try_from(n * 31 % 251).unwrap()).collect();
        let path = dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    #[test]
    fn any_number_of_workers_gives_the_plain_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let sizes =
            [0, 1, PIECE - 1, PIECE, PIECE + 1, 7 * PIECE, 40 * PIECE + 13, 3, merkle::CHUNK_BYTES + 100];
        let files: Vec<PathBuf> =
            sizes.iter().enumerate().map(|(n, len)| file(&dir, &n.to_string(), *len)).collect();
        for workers in [1, 2, 3, 8] {
            let hashed = hash_with(&paths(&files), workers, PIECE, &Work::new(&()), &|_, _| {}).unwrap();
            assert_eq!(hashed.len(), files.len());
            for (path, hashed) in files.iter().zip(&hashed) {
                let bytes = std::fs::read(path).unwrap();
                assert_eq!(hashed.sha256, Digest::of(&bytes));
                let leaves = bytes.chunks(merkle::CHUNK_BYTES).map(merkle::leaf);
                assert_eq!(hashed.merkle_root, Some(merkle::root(leaves)));
                assert_eq!(hashed.stamp.size, u64::try_from(bytes.len()).unwrap());
            }
        }
    }

    #[test]
    fn the_root_alone_is_the_same_root() {
        let dir = tempfile::tempdir().unwrap();
        let chunk = merkle::CHUNK_BYTES;
        for len in [0, 1, PIECE_BYTES + 1, chunk - 1, chunk, chunk + 1, 3 * chunk + 12_345] {
            let path = file(&dir, "f", len);
            let (stamp, root) = merkle_root(&path, &Work::new(&())).unwrap();
            let bytes = std::fs::read(&path).unwrap();
            assert_eq!(root, merkle::root(bytes.chunks(chunk).map(merkle::leaf)), "{len}");
            assert_eq!(stamp.size, u64::try_from(len).unwrap());
        }
        assert_eq!(
            merkle_root(&dir.path().join("gone"), &Work::new(&())).unwrap_err().code(),
            "capture.not-found"
        );
    }

    #[test]
    fn a_missing_file_ends_it_and_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let mut files: Vec<PathBuf> = (0..20).map(|n| file(&dir, &n.to_string(), 3 * PIECE)).collect();
        files.insert(7, dir.path().join("gone"));
        for workers in [1, 2, 8] {
            let error = hash_with(&paths(&files), workers, PIECE, &Work::new(&()), &|_, _| {}).unwrap_err();
            assert_eq!(error.code(), "capture.not-found");
            assert!(error.to_string().contains("gone"));
        }
    }

    #[test]
    fn a_file_that_changes_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(&dir, "model.bin", 4 * PIECE);
        let mut reader = File::open(&path).unwrap();
        let before = Stamp::of(&reader).unwrap();
        let mut piece = vec![0; PIECE];
        read_piece(&path, &mut reader, &mut piece, Some(before)).unwrap();

        std::fs::OpenOptions::new().append(true).open(&path).and_then(|f| f.set_len(9_000)).unwrap();
        let grown = read_piece(&path, &mut reader, &mut piece, Some(before)).unwrap_err();
        assert_eq!(grown.code(), "capture.file-changed");

        std::fs::OpenOptions::new().write(true).open(&path).and_then(|f| f.set_len(10)).unwrap();
        let shrunk = read_piece(&path, &mut reader, &mut piece, None).unwrap_err();
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
        hash_with(&paths(&files), 2, PIECE, &Work::new(&count), &|_, _| {}).unwrap();
        assert_eq!(count.0.into_inner(), 13_023);
    }
}
