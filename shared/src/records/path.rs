//! Audit paths of [RFC 9162, section 2.1.3](https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3).

use std::ops::Range;

use crate::digest::merkle;

/// Most hashes on a path: a tree of 2^53 leaves has as many levels.
pub const MAX_PATH: usize = 53;

/// The leaves under each hash of the path of leaf `index` among `count`, in the order of the path, from the leaf
/// up. They cover every leaf but the one itself.
#[must_use]
pub fn audit_ranges(index: u64, count: u64) -> Vec<Range<u64>> {
    let (mut from, mut to) = (0, count);
    let mut ranges = Vec::new();
    while to.saturating_sub(from) > 1 && (from..to).contains(&index) {
        // The largest power of two below the number of leaves.
        let middle = from + (1_u64 << (to - from - 1).ilog2());
        if index < middle {
            ranges.push(middle..to);
            to = middle;
        } else {
            ranges.push(from..middle);
            from = middle;
        }
    }
    ranges.reverse();
    ranges
}

/// The root of the tree of `count` leaves that has `leaf` at `index`, if the path has the length of such a tree.
#[must_use]
pub(super) fn root_of(leaf: [u8; 32], index: u64, count: u64, path: &[[u8; 32]]) -> Option<[u8; 32]> {
    let (mut node, mut at) = (index, count.checked_sub(1)?);
    if node > at {
        return None;
    }
    let mut hash = leaf;
    for sibling in path {
        if at == 0 {
            return None;
        }
        if node & 1 == 1 || node == at {
            hash = merkle::node(sibling, &hash);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                at >>= 1;
            }
        } else {
            hash = merkle::node(&hash, sibling);
        }
        node >>= 1;
        at >>= 1;
    }
    (at == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(n: u64) -> [u8; 32] {
        merkle::leaf(&n.to_be_bytes())
    }

    fn path(index: u64, count: u64) -> Vec<[u8; 32]> {
        let root = |range: Range<u64>| merkle::root(range.map(leaf)).as_bytes().try_into().unwrap();
        audit_ranges(index, count).into_iter().map(root).collect()
    }

    #[test]
    fn every_leaf_of_every_small_tree() {
        for count in 1..70 {
            let root = merkle::root((0..count).map(leaf));
            for index in 0..count {
                let path = path(index, count);
                assert_eq!(root_of(leaf(index), index, count, &path).unwrap(), root.as_bytes());
                assert_ne!(root_of(leaf(index + 1), index, count, &path).unwrap(), root.as_bytes());
                for other in (0..count).filter(|other| *other != index) {
                    let found = root_of(leaf(index), other, count, &path);
                    assert!(found.is_none_or(|found| found != root.as_bytes()), "{index} as {other}");
                }
                let longer: Vec<_> = path.iter().copied().chain([leaf(1)]).collect();
                assert_eq!(root_of(leaf(index), index, count, &longer), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(root_of(leaf(index), index, count, shorter), None);
                }
            }
        }
        assert_eq!(root_of(leaf(0), 0, 0, &[]), None);
        assert_eq!(root_of(leaf(0), 1, 1, &[]), None);
    }

    #[test]
    fn the_largest_tree() {
        let count = (1 << 53) - 1;
        for index in [0, 1, count / 2, count - 1] {
            let ranges = audit_ranges(index, count);
            assert!(ranges.len() <= MAX_PATH);
            assert_eq!(ranges.iter().map(|range| range.end - range.start).sum::<u64>(), count - 1);
            assert!(root_of(leaf(0), index, count, &vec![leaf(1); ranges.len()]).is_some());
        }
        assert_eq!(audit_ranges(9, 5), []);
    }
}
