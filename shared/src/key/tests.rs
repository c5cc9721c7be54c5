use proptest::prelude::*;

use super::check::{has_small_order, is_canonical_y};
use super::*;
use crate::digest::hex;
use crate::json;

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// x, y of [RFC 6979, A.2.5](https://www.rfc-editor.org/rfc/rfc6979#appendix-A.2.5).
const P256_X: &str = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
const P256_Y: &str = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
/// The same of [A.2.6](https://www.rfc-editor.org/rfc/rfc6979#appendix-A.2.6).
const P384_X: &str =
    "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13";
const P384_Y: &str =
    "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1288b231c3ae0d4fe7344fd2533264720";
/// [RFC 8032, section 7.1, test 2](https://www.rfc-editor.org/rfc/rfc8032#section-7.1)
const ED25519: &str = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";

const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn p256() -> VerifyingKey {
    VerifyingKey::from_compressed(Algorithm::P256, &unhex(&format!("03{P256_X}"))).unwrap()
}

fn p384() -> VerifyingKey {
    VerifyingKey::from_compressed(Algorithm::P384, &unhex(&format!("02{P384_X}"))).unwrap()
}

fn ed25519() -> VerifyingKey {
    VerifyingKey::from_compressed(Algorithm::Ed25519, &unhex(ED25519)).unwrap()
}

fn multikey(bytes: &str) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_multikey(&multibase::encode_base58btc(&unhex(bytes)))
}

fn jwk(text: &str) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::from_jwk(&json::parse(text).unwrap())
}

fn b64(digits: &str) -> String {
    multibase::encode_base64url_digits(&unhex(digits))
}

#[test]
fn a_key_has_one_multikey() {
    for (key, start, compressed) in [(p256(), "zDn", 33), (p384(), "z82", 49), (ed25519(), "z6Mk", 32)] {
        let text = key.to_multikey();
        assert!(text.starts_with(start), "{text}");
        assert_eq!(VerifyingKey::from_multikey(&text), Ok(key));
        assert_eq!(VerifyingKey::from_multikey(&text), Ok(key), "the remembered one");
        assert_eq!(key.compressed().len(), compressed);
    }
    assert_eq!(hex(&p256().uncompressed()), format!("04{P256_X}{P256_Y}"));
    assert_eq!(hex(&p384().uncompressed()), format!("04{P384_X}{P384_Y}"));
    assert_eq!(hex(&ed25519().uncompressed()), ED25519);
}

#[test]
fn a_jwk_is_the_same_key() {
    let (x, y) = (b64(P256_X), b64(P256_Y));
    let ec =
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}","kid":"k","alg":"ES256","use":"sig"}}"#);
    assert_eq!(jwk(&ec), Ok(p256()));
    let (x3, y3) = (b64(P384_X), b64(P384_Y));
    assert_eq!(
        jwk(&format!(r#"{{"kty":"EC","crv":"P-384","x":"{x3}","y":"{y3}","key_ops":["verify"]}}"#)),
        Ok(p384())
    );
    let okp = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"}}"#, b64(ED25519));
    assert_eq!(jwk(&okp), Ok(ed25519()));

    for (text, code) in [
        (ec.replace("\"kid\"", "\"d\""), "key.private-member"),
        (okp.replace("\"x\"", "\"d\":\"\",\"x\""), "key.private-member"),
        (ec.replace("P-256", "P-521"), "key.unsupported-algorithm"),
        (ec.replace("\"EC\"", "\"OKP\""), "key.unsupported-algorithm"),
        (okp.replace("Ed25519", "X25519"), "key.unsupported-algorithm"),
        (r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned(), "key.unsupported-algorithm"),
        (ec.replace("P-256", "P-384").replace("ES256", "ES384"), "key.wrong-length"),
        (
            ec.replace(&format!("\"x\":\"{x}\""), &format!("\"x\":\"{}\"", b64(&P256_X[2..]))),
            "key.wrong-length",
        ),
        (ec.replace(&y, &x), "key.not-on-curve"),
        (ec.replace(&x, &format!("{x}=")), "key.jwk-member"),
        (ec.replace("\"y\"", "\"z\""), "key.jwk-member"),
        (ec.replace("ES256", "ES256K"), "key.jwk-member"),
        (ec.replace("\"sig\"", "\"enc\""), "key.jwk-member"),
        (okp.replace("\"x\"", "\"key_ops\":[\"sign\"],\"x\""), "key.jwk-member"),
        (okp.replace("\"x\"", "\"y\":\"\",\"x\""), "key.jwk-member"),
        ("[]".to_owned(), "key.jwk-member"),
    ] {
        assert_eq!(jwk(&text).map_err(|error| error.code()), Err(code), "{text}");
    }
}

#[test]
fn what_is_no_good_point_is_refused() {
    let p256_prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    for (bytes, code) in [
        // Another codec, a varint that is not minimal, a secret key, nothing.
        (format!("e701 02{P256_X}"), "key.unsupported-algorithm"),
        (format!("80a400 03{P256_X}"), "key.unsupported-algorithm"),
        (format!("8026 {P256_X}"), "key.unsupported-algorithm"),
        (String::new(), "key.unsupported-algorithm"),
        // Uncompressed, the identity, the wrong curve's, one byte more.
        (format!("8024 04{P256_X}{P256_Y}"), "key.wrong-length"),
        ("8024 00".to_owned(), "key.wrong-length"),
        (format!("8124 03{P256_X}"), "key.wrong-length"),
        (format!("8024 03{P256_X}00"), "key.wrong-length"),
        (format!("ed01 {ED25519}00"), "key.wrong-length"),
        // Tags that are not 02 or 03, x = p, an x without a y.
        (format!("8024 00{P256_X}"), "key.not-on-curve"),
        (format!("8024 04{P256_X}"), "key.not-on-curve"),
        (format!("8024 05{P256_X}"), "key.not-on-curve"),
        (format!("8024 02{p256_prime}"), "key.not-on-curve"),
        (format!("8024 02{:064x}", 1), "key.not-on-curve"),
        (format!("8124 02{:096x}", 1), "key.not-on-curve"),
        (format!("8124 02{}", "ff".repeat(48)), "key.not-on-curve"),
        (format!("ed01 02{}", "00".repeat(31)), "key.not-on-curve"),
    ] {
        assert_eq!(multikey(&bytes).map_err(|error| error.code()), Err(code), "{bytes}");
    }
    let base64url = multibase::encode_base64url(&unhex(&format!("ed01{ED25519}")));
    assert_eq!(VerifyingKey::from_multikey(&base64url).map_err(|error| error.code()), Err("key.multibase"));
}

#[test]
fn keys_of_small_order_and_second_spellings_are_refused() {
    // Every y from p to 2^255 - 1, with either sign.
    for low in 0xed..=0xff_u8 {
        for high in [0x7f, 0xff] {
            let mut bytes = [0xff; 32];
            (bytes[0], bytes[31]) = (low, high);
            assert!(!is_canonical_y(&bytes));
            assert_eq!(
                VerifyingKey::from_compressed(Algorithm::Ed25519, &bytes),
                Err(KeyError::NonCanonical)
            );
        }
    }
    // The list is that of the curve: exactly its encodings are weak for the library that knows the curve.
    let mut weak = 0;
    let order_8 = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
    let minus_order_8 = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a";
    let (one, minus_one) = (format!("01{}", "00".repeat(31)), format!("ec{}7f", "ff".repeat(30)));
    for y in [&"00".repeat(32), &one, &minus_one, order_8, minus_order_8] {
        for sign in [0, 0x80] {
            let mut bytes: [u8; 32] = unhex(y).try_into().unwrap();
            bytes[31] |= sign;
            assert!(is_canonical_y(&bytes) && has_small_order(&bytes));
            assert_eq!(VerifyingKey::from_compressed(Algorithm::Ed25519, &bytes), Err(KeyError::SmallOrder));
            weak +=
                usize::from(ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| key.is_weak()));
        }
    }
    assert!(weak >= 8, "{weak}");
}

#[test]
fn the_memory_of_keys_is_bounded() {
    for n in 0..300_u32 {
        let seed = crate::digest::sha256(n.to_be_bytes());
        let key = VerifyingKey(Point::Ed25519(ed25519_dalek::SigningKey::from_bytes(&seed).verifying_key()));
        assert_eq!(VerifyingKey::from_multikey(&key.to_multikey()), Ok(key));
    }
    assert_eq!(REMEMBERED.with_borrow(Vec::len), MAX_REMEMBERED_KEYS);
}

/// Signatures of [RFC 6979](https://www.rfc-editor.org/rfc/rfc6979#appendix-A.2) and RFC 8032.
fn known() -> [(VerifyingKey, &'static [u8], Vec<u8>); 3] {
    [
        (
            p256(),
            b"sample",
            unhex(
                "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716
                 f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
            ),
        ),
        (
            p384(),
            b"sample",
            unhex(
                "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46
                 99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8",
            ),
        ),
        (
            ed25519(),
            b"\x72",
            unhex(
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da
                 085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ),
    ]
}

#[test]
fn known_signatures_are_valid_and_no_other_length_is() {
    for (key, message, signature) in known() {
        assert!(key.verify(message, &signature));
        assert!(!key.verify(b"another", &signature));
        assert!(!key.verify(message, &signature[1..]));
        assert!(!key.verify(message, &[&signature[..], &[0]].concat()));
        assert!(!key.verify(message, &[]));
        for (other, ..) in known() {
            assert_eq!(other.verify(message, &signature), other == key);
        }
    }
}

/// a - b, big-endian.
fn subtract(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0;
    let mut out: Vec<u8> = Vec::new();
    for (a, b) in a.iter().zip(b).rev() {
        let value = 256 + i32::from(*a) - i32::from(*b) - borrow;
        borrow = i32::from(value < 256);
        out.push((value % 256).try_into().unwrap());
    }
    out.reverse();
    out
}

#[test]
fn either_s_is_valid_and_scalars_out_of_range_are_not() {
    let [(key, message, signature), ..] = known();
    let order = unhex(P256_ORDER);
    let (r, s) = signature.split_at(32);
    assert!(key.verify(message, &[r, &subtract(&order, s)].concat()), "the other s");
    let (zero, past) = ([0; 32], [0xff; 32]);
    for bad in [&zero[..], &order, &past] {
        for forged in [[bad, s].concat(), [r, bad].concat(), [bad, bad].concat()] {
            assert!(!key.signature_is_well_formed(&forged));
            assert!(!key.verify(message, &forged));
        }
    }
    let largest = subtract(&order, &unhex(&format!("{:064x}", 1)));
    assert!(key.signature_is_well_formed(&[&largest[..], &largest].concat()));
}

#[test]
fn ed25519_signatures_have_one_form() {
    let [.., (key, message, signature)] = known();
    let (r, s) = signature.split_at(32);
    // S + L is the same number modulo L.
    let order = unhex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    let mut carry = 0_u16;
    let mut second = Vec::new();
    for (a, b) in s.iter().zip(&order) {
        carry += u16::from(*a) + u16::from(*b);
        second.push(carry.to_le_bytes()[0]);
        carry >>= 8;
    }
    assert!(!key.verify(message, &[r, &second].concat()));
    assert!(!key.signature_is_well_formed(&[r, &order].concat()));
    let (mut one, mut noncanonical) = ([0; 32], [0xff; 32]);
    (one[0], noncanonical[31]) = (1, 0x7f);
    for small in [[0; 32], one, noncanonical] {
        assert!(!key.signature_is_well_formed(&[&small[..], s].concat()));
    }
}

proptest! {
    /// Where the byte comparisons pass, the libraries' own decoding does too, and the other way round.
    #[test]
    fn well_formed_is_what_the_libraries_decode(mut bytes in proptest::collection::vec(any::<u8>(), 64), top in 0..4_usize) {
        // Random numbers are nearly never out of range, so some get a large or zero half.
        match top {
            0 => bytes[..16].fill(0xff),
            1 => bytes[32..48].fill(0xff),
            2 => bytes[..32].fill(0),
            _ => {}
        }
        let decoded = p256::ecdsa::Signature::from_slice(&bytes).is_ok();
        prop_assert_eq!(is_well_formed(Algorithm::P256, &bytes), decoded);
    }

    #[test]
    fn one_bit_makes_a_signature_invalid(which in 0..3_usize, bit in 0..512_usize) {
        let (key, message, mut signature) = known()[which].clone();
        let at = bit / 8 % signature.len();
        signature[at] ^= 1 << (bit % 8);
        prop_assert!(!key.verify(message, &signature));
    }
}

#[cfg(feature = "sign")]
mod signing {
    use super::*;

    #[test]
    fn known_signatures_are_made() {
        let secrets = [
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5",
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        ];
        for (secret, (key, message, signature)) in secrets.into_iter().zip(known()) {
            let secret = unhex(secret);
            let signing = SigningKey::from_secret_bytes(key.algorithm(), &secret).unwrap();
            assert_eq!(signing.verifying_key(), key);
            assert_eq!(signing.algorithm(), key.algorithm());
            assert_eq!(*signing.to_secret_bytes(), secret);
            assert_eq!(signing.sign(message), Ok(signature));
        }
    }

    #[test]
    fn secrets_out_of_range_are_refused() {
        let code = |algorithm, secret: &[u8]| {
            SigningKey::from_secret_bytes(algorithm, secret).map_or_else(|error| error.code(), |_| "ok")
        };
        assert_eq!(code(Algorithm::P256, &[0; 32]), "key.secret-out-of-range");
        assert_eq!(code(Algorithm::P256, &unhex(P256_ORDER)), "key.secret-out-of-range");
        assert_eq!(code(Algorithm::P384, &[0xff; 48]), "key.secret-out-of-range");
        assert_eq!(code(Algorithm::P256, &[1; 31]), "key.secret-wrong-length");
        assert_eq!(code(Algorithm::P384, &[1; 32]), "key.secret-wrong-length");
        assert_eq!(code(Algorithm::Ed25519, &[1; 64]), "key.secret-wrong-length");
        assert_eq!(code(Algorithm::Ed25519, &[0; 32]), "ok");
    }

    #[test]
    fn a_signer_goes_by_its_did_key() {
        let signer = KeySigner::did_key(SigningKey::from_secret_bytes(Algorithm::P256, &[7; 32]).unwrap());
        let key = signer.key().verifying_key();
        let multikey = key.to_multikey();
        assert_eq!(signer.verification_method(), format!("did:key:{multikey}#{multikey}"));
        let signature = Signer::sign(&signer, b"m").unwrap();
        assert!(key.verify(b"m", &signature));
    }
}
