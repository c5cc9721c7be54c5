//! DICOM without patients.
//!
//! ```text
//! file ─► stream   headers; a value only if its element is on the allow-list ─► Term | Thousandths | Unreadable
//!                  patient, study and series as keyed hashes                 ─► Token
//!                  tags that the confidentiality profile takes away          ─► Tag
//!      ─► aggregate   over all files, nothing about fewer than 10 patients    ─► passport
//! ```
//!
//! What comes out of a file has one of these types, and none of them can hold a text from it: there is no function
//! here that gives back what an element says. A name in a wrong place (a patient as "modality") does not parse, and
//! is counted as not readable. Faults hold tags, offsets and sizes ([`fault::Fault`]); files are numbers
//! ([`super::artifacts`]).
//!
//! *In scope:* Part 10 files with their `DICM`, in every encoding of the standard. *Out of scope:* pixel data,
//! multi-frame settings within sequences, files without a preamble, and whether a name is a pseudonym: that would
//! need reading it.

mod aggregate;
mod count;
mod element;
mod fault;
mod profile;
mod sequences;
mod source;
mod stream;
mod terms;
#[cfg(test)]
mod tests;

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use self::aggregate::Aggregate;
use self::count::Key;
use self::source::Stop;
use self::stream::Contents;
use super::artifacts::{Artifact, Artifacts, Content};
use super::{CaptureError, Found};

/// Files that are read before they are added up, so that facts about single files never pile up.
const BATCH_FILES: usize = 1024;

/// Adds `acquisition`, `cohort` and `deIdentification`, as far as headers tell; whether there are too few patients to
/// say anything about them.
pub(super) fn add_to(found: &mut Found, artifacts: &Artifacts) -> Result<bool, CaptureError> {
    let key = Key::random().ok_or(CaptureError::Randomness)?;
    let files: Vec<&Artifact> = artifacts.files.iter().filter(|file| file.content.is_dicom()).collect();
    if artifacts.has_left_out_dicom() {
        found.note(
            "capture.dicom-left-out",
            "there are DICOM files among those that are hidden or ignored: they are no part of the set, and the names of \
             the others are withheld, since they may be of patients too",
        );
    }
    let mut sum = Aggregate::default();
    for batch in files.chunks(BATCH_FILES) {
        let contents: Vec<_> = batch.par_iter().map(|file| read(file, &key)).collect();
        // The first in the order of the files, however many cores there are.
        for contents in contents {
            sum.add(&contents?);
        }
    }
    sum.report(found);
    Ok(!sum.is_told())
}

fn read(file: &Artifact, key: &Key) -> Result<Contents, CaptureError> {
    if file.content == Content::DicomDirectory {
        return Ok(Contents::Directory);
    }
    let input = file.open()?;
    let contents = stream::read(&input, file.hashed.stamp.size, key).map_err(|stop| match stop {
        Stop::Fault(fault) => CaptureError::Format { path: file.location.clone(), cause: fault.into() },
        Stop::Io(cause) => CaptureError::io(&file.location, cause),
    })?;
    file.unchanged(&input)?;
    Ok(contents)
}
