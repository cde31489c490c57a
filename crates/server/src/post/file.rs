//! Letters as files in a folder, from where something of the bank's takes them: one `.eml` each, named by its receipt.

use std::path::PathBuf;

use anyhow::Context as _;
use lombard_auth::{Post, PostError, PostItem, Posting};

use super::Stationery;
use crate::files::{self, Readers};

/// Writes letters into a folder.
pub(crate) struct FilePost {
    stationery: Stationery,
    folder: PathBuf,
}

impl FilePost {
    /// Writes into this folder, which only its owner may enter; makes it if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub(crate) fn new(stationery: Stationery, folder: PathBuf) -> anyhow::Result<Self> {
        files::make_private_folder(&folder)
            .with_context(|| format!("cannot make the folder {} for receipts", folder.display()))?;
        Ok(Self { stationery, folder })
    }
}

impl Post for FilePost {
    fn send<'a>(&'a self, item: PostItem<'a>) -> Posting<'a> {
        Box::pin(async move {
            let (message, _) = self.stationery.message(item)?;
            // A repetition takes the place of the first one.
            let file = self.folder.join(format!("{}.eml", item.receipt.id));
            let written =
                tokio::task::spawn_blocking(move || files::write_whole(&file, &message.formatted(), Readers::Owner));
            match written.await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(PostError::Later(format!("cannot write the file: {error}"))),
                Err(error) => Err(PostError::Later(format!("the file was not written: {error}"))),
            }
        })
    }
}
