//! The stack machine of [`super::pickle`]: one function for each sort of operation.
//!
//! Operations are those of all protocols, 0 to 5. An operation that is unknown, or lacks its operands, ends the walk:
//! what comes after it would be a guess.

use std::collections::HashMap;
use std::io::{self, BufRead, Read as _};

use super::pickle::{MAX_PLAIN, MAX_PLAIN_TUPLE, Node, Stop, Value, Walk};

/// Most values and marks on one stack: pickles are written in pieces of a thousand.
const MAX_STACK: usize = 250_000;

/// Longest text that is kept: what the schema of a passport takes for the name of a tensor.
const MAX_TEXT_BYTES: u64 = 1_024;

/// Most bytes in one value that are a setting.
const MAX_PLAIN_BYTES: u64 = 64;

/// Most numbers in dictionaries: under keys that are no names, and under any.
const MAX_PLAIN_PAIRS: usize = 64;
const MAX_NAMED_PAIRS: usize = 10_000;

/// Longest line of an old pickle that is read: a number can be as long as it likes.
const MAX_LINE_BYTES: u64 = 64 << 10;

/// Most pickles inside of the arrays of pickles, and one after another.
const MAX_NESTED: usize = 4;
const MAX_PICKLES: usize = 1_024;

/// The number that stands first in a file of PyTorch before its version 1.6: 0x1950a86a20f9469cfc6c.
const LEGACY_TORCH: [u8; 10] = [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// The pickles at the start of such a file; tensors follow.
const LEGACY_TORCH_PICKLES: usize = 5;

/// The part of the machine that a pickle inside of a pickle has for itself.
#[derive(Debug, Default)]
struct Frame {
    stack: Vec<Value>,
    /// Where the stack stood at each mark.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
}

/// The machine, and what it reads.
pub(super) struct Machine<R> {
    input: R,
    at: u64,
    frame: Frame,
    /// The pickles around this one.
    outer: Vec<Frame>,
    walk: Walk,
    legacy_torch: bool,
    /// Numbers in dictionaries: under keys that are no names, and under any.
    pairs: (usize, usize),
}

impl<R: BufRead> Machine<R> {
    pub(super) fn new(input: R) -> Self {
        let (frame, outer, walk) = (Frame::default(), Vec::new(), Walk::default());
        Self { input, at: 0, frame, outer, walk, legacy_torch: false, pairs: (0, 0) }
    }

    /// Runs all pickles that stand one after another.
    pub(super) fn run_all(mut self) -> Walk {
        let stopped = self.run_each();
        self.walk.stopped = stopped.err().map(|stop| (self.at, stop));
        self.walk
    }

    fn run_each(&mut self) -> Result<(), Stop> {
        for round in 0..MAX_PICKLES {
            if round > 0 {
                let next = self.input.fill_buf().map_err(Stop::from)?.first().copied();
                let tensors_follow = self.legacy_torch && round >= LEGACY_TORCH_PICKLES;
                // Every pickle of this century starts with its protocol; anything else is data.
                if next != Some(0x80) || tensors_follow {
                    return Ok(());
                }
            }
            let root = self.run()?;
            self.walk.roots.push(root);
            self.frame = Frame::default();
        }
        Err(Stop::Limit)
    }

    /// Runs up to the end of one pickle.
    fn run(&mut self) -> Result<Value, Stop> {
        loop {
            let [operation] = self.array()?;
            if operation != b'.' {
                self.step(operation)?;
                continue;
            }
            let result = self.pop()?;
            match self.outer.pop() {
                None => return Ok(result),
                Some(frame) => self.frame = frame,
            }
        }
    }

    fn step(&mut self, operation: u8) -> Result<(), Stop> {
        match operation {
            // The stack and the memo
            b'(' => {
                self.limit(self.frame.marks.len())?;
                self.frame.marks.push(self.frame.stack.len());
            }
            b'0' => self.pop_or_mark()?,
            b'1' => _ = self.pop_mark()?,
            b'2' => self.push(self.top()?)?,
            b'g' => {
                let key = self.number_line()?;
                self.recall(key)?;
            }
            b'h' => {
                let [key] = self.array()?;
                self.recall(key.into())?;
            }
            b'j' => {
                let key = u32::from_le_bytes(self.array()?);
                self.recall(key.into())?;
            }
            b'p' => {
                let key = self.number_line()?;
                self.memoize(key)?;
            }
            b'q' => {
                let [key] = self.array()?;
                self.memoize(key.into())?;
            }
            b'r' => {
                let key = u32::from_le_bytes(self.array()?);
                self.memoize(key.into())?;
            }
            0x94 => self.memoize(u64::try_from(self.frame.memo.len()).map_err(|_| Stop::Limit)?)?,
            // Marks of the protocol
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,
            b'c' | b'i' | b'R' | b'o' | 0x81..=0x84 | 0x92 | 0x93 | b'b' | b'P' | b'Q' => {
                self.step_object(operation)?;
            }
            b't'
            | b'l'
            | b'd'
            | b')'
            | b']'
            | b'}'
            | b'a'
            | b'e'
            | b's'
            | b'u'
            | 0x85..=0x87
            | 0x8f..=0x91 => {
                self.step_container(operation)?;
            }
            _ => self.step_scalar(operation)?,
        }
        Ok(())
    }

    /// Numbers, texts and bytes.
    fn step_scalar(&mut self, operation: u8) -> Result<(), Stop> {
        let value = match operation {
            b'K' => {
                let [value] = self.array()?;
                Value::Int(value.into())
            }
            b'M' => Value::Int(u16::from_le_bytes(self.array()?).into()),
            b'J' => Value::Int(i32::from_le_bytes(self.array()?).into()),
            b'I' | b'L' => {
                let line = self.line()?.unwrap_or_default();
                line.trim_end_matches('L').parse().map_or(Value::Opaque, Value::Int)
            }
            0x8a => self.long()?,
            0x8b => {
                let len = u32::from_le_bytes(self.array()?);
                self.bytes(len.into())?
            }
            0x88 => Value::Int(1),
            0x89 => Value::Int(0),
            b'N' => Value::Opaque,
            b'F' => {
                self.line()?;
                Value::Opaque
            }
            b'G' => {
                self.skip(8)?;
                Value::Opaque
            }
            b'V' | b'S' => {
                let line = self.line()?;
                let quotes: &[char] = if operation == b'S' { &['\'', '"'] } else { &[] };
                let text = line.map(|line| line.trim_matches(quotes).to_owned());
                self.walk.add_text(text)?
            }
            0x8c | b'U' => {
                let [len] = self.array()?;
                self.text(len.into())?
            }
            b'X' | b'T' => {
                let len = u32::from_le_bytes(self.array()?);
                self.text(len.into())?
            }
            0x8d => {
                let len = u64::from_le_bytes(self.array()?);
                self.text(len)?
            }
            b'C' => {
                let [len] = self.array()?;
                self.bytes(len.into())?
            }
            b'B' => {
                let len = u32::from_le_bytes(self.array()?);
                self.bytes(len.into())?
            }
            0x8e | 0x96 => {
                let len = u64::from_le_bytes(self.array()?);
                self.bytes(len)?
            }
            0x97 => Value::Opaque,
            // The same buffer, read-only.
            0x98 => self.pop()?,
            _ => return Err(Stop::Operation),
        };
        self.push(value)
    }

    /// Globals, calls, states and references to the outside.
    fn step_object(&mut self, operation: u8) -> Result<(), Stop> {
        let made = match operation {
            b'c' => self.global_lines()?,
            0x93 => {
                let (name, module) = (self.pop()?, self.pop()?);
                let both = self.walk.text(module).zip(self.walk.text(name));
                let name = both.map_or("?".to_owned(), |(module, name)| format!("{module}.{name}"));
                self.walk.add_global(name)?
            }
            // A class by its number in a registry that only the running program knows.
            0x82..=0x84 => {
                self.skip(match operation {
                    0x82 => 1,
                    0x83 => 2,
                    _ => 4,
                })?;
                self.walk.add_global("?".to_owned())?
            }
            b'i' => {
                let class = self.global_lines()?;
                let arguments = self.pop_mark()?;
                let arguments = self.walk.add_tuple(arguments)?;
                self.walk.add_call(class, arguments)?
            }
            b'o' => {
                let items = self.pop_mark()?;
                let (class, arguments) = items.split_first().ok_or(Stop::Operands)?;
                let arguments = self.walk.add_tuple(arguments.to_vec())?;
                self.walk.add_call(*class, arguments)?
            }
            b'R' | 0x81 => {
                let (arguments, callable) = (self.pop()?, self.pop()?);
                self.walk.add_call(callable, arguments)?
            }
            0x92 => {
                let (_named, arguments, callable) = (self.pop()?, self.pop()?, self.pop()?);
                self.walk.add_call(callable, arguments)?
            }
            b'P' => {
                let line = self.line()?;
                let id = self.walk.add_text(line)?;
                self.walk.add(Node::Persistent(id))?
            }
            b'Q' => {
                let id = self.pop()?;
                self.walk.add(Node::Persistent(id))?
            }
            _ => return self.build(),
        };
        self.push(made)
    }

    /// Tuples, lists, dictionaries and sets.
    fn step_container(&mut self, operation: u8) -> Result<(), Stop> {
        let made = match operation {
            b'a' => {
                let item = self.pop()?;
                return self.append(&[item]);
            }
            b'e' | 0x90 => {
                let items = self.pop_mark()?;
                return self.append(&items);
            }
            b's' => {
                let (value, key) = (self.pop()?, self.pop()?);
                return self.set(&[key, value]);
            }
            b'u' => {
                let items = self.pop_mark()?;
                return self.set(&items);
            }
            b')' => self.walk.add_tuple(Vec::new())?,
            b'}' => self.walk.add(Node::Dict(Vec::new()))?,
            b']' | 0x8f => self.walk.add(Node::List(Vec::new(), 0, 0))?,
            b't' => {
                let items = self.pop_mark()?;
                self.walk.add_tuple(items)?
            }
            0x85..=0x87 => {
                let mut items = Vec::new();
                for _ in 0x84..operation {
                    items.push(self.pop()?);
                }
                items.reverse();
                self.walk.add_tuple(items)?
            }
            b'd' => {
                let items = self.pop_mark()?;
                let made = self.walk.add(Node::Dict(Vec::new()))?;
                self.push(made)?;
                return self.set(&items);
            }
            // `l`, and a frozen set
            _ => {
                let items = self.pop_mark()?;
                let made = self.walk.add(Node::List(Vec::new(), 0, 0))?;
                self.push(made)?;
                return self.append(&items);
            }
        };
        self.push(made)
    }

    /// Adds to the list on the stack. What is none may still take items, and nobody asks for those.
    fn append(&mut self, items: &[Value]) -> Result<(), Stop> {
        let kept = items.iter().filter(|item| matches!(item, Value::Node(_))).count();
        self.walk.count(kept)?;
        let mut payload = false;
        if let Some(Node::List(list, len, plain)) = self.top_node()? {
            let mut before = None;
            for item in items {
                match item {
                    Value::Node(_) => list.push((*len, *item)),
                    // Fractions weigh more than whole numbers; those that count on, as indices do, nothing.
                    Value::Opaque => *plain = plain.saturating_add(MAX_PLAIN_TUPLE / MAX_PLAIN),
                    Value::Int(number) => {
                        let counts_on = match before {
                            Some(Value::Int(before)) => number.checked_sub(1) == Some(before),
                            _ => *len == 0,
                        };
                        *plain = plain.saturating_add(usize::from(!counts_on));
                    }
                }
                before = Some(*item);
                *len += 1;
            }
            payload = *plain > MAX_PLAIN_TUPLE;
        }
        if payload {
            self.walk.payload = Some("its pickle holds lists of numbers");
        }
        Ok(())
    }

    /// Sets pairs in the dictionary on the stack.
    fn set(&mut self, items: &[Value]) -> Result<(), Stop> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Stop::Operands);
        }
        let kept =
            || pairs.iter().filter(|[_, value]| *value != Value::Opaque).map(|[key, value]| (*key, *value));
        self.walk.count(2 * kept().count())?;
        for [key, _] in pairs.iter().filter(|[_, value]| !matches!(value, Value::Node(_))) {
            self.pairs.0 = self.pairs.0.saturating_add(usize::from(self.walk.text(*key).is_none()));
            self.pairs.1 = self.pairs.1.saturating_add(1);
        }
        if self.pairs.0 > MAX_PLAIN_PAIRS || self.pairs.1 > MAX_NAMED_PAIRS {
            self.walk.payload = Some("its pickle holds dictionaries of numbers");
        }
        match self.top_node()? {
            Some(Node::Dict(dict)) => dict.extend(kept()),
            Some(Node::Call(call)) => call.items.extend(kept()),
            _ => {}
        }
        Ok(())
    }

    /// Gives an object its state, and skips the array that `joblib` writes after some states.
    fn build(&mut self) -> Result<(), Stop> {
        let state = self.pop()?;
        let object = self.top()?;
        let Some(Node::Call(call)) = self.top_node()? else { return Ok(()) };
        call.state = state;
        let callable = call.callable;
        if self.walk.global(callable) != Some("joblib.numpy_pickle.NumpyArrayWrapper") {
            return Ok(());
        }
        let array = Array::of(&self.walk, object).ok_or(Stop::Array)?;
        match array.len {
            // Objects: a pickle of its own.
            None if self.outer.len() < MAX_NESTED => {
                self.outer.push(std::mem::take(&mut self.frame));
                Ok(())
            }
            None => Err(Stop::Limit),
            Some(len) => {
                if array.padded {
                    let [padding] = self.array()?;
                    self.skip(padding.into())?;
                }
                self.skip(len)?;
                self.walk.skipped = self.walk.skipped.saturating_add(len);
                Ok(())
            }
        }
    }

    fn global_lines(&mut self) -> Result<Value, Stop> {
        let (module, name) = (self.line()?, self.line()?);
        let name = module.zip(name).map_or("?".to_owned(), |(module, name)| format!("{module}.{name}"));
        self.walk.add_global(name)
    }

    fn limit(&self, len: usize) -> Result<(), Stop> {
        if len < MAX_STACK { Ok(()) } else { Err(Stop::Limit) }
    }

    fn push(&mut self, value: Value) -> Result<(), Stop> {
        self.limit(self.frame.stack.len())?;
        self.frame.stack.push(value);
        Ok(())
    }

    /// Nothing below the last mark can be reached.
    fn floor(&self) -> usize {
        self.frame.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value, Stop> {
        if self.frame.stack.len() <= self.floor() {
            return Err(Stop::Operands);
        }
        self.frame.stack.pop().ok_or(Stop::Operands)
    }

    fn pop_or_mark(&mut self) -> Result<(), Stop> {
        if self.frame.stack.len() > self.floor() {
            return self.pop().map(|_| ());
        }
        self.frame.marks.pop().map(|_| ()).ok_or(Stop::Operands)
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, Stop> {
        let mark = self.frame.marks.pop().ok_or(Stop::Operands)?;
        Ok(self.frame.stack.split_off(mark.min(self.frame.stack.len())))
    }

    fn top(&self) -> Result<Value, Stop> {
        self.frame.stack.last().copied().ok_or(Stop::Operands)
    }

    fn top_node(&mut self) -> Result<Option<&mut Node>, Stop> {
        let top = self.top()?;
        Ok(self.walk.node_mut(top))
    }

    fn memoize(&mut self, key: u64) -> Result<(), Stop> {
        self.walk.count(1)?;
        self.frame.memo.insert(key, self.top()?);
        Ok(())
    }

    fn recall(&mut self, key: u64) -> Result<(), Stop> {
        let value = self.frame.memo.get(&key).copied().ok_or(Stop::Operands)?;
        self.push(value)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.at += u64::try_from(N).unwrap_or_default();
        Ok(bytes)
    }

    fn skip(&mut self, len: u64) -> Result<(), Stop> {
        let skipped = io::copy(&mut self.input.by_ref().take(len), &mut io::sink())?;
        self.at = self.at.saturating_add(skipped);
        if skipped == len { Ok(()) } else { Err(Stop::End) }
    }

    fn take(&mut self, len: u64) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(len).read_to_end(&mut bytes)?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        self.at = self.at.saturating_add(read);
        if read == len { Ok(bytes) } else { Err(Stop::End) }
    }

    /// A text that is kept, if it is short and UTF-8.
    fn text(&mut self, len: u64) -> Result<Value, Stop> {
        if len > MAX_TEXT_BYTES {
            return self.bytes(len);
        }
        let bytes = self.take(len)?;
        self.walk.add_text(String::from_utf8(bytes).ok())
    }

    fn bytes(&mut self, len: u64) -> Result<Value, Stop> {
        self.skip(len)?;
        if len > MAX_PLAIN_BYTES {
            self.walk.payload = Some("its pickle holds bytes, or texts too long to be looked at");
        }
        Ok(Value::Opaque)
    }

    /// A whole number of up to 255 bytes.
    fn long(&mut self) -> Result<Value, Stop> {
        let [len] = self.array()?;
        let bytes = self.take(len.into())?;
        self.legacy_torch |= bytes == LEGACY_TORCH && self.walk.roots.is_empty();
        if bytes.len() > 8 {
            return Ok(Value::Opaque);
        }
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut all = [if negative { 0xff } else { 0 }; 8];
        for (to, from) in all.iter_mut().zip(bytes) {
            *to = from;
        }
        Ok(Value::Int(i64::from_le_bytes(all)))
    }

    /// A line without its end, if it is short and UTF-8.
    fn line(&mut self) -> Result<Option<String>, Stop> {
        let mut bytes = Vec::new();
        let read = self.input.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        self.at = self.at.saturating_add(u64::try_from(read).unwrap_or_default());
        if bytes.pop() != Some(b'\n') {
            return Err(if read < usize::try_from(MAX_LINE_BYTES).unwrap_or(0) {
                Stop::End
            } else {
                Stop::Limit
            });
        }
        let short = u64::try_from(bytes.len()).is_ok_and(|len| len <= MAX_TEXT_BYTES);
        Ok(String::from_utf8(bytes).ok().filter(|_| short))
    }

    fn number_line(&mut self) -> Result<u64, Stop> {
        self.line()?.and_then(|line| line.trim().parse().ok()).ok_or(Stop::Operands)
    }
}

/// An array that `joblib` has written behind its description.
struct Array {
    /// Its bytes; nothing if its items are objects.
    len: Option<u64>,
    /// Whether a byte before it says how many bytes of padding come first.
    padded: bool,
}

impl Array {
    fn of(walk: &Walk, wrapper: Value) -> Option<Self> {
        let Node::Dict(state) = walk.node(walk.call(wrapper)?.state)? else { return None };
        let member =
            |name| state.iter().rev().find(|(key, _)| walk.text(*key) == Some(name)).map(|pair| pair.1);
        let padded = matches!(member("numpy_array_alignment_bytes"), Some(Value::Int(_)));
        let dtype = walk.call(member("dtype")?)?;
        if walk.global(dtype.callable) != Some("numpy.dtype") {
            return None;
        }
        let code = walk.text(*walk.tuple(dtype.arguments)?.first()?)?;
        let kind = code.chars().next()?;
        let width: u64 = code.get(kind.len_utf8()..)?.parse().ok()?;
        let width = match kind {
            'O' => return Some(Self { len: None, padded }),
            // Characters of four bytes
            'U' => width.checked_mul(4)?,
            // Fields: the lowest bit of the last number of the state says whether one of them is an object.
            'V' if !matches!(walk.tuple(dtype.state)?.last(), Some(Value::Int(flags)) if flags & 1 == 0) => {
                return None;
            }
            _ => width,
        };
        let mut len = width;
        for dimension in walk.tuple(member("shape")?)? {
            let Value::Int(dimension) = dimension else { return None };
            len = len.checked_mul(u64::try_from(*dimension).ok()?)?;
        }
        Some(Self { len: Some(len), padded })
    }
}
