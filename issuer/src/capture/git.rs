//! The commit that a model was captured at, and whether the files still are that commit's.
//!
//! Asks the `git` program: it knows every repository format, and linking a library for three answers would
//! add over a hundred crates. What is captured may come from a stranger, so nothing that its repository
//! configures is run: the file-system monitor, hooks and content filters are switched off by name.
//! (A file under a filter that only the repository configures then counts as changed: dirty, never clean.)
//!
//! `dirty` is true when a tracked file was changed, staged or not, or an untracked file is not ignored.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use model_passport::json::{Json, Object};

use super::Found;
use super::node::measured;

/// Why nothing is said about the source code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silence {
    NoCommit,
    NoProgram,
    NoRepository,
    Refused,
}

impl Silence {
    const fn why(self) -> &'static str {
        match self {
            Self::NoCommit => "the git repository has no commit",
            Self::NoProgram => "there is a git repository but no `git` program",
            Self::NoRepository => "not in a git repository",
            Self::Refused => "`git status` does not answer for this repository",
        }
    }
}

/// Adds `sourceCode`, or says why there is none.
pub(super) fn add_to(found: &mut Found, captured: &Path) {
    match read(captured) {
        Ok(node) => found.add("sourceCode", node, "the git repository around the captured path"),
        Err(silence) => found.absent("sourceCode", silence.why()),
    }
}

fn read(captured: &Path) -> Result<Object, Silence> {
    let captured = std::fs::canonicalize(captured).map_err(|_| Silence::NoRepository)?;
    let root = captured.ancestors().find(|directory| directory.join(".git").exists());
    let git = Git::new(root.ok_or(Silence::NoRepository)?)?;
    let commit = git.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?.ok_or(Silence::NoCommit)?;
    let status = ["status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty"];
    let changes = git.ask(&status)?.ok_or(Silence::Refused)?;
    let tag = git.ask(&["describe", "--exact-match", "--tags", "HEAD"])?;
    let remote = git.ask(&["config", "--get", "remote.origin.url"])?;
    let mut node = measured("SourceCode");
    if let Some(repository) = remote.as_deref().and_then(public_url) {
        node.insert("repository", repository);
    }
    node.insert("commit", commit);
    node.insert("dirty", Json::Bool(!changes.is_empty()));
    if let Some(tag) = tag.filter(|tag| !tag.is_empty() && tag.chars().count() <= 256) {
        node.insert("version", tag);
    }
    Ok(node)
}

/// The program, held to one repository and to no code of that repository's.
struct Git<'a> {
    root: &'a Path,
    overrides: Vec<OsString>,
}

impl<'a> Git<'a> {
    fn new(root: &'a Path) -> Result<Self, Silence> {
        let fixed = ["core.fsmonitor=false", "core.hooksPath=/dev/null", "safe.bareRepository=explicit"];
        let mut git = Self { root, overrides: fixed.map(OsString::from).to_vec() };
        // Scopes: the machine's and the user's own settings are trusted, the repository's are not.
        let filters = ["config", "--show-scope", "--name-only", "--includes", "--get-regexp", r"^filter\."];
        for line in git.ask(&filters)?.unwrap_or_default().lines() {
            let Some((scope, key)) = line.split_once('\t') else { continue };
            let Some((driver, _)) = key.rsplit_once('.') else { continue };
            if ["local", "worktree"].contains(&scope) {
                for setting in ["clean=", "smudge=", "process=", "required=false"] {
                    git.overrides.push(format!("{driver}.{setting}").into());
                }
            }
        }
        Ok(git)
    }

    /// The answer without its line end, or nothing if git exits with an error.
    fn ask(&self, arguments: &[&str]) -> Result<Option<String>, Silence> {
        let mut command = Command::new("git");
        command.arg("-C").arg(self.root);
        for setting in &self.overrides {
            command.arg("-c").arg(setting);
        }
        command.args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).env_clear();
        for name in ["PATH", "HOME", "XDG_CONFIG_HOME", "SystemRoot", "USERPROFILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0");
        let output = command.output().map_err(|_| Silence::NoProgram)?;
        let text = String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned();
        Ok(output.status.success().then_some(text))
    }
}

/// A remote that can be published: no user name, password, token, query or path of this machine.
fn public_url(remote: &str) -> Option<String> {
    let (scheme, rest) = match remote.split_once("://") {
        Some((scheme, rest)) if ["git", "http", "https", "ssh"].contains(&scheme) => {
            (scheme, rest.to_owned())
        }
        Some(_) => return None,
        // git's short form: [user@]host:path
        None => {
            let (host, path) =
                remote.split_once(':').filter(|(host, _)| !host.contains('/') && host.len() > 1)?;
            ("ssh", format!("{host}/{}", path.trim_start_matches('/')))
        }
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_once('/')?;
    let host = authority.rsplit('@').next().unwrap_or_default();
    let plain =
        |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control());
    (plain(host) && plain(path)).then(|| format!("{scheme}://{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_lose_their_secrets() {
        for (remote, expected) in [
            ("https://example.org/lab/model.git", Some("https://example.org/lab/model.git")),
            ("https://user:token@example.org/lab/model.git", Some("https://example.org/lab/model.git")),
            ("https://user:p@ss@example.org/m", Some("https://example.org/m")),
            ("https://example.org/m?access_token=x#y", Some("https://example.org/m")),
            ("git@example.org:lab/model.git", Some("ssh://example.org/lab/model.git")),
            ("ssh://git@example.org:2222/m", Some("ssh://example.org:2222/m")),
            ("/srv/git/model.git", None),
            ("../model", None),
            ("file:///srv/git/model.git", None),
            (r"C:\work\model", None),
            ("ext::sh -c x", None),
        ] {
            assert_eq!(public_url(remote).as_deref(), expected, "{remote}");
        }
    }

    fn repository() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        run(dir.path(), &["init", "-q"]);
        dir
    }

    fn run(dir: &Path, arguments: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
        let status = Command::new("git").arg("-C").arg(dir).args(identity).args(arguments).status().unwrap();
        assert!(status.success(), "{arguments:?}");
    }

    #[test]
    fn clean_changed_and_untracked() {
        let dir = repository();
        let model = dir.path().join("model.bin");
        assert_eq!(read(dir.path()), Err(Silence::NoCommit));
        std::fs::write(&model, "1").unwrap();
        run(dir.path(), &["add", "."]);
        run(dir.path(), &["commit", "-q", "-m", "first"]);
        run(dir.path(), &["remote", "add", "origin", "https://me:secret@example.org/m.git"]);

        let clean = read(&model).unwrap();
        assert_eq!(clean.get("dirty"), Some(&Json::Bool(false)));
        assert_eq!(clean.get("repository").and_then(Json::as_str), Some("https://example.org/m.git"));
        assert_eq!(clean.get("commit").and_then(Json::as_str).map(str::len), Some(40));

        assert!(!clean.contains("version"));
        run(dir.path(), &["tag", "v1.2.0"]);
        assert_eq!(read(&model).unwrap().get("version").and_then(Json::as_str), Some("v1.2.0"));

        std::fs::write(dir.path().join("new"), "").unwrap();
        assert_eq!(read(&model).unwrap().get("dirty"), Some(&Json::Bool(true)));
        std::fs::remove_file(dir.path().join("new")).unwrap();
        std::fs::write(&model, "2").unwrap();
        assert_eq!(read(&model).unwrap().get("dirty"), Some(&Json::Bool(true)));
    }

    #[test]
    fn outside_a_repository_nothing_is_said() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(read(dir.path()), Err(Silence::NoRepository));
    }

    #[test]
    #[cfg(unix)]
    fn nothing_of_a_hostile_repository_runs() {
        let dir = repository();
        let trace = dir.path().join("ran");
        std::fs::write(dir.path().join("model.bin"), "1").unwrap();
        std::fs::write(dir.path().join(".gitattributes"), "*.bin filter=evil\n").unwrap();
        run(dir.path(), &["add", "."]);
        run(dir.path(), &["commit", "-q", "-m", "first"]);
        let evil = format!("touch '{}'; cat", trace.display());
        for key in ["core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"] {
            run(dir.path(), &["config", key, &evil]);
        }
        run(dir.path(), &["config", "filter.evil.required", "true"]);
        std::fs::write(dir.path().join("model.bin"), "2").unwrap();

        assert!(read(dir.path()).is_ok());
        assert!(!trace.exists(), "a program named in the repository was run");

        // The twin: without the overrides the trap springs.
        _ = Command::new("git").arg("-C").arg(dir.path()).arg("status").output().unwrap();
        assert!(trace.exists(), "the trap is no trap");
    }
}
