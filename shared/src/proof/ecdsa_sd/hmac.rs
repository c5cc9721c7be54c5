//! HMAC with SHA-256, [RFC 2104](https://www.rfc-editor.org/rfc/rfc2104#section-2), for keys of 32 bytes.

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::value::Hash;

/// Bytes that SHA-256 takes at a time.
const BLOCK: usize = 64;

pub(super) fn hmac_sha256(key: &Hash, message: &[u8]) -> Hash {
    let pad = |with: u8| {
        let mut block = Zeroizing::new([with; BLOCK]);
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(*pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(*pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231() {
        // Test case 1 of https://www.rfc-editor.org/rfc/rfc4231#section-4.2; a key is filled up with zeros.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(crate::digest::hex(&hmac_sha256(&key, b"Hi There")), expected);
    }
}
