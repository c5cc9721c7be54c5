//! A table of sorted keys, as [LevelDB](https://github.com/google/leveldb/blob/main/doc/table_format.md) lays it out
//! and TensorFlow uses it for the index of a checkpoint.
//!
//! ```text
//! block    entries, restart points u32…, their number u32; then a byte for the compression and a checksum
//! entry    shared, own and value length (varints), own part of the key, value
//! footer   handles of the blocks of metadata and of the index (varints: offset, length), padding, magic: 48 bytes
//! ```
//!
//! Checksums are not looked at: a digest of the whole file is taken.

use std::ops::Range;

use super::CaptureError;
use super::artifacts::Artifact;
use super::window::{Dialect, Window};

const DIALECT: Dialect = Dialect {
    format: "the index of a TensorFlow checkpoint",
    truncated: "capture.tensorflow-malformed",
    help: "the file is damaged or incomplete; save the model again",
};

const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
const FOOTER_BYTES: u64 = 48;

/// Largest table: some hundred bytes for each variable.
const MAX_BYTES: u64 = 64 << 20;

/// Most entries, and most bytes of all keys: few bytes of a table can repeat long ones.
const MAX_ENTRIES: usize = 100_000;
const MAX_KEYS_BYTES: usize = 16 << 20;

/// What a file is.
pub(super) enum Table {
    Entries(Vec<Entry>),
    /// Something else.
    None,
    /// Compressed, or too large.
    Unlisted(&'static str),
}

/// One entry: its key, and where in the file its value is.
pub(super) struct Entry {
    pub(super) key: Vec<u8>,
    pub(super) value: Range<u64>,
}

/// Reads all entries in their order.
pub(super) fn read(file: &Artifact) -> Result<Table, CaptureError> {
    let mut window = Window::new(file, DIALECT)?;
    let Some(footer) = window.len().checked_sub(FOOTER_BYTES) else { return Ok(Table::None) };
    window.seek(footer + 40)?;
    if window.u64()? != MAGIC {
        return Ok(Table::None);
    }
    if window.len() > MAX_BYTES {
        return Ok(Table::Unlisted("its index is too large to be looked at"));
    }
    window.seek(0)?;
    let bytes = window.take(window.len())?;
    window.unchanged()?;
    let damaged = || window.refuse("capture.tensorflow-malformed", "its index is damaged");
    let mut cursor = Cursor { bytes: &bytes, at: usize::try_from(footer).map_err(|_| damaged())? };
    let handles = (|| Some((cursor.handle()?, cursor.handle()?)))();
    let (_metadata, index) = handles.ok_or_else(damaged)?;
    let (mut entries, mut budget): (Vec<Entry>, _) = (Vec::new(), MAX_KEYS_BYTES);
    let blocks = match block(&bytes, index, &mut budget).ok_or_else(damaged)? {
        Block::Compressed => return Ok(Table::Unlisted("its index is compressed")),
        Block::Entries(blocks) => blocks,
    };
    for (_, handle) in blocks {
        let mut cursor = Cursor { bytes: &bytes, at: handle.start };
        let handle = cursor.handle().ok_or_else(damaged)?;
        match block(&bytes, handle, &mut budget).ok_or_else(damaged)? {
            Block::Compressed => return Ok(Table::Unlisted("its index is compressed")),
            Block::Entries(more) => {
                for (key, value) in more {
                    let sorted = entries.last().is_none_or(|last| last.key < key);
                    let (Ok(start), Ok(end), true) = (value.start.try_into(), value.end.try_into(), sorted)
                    else {
                        return Err(damaged());
                    };
                    entries.push(Entry { key, value: start..end });
                    if entries.len() > MAX_ENTRIES {
                        return Ok(Table::Unlisted("it holds more variables than are looked at"));
                    }
                }
            }
        }
    }
    Ok(Table::Entries(entries))
}

enum Block {
    Compressed,
    /// Keys, and where in the file their values are.
    Entries(Vec<(Vec<u8>, Range<usize>)>),
}

/// The entries of one block; nothing if it is damaged.
fn block(bytes: &[u8], handle: Range<usize>, budget: &mut usize) -> Option<Block> {
    if *bytes.get(handle.end)? != 0 {
        return Some(Block::Compressed);
    }
    let restarts = bytes.get(handle.end.checked_sub(4)?..handle.end)?;
    let restarts = usize::try_from(u32::from_le_bytes(restarts.try_into().ok()?)).ok()?;
    let end = handle.end.checked_sub(4)?.checked_sub(restarts.checked_mul(4)?)?;
    let mut cursor = Cursor { bytes: bytes.get(..end)?, at: handle.start };
    let (mut entries, mut key) = (Vec::new(), Vec::new());
    while cursor.at < end {
        let (shared, own, len) = (cursor.varint()?, cursor.varint()?, cursor.varint()?);
        key.truncate(shared.min(key.len()));
        if shared != key.len() {
            return None;
        }
        *budget = budget.checked_sub(shared.checked_add(own)?)?;
        key.extend_from_slice(cursor.take(own)?);
        let start = cursor.at;
        cursor.take(len)?;
        if entries.len() > MAX_ENTRIES {
            return None;
        }
        entries.push((key.clone(), start..cursor.at));
    }
    (cursor.at == end).then_some(Block::Entries(entries))
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(len)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn varint(&mut self) -> Option<usize> {
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let [byte] = self.take(1)? else { return None };
            value |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return usize::try_from(value).ok();
            }
        }
        None
    }

    fn handle(&mut self) -> Option<Range<usize>> {
        let (offset, len) = (self.varint()?, self.varint()?);
        Some(offset..offset.checked_add(len)?)
    }
}
