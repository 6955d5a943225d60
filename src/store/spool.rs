//! Record bodies on their way from the network into the database.
//!
//! They arrive over minutes and are written in one transaction at the end; meanwhile they lie in a
//! file without a name (0600, in the database's folder), so that memory holds rows and not JSON, and
//! nothing is left behind by a run that is killed. A disk too full for it is found out before the
//! database is touched.
//!
//! They are handed on in the order of their hashes, since an index that grows at its end alone is a
//! fraction of the work of one that grows everywhere. So they are sorted into buckets as they come, by
//! the first byte of the hash, and one bucket at a time is read back and put in order.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::error::{Context, Kind, Result};
use crate::model::reading::Digest;

const BUCKETS: usize = 64;

/// What a bucket holds in memory before it goes to the file. All of them together: a MiB.
const HELD: usize = 16 << 10;

pub(crate) struct Spool {
    file: File,
    end: u64,
    buckets: Vec<Bucket>,
}

/// Some of the records, one after the other: 32 bytes of hash, 8 of length, the body.
#[derive(Clone, Default)]
struct Bucket {
    held: Vec<u8>,
    /// Start and length of what is in the file.
    written: Vec<(u64, usize)>,
}

impl Spool {
    /// An empty spool in `folder`.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder);
        let file = file
            .context(Kind::Storage, || format!("cannot create a temporary file in {}", folder.display()))?;
        Ok(Spool { file, end: 0, buckets: vec![Bucket::default(); BUCKETS] })
    }

    pub(crate) fn add<'a>(&mut self, records: impl Iterator<Item = (&'a Digest, &'a str)>) -> Result<()> {
        for (sha256, body) in records {
            let bucket = &mut self.buckets[usize::from(sha256[0]) * BUCKETS / 256];
            bucket.held.extend_from_slice(sha256);
            bucket.held.extend_from_slice(&(body.len() as u64).to_le_bytes());
            bucket.held.extend_from_slice(body.as_bytes());
            if bucket.held.len() >= HELD {
                self.file
                    .write_all_at(&bucket.held, self.end)
                    .context(Kind::Storage, || "cannot keep the records that arrived".to_owned())?;
                bucket.written.push((self.end, bucket.held.len()));
                self.end += bucket.held.len() as u64;
                bucket.held.clear();
            }
        }
        Ok(())
    }

    /// Hands every distinct record to `take`, in the order of their hashes.
    pub(crate) fn drain(self, mut take: impl FnMut(&Digest, &str) -> Result<()>) -> Result<()> {
        let failed = || "cannot read back the records that arrived".to_owned();
        for bucket in self.buckets {
            let bytes = bucket.read_back(&self.file).context(Kind::Storage, failed)?;
            let mut records = split(&bytes).context(Kind::Storage, failed)?;
            records.sort_unstable();
            records.dedup_by_key(|(sha256, _)| *sha256);
            for (sha256, body) in records {
                take(sha256, body)?;
            }
        }
        Ok(())
    }
}

impl Bucket {
    fn read_back(self, file: &File) -> io::Result<Vec<u8>> {
        let written: usize = self.written.iter().map(|(_, length)| length).sum();
        let mut bytes = vec![0; written];
        let mut at = 0;
        for (start, length) in self.written {
            file.read_exact_at(&mut bytes[at..at + length], start)?;
            at += length;
        }
        bytes.extend_from_slice(&self.held);
        Ok(bytes)
    }
}

fn split(mut bytes: &[u8]) -> io::Result<Vec<(&Digest, &str)>> {
    let cut = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (sha256, rest) = bytes.split_first_chunk::<32>().ok_or_else(cut)?;
        let (length, rest) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(io::Error::other)?;
        let (body, rest) = rest.split_at_checked(length).ok_or_else(cut)?;
        records.push((sha256, std::str::from_utf8(body).map_err(io::Error::other)?));
        bytes = rest;
    }
    Ok(records)
}
