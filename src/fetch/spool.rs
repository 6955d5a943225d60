//! Record bodies on their way from the network into the database.
//!
//! They arrive over minutes and are written in one transaction at the end; meanwhile they lie in a
//! file without a name (0600, in the database's folder), so that memory holds rows and not JSON, and
//! nothing is left behind by a run that is killed. A disk too full for it is found out before the
//! database is touched.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::error::{Context, Kind, Result};
use crate::freshbooks::Record;

pub(crate) struct Spool {
    file: BufWriter<File>,
    records: u64,
}

impl Spool {
    /// An empty spool in `folder`.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self> {
        let file = tempfile::tempfile_in(folder);
        let file = file
            .context(Kind::Storage, || format!("cannot create a temporary file in {}", folder.display()))?;
        Ok(Spool { file: BufWriter::with_capacity(1 << 16, file), records: 0 })
    }

    /// Appends records: 32 bytes of hash, 8 of length, the body.
    pub(crate) fn add(&mut self, records: &[Record]) -> Result<()> {
        for record in records {
            let length = (record.body.len() as u64).to_le_bytes();
            let parts: [&[u8]; 3] = [&record.sha256, &length, record.body.as_bytes()];
            let written = parts.into_iter().try_for_each(|part| self.file.write_all(part));
            written.context(Kind::Storage, || "cannot keep the records that arrived".to_owned())?;
            self.records += 1;
        }
        Ok(())
    }

    /// Hands every record to `take`, in the order they came.
    pub(crate) fn drain(self, mut take: impl FnMut(&Record) -> Result<()>) -> Result<()> {
        let failed = || "cannot read back the records that arrived".to_owned();
        let records = self.records;
        let mut file =
            self.file.into_inner().map_err(io::IntoInnerError::into_error).context(Kind::Storage, failed)?;
        file.seek(SeekFrom::Start(0)).context(Kind::Storage, failed)?;
        let mut file = BufReader::with_capacity(1 << 16, file);
        for _ in 0..records {
            let record = read_record(&mut file).context(Kind::Storage, failed)?;
            take(&record)?;
        }
        Ok(())
    }
}

fn read_record(file: &mut impl Read) -> io::Result<Record> {
    let (mut sha256, mut length) = ([0; 32], [0; 8]);
    file.read_exact(&mut sha256)?;
    file.read_exact(&mut length)?;
    let length = usize::try_from(u64::from_le_bytes(length)).map_err(io::Error::other)?;
    let mut body = vec![0; length];
    file.read_exact(&mut body)?;
    Ok(Record { sha256, body: String::from_utf8(body).map_err(io::Error::other)? })
}
