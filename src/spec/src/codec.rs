//! Messages as bytes, as they travel between page and workers.
//!
//! The format is [postcard's](https://postcard.jamesmunns.com/wire-format): values in their order, without names. It
//! reads and writes the types of this crate alone, of the same build. A message is a few kilobytes of code smaller to
//! read than as a JavaScript object.

use serde::{Serialize, de::DeserializeOwned};

pub use postcard::Error;

/// A message as bytes.
///
/// # Errors
/// If it holds a variant that is marked as skipped.
pub fn encode<T: Serialize + ?Sized>(message: &T) -> Result<Vec<u8>, Error> {
    postcard::to_allocvec(message)
}

/// A message from the bytes that it begins with; what follows is not looked at.
///
/// # Errors
/// If the bytes are no such message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    postcard::from_bytes(bytes)
}

#[cfg(test)]
mod any;
#[cfg(test)]
mod tests;
