//! Claims into what was measured. A claim adds; it never overrides.

use model_passport::json::{Json, Object, escape_token};

use super::ClaimsError;
use crate::secrets;

/// Members by which an item of a measured list is recognised in the claims.
const KEYS: [&str; 2] = ["name", "path"];

/// The groups whose schema knows no other basis than `measured`.
const MEASURED_ONLY: [&str; 3] = ["artifactManifest", "dataContent", "weights"];

/// Adds the claims to the measured subject.
///
/// A claim that repeats what was measured is allowed. A claim that adds a member to a measured group makes
/// the group `declared`: a group is known no better than its least known member. Items of a measured list
/// are completed by claims that name them (`[[interface.inputs]]` with the same `name`).
///
/// # Errors
/// [`ClaimsError::Contradiction`] names both values, [`ClaimsError::Measured`] the group.
pub fn merge(mut measured: Object, claims: &Object) -> Result<Object, ClaimsError> {
    for (name, claim) in claims.iter() {
        let pointer = format!("/{}", escape_token(name));
        match measured.get_mut(name) {
            None if MEASURED_ONLY.contains(&name) => return Err(ClaimsError::Measured(pointer)),
            None => _ = measured.insert(name, claim.clone()),
            Some(value) => {
                let added = merge_value(value, claim, &pointer)?;
                if let Some(member) = added.filter(|_| MEASURED_ONLY.contains(&name)) {
                    return Err(ClaimsError::Measured(member));
                }
            }
        }
    }
    Ok(measured)
}

/// Merges one value; gives back where something was added, if anything was.
fn merge_value(measured: &mut Json, claim: &Json, pointer: &str) -> Result<Option<String>, ClaimsError> {
    match (measured, claim) {
        (Json::Object(measured), Json::Object(claim)) => merge_object(measured, claim, pointer),
        (Json::Array(measured), Json::Array(claims)) if measured != claims => {
            merge_list(measured, claims, pointer)
        }
        (measured, claim) if measured == claim => Ok(None),
        (measured, claim) => Err(contradiction(pointer, measured, claim)),
    }
}

fn merge_object(
    measured: &mut Object,
    claims: &Object,
    pointer: &str,
) -> Result<Option<String>, ClaimsError> {
    let mut added = None;
    for (name, claim) in claims.iter() {
        let pointer = format!("{pointer}/{}", escape_token(name));
        let more = match measured.get_mut(name) {
            None => {
                measured.insert(name, claim.clone());
                Some(pointer)
            }
            // To say less of what was measured than one could is honest.
            Some(basis) if name == "basis" && is_weaker(claim, basis) => {
                *basis = claim.clone();
                None
            }
            Some(value) => merge_value(value, claim, &pointer)?,
        };
        added = added.or(more);
    }
    let is_better = matches!(measured.get("basis").and_then(Json::as_str), Some("measured" | "inferred"));
    if added.is_some() && is_better && measured.contains("type") {
        measured.insert("basis", "declared");
    }
    Ok(added)
}

/// The same for a captured subject, in which what nobody measured yields. `sources` says how each fact is known.
///
/// # Errors
/// As [`merge`].
pub fn merge_captured(
    mut captured: Object,
    sources: &Object,
    claims: &Object,
) -> Result<Object, ClaimsError> {
    give_way(&mut captured, sources, claims);
    merge(captured, claims)
}

/// Takes out of a captured subject what the claims say otherwise and nobody measured: what another program or a
/// file declared, or what was concluded, yields to the person who signs. `sources` says how each fact is known.
fn give_way(subject: &mut Object, sources: &Object, claims: &Object) {
    for (pointer, source) in sources.iter() {
        if !matches!(source.get("basis").and_then(Json::as_str), Some("declared" | "inferred")) {
            continue;
        }
        let names: Vec<&str> = pointer.split('/').skip(1).collect();
        match names.as_slice() {
            [name] => yield_to(subject, claims, name),
            [group, name] => {
                let claims = claims.get(group).and_then(Json::as_object);
                let group = subject.get_mut(group).and_then(Json::as_object_mut);
                if let (Some(group), Some(claims)) = (group, claims) {
                    yield_to(group, claims, name);
                }
            }
            // INVARIANT: capture speaks of members of the subject and of its groups.
            _ => {}
        }
    }
}

fn yield_to(subject: &mut Object, claims: &Object, name: &str) {
    let Some(claim) = claims.get(name) else { return };
    match (subject.get_mut(name), claim) {
        // A group yields member by member, and keeps what nobody claims.
        (Some(Json::Object(group)), Json::Object(claims)) => {
            let names: Vec<String> = claims.iter().map(|(name, _)| name.to_owned()).collect();
            for name in names.iter().filter(|name| !matches!(name.as_str(), "basis" | "type")) {
                if group.get(name).is_some_and(|value| Some(value) != claims.get(name)) {
                    group.remove(name);
                }
            }
        }
        (Some(value), claim) if value != claim => _ = subject.remove(name),
        _ => {}
    }
}

/// Whether the claim says less than what stands there.
fn is_weaker(claim: &Json, present: &Json) -> bool {
    const BY_STRENGTH: [&str; 3] = ["measured", "inferred", "declared"];
    let rank = |basis: &Json| BY_STRENGTH.iter().position(|word| Some(*word) == basis.as_str());
    rank(claim).zip(rank(present)).is_some_and(|(claim, present)| claim > present)
}

/// A person can declare, withhold, and not know; that something was measured or concluded, only a reader can say.
/// For what is captured: whoever evaluates has measured by other means.
///
/// # Errors
/// [`ClaimsError::Basis`] for the first group that claims to be better known than it is.
pub fn check_bases(captured: &Object, claims: &Object) -> Result<(), ClaimsError> {
    for (name, claim) in claims.iter() {
        let basis = |value: &Json| value.get("basis").and_then(Json::as_str).map(str::to_owned);
        let Some(claimed) = basis(claim).filter(|word| matches!(word.as_str(), "measured" | "inferred"))
        else {
            continue;
        };
        let present = captured.get(name).and_then(basis);
        if present.as_deref() != Some(&claimed) && present.as_deref() != Some("measured") {
            return Err(ClaimsError::Basis { pointer: format!("/{}", escape_token(name)), basis: claimed });
        }
    }
    Ok(())
}

fn merge_list(measured: &mut [Json], claims: &[Json], pointer: &str) -> Result<Option<String>, ClaimsError> {
    let mut added = None;
    for claim in claims {
        let key = KEYS.into_iter().find_map(|key| claim.get(key).map(|value| (key, value)));
        let at = key.and_then(|(key, value)| measured.iter().position(|item| item.get(key) == Some(value)));
        let Some((at, item)) = at.and_then(|at| measured.get_mut(at).map(|item| (at, item))) else {
            return Err(contradiction(pointer, &Json::Array(measured.to_vec()), claim));
        };
        added = added.or(merge_value(item, claim, &format!("{pointer}/{at}"))?);
    }
    Ok(added)
}

/// Both sides, shortened for people, and hidden if they look like secrets: a terminal may be a build log.
fn contradiction(pointer: &str, present: &Json, claim: &Json) -> ClaimsError {
    const MAX_CHARS: usize = 80;
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let short = |value: &Json| {
        // With its name, since `password` says more than what stands there.
        let member = Json::Object(Object::from_iter([(name, value.clone())]));
        if let Some(leak) = secrets::scan(&member).first() {
            return format!("{} ({})", leak.redacted, leak.kind);
        }
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match text.char_indices().nth(MAX_CHARS) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text,
        }
    };
    ClaimsError::Contradiction { pointer: pointer.to_owned(), claimed: short(claim), present: short(present) }
}
