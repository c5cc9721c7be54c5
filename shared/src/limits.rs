//! Every cap of the core in one table, with its reason.
//!
//! A verifier reads text that an attacker wrote. Nothing here depends on what honest credentials
//! happen to look like today; each number is far above them and far below what would hurt.

/// Longest credential, presentation or bundle taken: 1 MiB. A filled passport is about 5 kB.
pub const MAX_DOCUMENT_BYTES: usize = 1 << 20;

/// Deepest nesting of arrays and objects. A passport needs 8; recursion below this is safe on any stack.
pub const MAX_DEPTH: usize = 32;

/// Most JSON values in one document: a 1 MiB document of the shortest values would have half a million.
pub const MAX_NODES: usize = 20_000;

/// Most numbers of one document that are not integers. Each is rounded from its exact value, which takes up to
/// 50 µs, and three times that in WebAssembly; a passport has none.
pub const MAX_DOUBLES: usize = 2_000;

/// Longest string or member name, in bytes of UTF-8.
pub const MAX_STRING_BYTES: usize = 64 << 10;

/// Longest member name, in bytes of UTF-8. A pointer names every member on its way, so this bounds reports too.
pub const MAX_NAME_BYTES: usize = 256;

/// Longest IRI. Statements repeat their subject's.
pub const MAX_IRI_BYTES: usize = 2048;

/// Most bytes of one document's canonical statements: those of a full passport are 20 kB.
pub const MAX_CANONICAL_BYTES: usize = 4 << 20;

/// Findings listed at most of one credential; a text with more is wrong as a whole.
pub const MAX_FINDINGS: usize = 64;

/// Links followed from one credential; our schemas allow far fewer.
pub const MAX_REFERENCES: usize = 1_000;

/// Most bytes of a multibase text that is decoded as base58btc, whose cost grows with the square:
/// a P-384 signature takes 133 characters.
pub const MAX_BASE58_CHARS: usize = 256;

/// Most proofs on one credential.
pub const MAX_PROOFS: usize = 16;

/// Most characters of the header of a JWS, which names an algorithm and a key.
pub const MAX_JOSE_HEADER_CHARS: usize = 8 << 10;

/// Most characters of the signature of a JWS: those of 96 bytes are 128.
pub const MAX_JOSE_SIGNATURE_CHARS: usize = 256;

/// Most RDF statements of one document, well above what [`MAX_NODES`] values can honestly make.
pub const MAX_QUADS: usize = 40_000;

/// Most context processing steps in one document (a context array of embedded contexts takes two or three).
pub const MAX_CONTEXTS: usize = 64;

/// Most nodes, edges and steps from a root that a lineage walk follows.
pub const MAX_LINEAGE_NODES: usize = 10_000;
/// See [`MAX_LINEAGE_NODES`].
pub const MAX_LINEAGE_EDGES: usize = 50_000;
/// See [`MAX_LINEAGE_NODES`].
pub const MAX_LINEAGE_DEPTH: usize = 256;

/// Most credentials that one bundle, with what is supplied beside it, may hold.
pub const MAX_CREDENTIALS: usize = 10_000;

/// Status entries of one credential: one for each purpose that there is, and as many again.
pub const MAX_STATUS_ENTRIES: usize = 8;

/// Bits of one status value. Every value has a message in each credential, so 8 bits are 256 messages.
pub const MAX_STATUS_SIZE: u8 = 8;

/// Status lists read in one verification: 256 issuers or years of a lineage.
pub const MAX_STATUS_LISTS: usize = 256;

/// Copies looked at of one status list: the shell's own come first.
pub const MAX_STATUS_COPIES: usize = 8;

/// Fewest entries of a status list, so that one among them says little about whose it is
/// ([Bitstring Status List, section 3.2](https://www.w3.org/TR/vc-bitstring-status-list/#validate-algorithm)).
pub const MIN_STATUS_ENTRIES: usize = 131_072;

/// Most bytes of one status list, 134 million bits. A list of the least size has 16 KiB, and DEFLATE makes
/// a thousand times as much of what it is given.
pub const MAX_STATUS_LIST_BYTES: usize = 16 << 20;

/// Most bytes of all status lists of one verification together.
pub const MAX_STATUS_BYTES: usize = 32 << 20;

/// Work that canonicalization may spend, in units of one hashed byte. The dearest of the honest W3C tests
/// needs about 1 million.
pub const CANON_WORK: u64 = 16_000_000;

/// The purse of one input: what a hostile one may cost in all, and what a credential costs honestly.
#[must_use]
pub fn input_budget(credentials: usize) -> Budget {
    let credentials = u64::try_from(credentials).unwrap_or(u64::MAX);
    Budget::new(CANON_WORK.saturating_add(credentials.saturating_mul(8 << 10)))
}

/// Signatures of single statements that an input may have besides: a full passport makes 120 statements.
pub const MAX_STATEMENT_SIGNATURES: usize = 256;

/// Signatures checked of one input: honest credentials have several thousand bytes for each, but for one that is
/// a selective disclosure.
#[must_use]
pub const fn max_signatures(input_bytes: usize) -> usize {
    MAX_PROOFS + MAX_STATEMENT_SIGNATURES + input_bytes / 2048
}

/// A purse of work that is spent and never refilled.
///
/// A count of calls does not bound the work where the cost of a call grows with the input, so the unit
/// is what was really done: bytes hashed or copied.
#[derive(Debug, Clone)]
pub struct Budget {
    left: u64,
}

impl Budget {
    /// A purse of `units`.
    #[must_use]
    pub const fn new(units: u64) -> Self {
        Self { left: units }
    }

    /// Takes `units` out. `None` when the purse is empty, from then on for good.
    pub fn spend(&mut self, units: usize) -> Option<()> {
        let units = u64::try_from(units).unwrap_or(u64::MAX);
        if let Some(left) = self.left.checked_sub(units) {
            self.left = left;
            Some(())
        } else {
            self.left = 0;
            None
        }
    }

    /// Takes out all that is left: nothing more of this input is worth the work.
    pub fn exhaust(&mut self) {
        self.left = 0;
    }

    /// What is left.
    #[must_use]
    pub const fn left(&self) -> u64 {
        self.left
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(CANON_WORK)
    }
}
