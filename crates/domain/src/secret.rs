//! A value that must not be seen: no `Debug`, no `Display`, no `Serialize`, wiped from memory when dropped.

use zeroize::Zeroize;

/// A password, token, code, key or other secret on its way through the program.
///
/// It can be read only by saying so, with [`Secret::expose`], which reviewers can search for.
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself; the caller must not log or store it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}
