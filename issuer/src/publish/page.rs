//! The files of the verifier page. A directory that is given by mistake may hold anything, and what is published
//! cannot be taken back: so only what a page is made of goes, and only to where nothing else of a site lies.

use crate::publish::{JSON_TYPE, PublishError, index};
use crate::secrets;

/// Names of files that say what a site is, wherever they lie: below a path there may be the site of another DID.
const RESERVED: [&str; 2] = ["did.json", index::FILE];
/// Directories with files that are named by what is signed.
const RESERVED_DIRECTORIES: [&str; 2] = ["passports", ".well-known"];

/// How a file is looked through for secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Code,
    Text,
    Bytes,
}

/// The media type of a file of a page, and what it is.
fn kind(name: &str) -> Option<(&'static str, Form)> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending {
        "html" => ("text/html; charset=utf-8", Form::Code),
        "js" | "mjs" => ("text/javascript; charset=utf-8", Form::Code),
        "css" => ("text/css; charset=utf-8", Form::Code),
        "json" | "map" => (JSON_TYPE, Form::Text),
        "txt" | "md" => ("text/plain; charset=utf-8", Form::Text),
        "svg" => ("image/svg+xml", Form::Code),
        "webmanifest" => ("application/manifest+json", Form::Text),
        "wasm" => ("application/wasm", Form::Bytes),
        "png" => ("image/png", Form::Bytes),
        "ico" => ("image/x-icon", Form::Bytes),
        "woff2" => ("font/woff2", Form::Bytes),
        _ => return None,
    })
}

/// The media type of a file of the page, if it may be published there.
pub(super) fn media_type(
    path: &str,
    bytes: &[u8],
    allow_secret: &[String],
) -> Result<&'static str, PublishError> {
    let refused = |why| PublishError::Page { path: path.to_owned(), why };
    // Some file systems and stores do not tell the cases apart.
    let folded = path.to_ascii_lowercase();
    let (directories, name) = folded.rsplit_once('/').unwrap_or(("", &folded));
    if RESERVED.contains(&name) || directories.split('/').any(|part| RESERVED_DIRECTORIES.contains(&part)) {
        return Err(refused("its name is that of something else here"));
    }
    if folded.split('/').any(|part| part.starts_with('.')) {
        return Err(refused("what begins with a dot is not meant for others"));
    }
    let (media_type, form) =
        kind(name).ok_or_else(|| refused("a page is not made of files with this ending"))?;
    const PEM: &[u8] = b"-----BEGIN";
    if bytes.windows(PEM.len()).any(|window| window == PEM) {
        return Err(refused("it holds PEM, as keys do"));
    }
    if form != Form::Bytes && !allow_secret.iter().any(|allowed| allowed == path) {
        let text = std::str::from_utf8(bytes).map_err(|_| refused("it has to be text in UTF-8"))?;
        if let Some(leak) = secrets::scan_text(text, form == Form::Code) {
            return Err(PublishError::Secrets(vec![(path.to_owned(), leak)]));
        }
    }
    Ok(media_type)
}
