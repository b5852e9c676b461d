//! What the servers of the control plane read: keys, the administrator's token, policies, the kubeconfig.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::{Error, audit};
use crate::file::{self, failed};

/// The files of one control plane.
#[derive(Debug)]
pub(super) struct Files {
    /// Where the servers run and keep what nobody else reads.
    pub folder: PathBuf,
    pub logs: PathBuf,
    pub kubeconfig: PathBuf,
    pub audit_log: PathBuf,
    token: String,
}

/// Names within [`Files::folder`], where the servers run.
pub(super) const TOKENS: &str = "tokens.csv";
pub(super) const SIGNING_KEY: &str = "service-accounts.key";
pub(super) const SIGNING_KEY_PUBLIC: &str = "service-accounts.pub";
pub(super) const AUDIT_POLICY: &str = "audit-policy.json";
pub(super) const CERTIFICATES: &str = "certificates";

impl Files {
    /// Makes all that does not depend on the API server's port.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        let folder = std::path::absolute(folder).map_err(failed("find", folder))?;
        let files = Self {
            folder: folder.join("control-plane"),
            logs: folder.join("logs"),
            kubeconfig: folder.join("kubeconfig"),
            audit_log: folder.join("logs/kubernetes-writes.jsonl"),
            token: random_token()?,
        };
        for folder in [&files.folder, &files.logs] {
            std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
        }
        // The sockets of etcd, which asks nobody for a password, are in it.
        std::fs::set_permissions(&files.folder, Permissions::from_mode(0o700))
            .map_err(failed("protect", &files.folder))?;
        files.write_keys()?;
        files.write(TOKENS, &format!("{},admin,admin,system:masters\n", files.token))?;
        files.write(AUDIT_POLICY, &audit_policy())?;
        Ok(files)
    }

    /// Keys for the tokens of service accounts, which Kubernetes wants also where nobody has one.
    fn write_keys(&self) -> Result<(), Error> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| Error::Key)?;
        let private = pair.to_pkcs8v1().map_err(|_| Error::Key)?;
        let public = pair.public_key().as_der().map_err(|_| Error::Key)?;
        self.write(SIGNING_KEY, &pem("PRIVATE KEY", private.as_ref()))?;
        Ok(self.write(SIGNING_KEY_PUBLIC, &pem("PUBLIC KEY", public.as_ref()))?)
    }

    /// Writes the administrator's kubeconfig, for the port that the API server has.
    pub fn write_kubeconfig(&self, port: u16) -> Result<(), file::Error> {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "sandbox",
            "clusters": [{"name": "sandbox", "cluster": {
                "server": format!("https://127.0.0.1:{port}"),
                "certificate-authority": self.folder.join(CERTIFICATES).join("apiserver.crt"),
            }}],
            "users": [{"name": "admin", "user": {"token": self.token}}],
            "contexts": [{"name": "sandbox", "context": {"cluster": "sandbox", "user": "admin", "namespace": "default"}}],
        });
        private_file(&self.kubeconfig, &format!("{config:#}\n"))
    }

    /// Where a server logs.
    pub fn log(&self, server: &str) -> PathBuf {
        self.logs.join(format!("{server}.log"))
    }

    fn write(&self, name: &str, content: &str) -> Result<(), file::Error> {
        private_file(&self.folder.join(name), content)
    }
}

fn private_file(path: &Path, content: &str) -> Result<(), file::Error> {
    std::fs::write(path, content).map_err(failed("write", path))?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(failed("protect", path))
}

fn random_token() -> Result<String, Error> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Key)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn pem(tag: &str, content: &[u8]) -> String {
    pem::encode(&pem::Pem::new(tag, content))
}

/// Who wrote what, and not what was in it; of service accounts, which have only the rights that somebody gave them, also
/// what they read. <https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/>
fn audit_policy() -> String {
    json!({
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "Metadata", "userGroups": ["system:serviceaccounts"]},
            {"level": "None", "verbs": audit::READS},
            {"level": "Metadata"},
        ],
    })
    .to_string()
}
