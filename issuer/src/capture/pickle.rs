//! What a [pickle](https://docs.python.org/3/library/pickletools.html) would make, without making it.
//!
//! A pickle is a program for a stack machine that builds Python objects and may call any function on the way.
//! Here the machine runs on symbols: a global is its name, a call is the name of what would be called and with
//! what, and nothing is imported or called. What is kept is what the readers ask for: which globals the
//! program names, and the skeleton of dictionaries, lists, short texts and whole numbers that leads to tensors.
//! Everything else (numbers with fractions, bytes, long texts) is one opaque value.
//!
//! Two things that pickles are found with are known: `numpy` arrays that `joblib` writes between two operations
//! (they are skipped), and pickles after the pickle.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

use super::pickle_machine::Machine;

/// Most objects that are kept; with their items at most 100 MB of memory.
const MAX_NODES: usize = 500_000;

/// Most values in all memos, lists and dictionaries together.
const MAX_VALUES: usize = 1_000_000;

/// Most bytes of all texts that are kept.
const MAX_TEXTS_BYTES: usize = 16 << 20;

/// Most fractions in one list or tuple that are settings: rates, momenta.
pub(super) const MAX_PLAIN: usize = 8;

/// Most whole numbers in one list or tuple that are settings, where they do not just count on.
pub(super) const MAX_PLAIN_TUPLE: usize = 64;

/// Most globals that are kept.
const MAX_GLOBALS: usize = 4_096;

/// A value on the symbolic stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Int(i64),
    /// An object, by its place among the [`Node`]s.
    Node(u32),
    /// A value that nobody asks for.
    Opaque,
}

/// An object.
#[derive(Debug)]
pub(super) enum Node {
    /// What calling something would give.
    Call(Call),
    Dict(Vec<(Value, Value)>),
    /// Module and name, with a dot between them.
    Global(Box<str>),
    /// With the place of each item, as opaque items are left out; how many there are, and how many of them are
    /// numbers that do not just count on.
    List(Vec<(i64, Value)>, i64, usize),
    /// What `persistent_load` would give for this.
    Persistent(Value),
    Text(Box<str>),
    Tuple(Vec<Value>),
}

/// A call that is not made.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) callable: Value,
    pub(super) arguments: Value,
    /// What `__setstate__` would get.
    pub(super) state: Value,
    /// What is set in the result afterwards, if it is a dictionary.
    pub(super) items: Vec<(Value, Value)>,
}

/// Why a walk ended before the pickle did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stop {
    /// An array whose length cannot be told.
    #[error("an array of unknown length")]
    Array,
    /// An operation for which the stack or the memo lacks something.
    #[error("an operation without its operands")]
    Operands,
    /// The bytes end first.
    #[error("the bytes end there")]
    End,
    /// More than a walk keeps.
    #[error("more objects than are looked at")]
    Limit,
    /// No such operation.
    #[error("an unknown operation")]
    Operation,
    /// The bytes cannot be read or decompressed.
    #[error("bytes that cannot be read")]
    Unreadable,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::End,
            io::ErrorKind::FileTooLarge => Self::Limit,
            _ => Self::Unreadable,
        }
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(super) struct Walk {
    nodes: Vec<Node>,
    /// Everything that would be imported, as `module.name` in the spelling of the file; `?` for a name that is
    /// only known when it runs.
    pub(super) globals: BTreeSet<String>,
    /// What each pickle gives, in their order.
    pub(super) roots: Vec<Value>,
    /// Where the walk ended too early, and why.
    pub(super) stopped: Option<(u64, Stop)>,
    /// What the pickle holds beside its objects that may be weights.
    pub(super) payload: Option<&'static str>,
    /// Bytes of arrays that were passed over.
    pub(super) skipped: u64,
    texts: usize,
    values: usize,
}
/// Walks all pickles that stand one after another.
pub(super) fn walk(input: impl BufRead) -> Walk {
    Machine::new(input).run_all()
}

impl Walk {
    pub(super) fn node(&self, value: Value) -> Option<&Node> {
        let Value::Node(at) = value else { return None };
        self.nodes.get(usize::try_from(at).ok()?)
    }

    pub(super) fn text(&self, value: Value) -> Option<&str> {
        if let Some(Node::Text(text)) = self.node(value) { Some(text) } else { None }
    }

    pub(super) fn global(&self, value: Value) -> Option<&str> {
        if let Some(Node::Global(name)) = self.node(value) { Some(name) } else { None }
    }

    pub(super) fn tuple(&self, value: Value) -> Option<&[Value]> {
        if let Some(Node::Tuple(items)) = self.node(value) { Some(items) } else { None }
    }

    pub(super) fn call(&self, value: Value) -> Option<&Call> {
        if let Some(Node::Call(call)) = self.node(value) { Some(call) } else { None }
    }

    /// How many items an object has.
    pub(super) fn items(&self, value: Value) -> usize {
        match self.node(value) {
            Some(Node::Call(call)) => call.items.len().saturating_add(2),
            Some(Node::Dict(items)) => items.len(),
            Some(Node::List(items, ..)) => items.len(),
            Some(Node::Tuple(items)) => items.len(),
            Some(Node::Global(_) | Node::Persistent(_) | Node::Text(_)) | None => 0,
        }
    }

    /// What every reference to the outside refers to.
    pub(super) fn persistent(&self) -> impl Iterator<Item = Value> {
        self.nodes.iter().filter_map(|node| if let Node::Persistent(id) = node { Some(*id) } else { None })
    }

    pub(super) fn node_mut(&mut self, value: Value) -> Option<&mut Node> {
        let Value::Node(at) = value else { return None };
        self.nodes.get_mut(usize::try_from(at).ok()?)
    }

    pub(super) fn add(&mut self, node: Node) -> Result<Value, Stop> {
        if self.nodes.len() >= MAX_NODES {
            return Err(Stop::Limit);
        }
        let at = u32::try_from(self.nodes.len()).map_err(|_| Stop::Limit)?;
        self.nodes.push(node);
        Ok(Value::Node(at))
    }

    pub(super) fn add_text(&mut self, text: Option<String>) -> Result<Value, Stop> {
        let Some(text) = text else { return Ok(Value::Opaque) };
        self.texts = self.texts.saturating_add(text.len());
        if self.texts > MAX_TEXTS_BYTES { Err(Stop::Limit) } else { self.add(Node::Text(text.into())) }
    }

    pub(super) fn add_global(&mut self, name: String) -> Result<Value, Stop> {
        if !self.globals.contains(&name) {
            if self.globals.len() >= MAX_GLOBALS {
                return Err(Stop::Limit);
            }
            self.globals.insert(name.clone());
        }
        self.texts = self.texts.saturating_add(name.len());
        if self.texts > MAX_TEXTS_BYTES { Err(Stop::Limit) } else { self.add(Node::Global(name.into())) }
    }

    pub(super) fn add_tuple(&mut self, items: Vec<Value>) -> Result<Value, Stop> {
        self.count(items.len())?;
        let opaque = items.iter().filter(|item| **item == Value::Opaque).count();
        let whole = items.iter().filter(|item| matches!(item, Value::Int(_))).count();
        if opaque > MAX_PLAIN || whole > MAX_PLAIN_TUPLE {
            self.payload = Some("its pickle holds lists of numbers");
        }
        self.add(Node::Tuple(items))
    }

    pub(super) fn add_call(&mut self, callable: Value, arguments: Value) -> Result<Value, Stop> {
        if let Some(what) = self.made_of_bytes(callable, arguments) {
            self.payload = Some(what);
        }
        self.add(Node::Call(Call { callable, arguments, state: Value::Opaque, items: Vec::new() }))
    }

    /// What a call gives, if it is numbers that stand in the pickle as bytes.
    fn made_of_bytes(&self, callable: Value, arguments: Value) -> Option<&'static str> {
        let name = self.global(callable)?;
        if name.ends_with("._reconstruct") || name.ends_with("._frombuffer") {
            return Some("its pickle holds arrays of numpy");
        }
        // How protocol 2 writes bytes; those of a number are few.
        let long = |value: &Value| self.text(*value).map_or(*value == Value::Opaque, |text| text.len() > 64);
        let is_bytes = match name {
            "_codecs.encode" => self.tuple(arguments)?.first().is_some_and(long),
            _ => name.ends_with(".bytearray") || name.starts_with("array."),
        };
        is_bytes.then_some("its pickle holds bytes")
    }

    pub(super) fn count(&mut self, more: usize) -> Result<(), Stop> {
        self.values = self.values.saturating_add(more);
        if self.values > MAX_VALUES { Err(Stop::Limit) } else { Ok(()) }
    }
}
#[cfg(test)]
mod tests {
    use super::super::testing::model_file;
    use super::*;

    fn globals(bytes: &[u8]) -> Vec<String> {
        let walk = walk(bytes);
        assert_eq!(walk.stopped, None, "{:?}", walk.globals);
        walk.globals.into_iter().collect()
    }

    #[test]
    fn what_would_be_imported_is_seen_in_every_protocol() {
        // Old protocols spell a module as Python 2 named it.
        for (protocol, module) in [(0, "commands"), (2, "commands"), (4, "subprocess"), (5, "subprocess")] {
            let bytes = model_file(&format!("evil-{protocol}.pkl"));
            assert_eq!(globals(&bytes), [format!("{module}.check_output")], "{protocol}");
        }
        let class = "sklearn.linear_model._logistic.LogisticRegression".to_owned();
        assert!(globals(&model_file("logistic.pickle")).contains(&class));
        // The obsolete operations, a name from the memo, one that is computed, and one from the registry.
        assert_eq!(globals(b"(ios\nsystem\n."), ["os.system"]);
        assert_eq!(globals(b"(cos\nsystem\no."), ["os.system"]);
        assert_eq!(globals(b"\x80\x04\x8c\x02os\x94\x8c\x06system\x940h\x00h\x01\x93."), ["os.system"]);
        assert_eq!(globals(b"\x80\x02\x82\x01."), ["?"]);
        assert_eq!(globals(b"\x80\x04NN\x93."), ["?"]);
    }

    #[test]
    fn arrays_between_the_operations_are_skipped() {
        for name in ["logistic.joblib", "forest.joblib"] {
            assert!(globals(&model_file(name)).contains(&"numpy.dtype".to_owned()), "{name}");
        }
        let objects = globals(&model_file("objects.joblib"));
        assert!(objects.contains(&"subprocess.check_output".to_owned()), "{objects:?}");
    }

    #[test]
    fn old_torch_files_end_with_their_tensors() {
        let walk = walk(&model_file("legacy.pth")[..]);
        assert_eq!((walk.roots.len(), walk.stopped), (5, None));
        assert!(walk.globals.contains("torch._utils._rebuild_tensor_v2"));
    }

    #[test]
    fn every_cut_and_every_changed_byte_ends() {
        for name in ["evil-0.pkl", "evil-4.pkl", "objects.joblib", "logistic.joblib"] {
            let whole = model_file(name);
            for at in 0..whole.len() {
                assert!(walk(&whole[..at]).stopped.is_some(), "{name} {at}");
                for bit in [1, 0x80, 0xff] {
                    let mut changed = whole.clone();
                    changed[at] ^= bit;
                    _ = walk(&changed[..]);
                }
            }
        }
    }

    #[test]
    fn programs_that_lie_or_never_end() {
        let stop = |bytes: &[u8]| walk(bytes).stopped.map(|(_, stop)| stop);
        assert_eq!(stop(b""), Some(Stop::End));
        assert_eq!(stop(b"."), Some(Stop::Operands));
        assert_eq!(stop(b"0"), Some(Stop::Operands));
        assert_eq!(stop(b"R"), Some(Stop::Operands));
        assert_eq!(stop(b"(R"), Some(Stop::Operands));
        assert_eq!(stop(b"N(0."), None, "a mark is popped like a value");
        assert_eq!(stop(b"u"), Some(Stop::Operands));
        assert_eq!(stop(b"}(Nu"), Some(Stop::Operands));
        assert_eq!(stop(b"h\x07."), Some(Stop::Operands));
        assert_eq!(stop(b"\xff"), Some(Stop::Operation));
        for head in [&b"\x8e"[..], b"\x8d", b"\x96"] {
            assert_eq!(stop(&[head, &u64::MAX.to_le_bytes()].concat()), Some(Stop::End));
        }
        assert_eq!(stop(&b"(".repeat(2_000_000)), Some(Stop::Limit));
        assert_eq!(stop(&b"N".repeat(2_000_000)), Some(Stop::Limit));
        assert_eq!(stop(&b"]".repeat(2_000_000)), Some(Stop::Limit));
        assert_eq!(stop(&b"\x80\x02N.".repeat(2_000)), Some(Stop::Limit));
        // A list in itself, and a thousand names for one.
        assert_eq!(stop(b"]q\x00h\x00a."), None);
    }
}
