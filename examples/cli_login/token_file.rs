use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use authsec_ciba::AccessToken;

/// Where the token goes.
pub enum Destination {
    Stdout,
    File(TokenFile),
}

/// A new file that its owner alone can read, from the moment it exists. Without a token it is taken away again.
///
/// It has to be new: an old file may be open to others, may be open in somebody's hands already, or may be a link to
/// somewhere else. It is made before the phone is asked, so that nobody approves for a token that cannot be kept.
pub struct TokenFile {
    path: PathBuf,
    file: File,
    holds_token: bool,
}

impl Destination {
    pub fn open(path: Option<&Path>) -> io::Result<Self> {
        path.map_or(Ok(Self::Stdout), |path| TokenFile::create(path).map(Self::File))
    }

    pub fn keep(self, token: &AccessToken) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                writeln!(stdout, "{}", token.expose_secret())?;
                stdout.flush()
            }
            Self::File(file) => file.keep(token),
        }
    }
}

impl TokenFile {
    fn create(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options
            .open(path)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), file, holds_token: false })
    }

    fn keep(mut self, token: &AccessToken) -> io::Result<()> {
        writeln!(self.file, "{}", token.expose_secret())?;
        self.file.sync_all()?;
        self.holds_token = true;
        Ok(())
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        if !self.holds_token {
            let _ = fs::remove_file(&self.path);
        }
    }
}
