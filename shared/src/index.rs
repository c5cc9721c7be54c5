//! Finding and ordering, each in one place for the whole crate.
//!
//! A hash map or a sort is compiled anew for every type that it is used with. Half of the verifier would be
//! copies of them; these two are compiled once.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::rc::Rc;

/// Numbers by text.
#[derive(Debug, Clone, Default)]
pub(crate) struct Index {
    numbers: HashMap<Rc<str>, usize>,
}

impl Index {
    /// The number of a text.
    pub(crate) fn get(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    pub(crate) fn contains(&self, text: &str) -> bool {
        self.numbers.contains_key(text)
    }

    /// Sets the number of a text.
    pub(crate) fn set(&mut self, text: &str, number: usize) {
        self.numbers.insert(text.into(), number);
    }

    /// The number of a text: the one it has, or else this one.
    pub(crate) fn get_or_set(&mut self, text: &str, number: usize) -> usize {
        self.get(text).unwrap_or_else(|| {
            self.set(text, number);
            number
        })
    }

    /// Takes a text in. Whether it is new.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let new = !self.contains(text);
        if new {
            self.set(text, 0);
        }
        new
    }

    /// A text with this number, by looking at all.
    pub(crate) fn text_of(&self, number: usize) -> Option<&str> {
        self.numbers.iter().find(|(_, other)| **other == number).map(|(text, _)| &**text)
    }

    /// Forgets the numbers from `end` on.
    pub(crate) fn truncate(&mut self, end: usize) {
        self.numbers.retain(|_, number| *number < end);
    }
}

/// One text for several, which no other texts make.
pub(crate) fn key(parts: &[&str]) -> String {
    let mut key = String::new();
    for part in parts {
        crate::json::write::text(part, &mut key);
    }
    key
}

/// Sorts texts by their bytes, which is by code points.
pub(crate) fn sort(texts: &mut [&str]) {
    texts.sort_unstable();
}

/// The places of `count` items in their order; of equal ones the first comes first.
pub(crate) fn order(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Vec<usize> {
    let mut places: Vec<usize> = (0..count).collect();
    let sorted = (1..count).all(|at| compare(at - 1, at) != Ordering::Greater);
    if !sorted {
        places.sort_unstable_by(|a, b| compare(*a, *b).then(a.cmp(b)));
    }
    places
}

/// The items in their order; equal ones keep theirs.
pub(crate) fn sorted<T>(items: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let places = order(items.len(), &|a, b| match (items.get(a), items.get(b)) {
        (Some(a), Some(b)) => compare(a, b),
        _ => Ordering::Equal,
    });
    let mut items: Vec<Option<T>> = items.into_iter().map(Some).collect();
    places.into_iter().filter_map(|place| items.get_mut(place).and_then(Option::take)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order() {
        let items: Vec<(u32, u32)> = (0..1000).map(|at| (at * 7919 % 10, at)).collect();
        let mut expected = items.clone();
        expected.sort();
        assert_eq!(sorted(items, |a, b| a.0.cmp(&b.0)), expected);
        assert_eq!(sorted(vec![1, 2, 3], |a, b| a.cmp(b)), [1, 2, 3]);
        assert!(sorted(Vec::<u8>::new(), u8::cmp).is_empty());
    }

    #[test]
    fn a_text_keeps_its_first_number() {
        let mut index = Index::default();
        assert_eq!((index.get_or_set("a", 1), index.get_or_set("a", 2)), (1, 1));
        assert!(!index.insert("a") && index.insert("b"));
        index.set("a", 3);
        index.truncate(3);
        assert_eq!((index.get("a"), index.get("b")), (None, Some(0)));
    }
}
