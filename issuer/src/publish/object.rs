//! A site in an object store that speaks the API of S3, with the settings and credentials of the environment
//! (`AWS_…`).

use object_store::aws::AmazonS3Builder;
use object_store::path::Path;
use object_store::{Attribute, Attributes, Error, ObjectStore, ObjectStoreExt, PutOptions, PutPayload};
use tokio::runtime::Runtime;

use super::{PublishError, Target};
use crate::problem::Failure;

struct Bucket {
    name: String,
    store: Box<dyn ObjectStore>,
    root: String,
    runtime: Runtime,
}

/// Opens the store that a URL names.
pub(super) fn open(name: &str) -> Result<Box<dyn Target>, Failure> {
    let refused = || PublishError::Target { target: name.to_owned() };
    let (bucket, root) = match name.strip_prefix("s3://").ok_or_else(refused)?.split_once('/') {
        Some((bucket, root)) => (bucket, root),
        None => (name.trim_start_matches("s3://"), ""),
    };
    let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build();
    let store = store.map_err(|error| unusable(name, &error))?;
    Ok(Box::new(Bucket::new(name, Box::new(store), root)?))
}

/// The library's first words; the rest may hold addresses with what is in them.
fn unusable(name: &str, error: &Error) -> PublishError {
    let why = match error {
        Error::NotFound { .. } => "there is no such thing",
        Error::PermissionDenied { .. } => "it is not permitted",
        Error::Unauthenticated { .. } => "the credentials are not taken",
        _ => "the object store does not do it; check the settings `AWS_…`",
    };
    PublishError::Unusable { path: name.to_owned(), why: why.to_owned() }
}

impl Bucket {
    fn new(name: &str, store: Box<dyn ObjectStore>, root: &str) -> Result<Self, PublishError> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
                PublishError::Unusable { path: name.to_owned(), why: crate::files::reason(&error) }
            })?;
        Ok(Self { name: name.to_owned(), store, root: root.trim_matches('/').to_owned(), runtime })
    }

    fn path(&self, path: &str) -> Result<Path, PublishError> {
        let full = format!("{}/{path}", self.root);
        Path::parse(full.trim_start_matches('/'))
            .map_err(|_| PublishError::Unusable { path: full, why: "it is no name of an object".to_owned() })
    }
}

impl Target for Bucket {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, Failure> {
        let place = self.path(path)?;
        let read = async { self.store.get(&place).await?.bytes().await };
        match self.runtime.block_on(read) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(unusable(&self.name, &error).into()),
        }
    }

    fn write(&self, path: &str, bytes: &[u8], media_type: &str) -> Result<(), Failure> {
        let place = self.path(path)?;
        let mut attributes = Attributes::new();
        attributes.insert(Attribute::ContentType, media_type.to_owned().into());
        let options = PutOptions { attributes, ..PutOptions::default() };
        let put = self.store.put_opts(&place, PutPayload::from(bytes.to_vec()), options);
        self.runtime.block_on(put).map_err(|error| unusable(&self.name, &error))?;
        Ok(())
    }

    fn list(&self, directory: &str) -> Result<Vec<String>, Failure> {
        let place = self.path(directory)?;
        let listed = self.runtime.block_on(self.store.list_with_delimiter(Some(&place)));
        let listed = listed.map_err(|error| unusable(&self.name, &error))?;
        Ok(listed.objects.iter().filter_map(|one| one.location.filename()).map(str::to_owned).collect())
    }

    fn remove(&self, path: &str) -> Result<(), Failure> {
        let place = self.path(path)?;
        match self.runtime.block_on(self.store.delete(&place)) {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(unusable(&self.name, &error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[test]
    fn objects_are_written_read_and_removed_below_the_root() {
        let bucket = Bucket::new("s3://b/site", Box::new(InMemory::new()), "site/").unwrap();
        assert_eq!(bucket.read("a/b.json").unwrap(), None);
        bucket.write("a/b.json", b"1", "application/json").unwrap();
        bucket.write("a/b.json", b"2", "application/json").unwrap();
        assert_eq!(bucket.read("a/b.json").unwrap().as_deref(), Some(&b"2"[..]));
        assert_eq!(bucket.list("a").unwrap(), ["b.json"]);
        assert!(bucket.list("b").unwrap().is_empty());
        let place = Path::from("site/a/b.json");
        let got = bucket.runtime.block_on(bucket.store.get(&place)).unwrap();
        assert_eq!(got.attributes.get(&Attribute::ContentType).unwrap().as_ref(), "application/json");
        bucket.remove("a/b.json").unwrap();
        bucket.remove("a/b.json").unwrap();
        assert_eq!(bucket.read("a/b.json").unwrap(), None);
    }

    #[test]
    fn other_stores_are_refused() {
        for name in ["gs://b/x", "http://b/x", "s3:/b"] {
            assert_eq!(open(name).map(|_| ()).unwrap_err().code(), "publish.target", "{name}");
        }
    }
}
