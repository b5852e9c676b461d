//! What builds images: Docker where its daemon answers, else podman, else buildah.

use std::process::Stdio;

use tokio::process::Command;

use super::Image;

/// A program that builds images.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builder {
    /// Docker, by BuildKit.
    Docker,
    /// podman.
    Podman,
    /// buildah.
    Buildah,
}

impl Builder {
    /// The one of this machine, if there is one.
    pub async fn find() -> Option<Self> {
        for builder in [Self::Docker, Self::Podman, Self::Buildah] {
            if builder.answers().await {
                return Some(builder);
            }
        }
        None
    }

    /// The name of its program.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Buildah => "buildah",
        }
    }

    /// A client alone does not build: Docker is asked for its daemon.
    pub(crate) async fn answers(self) -> bool {
        let mut command = Command::new(self.name());
        command.arg(if self == Self::Docker { "info" } else { "--version" });
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    }

    /// What is run to build an image and to have it as a file too, all times in it being the image's own.
    pub(super) fn commands(self, image: &Image) -> Vec<Command> {
        let archive = image.archive.to_string_lossy();
        match self {
            Self::Docker => {
                let mut build = self.command(&["buildx", "build", "--provenance=false"]);
                build.args(["--build-arg".to_owned(), format!("SOURCE_DATE_EPOCH={}", image.epoch)]);
                build.args([
                    "--output".to_owned(),
                    format!("type=docker,dest={archive},rewrite-timestamp=true"),
                ]);
                let load = self.command(&["load", "--input", &archive]);
                vec![with_sources(build, image), load]
            }
            Self::Podman => {
                let save = ["save", "--format", "docker-archive", "--output", &archive, &image.name];
                vec![self.build_at(image), self.command(&save)]
            }
            Self::Buildah => {
                let to = format!("docker-archive:{archive}:{}", image.name);
                vec![self.build_at(image), self.command(&["push", &image.name, &to])]
            }
        }
    }

    /// podman and buildah share this.
    fn build_at(self, image: &Image) -> Command {
        let build = self.command(&["build", "--no-cache", "--timestamp", &image.epoch.to_string()]);
        with_sources(build, image)
    }

    /// What prints the digest of an image's configuration.
    pub(super) fn ask_for_id(self, name: &str) -> Command {
        self.command(&["images", "--no-trunc", "--quiet", name])
    }

    fn command(self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.name());
        command.args(arguments);
        command
    }
}

fn with_sources(mut build: Command, image: &Image) -> Command {
    for (name, value) in &image.arguments {
        build.args(["--build-arg".to_owned(), format!("{name}={value}")]);
    }
    build.args(["--tag", &image.name, "--file"]).arg(&image.containerfile).arg(&image.context);
    build
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(builder: Builder) -> Vec<String> {
        let image = Image {
            name: "localhost/operator:1".into(),
            context: "context".into(),
            containerfile: "Containerfile".into(),
            arguments: vec![("VERSION".into(), "1".into())],
            epoch: 7,
            archive: "operator.tar".into(),
        };
        let line = |command: &Command| {
            let words = command.as_std().get_args().map(|word| word.to_string_lossy());
            words.collect::<Vec<_>>().join(" ")
        };
        builder.commands(&image).iter().map(line).collect()
    }

    #[test]
    fn each_builds_at_the_time_of_the_commit_and_writes_a_file() {
        let sources = "--build-arg VERSION=1 --tag localhost/operator:1 --file Containerfile context";
        assert_eq!(
            lines(Builder::Docker),
            [
                format!(
                    "buildx build --provenance=false --build-arg SOURCE_DATE_EPOCH=7 \
                     --output type=docker,dest=operator.tar,rewrite-timestamp=true {sources}"
                ),
                "load --input operator.tar".into(),
            ]
        );
        assert_eq!(
            lines(Builder::Podman),
            [
                format!("build --no-cache --timestamp 7 {sources}"),
                "save --format docker-archive --output operator.tar localhost/operator:1".into(),
            ]
        );
        assert_eq!(
            lines(Builder::Buildah),
            [
                format!("build --no-cache --timestamp 7 {sources}"),
                "push localhost/operator:1 docker-archive:operator.tar:localhost/operator:1".into(),
            ]
        );
    }
}
