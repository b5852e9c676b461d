//! `.sandbox/env`: what a shell reads to use a demo, and what the demo's own commands see.

use std::path::Path;
use std::process::Command;

use super::folder::Folder;
use crate::file;
use crate::operator::{aws_environment, command};

/// What a demo's commands need to know.
#[derive(Debug)]
pub(super) struct Environment<'a> {
    pub folder: &'a Folder,
    pub endpoint: &'a str,
    /// The folder of the operator's and of this program.
    pub programs: &'a Path,
    pub kubectl: &'a Path,
}

impl Environment<'_> {
    /// Writes the file that a shell reads.
    pub fn write(&self) -> Result<(), file::Error> {
        let path = self.folder.environment();
        std::fs::write(&path, self.script()).map_err(file::failed("write", &path))
    }

    fn script(&self) -> String {
        let mut script =
            String::from("# To be read by a shell: `. .sandbox/env`\nunset AWS_PROFILE AWS_SESSION_TOKEN\n");
        let mut export =
            |name: &str, value: &str| script.push_str(&format!("export {name}={}\n", quoted(value)));
        export("KUBECONFIG", &self.folder.kubeconfig().to_string_lossy());
        for (name, value) in aws_environment(self.endpoint) {
            export(name, &value);
        }
        for folder in [Some(self.programs), self.kubectl.parent()].into_iter().flatten() {
            if !folder.as_os_str().is_empty() {
                script.push_str(&format!("PATH={}:$PATH\n", quoted(&folder.to_string_lossy())));
            }
        }
        script.push_str("export PATH\n");
        script
    }

    /// A kubectl of this demo.
    pub fn kubectl(&self, arguments: &[&str]) -> Command {
        let mut kubectl = command(self.kubectl, &self.folder.kubeconfig(), self.endpoint);
        kubectl.args(arguments);
        kubectl
    }

    /// `kubectl vp`, which kubectl would find by PATH.
    pub fn kubectl_vp(&self, arguments: &[&str]) -> Command {
        let plugin = self.programs.join("kubectl-vp");
        let mut plugin = command(&plugin, &self.folder.kubeconfig(), self.endpoint);
        plugin.args(arguments);
        plugin
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_environment() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder { root: temporary.path().join("it's here") };
        std::fs::create_dir(&folder.root).unwrap();
        let programs = Path::new("/some/programs");
        let kubectl = Path::new("kubectl");
        let environment = Environment { folder: &folder, endpoint: "http://127.0.0.1:1", programs, kubectl };
        environment.write().unwrap();

        let script = r#". "$1"; echo "$KUBECONFIG $AWS_ENDPOINT_URL $AWS_REGION ${AWS_PROFILE-unset} $PATH""#;
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script, "sh"])
            .arg(folder.environment())
            .env("AWS_PROFILE", "production")
            .env("PATH", "/bin");
        let output = String::from_utf8(shell.output().unwrap().stdout).unwrap();
        let kubeconfig = folder.kubeconfig().display().to_string();
        assert_eq!(
            output.trim(),
            format!("{kubeconfig} http://127.0.0.1:1 eu-west-1 unset /some/programs:/bin")
        );
    }
}
