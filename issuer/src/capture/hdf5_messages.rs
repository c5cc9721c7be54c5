//! The [messages of an HDF5 object header](https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html) that
//! say what an object is.

use super::CaptureError;
use super::hdf5::{Trouble, unlisted};
use super::window::Window;

/// Most messages of one object, in at most so many blocks.
const MAX_MESSAGES: usize = 4_096;
const MAX_BLOCKS: usize = 256;

/// Most dimensions, as in the format.
const MAX_RANK: u8 = 32;

/// Where a message stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Message {
    pub(super) kind: u16,
    /// Whether it only says where the message is.
    pub(super) shared: bool,
    /// From the start of the window.
    pub(super) start: u64,
    len: u64,
}

impl Message {
    pub(super) const DATASPACE: u16 = 0x01;
    pub(super) const LINK_INFO: u16 = 0x02;
    pub(super) const DATATYPE: u16 = 0x03;
    pub(super) const LINK: u16 = 0x06;
    pub(super) const EXTERNAL_FILES: u16 = 0x07;
    pub(super) const LAYOUT: u16 = 0x08;
    const CONTINUATION: u16 = 0x10;
    pub(super) const SYMBOL_TABLE: u16 = 0x11;
}

/// What a link leads to.
pub(super) enum Link {
    External,
    Hard(String, u64),
    Soft,
}

/// Where the bytes of a dataset are.
pub(super) enum Layout {
    /// In one piece: address and length.
    At(u64, u64),
    /// Not in one piece, or not known where.
    Other(&'static str),
}

fn damaged(window: &Window<'_>, what: &str) -> CaptureError {
    window.refuse("capture.hdf5-header", format!("{what} at byte {} is damaged", window.position()))
}

/// How the messages of one header are written.
struct Form {
    /// Version 2 has short heads, an optional order, and a checksum after each block.
    new: bool,
    ordered: bool,
}

/// All messages of an object.
pub(super) fn read_header(window: &mut Window<'_>, address: u64) -> Result<Vec<Message>, Trouble> {
    window.seek(address)?;
    let first = window.array::<4>()?;
    let (form, len) = match &first {
        b"OHDR" => {
            let (version, flags) = (window.u8()?, window.u8()?);
            if version != 2 {
                return unlisted("an object header of a version that is not read");
            }
            window.skip(if flags & 0x20 != 0 { 16 } else { 0 })?;
            window.skip(if flags & 0x10 != 0 { 4 } else { 0 })?;
            let len = sized(window, flags & 3)?;
            (Form { new: true, ordered: flags & 4 != 0 }, len)
        }
        [1, ..] => {
            window.skip(4)?;
            let len = window.u32()?;
            window.skip(4)?;
            (Form { new: false, ordered: false }, len.into())
        }
        _ => return Err(damaged(window, "an object header").into()),
    };
    let mut messages = Vec::new();
    let mut blocks = vec![(window.position(), len)];
    let mut count = 0;
    while let Some((start, len)) = blocks.pop() {
        count += 1;
        window.range(start, len, "an object header")?;
        read_block(window, &form, start..start + len, &mut messages, &mut blocks)?;
        if count + blocks.len() > MAX_BLOCKS || messages.len() > MAX_MESSAGES {
            return unlisted("an object header has more parts than are looked at");
        }
    }
    Ok(messages)
}

fn read_block(
    window: &mut Window<'_>,
    form: &Form,
    block: std::ops::Range<u64>,
    messages: &mut Vec<Message>,
    blocks: &mut Vec<(u64, u64)>,
) -> Result<(), Trouble> {
    window.seek(block.start)?;
    let head = match (form.new, form.ordered) {
        (false, _) => 8,
        (true, false) => 4,
        (true, true) => 6,
    };
    // What is left in the end is padding.
    while block.end.saturating_sub(window.position()) >= head && messages.len() <= MAX_MESSAGES {
        let (kind, len, flags) = if form.new {
            let head = (u16::from(window.u8()?), window.u16()?, window.u8()?);
            window.skip(if form.ordered { 2 } else { 0 })?;
            head
        } else {
            let head = (window.u16()?, window.u16()?, window.u8()?);
            window.skip(3)?;
            head
        };
        let (start, len) = (window.position(), u64::from(len));
        if start + len > block.end {
            return Err(damaged(window, "a message").into());
        }
        if kind == Message::CONTINUATION {
            let (at, size) = (window.u64()?, window.u64()?);
            blocks.push(continuation(window, form, at, size)?);
        } else {
            messages.push(Message { kind, shared: flags & 2 != 0, start, len });
        }
        window.seek(start + len)?;
    }
    Ok(())
}

/// The messages of a block that stands elsewhere.
fn continuation(window: &mut Window<'_>, form: &Form, at: u64, len: u64) -> Result<(u64, u64), CaptureError> {
    window.range(at, len, "a part of an object header")?;
    if !form.new {
        return Ok((at, len));
    }
    // A signature before, a checksum after.
    window.seek(at)?;
    let inner = len.checked_sub(8).ok_or_else(|| damaged(window, "a part of an object header"))?;
    if &window.array::<4>()? != b"OCHK" {
        return Err(damaged(window, "a part of an object header"));
    }
    Ok((at + 4, inner))
}

/// A number of 1, 2, 4 or 8 bytes.
fn sized(window: &mut Window<'_>, log: u8) -> Result<u64, CaptureError> {
    Ok(match log {
        0 => window.u8()?.into(),
        1 => window.u16()?.into(),
        2 => window.u32()?.into(),
        _ => window.u64()?,
    })
}

/// A link message.
pub(super) fn link(window: &mut Window<'_>, message: &Message) -> Result<Link, Trouble> {
    window.seek(message.start)?;
    let (version, flags) = (window.u8()?, window.u8()?);
    if version != 1 {
        return unlisted("a link of a version that is not read");
    }
    let kind = if flags & 8 != 0 { window.u8()? } else { 0 };
    window.skip(if flags & 4 != 0 { 8 } else { 0 })?;
    window.skip(if flags & 0x10 != 0 { 1 } else { 0 })?;
    let len = sized(window, flags & 3)?;
    if len > message.len {
        return Err(damaged(window, "a link").into());
    }
    let name = String::from_utf8(window.take(len)?).map_err(|_| damaged(window, "a link"))?;
    Ok(match kind {
        0 => Link::Hard(name, window.u64()?),
        1 => Link::Soft,
        _ => Link::External,
    })
}

/// The dimensions; nothing for a dataset without elements or of an unknown version.
pub(super) fn shape(window: &mut Window<'_>, message: &Message) -> Result<Option<Vec<u64>>, CaptureError> {
    window.seek(message.start)?;
    let (version, rank, _flags) = (window.u8()?, window.u8()?, window.u8()?);
    match version {
        1 => window.skip(5)?,
        // 2: no dataspace at all
        2 if window.u8()? != 2 => {}
        _ => return Ok(None),
    }
    if rank > MAX_RANK {
        return Err(damaged(window, "a shape"));
    }
    (0..rank).map(|_| window.u64()).collect::<Result<Vec<_>, _>>().map(Some)
}

/// The name in a passport and the bytes of a little-endian number.
pub(super) fn datatype(
    window: &mut Window<'_>,
    message: &Message,
) -> Result<Option<(&'static str, u64)>, CaptureError> {
    window.seek(message.start)?;
    let (class, bits) = (window.u8()? & 0x0f, window.u8()?);
    window.skip(2)?;
    let width = window.u32()?;
    let (offset, precision) = (window.u16()?, window.u16()?);
    let whole = offset == 0 && u32::from(precision).checked_div(8) == Some(width);
    // Bit 0, and for numbers with fractions also bit 6: another order of bytes.
    if !whole || bits & 1 != 0 {
        return Ok(None);
    }
    let signed = bits & 8 != 0;
    let name = match (class, width) {
        (0, 1) => {
            if signed {
                "int8"
            } else {
                "uint8"
            }
        }
        (0, 2) => {
            if signed {
                "int16"
            } else {
                "uint16"
            }
        }
        (0, 4) => {
            if signed {
                "int32"
            } else {
                "uint32"
            }
        }
        (0, 8) => {
            if signed {
                "int64"
            } else {
                "uint64"
            }
        }
        (1, _) if bits & 0x40 == 0 => {
            let (_place, exponent, _zero, mantissa) =
                (window.u8()?, window.u8()?, window.u8()?, window.u8()?);
            match (width, exponent, mantissa) {
                (2, 5, 10) => "float16",
                (2, 8, 7) => "bfloat16",
                (4, 8, 23) => "float32",
                (8, 11, 52) => "float64",
                _ => return Ok(None),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some((name, width.into())))
}

/// Where the elements are.
pub(super) fn layout(window: &mut Window<'_>, message: &Message) -> Result<Layout, CaptureError> {
    window.seek(message.start)?;
    let (version, class) = (window.u8()?, window.u8()?);
    Ok(match (version, class) {
        (3 | 4, 0) => {
            let len = u64::from(window.u16()?);
            if window.position() + len > message.start + message.len {
                return Err(damaged(window, "a layout"));
            }
            Layout::At(window.position(), len)
        }
        (3 | 4, 1) => Layout::At(window.u64()?, window.u64()?),
        (3 | 4, 2) => Layout::Other("in chunks"),
        (4, 3) => Layout::Other("made of other datasets"),
        _ => Layout::Other("laid out in a way that is not read"),
    })
}
