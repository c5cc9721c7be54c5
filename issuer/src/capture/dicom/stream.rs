//! One file ([PS3.10] and [PS3.5 chapter 7]), element by element:
//!
//! ```text
//! preamble 128 │ DICM │ (0002,xxxx) explicit VR little endian │ data set, as (0002,0010) says
//!
//! element   tag 4 │ [VR 2 │ [0 0] ] │ length 2 or 4 │ value           length FFFFFFFF: until a delimiter
//! sequence  item (FFFE,E000) length 4 │ elements … │ item … │ (FFFE,E0DD)
//! ```
//!
//! Only the headers are read. A value is passed over by its length unless its element is on the allow-list
//! ([`Technical`]), says something about the de-identification, or tells patients, studies and series apart; then it
//! comes into one small buffer that is wiped. Reading stops where the pixel data begin. Sequences are entered,
//! on a stack of bounded depth, for the tags of what lies in them and never for a value.
//!
//! Not looked into, as nothing says what they are: private elements of files in implicit VR.
//!
//! [PS3.10]: https://dicom.nema.org/medical/dicom/current/output/chtml/part10/chapter_7.html
//! [PS3.5 chapter 7]: https://dicom.nema.org/medical/dicom/current/output/chtml/part05/chapter_7.html

use std::collections::BTreeSet;
use std::io::{Read, Seek};

use zeroize::Zeroize as _;

use super::count::{Key, Token};
use super::element::{Quantity, Reading, Tag, Technical, Term, Thousandths, Word, trim};
use super::fault::Fault;
use super::profile::{self, Action};
use super::sequences::is_sequence;
use super::source::{Deflated, Plain, Source, Stop};
use super::terms::{self, Encoding};

/// Sequences within sequences: structured reports have about ten.
const MAX_DEPTH: usize = 64;

/// Elements of one file: a frame of the largest multi-frame objects has about fifty.
const MAX_ELEMENTS: u64 = 10_000_000;

/// The longest value that is read: a UID or a long string has at most 64 characters, a decimal string 16 for each
/// of two values.
const MAX_VALUE_BYTES: usize = 128;

/// A length that stands for "until a delimiter".
const UNDEFINED: u32 = u32::MAX;

const ITEM: Tag = Tag(0xfffe_e000);
const ITEM_END: Tag = Tag(0xfffe_e00d);
const SEQUENCE_END: Tag = Tag(0xfffe_e0dd);
const META_LENGTH: Tag = Tag(0x0002_0000);
const SOP_CLASS: Tag = Tag(0x0002_0002);
const TRANSFER_SYNTAX: Tag = Tag(0x0002_0010);
const PATIENT_ID: Tag = Tag(0x0010_0020);
const STUDY: Tag = Tag(0x0020_000d);
const SERIES: Tag = Tag(0x0020_000e);
const IDENTITY_REMOVED: Tag = Tag(0x0012_0062);
const METHOD_CODES: Tag = Tag(0x0012_0064);
const BURNED_IN: Tag = Tag(0x0028_0301);

/// Everything that is known about a file after it was read.
pub(super) struct Facts {
    pub(super) transfer_syntax: Term,
    pub(super) words: [(Word, Reading<Term>); 4],
    pub(super) numbers: Vec<(Quantity, Reading<Thousandths>)>,
    pub(super) patient: Option<Token>,
    pub(super) study: Option<Token>,
    pub(super) series: Option<Token>,
    pub(super) claims: Claims,
    pub(super) remains: Remains,
}

/// What the file says about its de-identification.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// (0012,0062) is YES.
    pub(super) identity_removed: bool,
    /// (0012,0064) is there.
    pub(super) method_codes: bool,
    /// (0028,0301): whether words are burned into the pixels.
    pub(super) burned_in: Option<bool>,
}

/// What the confidentiality profile would have taken away and is still there: tags, never values.
#[derive(Debug, Default)]
pub(super) struct Remains {
    /// With a value, at any depth.
    pub(super) elements: BTreeSet<(Tag, bool)>,
    /// Groups of the makers' own.
    pub(super) private: bool,
}

/// What a file is.
pub(super) enum Contents {
    /// A list of other files, full of patients: nothing of it is read.
    Directory,
    /// An object, such as an image.
    Object(Box<Facts>),
}

/// Reads one file of this size.
pub(super) fn read<R: Read + Seek>(input: R, size: u64, key: &Key) -> Result<Contents, Stop> {
    let mut source = Plain::new(input, size);
    let mut magic = [0; 4];
    // The preamble may hold anything, and is passed over unseen.
    let found = size >= 132 && source.skip(128).and_then(|()| source.take(&mut magic))?;
    if !found || &magic != b"DICM" {
        return Err(Fault::NoMagic.into());
    }
    let Some((transfer_syntax, encoding)) = meta(&mut source, key)? else { return Ok(Contents::Directory) };
    let (implicit, big_endian) = (encoding == Encoding::ImplicitLittle, encoding == Encoding::ExplicitBig);
    let form = Form { implicit, big_endian };
    let transfer_syntax = Term::of_table(transfer_syntax);
    let facts = if encoding == Encoding::DeflatedExplicitLittle {
        Reader::new(&mut Deflated::new(source.into_rest()), form, key, transfer_syntax).data_set()?
    } else {
        Reader::new(&mut source, form, key, transfer_syntax).data_set()?
    };
    Ok(Contents::Object(Box::new(facts)))
}

/// The file meta information: the transfer syntax, or nothing for a directory.
fn meta<R: Read + Seek>(source: &mut Plain<R>, key: &Key) -> Result<Option<(&'static str, Encoding)>, Stop> {
    let form = Form { implicit: false, big_endian: false };
    let mut reader = Reader::new(source, form, key, Term::ABSENT);
    let (mut end, mut encoding, mut directory) = (None, None, false);
    loop {
        let at = reader.source.position();
        if end.is_some_and(|end| at >= end) {
            break;
        }
        let Some(tag) = reader.tag(form)? else { break };
        if tag.group() != 2 {
            // Without the length of the group, the next group ends it.
            if end.is_some() {
                return Err(Fault::Meta { offset: at }.into());
            }
            reader.source.rewind(at)?;
            break;
        }
        let (_, len) = reader.rest_of_header(tag, form, at)?;
        if len == UNDEFINED {
            return Err(Fault::Meta { offset: at }.into());
        }
        let len = u64::from(len);
        match tag {
            META_LENGTH if len == 4 => {
                let mut value = [0; 4];
                reader.fill(&mut value)?;
                let stop = reader.source.position().checked_add(u64::from(u32::from_le_bytes(value)));
                let stop = stop.filter(|stop| *stop <= reader.source.limit());
                end = Some(stop.ok_or(Fault::Meta { offset: at })?);
            }
            TRANSFER_SYNTAX => {
                encoding = reader.value(len, |uid| terms::transfer_syntax(trim(uid)))?.flatten()
            }
            SOP_CLASS => directory = reader.value(len, |uid| terms::is_directory(trim(uid)))? == Some(true),
            _ => reader.source.skip(len)?,
        }
    }
    if end.is_some_and(|end| reader.source.position() != end) {
        return Err(Fault::Meta { offset: reader.source.position() }.into());
    }
    if directory {
        return Ok(None);
    }
    encoding.map(Some).ok_or_else(|| Fault::TransferSyntax.into())
}

/// How elements are written.
#[derive(Debug, Clone, Copy)]
struct Form {
    implicit: bool,
    big_endian: bool,
}

/// Where the reader is.
#[derive(Debug, Clone, Copy)]
struct Frame {
    place: Place,
    /// Nothing in here lies beyond.
    limit: u64,
    /// It ends with a delimiter and not at its limit.
    delimited: bool,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Among the elements of the data set or of an item.
    Elements,
    /// Among the fragments of encapsulated pixel data, such as those of an icon.
    Fragments,
    /// Among the items of a sequence.
    Items,
}

struct Reader<'a, S> {
    source: &'a mut S,
    key: &'a Key,
    form: Form,
    facts: Facts,
    /// How many elements may still come.
    left: u64,
}

impl<'a, S: Source> Reader<'a, S> {
    fn new(source: &'a mut S, form: Form, key: &'a Key, transfer_syntax: Term) -> Self {
        let facts = Facts {
            transfer_syntax,
            words: Word::ALL.map(|word| (word, Reading::Absent)),
            numbers: Quantity::all().map(|quantity| (quantity, Reading::Absent)).collect(),
            patient: None,
            study: None,
            series: None,
            claims: Claims::default(),
            remains: Remains::default(),
        };
        Self { source, key, form, facts, left: MAX_ELEMENTS }
    }

    /// Everything up to the pixel data or the end.
    fn data_set(mut self) -> Result<Facts, Stop> {
        let mut stack = Vec::new();
        let mut here =
            Frame { place: Place::Elements, limit: self.source.limit(), delimited: false, form: self.form };
        loop {
            let at = self.source.position();
            if at > here.limit {
                return Err(Fault::Item { offset: at }.into());
            }
            if at == here.limit && !here.delimited {
                match stack.pop() {
                    Some(outer) => here = outer,
                    None => return Ok(self.facts),
                }
                continue;
            }
            let Some(tag) = self.tag(here.form)? else {
                // The end of the file is the end of the data set, and of nothing within it.
                let whole = stack.is_empty();
                return if whole { Ok(self.facts) } else { Err(Fault::Truncated { offset: at }.into()) };
            };
            self.left = self.left.checked_sub(1).ok_or(Fault::Elements { max: MAX_ELEMENTS })?;
            if tag.group() == 0xfffe {
                match self.delimiter(tag, here, at)? {
                    Step::Stay => {}
                    Step::Into(inner) => stack.push(std::mem::replace(&mut here, inner)),
                    Step::Out => here = stack.pop().ok_or(Fault::Item { offset: at })?,
                }
                continue;
            }
            if here.place != Place::Elements {
                return Err(Fault::Item { offset: at }.into());
            }
            let is_top = stack.is_empty();
            if tag.group() == 0x7fe0 && is_top {
                self.pixel_data(tag, at)?;
                return Ok(self.facts);
            }
            if let Some(inner) = self.element(tag, here, is_top, at)? {
                if stack.len() >= 2 * MAX_DEPTH {
                    return Err(Fault::Depth { tag, max: MAX_DEPTH }.into());
                }
                stack.push(std::mem::replace(&mut here, inner));
            }
        }
    }

    /// An item begins, or something ends.
    fn delimiter(&mut self, tag: Tag, here: Frame, at: u64) -> Result<Step, Stop> {
        let len = self.long(here.form)?;
        let misplaced = Fault::Item { offset: at };
        match (tag, here.place) {
            (ITEM, Place::Items) => {
                let limit = self.end(tag, len, here.limit, at)?;
                let delimited = len == UNDEFINED;
                Ok(Step::Into(Frame { place: Place::Elements, limit, delimited, form: here.form }))
            }
            (ITEM, Place::Fragments) if len != UNDEFINED => {
                self.end(tag, len, here.limit, at)?;
                self.source.skip(u64::from(len))?;
                Ok(Step::Stay)
            }
            (ITEM_END, Place::Elements) | (SEQUENCE_END, Place::Items | Place::Fragments)
                if here.delimited && len == 0 =>
            {
                Ok(Step::Out)
            }
            _ => Err(misplaced.into()),
        }
    }

    /// One element: read if it may be, passed over if not, entered if there are more in it.
    fn element(&mut self, tag: Tag, here: Frame, is_top: bool, at: u64) -> Result<Option<Frame>, Stop> {
        let (vr, len) = self.rest_of_header(tag, here.form, at)?;
        let limit = self.end(tag, len, here.limit, at)?;
        let delimited = len == UNDEFINED;
        let mut form = here.form;
        // A sequence of unknown VR is written in implicit VR little endian (PS3.5 section 6.2.2).
        if delimited && vr == Some(*b"UN") {
            form = Form { implicit: true, big_endian: false };
        }
        let place = match vr {
            Some(vr) if vr == *b"SQ" => Some(Place::Items),
            Some(vr) if delimited && matches!(&vr, b"OB" | b"OW") => Some(Place::Fragments),
            Some(vr) if delimited && vr != *b"UN" => return Err(Fault::Length { tag, offset: at }.into()),
            _ if delimited => Some(Place::Items),
            None if is_sequence(tag) => Some(Place::Items),
            _ => None,
        };
        self.note(tag, len, is_top);
        if let Some(place) = place {
            return Ok(Some(Frame { place, limit, delimited, form }));
        }
        if is_top {
            self.technical(tag, vr, u64::from(len))?;
        } else {
            self.source.skip(u64::from(len))?;
        }
        Ok(None)
    }

    /// What there is to say about an element without its value.
    fn note(&mut self, tag: Tag, len: u32, is_top: bool) {
        let is_empty = len == 0;
        self.facts.remains.private |= tag.is_private() && tag.group() > 8;
        if !is_empty
            && !is_sequence(tag)
            && let Some(action) = profile::action(tag)
        {
            self.facts.remains.elements.insert((tag, action == Action::Remove));
        }
        self.facts.claims.method_codes |= is_top && tag == METHOD_CODES && !is_empty;
    }

    /// The one place where values of a data set are read.
    fn technical(&mut self, tag: Tag, vr: Option<[u8; 2]>, len: u64) -> Result<(), Stop> {
        if len == 0 {
            return Ok(());
        }
        let (key, big_endian) = (self.key, self.form.big_endian);
        let token = |value: &[u8]| {
            let value = trim(value);
            (!value.is_empty()).then(|| key.token(tag, value))
        };
        let yes = |value: &[u8]| trim(value) == b"YES";
        match tag {
            PATIENT_ID => self.facts.patient = self.value(len, token)?.flatten(),
            STUDY => self.facts.study = self.value(len, token)?.flatten(),
            SERIES => self.facts.series = self.value(len, token)?.flatten(),
            IDENTITY_REMOVED => self.facts.claims.identity_removed = self.value(len, yes)? == Some(true),
            BURNED_IN => self.facts.claims.burned_in = self.value(len, yes)?,
            _ => match Technical::of(tag) {
                None => self.source.skip(len)?,
                Some(technical) if vr.is_some_and(|vr| vr != *technical.vr()) => {
                    self.source.skip(len)?;
                    match technical {
                        Technical::Word(word) => self.facts.put_word(word, Reading::Unreadable),
                        Technical::Number(quantity) => self.facts.put_number(quantity, Reading::Unreadable),
                    }
                }
                Some(Technical::Word(word)) => {
                    let reading = self.value(len, |value| Reading::of(value, || word.parse(value)))?;
                    self.facts.put_word(word, reading.unwrap_or(Reading::Unreadable));
                }
                Some(Technical::Number(quantity)) => {
                    let parse = |value: &[u8]| quantity.parse(value, big_endian);
                    let reading = self.value(len, |value| Reading::of(value, || parse(value)))?;
                    self.facts.put_number(quantity, reading.unwrap_or(Reading::Unreadable));
                }
            },
        }
        Ok(())
    }

    /// The start of the pixel data, of which nothing is read but whether they are all there.
    fn pixel_data(&mut self, tag: Tag, at: u64) -> Result<(), Stop> {
        let (_, len) = self.rest_of_header(tag, self.form, at)?;
        self.end(tag, len, self.source.limit(), at)?;
        Ok(())
    }

    fn tag(&mut self, form: Form) -> Result<Option<Tag>, Stop> {
        let mut bytes = [0; 4];
        if !self.source.take(&mut bytes)? {
            return Ok(None);
        }
        let [a, b, c, d] = bytes;
        let bytes = if form.big_endian { bytes } else { [b, a, d, c] };
        Ok(Some(Tag(u32::from_be_bytes(bytes))))
    }

    /// What stands between a tag and its value: the VR, where one is written, and the length.
    fn rest_of_header(&mut self, tag: Tag, form: Form, at: u64) -> Result<(Option<[u8; 2]>, u32), Stop> {
        if form.implicit {
            return Ok((None, self.long(form)?));
        }
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        let [first, second, high, low] = bytes;
        let vr = [first, second];
        match &vr {
            b"OB" | b"OD" | b"OF" | b"OL" | b"OV" | b"OW" | b"SQ" | b"SV" | b"UC" | b"UN" | b"UR" | b"UT"
            | b"UV" => Ok((Some(vr), self.long(form)?)),
            b"AE" | b"AS" | b"AT" | b"CS" | b"DA" | b"DS" | b"DT" | b"FD" | b"FL" | b"IS" | b"LO" | b"LT"
            | b"PN" | b"SH" | b"SL" | b"SS" | b"ST" | b"TM" | b"UI" | b"UL" | b"US" => {
                let len = [high, low];
                let len = if form.big_endian { u16::from_be_bytes(len) } else { u16::from_le_bytes(len) };
                Ok((Some(vr), u32::from(len)))
            }
            // What stands there may be a piece of a value, and is not shown.
            _ => Err(Fault::Vr { tag, offset: at }.into()),
        }
    }

    fn long(&mut self, form: Form) -> Result<u32, Stop> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(if form.big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// Bytes that must be there.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), Stop> {
        let offset = self.source.position();
        if self.source.take(buffer)? { Ok(()) } else { Err(Fault::Truncated { offset }.into()) }
    }

    /// Where a value of this length ends, if that is within what it lies in.
    fn end(&self, tag: Tag, len: u32, limit: u64, at: u64) -> Result<u64, Fault> {
        if len == UNDEFINED {
            return Ok(limit);
        }
        let end = self.source.position().saturating_add(u64::from(len));
        if end <= limit {
            Ok(end)
        } else if end > self.source.limit() {
            Err(Fault::Truncated { offset: at })
        } else {
            Err(Fault::Length { tag, offset: at })
        }
    }

    /// What a value is parsed to; nothing if it is longer than any that is read. The bytes live as long as this
    /// call, and whatever comes out of it owns itself: nothing borrowed from them can.
    fn value<T: 'static>(&mut self, len: u64, parse: impl FnOnce(&[u8]) -> T) -> Result<Option<T>, Stop> {
        let mut buffer = [0; MAX_VALUE_BYTES];
        let Some(bytes) = usize::try_from(len).ok().and_then(|len| buffer.get_mut(..len)) else {
            self.source.skip(len)?;
            return Ok(None);
        };
        let read = self.fill(bytes).map(|()| parse(bytes));
        buffer.zeroize();
        read.map(Some)
    }
}

/// Where to go after a delimiter.
enum Step {
    Into(Frame),
    Out,
    Stay,
}

impl Facts {
    fn put_word(&mut self, word: Word, reading: Reading<Term>) {
        if let Some((_, slot)) = self.words.iter_mut().find(|(known, _)| *known == word) {
            slot.join(reading);
        }
    }

    fn put_number(&mut self, quantity: Quantity, reading: Reading<Thousandths>) {
        if let Some((_, slot)) = self.numbers.iter_mut().find(|(known, _)| *known == quantity) {
            slot.join(reading);
        }
    }
}
