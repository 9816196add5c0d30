//! `attache limits`.

use crate::exit::Status;
pub(crate) use crate::limits::Options;
use std::error::Error;

pub(super) fn run(options: &Options) -> Result<Status, Box<dyn Error>> {
    crate::limits::run(options)
}
