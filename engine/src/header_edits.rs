//! What is to be done to a request's headers.

use crate::authenticated_token::AuthenticatedToken;
use smallvec::SmallVec;
use std::rc::Rc;

/// One change of the header map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderEdit<'e> {
    /// Removes every header of this name.
    Remove(&'e str),
    /// Sets a header in the place of all that have its name.
    Set(&'e str, &'e [u8]),
    /// Adds a header that the request does not hold.
    Add(&'e str, &'e [u8]),
}

/// The changes of one request's header map, by the names under which the request holds its headers.
#[derive(Debug, Default)]
pub struct HeaderEdits<'r> {
    removed: SmallVec<[&'r str; 2]>,
    set: Vec<(&'r str, Vec<u8>)>,
    /// Whose identity headers are written.
    identity: Option<Rc<AuthenticatedToken>>,
}

impl<'r> HeaderEdits<'r> {
    /// Returns the edits in the order in which they are to be made.
    pub fn iter(&self) -> impl Iterator<Item = HeaderEdit<'_>> {
        let removed = self.removed.iter().map(|name| HeaderEdit::Remove(name));
        let set = self.set.iter().map(|(name, value)| HeaderEdit::Set(name, value));
        let headers = self.identity.as_ref().and_then(|identity| identity.headers.as_deref().ok());
        let identity =
            headers.into_iter().flatten().map(|(name, value)| self.write(name.as_str(), value));
        removed.chain(set).chain(identity)
    }

    /// Adds an identity header that the client did not send, which takes Envoy less time than to
    /// look for what there is to replace.
    fn write<'e>(&self, name: &'e str, value: &'e [u8]) -> HeaderEdit<'e> {
        if self.removed.contains(&name) {
            HeaderEdit::Set(name, value)
        } else {
            HeaderEdit::Add(name, value)
        }
    }

    pub(crate) fn remove(&mut self, name: &'r str) {
        self.removed.push(name);
    }

    /// Sets a header, whatever it was to be set to before.
    pub(crate) fn set(&mut self, name: &'r str, value: Vec<u8>) {
        match self.set.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.set.push((name, value)),
        }
    }

    /// Sets a header to what is left of it, or removes it where nothing is.
    pub(crate) fn set_or_remove(&mut self, name: &'r str, left: Option<Vec<u8>>) {
        match left {
            Some(left) => self.set(name, left),
            None => self.remove(name),
        }
    }

    /// Forgets that a header was to be set.
    pub(crate) fn leave(&mut self, name: &str) {
        self.set.retain(|(known, _)| *known != name);
    }

    /// Writes the identity headers of a token, each in the place of what is there.
    pub(crate) fn write_identity(&mut self, identity: &Rc<AuthenticatedToken>) {
        self.identity = Some(Rc::clone(identity));
    }
}
