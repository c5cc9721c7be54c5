//! What was hashed before and has not changed since, so that a second run, or one after an interruption, reads
//! only what is new.
//!
//! One text file for each captured path, in the user's cache directory, readable by the user alone. A line is
//!
//! ```text
//! CHECK  SIZE  MODIFIED  CHANGED  DEVICE  INODE  SHA256  MERKLE-ROOT  PATH
//! ```
//!
//! and holds for a file with exactly this path, size, times and inode. CHECK is a digest of the rest of the line:
//! half a line, as an interruption leaves it, holds for nothing. Lines are added while the hashing goes on; a
//! finished run rewrites the file to what is there now.
//!
//! A file that was modified just before it was hashed may be written to again within the same tick of the clock,
//! with the same size: it is not remembered. What the cache says is signed as measured, so it must be the user's own:
//! a directory or a file that is another's, that others can write to, or that is a link, is no cache. A verifier never
//! asks the cache: it hashes what it was given. Of personal data nothing is remembered, since names and digests of
//! single files would stay behind.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use model_passport::digest::Digest;

use super::hash::{Hashed, Stamp};
use super::walk::Entry;
use crate::files::{self, Access};

/// A file this young may change again without its time showing it: the coarsest clock of a file system in use
/// ticks every two seconds.
const YOUNG: Duration = Duration::from_secs(3);

/// How long a line may wait to be written.
const FLUSH: Duration = Duration::from_secs(1);

/// Largest cache that is read: a million lines.
const MAX_BYTES: u64 = 512 << 20;

/// The digests that are known, and where new ones go.
pub(super) struct Cache {
    path: Option<PathBuf>,
    known: HashMap<String, Hashed>,
    journal: Mutex<Option<Journal>>,
}

struct Journal {
    writer: BufWriter<File>,
    flushed: Instant,
    /// All that was written.
    lines: String,
}

impl Cache {
    /// Remembers nothing.
    pub(super) fn none() -> Self {
        Self { path: None, known: HashMap::new(), journal: Mutex::new(None) }
    }

    /// The cache for `root` in `directory`. One that cannot be had is none: it only saves time.
    pub(super) fn open(directory: &Path, root: &Path) -> Self {
        let Some(path) = path_of(directory, root) else { return Self::none() };
        if private_directory(directory).is_err()
            || !fs::symlink_metadata(directory)
                .is_ok_and(|metadata| metadata.is_dir() && files::is_own(&metadata))
        {
            return Self::none();
        }
        let mut known = HashMap::new();
        match fs::symlink_metadata(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
            _ => {
                let Some(bytes) = files::read_own(&path, MAX_BYTES) else { return Self::none() };
                known.extend(String::from_utf8_lossy(&bytes).lines().filter_map(parse));
            }
        }
        Self { path: Some(path), known, journal: Mutex::new(None) }
    }

    /// Removes what was remembered of `root`, which turned out to hold personal data.
    pub(super) fn forget(directory: &Path, root: &Path) {
        if let Some(path) = path_of(directory, root) {
            // Mostly there is none. A link is removed, and not what it leads to.
            let _ = fs::remove_file(path);
        }
    }

    /// The digests of a file that has not changed since they were computed.
    pub(super) fn find(&self, entry: &Entry) -> Option<Hashed> {
        self.known.get(&entry.path).filter(|hashed| hashed.stamp == entry.stamp).cloned()
    }

    /// Remembers a file that was just hashed.
    pub(super) fn add(&self, path: &str, hashed: &Hashed) {
        let Some(file) = &self.path else { return };
        let Some(line) = line(path, hashed, SystemTime::now()) else { return };
        let mut journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.is_none() {
            *journal = append(file).ok().map(|file| Journal {
                writer: BufWriter::with_capacity(1 << 16, file),
                flushed: Instant::now(),
                lines: String::new(),
            });
        }
        let Some(open) = journal.as_mut() else { return };
        open.lines.push_str(&line);
        let due = open.flushed.elapsed() > FLUSH;
        let written = open.writer.write_all(line.as_bytes());
        let written = if due { written.and_then(|()| open.writer.flush()) } else { written };
        if due {
            open.flushed = Instant::now();
        }
        if written.is_err() {
            // A full disk: without the cache the next run takes longer, and nothing else.
            *journal = None;
        }
    }

    /// Rewrites the file to what is there now, if anything was hashed or has gone.
    pub(super) fn close(self, entries: &[Entry]) {
        let Some(path) = &self.path else { return };
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner).take();
        if journal.is_none() && self.known.len() == entries.len() {
            return;
        }
        let mut text = journal.map(|journal| journal.lines).unwrap_or_default();
        for entry in entries {
            // What was old enough when it was remembered is old enough now.
            if let Some(line) =
                self.find(entry).and_then(|hashed| line(&entry.path, &hashed, SystemTime::now()))
            {
                text.push_str(&line);
            }
        }
        // If it cannot be written, the old one is still right about what it says.
        let _ = files::write(path, text.as_bytes(), Access::Private, true);
    }
}

fn path_of(directory: &Path, root: &Path) -> Option<PathBuf> {
    let root = fs::canonicalize(root).ok()?;
    let name = Digest::of(root.as_os_str().as_encoded_bytes()).to_hex();
    Some(directory.join(format!("{name}.digests")))
}

fn line(path: &str, hashed: &Hashed, now: SystemTime) -> Option<String> {
    let Stamp { size, modified, changed, inode: (device, inode) } = hashed.stamp;
    let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_nanos();
    let young = i128::try_from(now.checked_sub(YOUNG.as_nanos())?).ok()?;
    if inode == 0 || modified.max(changed) >= young {
        return None;
    }
    let (sha256, root) = (hashed.sha256.to_hex(), hashed.merkle_root.as_ref()?.to_multibase());
    let rest = format!("{size}\t{modified}\t{changed}\t{device}\t{inode}\t{sha256}\t{root}\t{path}");
    Some(format!("{}\t{rest}\n", check(&rest)))
}

fn parse(line: &str) -> Option<(String, Hashed)> {
    let (found, rest) = line.split_once('\t')?;
    if found != check(rest) {
        return None;
    }
    let mut fields = rest.splitn(8, '\t');
    let mut number = || fields.next()?.parse::<i128>().ok();
    let (size, modified, changed) = (u64::try_from(number()?).ok()?, number()?, number()?);
    let inode = (u64::try_from(number()?).ok()?, u64::try_from(number()?).ok()?);
    let sha256 = Digest::from_sha256_hex(fields.next()?)?;
    let merkle_root = Some(Digest::from_multibase(fields.next()?).ok()?);
    let path = fields.next()?.to_owned();
    Some((path, Hashed { stamp: Stamp { size, modified, changed, inode }, sha256, merkle_root }))
}

fn check(rest: &str) -> String {
    let mut hex = Digest::of(rest).to_hex();
    hex.truncate(16);
    hex
}

#[cfg(unix)]
fn private_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_directory(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn append(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn append(path: &Path) -> std::io::Result<File> {
    fs::OpenOptions::new().append(true).create(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::super::artifacts::Artifacts;
    use super::super::testing::Tree;
    use super::super::{Options, Progress, Work, artifacts};
    use super::*;

    /// How many bytes were hashed.
    #[derive(Default)]
    struct Count(Mutex<u64>);

    impl Progress for Count {
        fn advance(&self, bytes: u64) {
            *self.0.lock().unwrap() += bytes;
        }
    }

    fn read(tree: &Tree, cache: &Path) -> (Artifacts, u64) {
        let count = Count::default();
        let options = Options { cache: Some(cache), ..Options::default() };
        let artifacts = artifacts::read(tree.path(), &options, &Work::new(&count)).unwrap();
        (artifacts, count.0.into_inner().unwrap())
    }

    fn age(path: &Path, secs: u64) {
        let time = SystemTime::now() - Duration::from_secs(secs);
        File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
    }

    /// The time of the last change of an inode cannot be set: what shall be old has to wait.
    fn grow_old() {
        std::thread::sleep(YOUNG + Duration::from_millis(100));
    }

    #[test]
    fn what_has_not_changed_is_not_hashed_again() {
        let cache = tempfile::tempdir().unwrap();
        let tree = Tree::with(&[("a", &[1; 1000]), ("d/b", &[2; 200_000])]);
        let (young, hashed) = read(&tree, cache.path());
        assert_eq!(hashed, 201_000);
        assert_eq!(read(&tree, cache.path()).1, 201_000, "a young file is not remembered");
        grow_old();
        assert_eq!(read(&tree, cache.path()).1, 201_000);
        let (cached, hashed) = read(&tree, cache.path());
        assert_eq!(hashed, 0);
        assert_eq!(cached.subject_id(), young.subject_id());
        assert_eq!(cached.manifest().unwrap(), young.manifest().unwrap());

        // Same size, and a time of modification that was set back: the inode tells.
        let changed = tree.write("a", [3; 1000]);
        age(&changed, 1_000);
        let (after, hashed) = read(&tree, cache.path());
        assert_eq!(hashed, 1_000);
        assert_ne!(after.subject_id(), young.subject_id());

        // Another file under the name.
        std::fs::rename(tree.path().join("a"), tree.path().join("d/b")).unwrap();
        assert_eq!(read(&tree, cache.path()).1, 1_000);
    }

    #[test]
    fn half_a_line_or_a_changed_one_holds_for_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let tree = Tree::with(&[("a", &[1; 1000])]);
        grow_old();
        assert_eq!(read(&tree, cache.path()).1, 1_000);
        assert_eq!(read(&tree, cache.path()).1, 0);
        let file = std::fs::read_dir(cache.path()).unwrap().next().unwrap().unwrap().path();
        let text = std::fs::read_to_string(&file).unwrap();
        for at in 0..text.trim_end().len() {
            let half = text.get(..at).unwrap();
            assert!(half.lines().filter_map(parse).next().is_none(), "{half}");
        }
        let digest = text.split('\t').nth(6).unwrap();
        let other = text.replace(digest, &digest.replace('a', "b").replace('1', "2"));
        assert!(other != text && other.lines().filter_map(parse).next().is_none());
        std::fs::write(&file, b"\xff\xfe nothing of ours\n").unwrap();
        assert_eq!(read(&tree, cache.path()).1, 1_000);
    }

    #[cfg(unix)]
    #[test]
    fn the_cache_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join("passport");
        let tree = Tree::with(&[("a", &[1; 1000])]);
        grow_old();
        read(&tree, &cache);
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&cache), 0o700);
        let file = std::fs::read_dir(&cache).unwrap().next().unwrap().unwrap().path();
        assert_eq!(mode(&file), 0o600);

        // What others could have written to holds for nothing, nor does what a link leads to.
        assert_eq!(read(&tree, &cache).1, 0);
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        for (path, own) in [(&file, 0o600), (&cache, 0o700)] {
            for open in [own | 0o020, own | 0o002] {
                set(path, open);
                assert_eq!(read(&tree, &cache).1, 1_000, "{}", path.display());
            }
            set(path, own);
            assert_eq!(read(&tree, &cache).1, 0);
        }
        let elsewhere = home.path().join("elsewhere");
        std::fs::rename(&file, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
        assert_eq!(read(&tree, &cache).1, 1_000);
    }

    #[test]
    fn of_personal_data_nothing_is_remembered() {
        let cache = tempfile::tempdir().unwrap();
        let tree = Tree::with(&[("a.csv", &[1; 1000])]);
        grow_old();
        let files = || std::fs::read_dir(cache.path()).unwrap().count();
        let secret = model_passport::records::Secret::from_bytes(&[1; 32]);
        let sealed = Options { cache: Some(cache.path()), secret: Some(&secret), ..Options::default() };
        artifacts::read(tree.path(), &sealed, &Work::new(&())).unwrap();
        assert_eq!(files(), 0);
        for is_sealed in [true, false] {
            read(&tree, cache.path());
            assert_eq!(files(), 1);
            if is_sealed {
                artifacts::read(tree.path(), &sealed, &Work::new(&())).unwrap();
            } else {
                tree.write("ROE.dcm", "1");
                let open = Options { cache: Some(cache.path()), ..Options::default() };
                artifacts::read(tree.path(), &open, &Work::new(&())).unwrap_err();
            }
            assert_eq!(files(), 0, "what was remembered before is gone");
        }
    }
}
