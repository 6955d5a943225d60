mod timestamp;
pub(crate) use timestamp::{Timestamp, spoken};
