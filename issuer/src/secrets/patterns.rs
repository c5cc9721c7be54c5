//! Secrets that are known by their form, wherever they stand.

use model_passport::multibase;

use super::{MAX_VALUE_BYTES, Secret, assignments};

/// What the characters after a token's prefix are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Alphanumeric,
    /// Letters, digits, `-` and `_`.
    Base64Url,
    Hexadecimal,
    UpperAlphanumeric,
}

impl Alphabet {
    fn has(self, c: char) -> bool {
        match self {
            Self::Alphanumeric => c.is_ascii_alphanumeric(),
            Self::Base64Url => is_base64url(c),
            Self::Hexadecimal => matches!(c, '0'..='9' | 'a'..='f'),
            Self::UpperAlphanumeric => c.is_ascii_uppercase() || c.is_ascii_digit(),
        }
    }
}

/// Tokens that their makers gave a prefix, so that they can be found: prefix, kind, what follows, how many of
/// it at least.
const TOKENS: [(&str, &str, Alphabet, usize); 67] = [
    ("AGE-SECRET-KEY-1", "age private key", Alphabet::UpperAlphanumeric, 50),
    ("AIza", "Google API key", Alphabet::Base64Url, 35),
    ("AKIA", "AWS access key", Alphabet::UpperAlphanumeric, 16),
    ("ASIA", "AWS access key", Alphabet::UpperAlphanumeric, 16),
    ("GOCSPX-", "Google client secret", Alphabet::Base64Url, 24),
    ("ABIA", "AWS key", Alphabet::UpperAlphanumeric, 16),
    ("ACCA", "AWS key", Alphabet::UpperAlphanumeric, 16),
    ("ATATT3xFfGF0", "Atlassian token", Alphabet::Base64Url, 40),
    ("NRAK-", "New Relic key", Alphabet::UpperAlphanumeric, 27),
    ("PMAK-", "Postman key", Alphabet::Hexadecimal, 24),
    ("csk-", "Cerebras API key", Alphabet::Alphanumeric, 40),
    ("dckr_oat_", "Docker token", Alphabet::Base64Url, 20),
    ("doo_v1_", "DigitalOcean token", Alphabet::Hexadecimal, 64),
    ("dor_v1_", "DigitalOcean token", Alphabet::Hexadecimal, 64),
    ("figd_", "Figma token", Alphabet::Base64Url, 40),
    ("gsk_", "Groq API key", Alphabet::Alphanumeric, 40),
    ("lin_api_", "Linear key", Alphabet::Alphanumeric, 40),
    ("lsv2_pt_", "LangSmith key", Alphabet::Hexadecimal, 32),
    ("lsv2_sk_", "LangSmith key", Alphabet::Hexadecimal, 32),
    ("pcsk_", "Pinecone key", Alphabet::Base64Url, 40),
    ("pplx-", "Perplexity API key", Alphabet::Alphanumeric, 40),
    ("rubygems_", "RubyGems key", Alphabet::Hexadecimal, 48),
    ("sbp_", "Supabase token", Alphabet::Hexadecimal, 40),
    ("shpat_", "Shopify token", Alphabet::Hexadecimal, 32),
    ("shpss_", "Shopify secret", Alphabet::Hexadecimal, 32),
    ("sntrys_", "Sentry token", Alphabet::Base64Url, 40),
    ("sntryu_", "Sentry token", Alphabet::Hexadecimal, 64),
    ("tskey-", "Tailscale key", Alphabet::Base64Url, 20),
    ("whsec_", "webhook secret", Alphabet::Alphanumeric, 32),
    ("xai-", "xAI API key", Alphabet::Alphanumeric, 60),
    ("api_org_", "Hugging Face token", Alphabet::Alphanumeric, 30),
    ("dapi", "Databricks token", Alphabet::Hexadecimal, 32),
    ("dckr_pat_", "Docker token", Alphabet::Base64Url, 20),
    ("dop_v1_", "DigitalOcean token", Alphabet::Hexadecimal, 64),
    ("gho_", "GitHub token", Alphabet::Alphanumeric, 36),
    ("ghp_", "GitHub token", Alphabet::Alphanumeric, 36),
    ("ghr_", "GitHub token", Alphabet::Alphanumeric, 36),
    ("ghs_", "GitHub token", Alphabet::Alphanumeric, 36),
    ("ghu_", "GitHub token", Alphabet::Alphanumeric, 36),
    ("github_pat_", "GitHub token", Alphabet::Base64Url, 40),
    ("glagent-", "GitLab token", Alphabet::Base64Url, 20),
    ("glcbt-", "GitLab token", Alphabet::Base64Url, 20),
    ("gldt-", "GitLab token", Alphabet::Base64Url, 20),
    ("glft-", "GitLab token", Alphabet::Base64Url, 20),
    ("gloas-", "GitLab token", Alphabet::Base64Url, 20),
    ("glpat-", "GitLab token", Alphabet::Base64Url, 20),
    ("glptt-", "GitLab token", Alphabet::Base64Url, 20),
    ("glrt-", "GitLab token", Alphabet::Base64Url, 20),
    ("glsoat-", "GitLab token", Alphabet::Base64Url, 20),
    ("hf_", "Hugging Face token", Alphabet::Alphanumeric, 30),
    ("npm_", "npm token", Alphabet::Alphanumeric, 36),
    ("nvapi-", "NVIDIA API key", Alphabet::Base64Url, 40),
    ("pypi-AgE", "PyPI token", Alphabet::Base64Url, 40),
    ("r8_", "Replicate token", Alphabet::Alphanumeric, 37),
    ("rk_live_", "Stripe key", Alphabet::Alphanumeric, 20),
    ("sk_live_", "Stripe key", Alphabet::Alphanumeric, 20),
    // Also of the services that copied the form.
    ("sk-", "OpenAI-like API key", Alphabet::Base64Url, 20),
    ("wandb_v1_", "Weights & Biases key", Alphabet::Base64Url, 40),
    ("xapp-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxa-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxb-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxc-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxd-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxe-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxp-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxr-", "Slack token", Alphabet::Base64Url, 16),
    ("xoxs-", "Slack token", Alphabet::Base64Url, 16),
];

/// Parameters of an address that open it for whoever has the address.
const SIGNED_URL_PARAMETERS: [&str; 3] = ["sig=", "X-Amz-Signature=", "X-Goog-Signature="];

/// Whether the whole text is something that passports are full of and that nobody hides: a digest, a DID, a
/// UUID, a commit.
pub(super) fn is_public(text: &str) -> bool {
    const DIGEST_CHARS: usize = 47;
    let hex = |text: &str| text.chars().all(|c| Alphabet::Hexadecimal.has(c));
    let digest = text.starts_with("uEi") && text.len() == DIGEST_CHARS && text.chars().all(is_base64url);
    let named = ["urn:sha256:", "urn:uuid:", "sha256:"].into_iter().find_map(|name| text.strip_prefix(name));
    let named = named.is_some_and(|rest| rest.chars().all(|c| Alphabet::Hexadecimal.has(c) || c == '-'));
    digest || named || (matches!(text.len(), 32 | 40 | 64 | 96 | 128) && hex(text))
}

/// The first secret that is known by its form.
pub(super) fn find(text: &str) -> Option<Secret<'_>> {
    private_key(text)
        .or_else(|| text.split(|c| !is_base64url(c)).find_map(of_word))
        .or_else(|| text.split(|c| !(is_base64url(c) || c == '.')).find_map(json_web_token))
        .or_else(|| in_url(text))
        .or_else(|| signed_url(text))
        .or_else(|| authorization(text))
}

fn is_base64url(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// The armour of PEM ([RFC 7468](https://www.rfc-editor.org/rfc/rfc7468)), OpenSSH, PGP, PuTTY; a JWK as text.
fn private_key(text: &str) -> Option<Secret<'_>> {
    let after = |mark: &str| text.find(mark).and_then(|at| text.get(at..)?.get(mark.len()..));
    if let Some(value) = after("PuTTY-User-Key-File-") {
        return Some(Secret { kind: "private key", value });
    }
    let armoured = text.split("---- BEGIN ").skip(1).chain(text.split("-----BEGIN ").skip(1));
    for label in armoured {
        let label = label.split_once("---").map_or(label, |(label, _)| label);
        if label.len() < MAX_VALUE_BYTES && label.contains("PRIVATE KEY") {
            return Some(Secret { kind: "private key", value: label });
        }
    }
    let value =
        [r#""d":""#, r#""d": ""#].into_iter().find_map(after).filter(|_| text.contains(r#""kty""#))?;
    Some(Secret { kind: "private JSON Web Key", value })
}

/// A token with a prefix, or a private key in multibase.
fn of_word(word: &str) -> Option<Secret<'_>> {
    if is_public(word) {
        return None;
    }
    for (prefix, kind, alphabet, least) in TOKENS {
        for (at, _) in word.match_indices(prefix) {
            let starts = word.get(..at)?.chars().next_back().is_none_or(|c| !c.is_ascii_alphanumeric());
            let value = word.get(at..)?;
            let body = || value.chars().skip(prefix.chars().count()).take_while(|c| alphabet.has(*c));
            // INVARIANT: both look at no more of the word than the rule needs, so many prefixes cost no more.
            if starts && body().take(least).count() == least && is_varied(body().take(MAX_VALUE_BYTES)) {
                return Some(Secret { kind, value });
            }
        }
    }
    private_multikey(word)
}

/// Not a placeholder such as `hf_xxxxxxxx`, and not words with hyphens such as `sk-learn-gradient-boosting`.
fn is_varied(body: impl Iterator<Item = char>) -> bool {
    const MIN_DISTINCT: usize = 8;
    const MIN_RUN: usize = 8;
    let body: String = body.collect();
    let classes = |run: &str| {
        let classes = [char::is_lowercase, char::is_uppercase, char::is_numeric];
        classes.into_iter().filter(|is| run.contains(*is)).count()
    };
    let mixed = body.split(['-', '_']).any(|run| run.len() >= MIN_RUN && classes(run) >= 2);
    mixed && assignments::distinct(&body) >= MIN_DISTINCT
}

/// The private half of a Multikey: multicodec `ed25519-priv` (0x1300) to `p521-priv` (0x1308).
fn private_multikey(word: &str) -> Option<Secret<'_>> {
    const CHARS: std::ops::RangeInclusive<usize> = 40..=120;
    if !word.starts_with('z') || !CHARS.contains(&word.len()) {
        return None;
    }
    let bytes = multibase::decode_base58btc(word).ok()?;
    let (codec, _) = multibase::split_varint(&bytes)?;
    (0x1300..=0x1308).contains(&codec).then_some(Secret { kind: "private key", value: word })
}

/// Three parts of base64url of which the first is a JOSE header
/// ([RFC 7519](https://www.rfc-editor.org/rfc/rfc7519#section-3)).
fn json_web_token(word: &str) -> Option<Secret<'_>> {
    const MIN_SIGNATURE_CHARS: usize = 16;
    let parts: Vec<&str> = word.split('.').collect();
    let header = |part: &str| {
        let bytes = multibase::decode_base64url_digits(part).unwrap_or_default();
        let text = String::from_utf8(bytes).unwrap_or_default();
        text.trim_start().starts_with('{') && text.contains("\"alg\"")
    };
    let token = parts.windows(3).find(|part| match part {
        [head, _, signature] => signature.len() >= MIN_SIGNATURE_CHARS && header(head),
        _ => false,
    })?;
    Some(Secret { kind: "JSON Web Token", value: token.first().copied().unwrap_or_default() })
}

/// `scheme://user:password@host`, or a token in place of the user.
fn in_url(text: &str) -> Option<Secret<'_>> {
    text.match_indices("://").find_map(|(at, mark)| {
        let rest = assignments::head(text.get(at..)?.get(mark.len()..)?, MAX_VALUE_BYTES);
        let ends = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>');
        let authority = rest.split(ends).next()?;
        let (user, _) = authority.rsplit_once('@')?;
        let value = match user.split_once(':') {
            Some((_, password)) => Some(password).filter(|value| !assignments::is_placeholder(value)),
            None => Some(user).filter(|value| assignments::looks_random(value)),
        };
        value.map(|value| Secret { kind: "password in an address", value })
    })
}

fn signed_url(text: &str) -> Option<Secret<'_>> {
    const MIN_CHARS: usize = 20;
    SIGNED_URL_PARAMETERS.into_iter().find_map(|name| {
        text.match_indices(name).find_map(|(at, _)| {
            let (before, value) = (text.get(..at)?, text.get(at..)?.get(name.len()..)?);
            let is_parameter = before.is_empty() || before.ends_with(['?', '&', ';']);
            let signature = |c: &char| is_base64url(*c) || matches!(c, '%' | '+' | '/' | '=');
            let long = value.chars().take(MIN_CHARS).take_while(signature).count() == MIN_CHARS;
            (is_parameter && long).then_some(Secret { kind: "signed address", value })
        })
    })
}

/// `Bearer …` and `Authorization: Basic …`
/// ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#name-credentials)).
fn authorization(text: &str) -> Option<Secret<'_>> {
    const MIN_CHARS: usize = 12;
    // Lower case in ASCII leaves every byte in its place.
    let lower = text.to_ascii_lowercase();
    ["bearer ", "authorization: basic ", "authorization:basic ", "authorization: token "]
        .into_iter()
        .find_map(|scheme| {
            lower.match_indices(scheme).find_map(|(at, _)| {
                let value = assignments::word(text.get(at..)?.get(scheme.len()..)?);
                let token = |c: char| is_base64url(c) || matches!(c, '.' | '~' | '+' | '/' | '=');
                let credential = value.len() >= MIN_CHARS
                    && value.chars().all(token)
                    && (value.contains(|c: char| c.is_ascii_digit()) || value.ends_with('='));
                credential.then_some(Secret { kind: "authorization header", value })
            })
        })
}
